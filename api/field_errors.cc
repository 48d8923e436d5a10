#include "api/field_errors.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "api/label_syntax.h"

namespace muster::api {

namespace {

constexpr char kHex[] = "0123456789abcdef";

// Decodes the first character of the text. Returns its length, 0 when it is no UTF-8.
size_t DecodeRune(absl::string_view text, uint32_t* rune) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    *rune = first;
    return 1;
  }
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  uint32_t value = first & (0x7fU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    value = (value << 6) | (byte(i) & 0x3fU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0;
  *rune = value;
  return length;
}

// What Go counts as printable, short of characters no version of Unicode has assigned: no controls, no spaces but the
// common one, no formatting characters, nothing of private use.
bool IsPrintable(uint32_t rune) {
  static constexpr struct {
    uint32_t first;
    uint32_t last;
  } kOthers[] = {{0x00, 0x1f},     {0x7f, 0xa0},     {0xad, 0xad},       {0x61c, 0x61c},
                 {0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200f},   {0x2028, 0x202f},
                 {0x205f, 0x206f}, {0x3000, 0x3000}, {0xd800, 0xf8ff},   {0xfeff, 0xfeff},
                 {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe007f}, {0xf0000, 0x10ffff}};
  return std::none_of(std::begin(kOthers), std::end(kOthers),
                      [rune](const auto& range) { return rune >= range.first && rune <= range.last; });
}

void AppendHex(uint32_t value, int digits, std::string* out) {
  while (digits-- > 0) out->push_back(kHex[(value >> (4 * digits)) & 15]);
}

// The letter Go escapes the character with; 0 = it has none.
char EscapeLetter(uint32_t rune) {
  constexpr absl::string_view kCharacters("\a\b\f\n\r\t\v\"\\", 9);
  constexpr absl::string_view kLetters = "abfnrtv\"\\";
  if (rune >= 0x80) return 0;
  const size_t at = kCharacters.find(static_cast<char>(rune));
  return at == absl::string_view::npos ? '\0' : kLetters[at];
}

// [A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?
bool IsConditionReason(absl::string_view text) {
  const auto is_word = [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  if (text.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(text.front())) || !is_word(text.back())) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [&](char c) { return is_word(c) || c == ',' || c == ':'; });
}

}  // namespace

