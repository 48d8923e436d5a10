// What an engine says of itself, in lines of text without ids: two engines that know the same say the same.
#ifndef MUSTER_SCHEDULER_TESTING_REPLAY_PORTRAIT_H_
#define MUSTER_SCHEDULER_TESTING_REPLAY_PORTRAIT_H_

#include <string>
#include <vector>

#include "scheduler/engine.h"

namespace muster::scheduler {

using Lines = std::vector<std::string>;

// Status, quota figures and waiting workloads of every ClusterQueue and cohort; phase and admission of the workloads
// named (namespace/name). Whether a waiting workload is in a heap or parked is left out: that is its past.
Lines Portrait(Engine& engine, const Lines& workloads);
// The order in which waiting workloads would be looked at, by ClusterQueue.
Lines WaitingInOrder(Engine& engine);
// Everything that a cycle decided.
Lines Transcript(const Engine& engine, const CycleResult& result);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TESTING_REPLAY_PORTRAIT_H_
