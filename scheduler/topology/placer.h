// Placing one pod set (with its leader, if it has one) into a topology.
//
// Problem: given how much fits into each domain, choose domains at the requested level that hold all pods, as few as
// possible and as full as possible, and go down level by level the same way. Best fit takes the fullest domain that
// still holds all; where no domain does, the roomiest first and the tightest that holds the rest last. Pod sets without
// constraint take the domains with least room instead (gate TASProfileMixed). Slices, if asked for, are never split
// below their level.
// Complexity: without leaders, O(domains in the answer * log of what is at hand), whatever the size of the cluster;
// with leaders, preferred affinity or balancing, O(domains of the level).
// Source of the rules: Kueue, pkg/cache/scheduler/tas_flavor_snapshot.go and tas_balanced_placement.go (behaviour
// only).
#ifndef MUSTER_SCHEDULER_TOPOLOGY_PLACER_H_
#define MUSTER_SCHEDULER_TOPOLOGY_PLACER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "scheduler/base/interner.h"
#include "scheduler/topology/counts.h"
#include "scheduler/topology/plan.h"
#include "scheduler/topology_failure.h"

namespace muster::scheduler {

struct PlacerOptions {
  bool mixed_profile = true;      // gate TASProfileMixed
  bool balanced = false;          // gate TASBalancedPlacement
  bool respect_affinity = false;  // gate TASRespectNodeAffinityPreferred
  bool roomiest = false;          // one host that takes all pods is the roomiest, not the tightest
  // Tests only: the way that visits every domain of a level, also where the fast one would do.
  bool force_general = false;
};

struct PlacedPods {
  LeafId leaf = kNoId;
  int32_t count = 0;
  friend bool operator==(const PlacedPods&, const PlacedPods&) = default;
};

struct Placement {
  std::vector<PlacedPods> workers, leader;  // by level values
};

// nullopt: *placement is the answer. REQUIRES: counts are those of plan's slices, and synced; leaders is 0 or 1, and 1
// only if the shape has a leader. `resources` names what the failure counts.
std::optional<TopologyFailure> PlacePods(TopologyCounts& counts, const TopologyPlan& plan, int32_t count,
                                         int32_t leaders, const PlacerOptions& options, const ResourceNames& resources,
                                         Placement* placement);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_PLACER_H_
