// How long to wait before the next try.
#ifndef MUSTER_KUBE_CLIENT_BACKOFF_H_
#define MUSTER_KUBE_CLIENT_BACKOFF_H_

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace muster::kube {

// Doubles from `min` up to `max`. Every wait is somewhere in the upper half of its step, so that replicas that lost the
// same API server do not come back in step; the same seed gives the same waits. Thread-compatible.
class Backoff {
 public:
  // REQUIRES: 0 < min <= max.
  Backoff(absl::Duration min, absl::Duration max, uint64_t seed) : min_(min), max_(max), step_(min), random_(seed) {}

  // The next wait, in [step/2, step).
  absl::Duration Next();
  // All is well again: the next wait is the shortest.
  void Reset() { step_ = min_; }
  // Anything in [d/2, d).
  absl::Duration Jittered(absl::Duration d);

 private:
  const absl::Duration min_;
  const absl::Duration max_;
  absl::Duration step_;
  std::mt19937_64 random_;
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_BACKOFF_H_
