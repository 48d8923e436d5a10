// What the ways of placing have in common. Internal to the placer.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_PLACER_INTERNAL_H_
#define MUSTER_SCHEDULER_TOPOLOGY_PLACER_INTERNAL_H_

#include <optional>
#include <vector>

#include "scheduler/topology/placer.h"

namespace muster::scheduler {

struct PlacementContext {
  TopologyCounts& counts;
  const TopologyPlan& plan;
  int32_t count;
  int32_t leaders;
  const PlacerOptions& options;
  const ResourceNames& resources;

  const TopologyTree& tree() const { return counts.tree(); }
  int lowest() const { return tree().num_levels() - 1; }
  bool least_free() const { return plan.unconstrained && options.mixed_profile; }
  int32_t slices_needed() const { return count / plan.slice_size; }
  // Pods come in multiples of this when pods assigned to a domain of `level` are spread over its children.
  int32_t SizeBelow(int level) const {
    if (level < plan.slice_level) return plan.slice_size;
    const int32_t inner = counts.shape().InnerSize(level + 1);
    return inner > 0 ? inner : 1;
  }
};

// A domain with the pods and leaders given to it.
struct ChosenDomain {
  DomainId id;
  int32_t pods;
  int32_t leaders;
};

TopologyFailure NotFit(const PlacementContext& context, int level, int32_t fit);
TopologyFailure NoDomains(const PlacementContext& context, int level);

// Both leave the chosen leaves in *leaves, in no particular order.
std::optional<TopologyFailure> PlaceByOrders(const PlacementContext& context, std::vector<ChosenDomain>* leaves);
std::optional<TopologyFailure> PlaceByLists(const PlacementContext& context, std::vector<ChosenDomain>* leaves);

// A domain on a list, with counts that change as pods are given out.
struct Candidate {
  DomainId id;
  DomainCounts c;
  int64_t rank;
};
using CandidateList = std::vector<Candidate>;
void SortForLeaders(const PlacementContext& context, bool least_free, CandidateList* list);
void SortForPods(const PlacementContext& context, bool least_free, CandidateList* list);

// Gate TASBalancedPlacement: domains that hold about equally many slices each. Empty if there is no balanced way;
// otherwise they are of *level, with their shares set, and *counts holds what fits below them.
CandidateList BalancedDomains(const PlacementContext& context, int* level, std::vector<DomainCounts>* counts);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_PLACER_INTERNAL_H_
