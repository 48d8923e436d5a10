// How sure a difference between two runs is: percentile bootstrap of paired differences.
//
// The same jobs ran in both, so jobs are drawn, with replacement, as pairs: what a job was in one run and in the other.
// Of each draw the statistic is computed in both runs and subtracted; the interval holds the middle of these
// differences. Jobs are taken to be independent of each other; they share queues, so that intervals are rather too
// narrow than too wide.
#ifndef MUSTER_SIM_COMPARE_BOOTSTRAP_H_
#define MUSTER_SIM_COMPARE_BOOTSTRAP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::sim {

struct BootstrapOptions {
  uint64_t seed = 1;
  int resamples = 1000;
  double level = 0.95;
};

// Of the differences b - a.
struct Interval {
  double low = 0, high = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

// A statistic of the same jobs in two runs.
struct Paired {
  double a = 0, b = 0;
  Interval difference;
};

struct PairedSpread {
  Paired mean, p50, p90, p99;  // percentiles by nearest rank
  size_t pairs = 0;
  int resamples = 0;
};

// REQUIRES: a and b are as long as each other; 0 < level < 1; resamples >= 1. All zero for no pairs. The same input has
// the same result on every machine. Of many pairs fewer resamples are drawn (200 at least), so that it takes
// O(n log n) plus at most O(max(2e8, 200 n)).
PairedSpread BootstrapPaired(const std::vector<int64_t>& a, const std::vector<int64_t>& b,
                             const BootstrapOptions& options);

}  // namespace muster::sim

#endif  // MUSTER_SIM_COMPARE_BOOTSTRAP_H_
