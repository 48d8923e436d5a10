// The finalizer that keeps an object while something refers to it.
#ifndef MUSTER_MANAGER_CORE_FINALIZERS_H_
#define MUSTER_MANAGER_CORE_FINALIZERS_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "kube/object.h"
#include "manager/core/context.h"
#include "manager/plan.h"

namespace muster::manager {

// What is to be done about the finalizer kueue.x-k8s.io/resource-in-use: put on while the object lives, taken off when it
// is being deleted and not in use. nullopt = nothing, go on.
std::optional<Plan> KeepWhileUsed(const kube::Object& object, bool in_use);

// A ResourceFlavor, AdmissionCheck or Topology: kept while a ClusterQueue, or a flavor, names it. Pure. O(ClusterQueues).
Plan ReconcileReferenced(const Context& context, const kube::ObjectKey& key);

// A WorkloadPriorityClass: the Workloads that refer to it get its value. A step for each. Pure.
Plan ReconcilePriorityClass(const Context& context, absl::string_view name);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_FINALIZERS_H_
