// What topology adds to flavor assignment: which flavors a pod set may use at all, and, once flavors are chosen, on
// which domains the pods go.
//
// A workload that fits by quota but finds no place becomes one that has to preempt; one that would find no place even
// if no topology-aware workload used anything does not fit. Pod sets whose flavor an outstanding ProvisioningRequest
// check still has to provide nodes for get their topology later, in a second pass.
// Source of the rules: Kueue, pkg/scheduler/flavorassigner/tas_flavorassigner.go and updateAssignmentForTAS.
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_FLAVORS_TOPOLOGY_STEP_H_
#define MUSTER_SCHEDULER_FLAVORS_TOPOLOGY_STEP_H_

#include <optional>
#include <vector>

#include "scheduler/decision.h"
#include "scheduler/declared/declared.h"
#include "scheduler/flavors/assignment.h"
#include "scheduler/topology/assigner.h"
#include "scheduler/topology/inventory.h"
#include "scheduler/workload/workload_state.h"

namespace muster::scheduler {

// Pods of one pod set in one domain of one flavor.
struct TopologyUse {
  FlavorId flavor = kNoId;
  DomainKey key = kNoId;
  const std::vector<ResourceAmount>* per_pod = nullptr;  // "pods" included
  int64_t count = 0;
};

class TopologyStep {
 public:
  // All must outlive the step.
  TopologyStep(const Declared& declared, const EngineOptions& options, TopologyInventory& cache)
      : declared_(declared), options_(options), cache_(cache) {}

  // Whether the ClusterQueue has topology-aware flavors only (true for one without any).
  bool IsTopologyOnly(ClusterQueueId cq) const;
  // Whether the pod set asks for topology, or gets it because there is nothing else.
  bool Wants(const PodSetState& pod_set, ClusterQueueId cq) const;
  bool Wants(const WorkloadState& workload, ClusterQueueId cq) const;
  // nullopt if topology does not keep the pod set from using a flavor for this resource group.
  std::optional<FlavorReason> CheckFlavor(const PodSetState& pod_set, ClusterQueueId cq, int resource_group,
                                          const api::ResourceFlavor& flavor) const;

  // Places the pods of an assignment that fits or may preempt; lowers its mode where there is no place.
  // `replaced`: the slice of an elastic workload that goes when this one comes; may be null.
  void Place(const WorkloadState& workload, ClusterQueueId cq, Assignment* assignment,
             const WorkloadState* replaced = nullptr);
  // What is asked of the topology for this assignment. Pod sets that cannot be asked about get an error, and those that
  // have to wait are marked as delayed.
  TopologyQuestion Ask(const WorkloadState& workload, ClusterQueueId cq, Assignment* assignment,
                       const WorkloadState* replaced = nullptr);
  // Takes over what was found.
  void Adopt(TopologyAnswer answer, Assignment* assignment) const;

  // With options.strict_topology: reduced counts hold whole slices only. Returns false if that takes one below `least`.
  bool RoundToSlices(const WorkloadState& workload, absl::Span<const int32_t> least,
                     std::vector<int32_t>* counts) const;

  // What the assignment would use beyond what the workload holds already.
  std::vector<TopologyUse> NetUse(const WorkloadState& workload, const Assignment& assignment) const;
  // Whether every pod set still finds its domains as they are now. As Kueue checks it: pod set by pod set, unless
  // options.strict_topology.
  bool StillFits(absl::Span<const TopologyUse> uses);
  void Simulate(absl::Span<const TopologyUse> uses, int sign);
  // What a workload that holds quota uses.
  std::vector<TopologyUse> HeldUse(const WorkloadState& workload) const;

  TopologyInventory& cache() { return cache_; }
  const EngineOptions& options() const { return options_; }
  const Declared& declared() const { return declared_; }

 private:
  bool IsDelayed(const WorkloadState& workload, ClusterQueueId cq, FlavorId flavor) const;

  const Declared& declared_;
  const EngineOptions& options_;
  TopologyInventory& cache_;
};

// Whether status.unhealthyNodes names a node the workload has pods on.
bool HasNodeToReplace(const WorkloadState& workload);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_FLAVORS_TOPOLOGY_STEP_H_
