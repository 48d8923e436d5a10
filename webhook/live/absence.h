// When it is believed that a kind is not installed.
#ifndef MUSTER_WEBHOOK_LIVE_ABSENCE_H_
#define MUSTER_WEBHOOK_LIVE_ABSENCE_H_

#include <optional>

#include "absl/time/time.h"
#include "webhook/live/waiting.h"

namespace muster::webhook {

// Counts how often, and for how long, discovery said without a break that there is no such kind. Thread-compatible.
class Absence {
 public:
  // Believed after `times` in a row over at least `over`. REQUIRES: times > 0.
  Absence(int times, absl::Duration over) : times_(times), over_(over) {}

  void Seen(SteadyTime now) {
    if (count_++ == 0) first_ = now;
  }
  // Something else was said, or nothing.
  void Reset() { count_ = 0; }
  bool Believed(SteadyTime now) const { return count_ >= times_ && Since(first_, now) >= over_; }

 private:
  const int times_;
  const absl::Duration over_;
  int count_ = 0;
  SteadyTime first_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_ABSENCE_H_
