// Small random replays for tests: queues that lend and preempt, flavors, nodes that fail, jobs that shrink, wait for each
// other, write checkpoints and fail.
#ifndef MUSTER_SIM_REPLAY_TESTING_WORLDS_H_
#define MUSTER_SIM_REPLAY_TESTING_WORLDS_H_

#include <cstdint>
#include <vector>

#include "sim/replay/cluster_events.h"
#include "sim/replay/policy.h"
#include "sim/replay/simulation.h"
#include "sim/trace/trace.h"

namespace muster::sim {

struct SmallReplay {
  Trace trace;
  ReplayPolicy policy;
  SimulationOptions options;
  std::vector<Outage> outages;  // what options.node_steps come from
};

// The same for the same seed.
SmallReplay MakeSmallReplay(uint64_t seed);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_TESTING_WORLDS_H_
