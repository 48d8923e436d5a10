// The engine's decision about a small world.
#ifndef MUSTER_SCHEDULER_TESTING_SMALL_WORLD_ENGINE_H_
#define MUSTER_SCHEDULER_TESTING_SMALL_WORLD_ENGINE_H_

#include <string>
#include <vector>

#include "scheduler/engine.h"
#include "scheduler/testing/small_world.h"

namespace muster::scheduler::small {

// What must not change a decision.
struct Disguise {
  std::string prefix;      // of the names of all ClusterQueues, cohorts, flavors and jobs
  long scale = 1;          // of all amounts
  bool backwards = false;  // objects are declared in the opposite order
};

// An engine that holds the world and has decided nothing yet.
Engine MakeEngine(const World& world, const Disguise& disguise = {});

// The objects behind a queue and a job.
api::ClusterQueue ClusterQueueOf(const World& world, const Node& node);
api::Workload WorkloadOf(const World& world, const Job& job);

// What was decided and what is used, in the words of the model.
std::vector<Verdict> VerdictsOf(const Engine& engine, const CycleResult& result, const Disguise& disguise = {});
std::vector<long> UsageOf(Engine& engine, const World& world, const Disguise& disguise = {});

// One cycle; the disguise is taken off the outcome.
Outcome DecideWithEngine(const World& world, const Disguise& disguise = {});

}  // namespace muster::scheduler::small

#endif  // MUSTER_SCHEDULER_TESTING_SMALL_WORLD_ENGINE_H_
