// Room in the topology as capacity that victims give back. Internal to the engine.
#ifndef MUSTER_SCHEDULER_ENGINE_TOPOLOGY_CAPACITY_H_
#define MUSTER_SCHEDULER_ENGINE_TOPOLOGY_CAPACITY_H_

#include <deque>
#include <utility>

#include "scheduler/flavors/topology_step.h"
#include "scheduler/preemption/victim_search.h"
#include "scheduler/topology/assigner.h"
#include "scheduler/topology/inventory.h"
#include "scheduler/workload/workload_state.h"

namespace muster::scheduler {

// Lets the search for victims ask whether the pods would find a place.
class TopologyCapacity : public OtherCapacity {
 public:
  TopologyCapacity(TopologyStep& step, const std::deque<WorkloadState>& workloads, TopologyQuestion question)
      : step_(step), workloads_(workloads), question_(std::move(question)) {}

  void Mark() override { trials_.emplace_back(step_.cache()); }
  void Rollback() override { trials_.pop_back(); }
  void Remove(WorkloadId victim) override { step_.Simulate(step_.HeldUse(workloads_[victim]), -1); }
  void Restore(WorkloadId victim) override { step_.Simulate(step_.HeldUse(workloads_[victim]), 1); }
  bool Fits() override {
    return FindTopologyAssignments(step_.cache(), step_.options(), step_.declared().resources, question_).Failed() ==
           nullptr;
  }

 private:
  TopologyStep& step_;
  const std::deque<WorkloadState>& workloads_;
  TopologyQuestion question_;
  std::deque<TopologyTrial> trials_;  // open ones
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_TOPOLOGY_CAPACITY_H_