std::string Quoted(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    uint32_t rune = 0;
    const size_t length = DecodeRune(text, &rune);
    if (length == 0) {
      out += "\\x";
      AppendHex(static_cast<unsigned char>(text[0]), 2, &out);
    } else if (const char letter = EscapeLetter(rune); letter != 0) {
      out.push_back('\\');
      out.push_back(letter);
    } else if (IsPrintable(rune)) {
      out.append(text.data(), length);
    } else {
      out += rune < 0x80 ? "\\x" : rune < 0x10000 ? "\\u" : "\\U";
      AppendHex(rune, rune < 0x80 ? 2 : rune < 0x10000 ? 4 : 8, &out);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  out.push_back('"');
  return out;
}

std::string JsonQuoted(absl::string_view text) {
  const std::string plain =
      nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  // Go keeps its JSON safe to be put into HTML and JavaScript.
  return absl::StrReplaceAll(
      plain,
      {{"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}, {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"}});
}

void FieldErrors::Add(const JsonPath& path, absl::string_view rule, std::string value, std::string message,
                      ShownStruct shown, std::string shown_at) {
  if (full()) return;
  Append(Problem{.source = {},
                 .object = "",
                 .path = path.ToString(),
                 .message = std::move(message),
                 .severity = Severity::kError,
                 .rule = std::string(rule),
                 .value = std::move(value),
                 .shown = shown,
                 .shown_at = std::move(shown_at)});
}

void FieldErrors::Append(Problem problem) {
  if (full()) return;
  bytes_ += problem.path.size() + problem.message.size() + problem.value.size();
  problems_.push_back(std::move(problem));
  if (full()) {
    problems_.emplace_back();
    problems_.back().message = "further errors, if there are any, are left out";
  }
}

void FieldErrors::AddStruct(const JsonPath& path, absl::string_view rule, StructValue value,
                            absl::string_view message) {
  Add(path, rule, std::move(value.json), std::string(message), value.type, std::move(value.at));
}

void FieldErrors::Invalid(const JsonPath& path, std::string value, absl::string_view message) {
  Add(path, "Invalid", std::move(value), std::string(message));
}
void FieldErrors::Invalid(const JsonPath& path, StructValue value, absl::string_view message) {
  AddStruct(path, "Invalid", std::move(value), message);
}
void FieldErrors::Required(const JsonPath& path, absl::string_view message) {
  Add(path, "Required", "", std::string(message));
}
void FieldErrors::Forbidden(const JsonPath& path, absl::string_view message) {
  Add(path, "Forbidden", "", std::string(message));
}
void FieldErrors::Duplicate(const JsonPath& path, std::string value, absl::string_view message) {
  Add(path, "Duplicate", std::move(value), std::string(message));
}
void FieldErrors::Duplicate(const JsonPath& path, StructValue value, absl::string_view message) {
  AddStruct(path, "Duplicate", std::move(value), message);
}
void FieldErrors::NotFound(const JsonPath& path, absl::string_view value) { Add(path, "NotFound", Quoted(value), ""); }

void FieldErrors::NotSupported(const JsonPath& path, absl::string_view value,
                               const std::vector<std::string>& supported) {
  if (full()) return;
  const std::string list =
      absl::StrJoin(supported, ", ", [](std::string* out, const std::string& s) { absl::StrAppend(out, Quoted(s)); });
  Add(path, "NotSupported", Quoted(value), supported.empty() ? "" : absl::StrCat("supported values: ", list));
}

void FieldErrors::TooMany(const JsonPath& path, size_t count, size_t max) {
  Add(path, "TooMany", absl::StrCat(count), absl::StrCat("must have at most ", max, " items"));
}
void FieldErrors::TooLong(const JsonPath& path, size_t max) {
  Add(path, "TooLong", "", absl::StrCat("may not be more than ", max, " bytes"));
}

void FieldErrors::CheckEnum(const JsonPath& path, absl::string_view value,
                            std::initializer_list<const char*> supported) {
  if (value.empty() || std::find(supported.begin(), supported.end(), value) != supported.end()) return;
  NotSupported(path, value, {supported.begin(), supported.end()});
}

void FieldErrors::CheckSubdomain(const JsonPath& path, absl::string_view value) {
  constexpr size_t kMaxLength = 253;
  if (value.empty()) return;
  if (value.size() > kMaxLength) TooLong(path, kMaxLength);
  if (!IsDns1123Subdomain(value)) {
    Invalid(path, Quoted(value),
            absl::StrCat(path.ToString(), " in body should match '", kDns1123SubdomainPattern, "'"));
  }
}

void FieldErrors::CheckLabel(const JsonPath& path, absl::string_view value, size_t max_length) {
  if (value.empty()) return;
  if (value.size() > max_length) TooLong(path, max_length);
  if (!IsDns1123Label(value)) {
    Invalid(path, Quoted(value), absl::StrCat(path.ToString(), " in body should match '", kDns1123LabelPattern, "'"));
  }
}

void FieldErrors::CheckItems(const JsonPath& path, size_t count, size_t min, size_t max) {
  if (count < min) {
    Invalid(path, absl::StrCat(count), absl::StrCat(path.ToString(), " in body should have at least ", min, " items"));
  }
  if (count > max) TooMany(path, count, max);
}

void FieldErrors::CheckAtLeast(const JsonPath& path, int64_t value, int64_t min) {
  if (value >= min) return;
  Invalid(path, absl::StrCat(value),
          absl::StrCat(path.ToString(), " in body should be greater than or equal to ", min));
}

void FieldErrors::CheckLabelKey(const JsonPath& path, absl::string_view key) {
  for (const std::string& error : CheckQualifiedName(key)) Invalid(path, Quoted(key), error);
}

void FieldErrors::CheckLabels(const JsonPath& path, const StringMap& labels) {
  for (const auto& [key, value] : labels) {
    CheckLabelKey(path, key);
    for (const std::string& error : CheckLabelValue(value)) Invalid(path, Quoted(value), error);
  }
}

void FieldErrors::CheckAnnotations(const JsonPath& path, const StringMap& annotations) {
  constexpr size_t kMaxTotal = 256 * 1024;
  size_t total = 0;
  for (const auto& [key, value] : annotations) {
    // Annotation keys may have upper case in the domain.
    for (const std::string& error : CheckQualifiedName(absl::AsciiStrToLower(key))) Invalid(path, Quoted(key), error);
    total += key.size() + value.size();
  }
  if (total > kMaxTotal) TooLong(path, kMaxTotal);
}

void FieldErrors::CheckTolerationKeys(const JsonPath& path, const std::vector<Toleration>& tolerations) {
  for (size_t i = 0; i < tolerations.size(); ++i) {
    const JsonPath item = path.Item(static_cast<int>(i));
    if (!tolerations[i].key.empty()) CheckLabelKey(item.Field("key"), tolerations[i].key);
  }
}

void FieldErrors::CheckConditions(const JsonPath& path, const std::vector<Condition>& conditions) {
  constexpr size_t kMaxReason = 1024;
  constexpr size_t kMaxMessage = 32 * 1024;
  std::set<std::string> types;
  for (size_t i = 0; i < conditions.size(); ++i) {
    const Condition& condition = conditions[i];
    const JsonPath item = path.Item(static_cast<int>(i));
    if (!types.insert(condition.type).second) Duplicate(item.Field("type"), Quoted(condition.type));
    CheckLabelKey(item.Field("type"), condition.type);
    if (condition.status != "True" && condition.status != "False" && condition.status != "Unknown") {
      NotSupported(item.Field("status"), condition.status, {"False", "True", "Unknown"});
    }
    if (condition.observed_generation.value_or(0) < 0) {
      Invalid(item.Field("observedGeneration"), absl::StrCat(*condition.observed_generation),
              "must be greater than or equal to zero");
    }
    if (condition.last_transition_time == ZeroTime()) Required(item.Field("lastTransitionTime"), "must be set");
    if (condition.reason.empty()) {
      Required(item.Field("reason"), "must be set");
    } else if (!IsConditionReason(condition.reason)) {
      Invalid(item.Field("reason"), Quoted(condition.reason),
              "a condition reason must start with alphabetic character, optionally followed by a string of "
              "alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  "
              "or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is "
              "'[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')");
    }
    if (condition.reason.size() > kMaxReason) TooLong(item.Field("reason"), kMaxReason);
    if (condition.message.size() > kMaxMessage) TooLong(item.Field("message"), kMaxMessage);
  }
}

void FieldErrors::CheckNonNegative(const JsonPath& path, const Quantity& quantity) {
  if (quantity.Sign() >= 0) return;
  Invalid(path, Quoted(quantity.ToString()), "must be greater than or equal to 0");
}

void FieldErrors::CheckName(const ObjectMeta& metadata) {
  const JsonPath root;
  const JsonPath meta = root.Field("metadata");
  if (metadata.name.empty()) {
    if (metadata.generate_name.empty()) Required(meta.Field("name"), "name or generateName is required");
    return;
  }
  for (const std::string& error : CheckDns1123Subdomain(metadata.name)) {
    Invalid(meta.Field("name"), Quoted(metadata.name), error);
  }
}

}  // namespace muster::api
