// Takes the topology gate off pods of admitted Workloads, and tells them their domain.
//
// The gate kueue.x-k8s.io/topology holds pods back until it is known where they go; then their node selector gets the
// labels of their domain. There is no book of pods whose gate is being taken off: a plan is carried out before the next is
// made, and what it wrote is known by then.
//
// Source of the rules: kueue-manager.md, "Topology ungater"; Kueue, pkg/controller/tas/topology_ungater.go.
// Pure.
#ifndef MUSTER_MANAGER_TOPOLOGY_UNGATER_H_
#define MUSTER_MANAGER_TOPOLOGY_UNGATER_H_

#include "absl/strings/string_view.h"
#include "kube/object.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

// A step for each pod of the Workload that is gated and has a place; pods whose place is on a node that is to be replaced
// wait. Empty when the Workload is not there or not admitted with a topology. Errors: InvalidArgument for a pod's
// annotation that is no number. O(pods log pods).
Plan UngateByTopology(const World& world, absl::string_view ns, absl::string_view name);

// Whether the Workload is admitted, and to domains of a topology. REQUIRES: it is a Workload.
bool IsAdmittedByTopology(const kube::Object& workload);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_TOPOLOGY_UNGATER_H_
