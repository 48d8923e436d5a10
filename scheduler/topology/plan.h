// What a pod set asks of the topology, with labels resolved to levels of one tree.
// Source of the rules: Kueue, TASFlavorSnapshot.findTopologyAssignment and buildSliceSizeAtLevel.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_PLAN_H_
#define MUSTER_SCHEDULER_TOPOLOGY_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "api/kueue.h"
#include "scheduler/topology/tree.h"
#include "scheduler/topology_failure.h"

namespace muster::scheduler {

struct TopologyPlan {
  bool required = false;
  bool unconstrained = false;
  int level = 0;  // requested
  int slice_level = 0;
  int32_t slice_size = 1;
  std::vector<int32_t> inner_size;           // by level; 0 = none (see PodShape)
  std::vector<api::SliceConstraint> layers;  // with several slice layers: for the message
};

// Whether the request names a level or slices, or asks for no constraint: what makes a pod set topology-aware.
bool IsExplicitTopologyRequest(const api::TopologyRequest& request);
// The slice layers, widest first; either form of the request.
std::vector<api::SliceConstraint> SliceLayers(const api::TopologyRequest& request);
bool AsksForSlices(const api::TopologyRequest* request);

// `request` may be null; `implied`: no request of its own, but every flavor of the ClusterQueue is topology-aware.
// `multi_layer`: gate TASMultiLayerTopology. nullopt and *failure if the tree cannot serve it.
std::optional<TopologyPlan> PlanTopology(const TopologyTree& tree, const api::TopologyRequest* request, bool implied,
                                         bool multi_layer, TopologyFailure* failure);

// Whether the tree has every level the request names.
bool HasRequestedLevels(const TopologyTree& tree, const api::TopologyRequest& request, bool multi_layer);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_PLAN_H_
