#include "sim/metrics/wait_histogram.h"

#include <algorithm>

#include "base/check.h"

namespace muster::sim {

const std::vector<int64_t>& WaitHistogram::Bounds() {
  // Powers of ten by eighths, written out: a power function may differ in its last digit between C libraries.
  static const auto* const kBounds = [] {
    constexpr double kEighths[] = {1.0,        1.33352143, 1.77827941, 2.37137371,
                                   3.16227766, 4.21696503, 5.62341325, 7.49894209};
    auto* bounds = new std::vector<int64_t>{0};
    double decade = 1;
    for (int d = 0; d < 8; ++d, decade *= 10) {
      for (double eighth : kEighths) {
        const auto bound = static_cast<int64_t>(eighth * decade + 0.5);
        if (bound > bounds->back()) bounds->push_back(bound);
      }
    }
    return bounds;
  }();
  return *kBounds;
}

void WaitHistogram::Add(int64_t wait_s) {
  MUSTER_CHECK(wait_s >= 0, "nobody starts before he is submitted");
  const std::vector<int64_t>& bounds = Bounds();
  ++counts_[static_cast<size_t>(std::lower_bound(bounds.begin(), bounds.end(), wait_s) - bounds.begin())];
}

}  // namespace muster::sim
