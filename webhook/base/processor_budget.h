// How much processor time one answer may take.
#ifndef MUSTER_WEBHOOK_BASE_PROCESSOR_BUDGET_H_
#define MUSTER_WEBHOOK_BASE_PROCESSOR_BUDGET_H_

#include <cstdint>
#include <ctime>

#include "absl/time/time.h"

namespace muster::webhook {

// Of the thread that makes it: what others do meanwhile does not count. Asked at the bounds of loops over what a request
// holds; who finds it spent returns at once, with whatever it has, since the answer is not going to be given.
// Thread-compatible; used on the thread it is made on.
class ProcessorBudget {
 public:
  explicit ProcessorBudget(absl::Duration most) : end_(Now() + most) {}

  // Whether it is spent; from then on it stays so. The clock is looked at every 32nd time: what lies between two calls
  // should take microseconds.
  bool Spent() const {
    if (spent_ || (++asked_ % 32) != 0) return spent_;
    return SpentNow();
  }
  // The same, looking at the clock.
  bool SpentNow() const {
    spent_ = spent_ || Now() >= end_;
    return spent_;
  }

 private:
  static absl::Duration Now() {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return absl::DurationFromTimespec(time);
  }

  const absl::Duration end_;
  mutable uint32_t asked_ = 0;
  mutable bool spent_ = false;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_BASE_PROCESSOR_BUDGET_H_
