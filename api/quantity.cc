#include "api/quantity.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace muster::api {
namespace {

using absl::int128;
using absl::uint128;

constexpr int64_t kNanosPerUnit = 1000000000;
constexpr int64_t kNanosPerMilli = 1000000;
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr int64_t kInt64Min = std::numeric_limits<int64_t>::min();
// Past this many digits nothing fits 128 bits any more.
constexpr int kMaxDigits = 39;
constexpr int kMaxDecimalExponent = 18;  // "E" is the largest decimal suffix

const uint128 kNanosLimit = static_cast<uint128>(absl::Int128Max());

uint128 SaturatingMulAdd(uint128 a, uint64_t factor, uint64_t addend) {
  if (a > (kNanosLimit - addend) / factor) return kNanosLimit;
  return a * factor + addend;
}

struct Suffix {
  Quantity::Format format = Quantity::Format::kDecimalSI;
  int decimal_exponent = 0;
  int binary_exponent = 0;
};

// Whether `text` is a suffix; an exponent beyond +-1000 is clamped there, which is far outside of every range.
bool ParseSuffix(absl::string_view text, Suffix& suffix) {
  if (text.empty()) return true;
  if (text.size() == 2 && text[1] == 'i') {
    const size_t power = absl::string_view("KMGTPE").find(text[0]);
    if (power == absl::string_view::npos) return false;
    suffix.format = Quantity::Format::kBinarySI;
    suffix.binary_exponent = 10 * (static_cast<int>(power) + 1);
    return true;
  }
  if (text.size() == 1) {
    const size_t power = absl::string_view("num kMGTPE").find(text[0]);
    if (power == absl::string_view::npos || text[0] == ' ') return false;
    suffix.decimal_exponent = 3 * static_cast<int>(power) - 9;
    return true;
  }
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  if (text.empty()) return false;
  int exponent = 0;
  for (char c : text) {
    if (!absl::ascii_isdigit(c)) return false;
    exponent = std::min(exponent * 10 + (c - '0'), 1000);
  }
  suffix.format = Quantity::Format::kDecimalExponent;
  suffix.decimal_exponent = negative ? -exponent : exponent;
  return true;
}

// digits[0..point) "." digits[point..) in billionths, rounded up. Saturates.
uint128 ToNanos(absl::string_view digits, int64_t point) {
  const int64_t wanted = point + 9;  // that many digits are whole billionths
  uint128 nanos = 0;
  bool rest = false;
  for (int64_t i = 0; i < static_cast<int64_t>(digits.size()); ++i) {
    if (i < wanted) {
      nanos = SaturatingMulAdd(nanos, 10, digits[i] - '0');
    } else if (digits[i] != '0') {
      rest = true;
      break;
    }
  }
  if (nanos != 0) {
    int64_t zeros = std::max<int64_t>(0, wanted - static_cast<int64_t>(digits.size()));
    for (zeros = std::min<int64_t>(zeros, kMaxDigits); zeros > 0; --zeros) nanos = SaturatingMulAdd(nanos, 10, 0);
  }
  return rest ? SaturatingMulAdd(nanos, 1, 1) : nanos;
}

// digits[0..point) "." digits[point..) times 2^exponent in billionths, rounded up. Saturates.
uint128 ToNanosBinary(absl::string_view digits, size_t point, int exponent) {
  // The fraction is multiplied digit by digit from the right; what is carried out of it are whole units.
  std::string fraction(digits.substr(point));
  const uint128 factor = uint128(1) << exponent;
  uint128 carry = 0;
  for (size_t i = fraction.size(); i-- > 0;) {
    const uint128 product = factor * static_cast<uint64_t>(fraction[i] - '0') + carry;
    fraction[i] = static_cast<char>('0' + static_cast<int>(product % 10));
    carry = product / 10;
  }
  uint128 units = 0;
  for (char c : digits.substr(0, point)) units = SaturatingMulAdd(units, 10, c - '0');
  if (units > kNanosLimit / factor) return kNanosLimit;
  units *= factor;
  if (units > kNanosLimit - carry) return kNanosLimit;
  units += carry;
  const uint128 fraction_nanos = ToNanos(fraction, 0);
  if (units > kNanosLimit / kNanosPerUnit) return kNanosLimit;
  units *= kNanosPerUnit;
  return units > kNanosLimit - fraction_nanos ? kNanosLimit : units + fraction_nanos;
}

// nanos / unit, away from zero.
int128 DivideUp(int128 nanos, int64_t unit) {
  int128 result = nanos / unit;
  if (nanos % unit != 0) result += nanos < 0 ? -1 : 1;
  return result;
}

bool FitsInt64(int128 v) { return v >= kInt64Min && v <= kInt64Max; }

int64_t Saturate(int128 v) {
  if (v > kInt64Max) return kInt64Max;
  if (v < kInt64Min) return kInt64Min;
  return static_cast<int64_t>(v);
}

std::string Digits(uint128 magnitude) {
  std::string text;
  do {
    text.push_back(static_cast<char>('0' + static_cast<int>(magnitude % 10)));
    magnitude /= 10;
  } while (magnitude != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

}  // namespace

Quantity Quantity::FromValue(int64_t value, Format format) { return Quantity(int128(value) * kNanosPerUnit, format); }

Quantity Quantity::FromMilli(int64_t milli, Format format) { return Quantity(int128(milli) * kNanosPerMilli, format); }

absl::StatusOr<Quantity> Quantity::Parse(absl::string_view text) {
  const auto error = [text](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("quantity \"", text, "\": ", what));
  };
  absl::string_view rest = text;
  const bool negative = !rest.empty() && rest[0] == '-';
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);

