#include "kube/client/waiting.h"

#include <algorithm>

namespace muster::kube {

SteadyTime After(absl::Duration duration, SteadyTime from) {
  constexpr absl::Duration kYear = absl::Hours(24 * 365);
  return from + absl::ToChronoNanoseconds(std::clamp(duration, -kYear, kYear));
}

void StopSignal::Set() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    set_ = true;
  }
  changed_.notify_all();
}

bool StopSignal::is_set() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return set_;
}

bool StopSignal::Sleep(absl::Duration duration) const {
  const SteadyTime until = After(duration);
  std::unique_lock<std::mutex> lock(mutex_);
  return !changed_.wait_until(lock, until, [this] { return set_; });
}

}  // namespace muster::kube
