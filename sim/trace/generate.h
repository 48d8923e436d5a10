// Making up a trace that looks like a GPU cluster's month, when a real one may not leave the house.
//
// The shape follows the Philly trace (Jeon et al., "Analysis of Large-Scale Multi-Tenant GPU Clusters for DNN Training
// Workloads", USENIX ATC 2019; data under CC-BY-4.0), 109,532 jobs:
//   size      1:95462 2:2469 4:5227 8:5353 16:775 24:34 32:194 accelerators, as counted there
//   duration  10/50/90/99 % at 55/1196/27516/594683 s; a lognormal with that median and sigma 2.45 meets
//             52/1196/27622/356979 s (its last percent is shorter)
//   arrivals  Poisson, with a rate that follows the hour of the day and the day of the week (rough office hours)
// Sizes and durations are drawn independently of each other.
#ifndef MUSTER_SIM_TRACE_GENERATE_H_
#define MUSTER_SIM_TRACE_GENERATE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace muster::sim {

struct GenerateOptions {
  uint64_t seed = 1;
  int64_t days = 30;
  int64_t teams = 3;  // queues team-a, team-b, ...; the n-th sends 1/n as many jobs as the first
  int64_t gpus = 64;  // accelerators of the cluster the load is measured by; larger jobs are not drawn
  double load = 0.7;  // expected demand / (gpus x days)
  int64_t jobs = 0;   // expected number of jobs instead of load; 0 = by load
  int64_t max_duration_s = 7 * 86400;
  std::string resource = "nvidia.com/gpu";
};

// The text of a trace in Muster's CSV columns. The generator is its own (splitmix64) and draws by inverse transform, so
// one seed gives one trace with every compiler; only the last digit of a logarithm may differ between C libraries.
// O(jobs). Errors: InvalidArgument naming the option.
absl::StatusOr<std::string> GenerateTrace(const GenerateOptions& options);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_GENERATE_H_
