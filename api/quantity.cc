#include "api/quantity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/quantity_text.h"

namespace muster::api {
namespace {

using absl::int128;
using absl::uint128;

constexpr int64_t kNanosPerUnit = 1000000000;
constexpr int64_t kNanosPerMilli = 1000000;
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr int64_t kInt64Min = std::numeric_limits<int64_t>::min();
constexpr int32_t kNano = -9;
// Past this many digits nothing fits 128 bits any more.
constexpr int64_t kMaxDigits = 39;
constexpr int32_t kMaxDecimalExponent = 18;  // "E" is the largest decimal suffix
// Apimachinery keeps decimal numbers of so many digits in an int64, and binary ones by a rule of thumb.
constexpr int64_t kMaxInt64Digits = 18;
constexpr int64_t kMaxBinaryDigits = 14;

const uint128 kNanosLimit = static_cast<uint128>(absl::Int128Max());

uint128 SaturatingMulAdd(uint128 a, uint64_t factor, uint64_t addend) {
  if (a > (kNanosLimit - addend) / factor) return kNanosLimit;
  return a * factor + addend;
}

// As Go's int32 does.
int32_t Wrap(int64_t value) { return static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(value))); }

struct Suffix {
  Quantity::Format format = Quantity::Format::kDecimalSI;
  int32_t decimal_exponent = 0;
  int binary_exponent = 0;
};

// Whether `text` is a suffix.
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
    suffix.decimal_exponent = 3 * static_cast<int32_t>(power) - 9;
    return true;
  }
  if (text[0] != 'e' && text[0] != 'E') return false;
  // An int64, of which 32 bits are used.
  int64_t exponent = 0;
  const absl::string_view digits = text.substr(text[1] == '+' || text[1] == '-' ? 2 : 1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) return false;
  if (!absl::SimpleAtoi(text.substr(1), &exponent)) return false;
  suffix.format = Quantity::Format::kDecimalExponent;
  suffix.decimal_exponent = Wrap(exponent);
  return true;
}

// A text in its parts, all of them pointing into it.
struct Parts {
  bool negative = false;
  absl::string_view number;    // with its sign
  absl::string_view whole;     // digits without zeros in front; "0" when there are none
  absl::string_view fraction;  // digits after the point
  absl::string_view suffix;
};

// Whether the text can be taken apart, which asks for less than the grammar does.
bool Scan(absl::string_view text, Parts& parts) {
  if (text.empty()) return false;
  const auto skip = [text](absl::string_view characters, size_t from) {
    return std::min(text.find_first_not_of(characters, from), text.size());
  };
  constexpr absl::string_view kDigits = "0123456789";
  parts.negative = text[0] == '-';
  const size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
  const size_t first = skip("0", sign);
  if (first == text.size()) {
    parts.number = parts.whole = "0";
    return true;
  }
  size_t end = skip(kDigits, first);
  parts.whole = end == first ? "0" : text.substr(first, end - first);
  if (end < text.size() && text[end] == '.') {
    const size_t point = end + 1;
    end = skip(kDigits, point);
    parts.fraction = text.substr(point, end - point);
  }
  parts.number = text.substr(0, end);
  const size_t suffix = end;
  end = skip("eEinumkKMGTP", end);
  if (end < text.size() && (text[end] == '+' || text[end] == '-')) ++end;
  if (skip(kDigits, end) != text.size()) return false;
  parts.suffix = text.substr(suffix);
  return true;
}

// A number other than zero: digits (without zeros in front) times a power of ten.
struct Decimal {
  std::string digits;
  int64_t exponent = 0;
};

// Cuts what is finer than a nano, and rounds up for it.
void RoundToNano(Decimal& number) {
  if (number.exponent >= kNano) return;
  const int64_t surplus = int64_t{kNano} - number.exponent;
  const size_t cut = static_cast<size_t>(std::min<int64_t>(surplus, static_cast<int64_t>(number.digits.size())));
  const std::string rest = number.digits.substr(number.digits.size() - cut);
  number.digits.resize(number.digits.size() - cut);
  number.exponent = kNano;
  if (rest.find_first_not_of('0') == std::string::npos) return;
  size_t at = number.digits.find_last_not_of('9');
  if (at == std::string::npos) {
    number.digits.insert(number.digits.begin(), '0');
    at = 0;
  }
  ++number.digits[at];
  std::fill(number.digits.begin() + static_cast<std::ptrdiff_t>(at) + 1, number.digits.end(), '0');
}

