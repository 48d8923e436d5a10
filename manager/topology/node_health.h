// What becomes of Workloads with pods on a node that fails.
//
// Problem: a topology assignment names hosts. When one of them is gone, not ready, or gets a taint that the pods do not
// tolerate, the Workload has to leave it: it is marked, and its next scheduling pass looks for another host for those
// pods alone. While pods of it still run there nothing happens, as a node may come back. A Workload that is to leave two
// nodes at once is evicted.
//
// Source of the rules: kueue-manager.md, "Node controller"; Kueue, pkg/controller/tas/node_controller.go.
// Pure.
#ifndef MUSTER_MANAGER_TOPOLOGY_NODE_HEALTH_H_
#define MUSTER_MANAGER_TOPOLOGY_NODE_HEALTH_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

// A step for each Workload that is marked, no longer marked, or evicted, and for each pod that waits for this node in vain
// and is declared failed. The node need not exist. Errors: InvalidArgument for what cannot be read, NotFound for a flavor
// that is gone, FailedPrecondition for pods that cannot be what flavors and checks ask for. O(Workloads and pods there).
Plan ReconcileNode(const World& world, absl::string_view name, absl::Time now);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_TOPOLOGY_NODE_HEALTH_H_
