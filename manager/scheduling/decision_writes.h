// From what a scheduling cycle decided to what is written: admissions, evictions of victims, and why others wait.
// Source of the rules: kueue-manager.md, "Scheduler-side writes"; Kueue, pkg/scheduler.
#ifndef MUSTER_MANAGER_SCHEDULING_DECISION_WRITES_H_
#define MUSTER_MANAGER_SCHEDULING_DECISION_WRITES_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "manager/core/context.h"
#include "manager/plan.h"
#include "scheduler/decision.h"

namespace muster::manager {

// Each takes the Workload as it was last told. Errors: NotFound when it is not there any more; then there is nothing to
// write, and the engine will be told.

// The write that admits. REQUIRES: the outcome is kAdmitted.
absl::StatusOr<Step> AdmissionStep(const Context& context, const scheduler::Decision& decision);

// The write that marks one victim. REQUIRES: the target is one of the decision's.
absl::StatusOr<Step> PreemptionStep(const Context& context, const scheduler::Decision& decision,
                                    const scheduler::PreemptionTarget& target);

// What is said of a workload that could start, but not before the pods of all that started before it are ready
// (waitForPodsReady.blockAdmission); empty when it is gone, or told so already.
Plan WaitForPodsPlan(const Context& context, const scheduler::Decision& decision);
// Whether one that holds quota is not ready, but for these: keys of Workloads. O(those that hold quota).
bool HoldersNotReady(const Context& context, const std::set<std::string>& but);

// What is said of a workload that goes on waiting: a write if its condition changes, and an event in any case.
absl::StatusOr<Plan> PendingPlan(const Context& context, const scheduler::Decision& decision);

// The write that evicts a workload whose failed node has no replacement. REQUIRES: the outcome is kEvicted.
absl::StatusOr<Step> NodeFailureStep(const Context& context, const scheduler::Decision& decision);

// Finishes the slice of an elastic job that this one, which was let in, takes the place of; empty when that is finished or
// gone. The job's own reconciler does so, too: whoever comes first says why.
Plan ReplaceSlice(const Context& context, absl::string_view ns, absl::string_view name);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_SCHEDULING_DECISION_WRITES_H_
