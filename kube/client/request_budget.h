// How much an API server may be asked, by all that share a budget.
#ifndef MUSTER_KUBE_CLIENT_REQUEST_BUDGET_H_
#define MUSTER_KUBE_CLIENT_REQUEST_BUDGET_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "absl/time/time.h"
#include "kube/client/backoff.h"
#include "kube/client/waiting.h"

namespace muster::kube {

// A bucket with `burst` tokens that fills at `rate` a second. Who finds none is told when its own will be there, so that
// nobody overtakes. Thread-compatible.
class TokenBucket {
 public:
  // REQUIRES: rate > 0, burst >= 1.
  TokenBucket(double rate, int burst, SteadyTime now) : rate_(rate), burst_(burst), tokens_(burst), filled_(now) {}

  // Takes a token. How long to wait until it is there; zero = it is.
  absl::Duration Take(SteadyTime now);

 private:
  const double rate_;
  const double burst_;
  double tokens_;  // negative: promised
  SteadyTime filled_;
};

struct BudgetOptions {
  double rate = 300;  // requests a second; not over zero = as many as there are
  int burst = 500;
  // All wait when the server has too much to do or does not answer: as long as it asks, else longer and longer.
  absl::Duration min_pause = absl::Milliseconds(100);
  absl::Duration max_pause = absl::Seconds(30);
  uint64_t seed = 0;  // of the chance in pauses
};

// Thread-safe.
class RequestBudget {
 public:
  explicit RequestBudget(BudgetOptions options);

  // Waits until a request may be sent. False when there is no use in it: the budget was stopped.
  bool Await();
  // The server answered, whatever it was.
  void Served();
  // The server could not: it asks to be left alone for so long; zero = it does not say.
  void Busy(absl::Duration retry_after);
  // Everybody who waits goes home, and everybody who comes later.
  void Stop();
  bool stopped() const;

 private:
  const BudgetOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  TokenBucket bucket_;
  Backoff pauses_;
  SteadyTime paused_until_;
  bool stopped_ = false;
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_REQUEST_BUDGET_H_
