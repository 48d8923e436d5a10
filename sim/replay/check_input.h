// What cannot be meant: input that a replay would run, and every job of which would wait for ever.
#ifndef MUSTER_SIM_REPLAY_CHECK_INPUT_H_
#define MUSTER_SIM_REPLAY_CHECK_INPUT_H_

#include <string>
#include <vector>

#include "sim/replay/policy.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// One line each, saying what to do: topology-aware flavors of a ClusterQueue for which there is no Node; resources that
// jobs ask for and that their ClusterQueue does not cover (with the first such row and how many there are). Empty if all
// is well. Also shares of one device (.../gpu-milli, .../gpu-memory) of jobs that are placed on nodes, of which a replay
// would see the sums only. O(jobs + shapes x resources + flavors x nodes).
std::vector<std::string> WhatCannotRun(const Trace& trace, const ReplayPolicy& policy);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_CHECK_INPUT_H_
