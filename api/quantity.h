// Kubernetes resource quantities: "500m", "1.5Gi", "2e3", "0.1".
//
// Source of the rules: Kubernetes' resource.Quantity. A quantity is a decimal number with at most nine
// fractional digits (finer input is rounded up, away from zero), a suffix family, and a canonical text form.
// Values saturate: whatever does not fit int64 in the unit asked for is returned as the int64 limit.
#ifndef MUSTER_API_QUANTITY_H_
#define MUSTER_API_QUANTITY_H_

#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::api {

// Thread-safety: value type.
class Quantity {
 public:
  // The suffix family the canonical form is written in.
  enum class Format { kDecimalSI, kBinarySI, kDecimalExponent };

  Quantity() = default;

  static Quantity FromValue(int64_t value, Format format = Format::kDecimalSI);
  static Quantity FromMilli(int64_t milli, Format format = Format::kDecimalSI);

  // Parses `text`. Errors: InvalidArgument naming the text and what is wrong with it. O(length).
  static absl::StatusOr<Quantity> Parse(absl::string_view text);

  // In whole units (cores, bytes, devices) and in thousandths of them, rounded up (as Kubernetes does), saturating at
  // the int64 limits.
  int64_t Value() const;
  int64_t MilliValue() const;

  // Whether Value() (MilliValue()) had to saturate. Kueue treats such a quota as unlimited.
  bool ValueOverflows() const;
  bool MilliValueOverflows() const;

  // The canonical form: no fractional digits where a smaller suffix avoids them, largest suffix that keeps it exact.
  std::string ToString() const;

  // The nearest double to the exact value.
  double ToDouble() const;

  // Billionths, exact for everything Parse accepts up to the int128 range (saturating there).
  absl::int128 nanos() const { return nanos_; }
  Format format() const { return format_; }
  bool IsZero() const { return nanos_ == 0; }
  // -1, 0 or 1.
  int Sign() const { return nanos_ < 0 ? -1 : (nanos_ > 0 ? 1 : 0); }

  // Compares numerically: 1 == 1000m.
  friend bool operator==(const Quantity& a, const Quantity& b) { return a.nanos_ == b.nanos_; }
  friend bool operator!=(const Quantity& a, const Quantity& b) { return !(a == b); }
  friend bool operator<(const Quantity& a, const Quantity& b) { return a.nanos_ < b.nanos_; }

 private:
  Quantity(absl::int128 nanos, Format format) : nanos_(nanos), format_(format) {}

  absl::int128 nanos_ = 0;
  Format format_ = Format::kDecimalSI;
};

}  // namespace muster::api

#endif  // MUSTER_API_QUANTITY_H_
