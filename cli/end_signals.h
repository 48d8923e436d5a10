// How a command ends when SIGTERM or SIGINT tell it to: a server within its patience whatever is stuck; another at once,
// or, when it can, after it has put in order what it has; in no case with half of a result left behind.
#ifndef MUSTER_CLI_END_SIGNALS_H_
#define MUSTER_CLI_END_SIGNALS_H_

#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace muster::cli {

// Takes SIGTERM, SIGINT and SIGHUP from all threads that are started after it; make it before any. Until BeginServing or
// BeginWork they end the process at once, with exit code 128 + signal.
class EndSignals {
 public:
  // `before_exit` is called, from another thread, before they do.
  explicit EndSignals(std::function<void()> before_exit = {});
  // Goes last: until then the process is sure to end.
  ~EndSignals();
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  // From now on the first SIGTERM or SIGINT is for Await, and the process is gone at most `patience` and a second
  // later. SIGHUP calls `hang_up`, from another thread, until then.
  void BeginServing(absl::Duration patience, std::function<void()> hang_up);
  // From now on the first signal only makes `asked` say which it was; the second ends the process at once.
  void BeginWork() { working_ = true; }
  // The signal that came since BeginWork; 0 = none.
  int asked() const { return asked_by_; }
  // Waits for SIGTERM or SIGINT.
  void Await() const;
  // The same, for at most `time` by a clock that nobody sets.
  void Await(absl::Duration time) const;

 private:
  void Run();

  const std::function<void()> before_exit_;
  std::atomic<bool> working_{false};
  std::atomic<int> asked_by_{0};
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
