// Which pods of an admitted pod set go to which domain of its topology assignment.
//
// Problem: a topology assignment says how many pods go where, and pods are made by somebody else, in any order, again when
// they fail. Where pods are numbered, neighbours by number go to the same domain; otherwise any pod takes any free place.
//
//   for (const PlacedPod& placed : PlaceGatedPods(pod_set, pods)) Ungate(*placed.pod, *placed.domain);
//
// Source of the rules: Kueue, pkg/controller/tas/topology_ungater.go (assignGatedPodsToDomains).
// Pure.
#ifndef MUSTER_MANAGER_TOPOLOGY_PLACING_H_
#define MUSTER_MANAGER_TOPOLOGY_PLACING_H_

#include <cstdint>
#include <vector>

#include "api/kueue.h"
#include "kube/object.h"

namespace muster::manager {

// A pod set that was admitted.
struct PlacedPodSet {
  const api::TopologyAssignment* assignment = nullptr;
  int64_t count = 0;
  const api::TopologyRequest* request = nullptr;  // null for none
  // The number of its first pod, and the number after that of its last: pod sets of one group are numbered as one.
  int64_t first_index = 0, end_index = 0;
};

struct PlacedPod {
  kube::ObjectPtr pod;
  const api::TopologyDomainAssignment* domain = nullptr;  // of the pod set's assignment
};

// The gated ones of the pods that have a place now. Gated pods go by number if that is known of all pods, and no pod runs
// elsewhere than its number says; otherwise domain by domain, in the order given. `pods`: those of the pod set that have
// not ended. O(pods log pods + domains).
std::vector<PlacedPod> PlaceGatedPods(const PlacedPodSet& pod_set, const std::vector<kube::ObjectPtr>& pods);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_TOPOLOGY_PLACING_H_
