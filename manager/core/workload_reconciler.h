// What becomes of a Workload besides being scheduled: conditions that follow from its queues, checks and times;
// eviction, deactivation, retention.
// Source of the rules: kueue-manager.md, "Reconcile, exact order"; Kueue, pkg/controller/core/workload_controller.go.
#ifndef MUSTER_MANAGER_CORE_WORKLOAD_RECONCILER_H_
#define MUSTER_MANAGER_CORE_WORKLOAD_RECONCILER_H_

#include "absl/strings/string_view.h"
#include "manager/core/context.h"
#include "manager/plan.h"

namespace muster::manager {

// Empty when the Workload is not there, or as it should be. At most one write: what it changes leads here again. O(its
// size). Pure.
Plan ReconcileWorkload(const Context& context, absl::string_view ns, absl::string_view name);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_WORKLOAD_RECONCILER_H_
