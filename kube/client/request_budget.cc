#include "kube/client/request_budget.h"

#include <algorithm>

namespace muster::kube {

absl::Duration TokenBucket::Take(SteadyTime now) {
  if (now > filled_) {
    tokens_ = std::min(burst_, tokens_ + rate_ * absl::ToDoubleSeconds(Since(filled_, now)));
    filled_ = now;
  }
  tokens_ -= 1;
  return tokens_ >= 0 ? absl::ZeroDuration() : absl::Seconds(-tokens_ / rate_);
}

RequestBudget::RequestBudget(BudgetOptions options)
    : options_(options),
      bucket_(options.rate > 0 ? options.rate : 1, std::max(options.burst, 1), SteadyNow()),
      pauses_(options.min_pause, options.max_pause, options.seed),
      paused_until_(SteadyTime::min()) {}

bool RequestBudget::Await() {
  std::unique_lock<std::mutex> lock(mutex_);
  SteadyTime until = SteadyNow();
  if (options_.rate > 0) until = After(bucket_.Take(until), until);
  for (;;) {
    if (stopped_) return false;
    const SteadyTime due = std::max(until, paused_until_);
    if (SteadyNow() >= due) return true;
    changed_.wait_until(lock, due);
  }
}

void RequestBudget::Served() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (SteadyNow() >= paused_until_) pauses_.Reset();
}

void RequestBudget::Busy(absl::Duration retry_after) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const SteadyTime now = SteadyNow();
  // Those that were on their way together are one failure.
  absl::Duration pause = now < paused_until_ ? absl::ZeroDuration() : pauses_.Next();
  pause = std::max(pause, std::min(retry_after, options_.max_pause));
  paused_until_ = std::max(paused_until_, After(pause, now));
}

void RequestBudget::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

bool RequestBudget::stopped() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopped_;
}

}  // namespace muster::kube
