// Waiting by a clock that nobody sets: the clock on the wall may be put back by an hour, and nothing here notices.
#ifndef MUSTER_KUBE_CLIENT_WAITING_H_
#define MUSTER_KUBE_CLIENT_WAITING_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace muster::kube {

using SteadyTime = std::chrono::steady_clock::time_point;

inline SteadyTime SteadyNow() { return std::chrono::steady_clock::now(); }
// The instant `duration` after `from`. Durations over a year are a year, so that sums stay in range.
SteadyTime After(absl::Duration duration, SteadyTime from = SteadyNow());
inline absl::Duration Since(SteadyTime then, SteadyTime now = SteadyNow()) { return absl::FromChrono(now - then); }

// Tells threads that sleep to end. Thread-safe.
class StopSignal {
 public:
  void Set();
  bool is_set() const;
  // Sleeps. False when it is time to end, at once.
  bool Sleep(absl::Duration duration) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool set_ = false;
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_WAITING_H_
