#include "manager/core/pending_reason.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/core/admissibility.h"
#include "manager/names.h"
#include "scheduler/decision.h"

namespace muster::manager {
namespace {

// Said by the scheduler, and only taken back by it.
bool IsOfScheduler(const std::string& reason) {
  static constexpr const char* kReasons[] = {"NoMatchingFlavor",    "WaitingForQuota",
                                             "ExceedsMaxQuota",     "TopologyPlacementFailed",
                                             "WaitingForPodsReady", "WaitingForPreemptedWorkloads"};
  return std::any_of(std::begin(kReasons), std::end(kReasons), [&](const char* each) { return reason == each; });
}

// What its equals were told is news only to one of which nobody has said anything better: it waits to be looked at, or
// what held it back is over.
bool MayBeBypassed(const api::Condition* said) {
  return said != nullptr && (said->reason == kReasonPendingEvaluation || said->reason == kReasonSuspended ||
                             said->reason == kReasonDeactivated || said->reason == "Pending");
}

std::optional<scheduler::PendingReason> ReasonOfEquals(const Context& context, const kube::Object& object) {
  const std::optional<scheduler::WorkloadId> id = context.engine.FindWorkload(object.ns(), object.name());
  if (!id.has_value()) return std::nullopt;
  std::optional<scheduler::PendingReason> reason = context.engine.ReasonOfEquals(*id);
  if (reason == scheduler::PendingReason::kNone) reason = scheduler::PendingReason::kPendingEvaluation;
  return reason;
}

}  // namespace

bool IsStopped(const kube::Object& queue) {
  const absl::string_view policy = queue.StringAt("/spec/stopPolicy");
  return !policy.empty() && policy != "None";
}

bool IsDraining(const kube::Object& queue) { return queue.StringAt("/spec/stopPolicy") == "HoldAndDrain"; }

std::string AdmissionGatesOf(const kube::Object& workload) {
  return std::string(workload.annotation(api::kAdmissionGatedByAnnotation));
}

PendingCondition PendingConditionOf(const Context& context, const kube::Object& object, const api::Workload& workload) {
  const api::Condition* said = api::FindCondition(workload.status.conditions, kQuotaReserved);
  const PendingCondition keep = said == nullptr ? PendingCondition{} : PendingCondition{said->reason, said->message};
  if (!workload.spec.active.value_or(true)) return {kReasonDeactivated, "The workload is deactivated"};
  if (said != nullptr && said->status == "False" && said->reason == kReasonOnHold) return keep;
  const std::string& queue_name = workload.spec.queue_name;
  const kube::ObjectPtr queue = context.world.LocalQueue(object.ns(), queue_name);
  if (queue == nullptr) return {kReasonMisconfigured, absl::StrCat("LocalQueue ", queue_name, " doesn't exist")};
  if (IsStopped(*queue)) return {kReasonSuspended, absl::StrCat("LocalQueue ", queue_name, " is inactive")};
  const std::string name(queue->StringAt("/spec/clusterQueue"));
  const kube::ObjectPtr cluster_queue = context.world.ClusterQueue(name);
  if (cluster_queue == nullptr) {
    return {kReasonMisconfigured, absl::StrCat("ClusterQueue ", name, " doesn't exist")};
  }
  if (!context.engine.StatusOf(name).active) {
    return {kReasonSuspended, absl::StrCat("ClusterQueue ", name, " is inactive")};
  }
  if (std::string problem = AdmissibilityProblem(context, *cluster_queue, workload); !problem.empty()) {
    return {kReasonMisconfigured, std::move(problem)};
  }
  if (const std::string gates = AdmissionGatesOf(object); !gates.empty()) {
    return {kReasonAdmissionGated, absl::StrCat("Admission is gated by: ", gates)};
  }
  if (MayBeBypassed(said)) {
    if (const std::optional<scheduler::PendingReason> reason = ReasonOfEquals(context, object)) {
      return {std::string(scheduler::ToString(*reason)),
              "Bypassed scheduling evaluation because an equivalent workload recently failed"};
    }
  }
  if (said == nullptr) return {};
  if (IsOfScheduler(said->reason)) return keep;
  // A release of quota says its own words with this reason.
  if (said->reason == kReasonPendingEvaluation) return keep;
  return {kReasonPendingEvaluation, "Workload is pending evaluation in the scheduling queue"};
}

}  // namespace muster::manager
