// Topology assignments for all pod sets of one workload: flavor by flavor, group by group, each seeing what the ones
// before it took; replacement of failed nodes; and elastic workloads, which keep what they have.
// Source of the rules: Kueue, ClusterQueueSnapshot.FindTopologyAssignmentsForWorkload,
// TASFlavorSnapshot.FindTopologyAssignmentsForFlavor and tas_elastic_workloads.go. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_ASSIGNER_H_
#define MUSTER_SCHEDULER_TOPOLOGY_ASSIGNER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/core.h"
#include "api/kueue.h"
#include "scheduler/topology/inventory.h"
#include "scheduler/topology/placer.h"
#include "scheduler/topology_failure.h"
#include "scheduler/topology_placement.h"

namespace muster::scheduler {

// What one pod set asks for.
struct TopologyPodSet {
  int index = 0;  // which pod set of the workload
  FlavorId flavor = kNoId;
  const api::PodSpec* spec = nullptr;             // with what admission checks add; never null
  const api::TopologyRequest* request = nullptr;  // may be null
  bool implied = false;                           // no request of its own; all flavors are topology-aware
  std::vector<ResourceAmount> per_pod;            // "pods" included, by resource name
  int32_t count = 0;
  std::optional<std::string> group;             // podSetGroupName
  const TopologyPlacement* previous = nullptr;  // of the workload slice it replaces; may be null
  const TopologyPlacement* existing = nullptr;  // where it is now, when a node is to be replaced
};

struct TopologyQuestion {
  std::vector<TopologyPodSet> pod_sets;
  bool simulate_empty = false;               // as if no topology-aware workload used anything
  std::vector<std::string> unhealthy_nodes;  // non-empty: replace the first of them
  bool keep_on_node_failure = false;         // owned by a single pod, which cannot move
};

struct TopologyAnswer {
  struct PodSet {
    int index = 0;
    std::optional<TopologyPlacement> placement;
    std::optional<TopologyFailure> failure;
  };
  std::vector<PodSet> pod_sets;  // in the order they were looked at; later ones are missing after a failure

  // The first pod set without a place (Kueue reports any of them); null if there is none.
  const PodSet* Failed() const {
    for (const PodSet& p : pod_sets) {
      if (p.failure.has_value()) return &p;
    }
    return nullptr;
  }
};

// Whether the workload is one Pod's and nothing more (Kueue: OwnedBySinglePod): it does not outlive the pod, so nobody
// could use another node. A pod group of size one is not: its pod may be replaced.
bool OwnedBySinglePod(const api::ObjectMeta& workload);

// REQUIRES: every flavor has a tree. Usage is as before afterwards.
TopologyAnswer FindTopologyAssignments(TopologyInventory& cache, const EngineOptions& options,
                                       const ResourceNames& resources, const TopologyQuestion& question);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_ASSIGNER_H_
