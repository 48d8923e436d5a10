// A clock that nobody sets, for deadlines. Internal to webhook/.
#ifndef MUSTER_WEBHOOK_SERVING_MONOTONIC_H_
#define MUSTER_WEBHOOK_SERVING_MONOTONIC_H_

#include <chrono>

#include "absl/time/time.h"

namespace muster::webhook {

// Only differences mean something.
inline absl::Time MonotonicNow() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_MONOTONIC_H_
