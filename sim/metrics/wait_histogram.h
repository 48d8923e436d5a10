// How many waits were how long, in steps that grow with the wait: a distribution of any number of jobs in few numbers.
#ifndef MUSTER_SIM_METRICS_WAIT_HISTOGRAM_H_
#define MUSTER_SIM_METRICS_WAIT_HISTOGRAM_H_

#include <cstdint>
#include <vector>

namespace muster::sim {

// Thread-safety: compatible.
class WaitHistogram {
 public:
  // The steps' last seconds, ascending: 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, ... 31 622 777, each at most a third more
  // than the one before from 3 s on.
  static const std::vector<int64_t>& Bounds();

  WaitHistogram() : counts_(Bounds().size() + 1, 0) {}
  // O(log steps). REQUIRES: wait_s >= 0.
  void Add(int64_t wait_s);
  // counts()[i] waits were longer than Bounds()[i - 1] and at most Bounds()[i]; the last is what is longer than all.
  const std::vector<int64_t>& counts() const { return counts_; }

 private:
  std::vector<int64_t> counts_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_METRICS_WAIT_HISTOGRAM_H_