// Saturates. REQUIRES: nothing is finer than a nano.
uint128 ToNanos(const Decimal& number) {
  uint128 nanos = 0;
  for (const char c : number.digits) nanos = SaturatingMulAdd(nanos, 10, c - '0');
  for (int64_t zeros = std::min(number.exponent - kNano, kMaxDigits); zeros > 0 && nanos != 0; --zeros) {
    nanos = SaturatingMulAdd(nanos, 10, 0);
  }
  return nanos;
}

// whole "." fraction times 2^exponent in billionths, rounded up. Saturates.
uint128 ToNanosBinary(absl::string_view whole, absl::string_view fraction, int exponent) {
  // The fraction is multiplied digit by digit from the right; what is carried out of it are whole units.
  Decimal rest{std::string(fraction), -static_cast<int64_t>(fraction.size())};
  const uint128 factor = uint128(1) << exponent;
  uint128 carry = 0;
  for (size_t i = rest.digits.size(); i-- > 0;) {
    const uint128 product = factor * static_cast<uint64_t>(rest.digits[i] - '0') + carry;
    rest.digits[i] = static_cast<char>('0' + static_cast<int>(product % 10));
    carry = product / 10;
  }
  uint128 units = 0;
  for (const char c : whole) units = SaturatingMulAdd(units, 10, c - '0');
  if (units > kNanosLimit / factor) return kNanosLimit;
  units *= factor;
  if (units > kNanosLimit - carry) return kNanosLimit;
  units += carry;
  RoundToNano(rest);
  const uint128 fraction_nanos = ToNanos(rest);
  if (units > kNanosLimit / kNanosPerUnit) return kNanosLimit;
  units *= kNanosPerUnit;
  return units > kNanosLimit - fraction_nanos ? kNanosLimit : units + fraction_nanos;
}

