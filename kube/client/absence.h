// When it is believed that a kind is not installed.
#ifndef MUSTER_KUBE_CLIENT_ABSENCE_H_
#define MUSTER_KUBE_CLIENT_ABSENCE_H_

#include <optional>

#include "absl/time/time.h"
#include "kube/client/waiting.h"

namespace muster::kube {

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

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_ABSENCE_H_
