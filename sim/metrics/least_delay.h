// How much waiting no policy could have avoided: jobs come when they come, and the cluster is no larger than it is.
#ifndef MUSTER_SIM_METRICS_LEAST_DELAY_H_
#define MUSTER_SIM_METRICS_LEAST_DELAY_H_

#include <cstdint>
#include <vector>

namespace muster::sim {

struct DelayedJob {
  int64_t submit_s = 0;
  int64_t duration_s = 0;  // with all it asks for
  double amount = 0;       // that it asks for
};

// A lower bound of the sum, over these jobs, of the delay: end - submission - duration, in seconds. It holds for every
// schedule that never uses more than `capacity` at once, may preempt, resume and move jobs at no cost, and knows the
// future.
//
// Of a job with work p = amount x duration / capacity, let M be the mean of the times at which it is worked on. It ends
// at M + duration / 2 at the earliest. The least sum of all M is that of one machine that has all the capacity and always
// works on the job of the least p (Goemans' mean busy time relaxation). Wherever that machine has nothing to do jobs
// before and after are counted apart, and none of these parts counts as less than nothing.
//
// REQUIRES: capacity > 0; no amount or duration is negative. O(n log n).
double LeastDelay(std::vector<DelayedJob> jobs, double capacity);

}  // namespace muster::sim

#endif  // MUSTER_SIM_METRICS_LEAST_DELAY_H_