  std::string digits;
  size_t i = 0;
  for (; i < rest.size() && absl::ascii_isdigit(rest[i]); ++i) digits.push_back(rest[i]);
  const size_t point = digits.size();
  if (i < rest.size() && rest[i] == '.') {
    for (++i; i < rest.size() && absl::ascii_isdigit(rest[i]); ++i) digits.push_back(rest[i]);
  }
  if (digits.empty()) return error("has no digits; write a number with an optional suffix, like 500m, 2 or 1.5Gi");

  Suffix suffix;
  if (!ParseSuffix(rest.substr(i), suffix)) {
    return error(absl::StrCat("unknown suffix \"", rest.substr(i),
                              "\"; the suffixes are n u m k M G T P E, Ki Mi Gi Ti Pi Ei, and exponents like e3"));
  }

  uint128 magnitude;
  if (suffix.format == Format::kBinarySI) {
    magnitude = ToNanosBinary(digits, point, suffix.binary_exponent);
    // Kubernetes caps binary quantities, and only them, at the largest int64.
    magnitude = std::min(magnitude, uint128(kInt64Max) * kNanosPerUnit);
    if (magnitude > 0 && magnitude < kNanosPerUnit) suffix.format = Format::kDecimalSI;
  } else {
    magnitude = ToNanos(digits, static_cast<int64_t>(point) + suffix.decimal_exponent);
  }
  const int128 nanos = static_cast<int128>(magnitude);
  return Quantity(negative ? -nanos : nanos, suffix.format);
}

int64_t Quantity::Value() const { return Saturate(DivideUp(nanos_, kNanosPerUnit)); }
int64_t Quantity::MilliValue() const { return Saturate(DivideUp(nanos_, kNanosPerMilli)); }
bool Quantity::ValueOverflows() const { return !FitsInt64(DivideUp(nanos_, kNanosPerUnit)); }
bool Quantity::MilliValueOverflows() const { return !FitsInt64(DivideUp(nanos_, kNanosPerMilli)); }

std::string Quantity::ToString() const {
  if (nanos_ == 0) return "0";
  const std::string sign = nanos_ < 0 ? "-" : "";
  uint128 magnitude = nanos_ < 0 ? -static_cast<uint128>(nanos_) : static_cast<uint128>(nanos_);

  // A binary quantity below 1024, or with a fraction, reads better (and stays exact) in decimal.
  if (format_ == Format::kBinarySI && magnitude >= uint128(1024) * kNanosPerUnit && magnitude % kNanosPerUnit == 0) {
    uint128 units = magnitude / kNanosPerUnit;
    int power = 0;
    while (units % 1024 == 0 && power < 6) {
      units /= 1024;
      ++power;
    }
    static constexpr const char* kSuffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    return absl::StrCat(sign, Digits(units), kSuffixes[power]);
  }

  int exponent = -9;
  // Both decimal forms take exponents in steps of three.
  while (magnitude % 1000 == 0 && (exponent < kMaxDecimalExponent || format_ == Format::kDecimalExponent)) {
    magnitude /= 1000;
    exponent += 3;
  }
  if (format_ == Format::kDecimalExponent) {
    return absl::StrCat(sign, Digits(magnitude), exponent == 0 ? "" : absl::StrCat("e", exponent));
  }
  static constexpr const char* kSuffixes[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  return absl::StrCat(sign, Digits(magnitude), kSuffixes[(exponent + 9) / 3]);
}

double Quantity::ToDouble() const {
  // Below 2^53 both operands are exact, so that one division rounds once.
  constexpr int64_t kExact = int64_t{1} << 53;
  if (nanos_ > -kExact && nanos_ < kExact) return static_cast<double>(static_cast<int64_t>(nanos_)) / 1e9;
  const uint128 magnitude = nanos_ < 0 ? -static_cast<uint128>(nanos_) : static_cast<uint128>(nanos_);
  const double value = std::strtod(absl::StrCat(Digits(magnitude), "e-9").c_str(), nullptr);
  return nanos_ < 0 ? -value : value;
}

}  // namespace muster::api
