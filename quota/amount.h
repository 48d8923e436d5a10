// Amounts of a resource as Kueue counts it (thousandths of a core for cpu, whole bytes or devices for the rest; see
// api/resource_units.h): int64 that saturates.
//
// kUnlimited is infinity, not a big number: adding to it or taking from it leaves it unlimited. A quota whose value
// does not fit int64 (such as 1E of cpu) is unlimited, as in Kueue. All functions are O(1), pure and safe from any
// thread.
#ifndef MUSTER_QUOTA_AMOUNT_H_
#define MUSTER_QUOTA_AMOUNT_H_

#include <cstdint>
#include <limits>

namespace muster::quota {

using Amount = int64_t;

inline constexpr Amount kUnlimited = std::numeric_limits<Amount>::max();
inline constexpr Amount kAmountMin = std::numeric_limits<Amount>::min();

// a + b, clamped; unlimited if either is.
inline Amount Add(Amount a, Amount b) {
  if (a == kUnlimited || b == kUnlimited) return kUnlimited;
  Amount out;
  if (__builtin_add_overflow(a, b, &out)) return b > 0 ? kUnlimited : kAmountMin;
  return out;
}

// a - b, clamped. Unlimited minus anything is unlimited; anything finite minus unlimited is the lower limit.
inline Amount Sub(Amount a, Amount b) {
  if (a == kUnlimited) return kUnlimited;
  if (b == kUnlimited) return kAmountMin;
  Amount out;
  if (__builtin_sub_overflow(a, b, &out)) return b < 0 ? kUnlimited : kAmountMin;
  return out;
}

// a * n for a count n >= 0, clamped; 0 times unlimited is 0.
inline Amount Mul(Amount a, int64_t n) {
  if (a == 0 || n == 0) return 0;
  if (a == kUnlimited) return kUnlimited;
  Amount out;
  if (__builtin_mul_overflow(a, n, &out)) return (a < 0) == (n < 0) ? kUnlimited : kAmountMin;
  return out;
}

}  // namespace muster::quota

#endif  // MUSTER_QUOTA_AMOUNT_H_
