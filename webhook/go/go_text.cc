#include "webhook/go/go_text.h"

#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/field_errors.h"

namespace muster::webhook {
namespace {

absl::Status NumError(absl::string_view function, absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("strconv.", function, ": parsing ", GoQuote(text), ": ", what));
}

absl::StatusOr<int64_t> ParseInt(absl::string_view function, absl::string_view text, int64_t min, int64_t max) {
  absl::string_view digits = text;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) digits.remove_prefix(1);
  for (const char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return NumError(function, text, "invalid syntax");
  }
  if (digits.empty()) return NumError(function, text, "invalid syntax");
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value) || value < min || value > max) {
    return NumError(function, text, "value out of range");
  }
  return value;
}

}  // namespace

absl::StatusOr<int64_t> GoAtoi(absl::string_view text) {
  return ParseInt("Atoi", text, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
}

absl::StatusOr<int32_t> GoParseInt32(absl::string_view text) {
  absl::StatusOr<int64_t> value =
      ParseInt("ParseInt", text, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  if (!value.ok()) return value.status();
  return static_cast<int32_t>(*value);
}

absl::StatusOr<bool> GoParseBool(absl::string_view text) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return NumError("ParseBool", text, "invalid syntax");
}

std::string GoTimeError(absl::string_view text) {
  absl::Time time;
  std::string unused;
  // Go wants the letters in upper case and no space around.
  if (text.find_first_of(" tz") == absl::string_view::npos &&
      absl::ParseTime(absl::RFC3339_full, text, &time, &unused)) {
    return "";
  }
  struct Element {
    absl::string_view layout;
    size_t digits;  // 0 = the layout itself
    int min;
    int max;
    absl::string_view name;
  };
  static constexpr Element kElements[] = {
      {"2006", 4, 0, 9999, "year"}, {"-", 0, 0, 0, ""}, {"01", 2, 1, 12, "month"}, {"-", 0, 0, 0, ""},
      {"02", 2, 0, 99, "day"},      {"T", 0, 0, 0, ""}, {"15", 2, 0, 23, "hour"},  {":", 0, 0, 0, ""},
      {"04", 2, 0, 59, "minute"},   {":", 0, 0, 0, ""}, {"05", 2, 0, 59, "second"}};
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  absl::string_view rest = text;
  const auto cannot_parse = [&](absl::string_view as) {
    return absl::StrCat("parsing time ", GoQuote(text), " as \"2006-01-02T15:04:05Z07:00\": cannot parse ",
                        GoQuote(rest), " as ", GoQuote(as));
  };
  const auto says = [&](absl::string_view what) { return absl::StrCat("parsing time ", GoQuote(text), ": ", what); };
  for (const Element& element : kElements) {
    if (element.digits == 0) {
      if (rest.empty() || rest[0] != element.layout[0]) return cannot_parse(element.layout);
      rest.remove_prefix(1);
      continue;
    }
    const absl::string_view digits = rest.substr(0, element.digits);
    int value = 0;
    if (digits.size() < element.digits || !std::all_of(digits.begin(), digits.end(), is_digit) ||
        !absl::SimpleAtoi(digits, &value)) {
      return cannot_parse(element.layout);
    }
    if (value < element.min || value > element.max) return says(absl::StrCat(element.name, " out of range"));
    rest.remove_prefix(element.digits);
  }
  if (rest.size() > 1 && (rest[0] == '.' || rest[0] == ',') && is_digit(rest[1])) {
    rest.remove_prefix(1);
    while (!rest.empty() && is_digit(rest[0])) rest.remove_prefix(1);
  }
  if (!rest.empty() && rest[0] == 'Z') {
    rest.remove_prefix(1);
  } else {
    const bool zone = rest.size() >= 6 && (rest[0] == '+' || rest[0] == '-') && is_digit(rest[1]) &&
                      is_digit(rest[2]) && rest[3] == ':' && is_digit(rest[4]) && is_digit(rest[5]);
    if (!zone) return cannot_parse("Z07:00");
    rest.remove_prefix(6);
  }
  if (!rest.empty()) return says(absl::StrCat("extra text: ", GoQuote(rest)));
  return says("day out of range");
}

std::string GoTime(absl::string_view text) {
  absl::Time time;
  std::string unused;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &unused)) return std::string(text);
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string NotRegisteredError(absl::string_view api_version, absl::string_view kind) {
  return absl::StrCat("no kind ", GoQuote(kind), " is registered for version ", GoQuote(api_version),
                      " in scheme \"pkg/runtime/scheme.go:110\"");
}

std::string GoQuote(absl::string_view text) { return api::Quoted(text); }

}  // namespace muster::webhook
