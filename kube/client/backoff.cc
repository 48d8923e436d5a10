#include "kube/client/backoff.h"

#include <algorithm>

namespace muster::kube {

absl::Duration Backoff::Jittered(absl::Duration d) {
  // By hand: what a library's distribution makes of a seed is its own business.
  constexpr double kScale = 1.0 / (uint64_t{1} << 53);
  return d * (0.5 + static_cast<double>(random_() >> 11) * kScale / 2);
}

absl::Duration Backoff::Next() {
  const absl::Duration step = step_;
  step_ = std::min(step_ * 2, max_);
  return Jittered(step);
}

}  // namespace muster::kube
