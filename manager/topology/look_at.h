// Which Workloads and nodes the reconcilers of this room look at again when an object changes.
//
// Source of the rules: the event handlers of Kueue's topology ungater and node controller.
// Pure.
#ifndef MUSTER_MANAGER_TOPOLOGY_LOOK_AT_H_
#define MUSTER_MANAGER_TOPOLOGY_LOOK_AT_H_

#include <vector>

#include "absl/time/time.h"
#include "kube/object.h"
#include "manager/world.h"

namespace muster::manager {

struct TopologyLook {
  kube::ObjectKey key;  // of a Workload for UngateByTopology, or of a Node for ReconcileNode, which need not exist
  absl::Duration after;

  friend bool operator==(const TopologyLook&, const TopologyLook&) = default;
};

// `before`: null for an object that is new; `after`: for one that is gone. REQUIRES: not both. O(1).
std::vector<TopologyLook> TopologyToLookAt(const World& world, const kube::ObjectPtr& before,
                                           const kube::ObjectPtr& after);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_TOPOLOGY_LOOK_AT_H_
