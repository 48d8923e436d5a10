// A head on its way through one cycle. Internal to the engine.
#ifndef MUSTER_SCHEDULER_ENGINE_CYCLE_ENTRY_H_
#define MUSTER_SCHEDULER_ENGINE_CYCLE_ENTRY_H_

#include <map>
#include <vector>

#include "scheduler/engine/engine_impl.h"

namespace muster::scheduler {

struct EngineImpl::Entry {
  Decision decision;
  Assignment assignment;
  std::vector<PreemptionTarget> targets;
  WorkloadId replaces = kNoId;  // slice that goes when this one is let in
  TriedFlavors scan_before;     // where this scan for flavors began; empty: with the first one
  bool is_preemptor = false;
  bool admitted = false;
};

// What the entries processed so far have changed.
struct EngineImpl::Round {
  absl::Time now;
  std::vector<WorkloadId> victims;
  // What the victims would give back, by tree and ClusterQueue: fits are asked as if they were gone already.
  std::map<quota::NodeId, std::map<quota::NodeId, quota::FrAmounts>> freed;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_CYCLE_ENTRY_H_
