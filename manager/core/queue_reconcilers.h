// ClusterQueues, LocalQueues and cohorts: their conditions and figures, and the finalizer that keeps a ClusterQueue while
// it is used.
// Source of the rules: kueue-manager.md, "ClusterQueue controller" to "Cohort"; Kueue, pkg/controller/core.
#ifndef MUSTER_MANAGER_CORE_QUEUE_RECONCILERS_H_
#define MUSTER_MANAGER_CORE_QUEUE_RECONCILERS_H_

#include "absl/strings/string_view.h"
#include "manager/core/context.h"
#include "manager/plan.h"

namespace muster::manager {

// Each: empty when the object is not there, or as it should be; at most one write. Pure.
Plan ReconcileClusterQueue(const Context& context, absl::string_view name);
Plan ReconcileLocalQueue(const Context& context, absl::string_view ns, absl::string_view name);
Plan ReconcileCohort(const Context& context, absl::string_view name);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_QUEUE_RECONCILERS_H_
