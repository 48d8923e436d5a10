// Small replays for tests: a queue or two, a few jobs, and what is told of them, a line each.
#ifndef MUSTER_SIM_REPLAY_TESTING_REPLAYS_H_
#define MUSTER_SIM_REPLAY_TESTING_REPLAYS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/replay/policy.h"
#include "sim/replay/simulation.h"
#include "sim/trace/trace.h"

namespace muster::sim::small {

using Quotas = std::vector<std::pair<std::string, int64_t>>;  // flavor, amount

// A StrictFIFO queue in cohort "org" where higher priorities preempt lower ones.
api::ClusterQueue Queue(const std::string& name, const Quotas& quotas, const std::string& resource = "gpu");

// With the flavors "a" and "b".
ReplayPolicy Policy(const std::vector<api::ClusterQueue>& queues, const std::vector<api::Object>& others = {});

struct Row {
  int64_t submit, duration;
  int32_t pods;
  int64_t gpus;
  int32_t priority = 0, min_pods = 0;
};

// Jobs "0", "1", ... of queue "q".
Trace Jobs(const std::vector<Row>& rows, const std::string& resource = "gpu");

// A Topology "hosts" of host names alone, and nodes "n0", "n1", ... with 8 of "gpu" each.
std::vector<api::Object> Cluster(int nodes);

// Queue "q" with 16 on flavor "a", whose pods are placed on those nodes.
ReplayPolicy Placed(int nodes);

// "10: 0 starts", "20: 0 Finished, lost 0, overhead 0", "20: 2 waits behind 1".
using Told = std::vector<std::string>;

// Plays it under the conservation laws. A replay that fails is a failure of the test.
SimulationResult Play(const Trace& trace, const ReplayPolicy& policy, const SimulationOptions& options, Told* told);

}  // namespace muster::sim::small

#endif  // MUSTER_SIM_REPLAY_TESTING_REPLAYS_H_
