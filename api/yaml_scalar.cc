// What a plain scalar of YAML 1.1 stands for, as Go's yaml.v2 resolves it.
#include <cmath>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "api/yaml.h"

namespace muster::api {
namespace {

using nlohmann::json;

bool IsOneOf(absl::string_view text, std::initializer_list<absl::string_view> words) {
  for (absl::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

// Digits in `base` as an integer value; false when there is another character, or nothing, or it does not fit.
bool ParseDigits(absl::string_view digits, int base, bool negative, json& out) {
  uint64_t value = 0;
  if (digits.empty()) return false;
  for (char c : digits) {
    const int digit = absl::ascii_isdigit(c)   ? c - '0'
                      : absl::ascii_isalpha(c) ? absl::ascii_tolower(c) - 'a' + 10
                                               : 99;
    if (digit >= base) return false;
    if (value > (UINT64_MAX - digit) / base) return false;
    value = value * base + digit;
  }
  constexpr uint64_t kMinMagnitude = uint64_t{1} << 63;
  if (!negative) {
    out = value;
  } else if (value <= kMinMagnitude) {
    out = value == kMinMagnitude ? INT64_MIN : -static_cast<int64_t>(value);
  } else {
    return false;
  }
  return true;
}

bool ParseInteger(absl::string_view text, json& out) {
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  if (text.size() > 1 && text[0] == '0') {
    const char kind = absl::ascii_tolower(text[1]);
    if (kind == 'x') return ParseDigits(text.substr(2), 16, negative, out);
    if (kind == 'b') return ParseDigits(text.substr(2), 2, negative, out);
    if (kind == 'o') return ParseDigits(text.substr(2), 8, negative, out);
    return ParseDigits(text.substr(1), 8, negative, out);
  }
  return ParseDigits(text, 10, negative, out);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool LooksLikeFloat(absl::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t start = i;
    while (i < text.size() && absl::ascii_isdigit(text[i])) ++i;
    return i - start;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const size_t whole = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

}  // namespace

json ResolvePlainScalar(absl::string_view text) {
  if (text.empty() || IsOneOf(text, {"~", "null", "Null", "NULL"})) return nullptr;
  if (IsOneOf(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"})) return true;
  if (IsOneOf(text, {"false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF"})) return false;
  const char first = text[0];
  if (!absl::ascii_isdigit(first) && first != '-' && first != '+' && first != '.') return std::string(text);
  const std::string plain = absl::StrReplaceAll(text, {{"_", ""}});
  json number;
  if (!plain.empty() && ParseInteger(plain, number)) return number;
  if (!LooksLikeFloat(plain)) return std::string(text);
  const double value = std::strtod(plain.c_str(), nullptr);
  if (!std::isfinite(value)) return std::string(text);
  // On the way through JSON a whole number loses its point.
  constexpr double kInt64Limit = 9223372036854775808.0;
  if (value == std::trunc(value) && std::fabs(value) < kInt64Limit) return static_cast<int64_t>(value);
  return value;
}

}  // namespace muster::api
