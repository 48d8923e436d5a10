// How a server ends: SIGTERM and SIGINT ask it to, and it does within its patience whatever is stuck.
#ifndef MUSTER_CLI_END_SIGNALS_H_
#define MUSTER_CLI_END_SIGNALS_H_

#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace muster::cli {

// Takes SIGTERM, SIGINT and SIGHUP from all threads that are started after it; make it before any. Until BeginServing
// they end the process at once.
class EndSignals {
 public:
  EndSignals();
  // Goes last: until then the process is sure to end.
  ~EndSignals();
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  // From now on the first SIGTERM or SIGINT is for Await, and the process is gone at most `patience` and a second
  // later. SIGHUP calls `hang_up`, from another thread, until then.
  void BeginServing(absl::Duration patience, std::function<void()> hang_up);
  // Waits for SIGTERM or SIGINT.
  void Await() const;
  // The same, for at most `time` by a clock that nobody sets.
  void Await(absl::Duration time) const;

 private:
  void Run();

  sigset_t set_;
  const int asked_;  // an eventfd that counts
  std::atomic<bool> done_{false};
  std::mutex mutex_;
  bool serving_ = false;
  absl::Duration patience_;
  std::function<void()> hang_up_;
  std::thread thread_;  // last
};

}  // namespace muster::cli

#endif  // MUSTER_CLI_END_SIGNALS_H_
