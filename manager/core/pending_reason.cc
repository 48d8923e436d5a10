#include "manager/core/pending_reason.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/names.h"

namespace muster::manager {
namespace {

// Said by the scheduler, and only taken back by it.
bool IsOfScheduler(const std::string& reason) {
  static constexpr const char* kReasons[] = {"NoMatchingFlavor",    "WaitingForQuota",
                                             "ExceedsMaxQuota",     "TopologyPlacementFailed",
                                             "WaitingForPodsReady", "WaitingForPreemptedWorkloads"};
  return std::any_of(std::begin(kReasons), std::end(kReasons), [&](const char* each) { return reason == each; });
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
  if (context.world.ClusterQueue(name) == nullptr) {
    return {kReasonMisconfigured, absl::StrCat("ClusterQueue ", name, " doesn't exist")};
  }
  if (!context.engine.StatusOf(name).active) {
    return {kReasonSuspended, absl::StrCat("ClusterQueue ", name, " is inactive")};
  }
  if (const std::string gates = AdmissionGatesOf(object); !gates.empty()) {
    return {kReasonAdmissionGated, absl::StrCat("Admission is gated by: ", gates)};
  }
  if (said == nullptr) return {};
  if (IsOfScheduler(said->reason)) return keep;
  // A release of quota says its own words with this reason.
  if (said->reason == kReasonPendingEvaluation) return keep;
  return {kReasonPendingEvaluation, "Workload is pending evaluation in the scheduling queue"};
}

}  // namespace muster::manager