// The number as apimachinery writes it in one of the decimal formats; "" when its exponent takes more than 32 bits.
std::string Canonical(bool negative, Decimal number, Quantity::Format format) {
  const size_t kept = number.digits.find_last_not_of('0') + 1;
  int64_t exponent = number.exponent + static_cast<int64_t>(number.digits.size() - kept);
  number.digits.resize(kept);
  // Exponents come in steps of three.
  const int64_t surplus = (exponent % 3 + 3) % 3;
  number.digits.append(static_cast<size_t>(surplus), '0');
  exponent -= surplus;
  if (exponent != Wrap(exponent)) return "";
  std::string suffix;
  if (format != Quantity::Format::kDecimalExponent && exponent >= kNano && exponent <= kMaxDecimalExponent) {
    static constexpr const char* kSuffixes[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
    suffix = kSuffixes[(exponent - kNano) / 3];
  } else if (exponent != 0) {
    suffix = absl::StrCat("e", exponent);
  }
  return absl::StrCat(negative ? "-" : "", number.digits, suffix);
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

// What a text says.
struct Reading {
  QuantityFault fault = QuantityFault::kNone;
  int128 nanos = 0;
  Quantity::Format format = Quantity::Format::kDecimalSI;
  std::string written;  // where it does not follow from the number; "" = it does
};

Reading Read(absl::string_view text) {
  Reading reading;
  Parts parts;
  Suffix suffix;
  if (!Scan(text, parts)) {
    reading.fault = QuantityFault::kFormat;
    return reading;
  }
  if (!ParseSuffix(parts.suffix, suffix)) {
    reading.fault = QuantityFault::kSuffix;
    return reading;
  }
  const bool binary = suffix.format == Quantity::Format::kBinarySI;
  const auto digit_count = static_cast<int64_t>(parts.whole.size() + parts.fraction.size());
  // Apimachinery has an int64 for small numbers, and big decimals for the others; which of the two shows in how
  // exponents wrap around, in whether digits are needed, and in which texts are kept.
  const int32_t exponent = Wrap(int64_t{suffix.decimal_exponent} - static_cast<int64_t>(parts.fraction.size()));
  const bool small =
      binary ? parts.fraction.empty() &&
                   static_cast<int64_t>(parts.whole.size()) + suffix.binary_exponent * 3 / 10 <= kMaxBinaryDigits
             : digit_count <= kMaxInt64Digits && exponent >= kNano;
  if (!small && parts.number.find_first_of("0123456789") == absl::string_view::npos) {
    reading.fault = QuantityFault::kNumber;
    return reading;
  }
  reading.format = suffix.format;
  std::string digits = absl::StrCat(parts.whole, parts.fraction);
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return reading;
  uint128 magnitude;
  if (binary) {
    magnitude = ToNanosBinary(parts.whole, parts.fraction, suffix.binary_exponent);
    // Kubernetes caps binary quantities, and only them, at the largest int64.
    magnitude = std::min(magnitude, uint128(kInt64Max) * kNanosPerUnit);
    if (magnitude < kNanosPerUnit) reading.format = Quantity::Format::kDecimalSI;
    int64_t value = 0;
    if (small && absl::SimpleAtoi(digits, &value) && value % 8 != 0) reading.written = std::string(text);
  } else {
    Decimal number{std::move(digits), exponent};
    if (!small) {
      // A scale is an exponent with its sign turned around, which the least int32 has not.
      number.exponent =
          -int64_t{Wrap(static_cast<int64_t>(parts.fraction.size()) + Wrap(-int64_t{suffix.decimal_exponent}))};
    }
    const bool kept = small && exponent % 3 == 0 && parts.whole != "0" && !absl::EndsWith(number.digits, "000");
    RoundToNano(number);
    magnitude = ToNanos(number);
    if (magnitude == kNanosLimit) reading.written = Canonical(parts.negative, std::move(number), suffix.format);
    if (kept || (magnitude == kNanosLimit && reading.written.empty())) reading.written = std::string(text);
  }
  const int128 nanos = static_cast<int128>(magnitude);
  reading.nanos = parts.negative ? -nanos : nanos;
  return reading;
}

}  // namespace

Quantity Quantity::FromValue(int64_t value, Format format) { return Quantity(int128(value) * kNanosPerUnit, format); }

Quantity Quantity::FromMilli(int64_t milli, Format format) { return Quantity(int128(milli) * kNanosPerMilli, format); }

absl::StatusOr<Quantity> Quantity::Parse(absl::string_view text) {
  const Reading reading = Read(text);
  if (reading.fault == QuantityFault::kNone) return Quantity(reading.nanos, reading.format);
  // In our words: where the digits end, the suffix begins.
  Parts parts;
  (void)Scan(text, parts);
  std::string what = "has no digits; write a number with an optional suffix, like 500m, 2 or 1.5Gi";
  if (parts.number.find_first_of("0123456789") != absl::string_view::npos) {
    what = absl::StrCat("unknown suffix \"", text.substr(parts.number.size()),
                        "\"; the suffixes are n u m k M G T P E, Ki Mi Gi Ti Pi Ei, and exponents like e3");
  }
  return absl::InvalidArgumentError(absl::StrCat("quantity \"", text, "\": ", what));
}

QuantityFault FaultOf(absl::string_view text) { return Read(text).fault; }

absl::StatusOr<std::string> RewrittenQuantity(absl::string_view text) {
  std::string written = Read(text).written;
  if (!written.empty()) return written;
  const absl::StatusOr<Quantity> quantity = Quantity::Parse(text);
  if (!quantity.ok()) return quantity.status();
  return quantity->ToString();
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

  return Canonical(nanos_ < 0, {Digits(magnitude), kNano}, format_ == Format::kBinarySI ? Format::kDecimalSI : format_);
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
