#include "api/field_errors.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/label_syntax.h"

namespace muster::api {

std::string Quoted(absl::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", absl::string_view(&c, 1));
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      absl::StrAppend(&out, "\\x", absl::string_view(&kHex[byte >> 4], 1), absl::string_view(&kHex[byte & 15], 1));
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

void FieldErrors::Add(const JsonPath& path, absl::string_view rule, std::string value, std::string message) {
  problems_.push_back({.source = {},
                       .object = "",
                       .path = path.ToString(),
                       .message = std::move(message),
                       .severity = Severity::kError,
                       .rule = std::string(rule),
                       .value = std::move(value)});
}

void FieldErrors::Invalid(const JsonPath& path, std::string value, absl::string_view message) {
  Add(path, "Invalid", std::move(value), std::string(message));
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
void FieldErrors::NotFound(const JsonPath& path, absl::string_view value) { Add(path, "NotFound", Quoted(value), ""); }

void FieldErrors::NotSupported(const JsonPath& path, absl::string_view value,
                               const std::vector<std::string>& supported) {
  const std::string list =
      absl::StrJoin(supported, ", ", [](std::string* out, const std::string& s) { absl::StrAppend(out, Quoted(s)); });
  Add(path, "NotSupported", Quoted(value), absl::StrCat("supported values: ", list));
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
