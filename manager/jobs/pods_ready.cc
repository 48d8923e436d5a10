#include "manager/jobs/pods_ready.h"

#include "api/codec.h"
#include "manager/names.h"
#include "manager/workload/conditions.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

constexpr absl::string_view kWaitForStart = "WaitForStart";
constexpr absl::string_view kWaitForRecovery = "WaitForRecovery";
constexpr absl::string_view kStarted = "Started";
constexpr absl::string_view kRecovered = "Recovered";

struct Wanted {
  bool status;
  absl::string_view reason;
};

Wanted WantedCondition(const Job& job, const ReadWorkload& workload, const api::Condition* now) {
  if (!workload.HasTrue(kAdmitted)) return {false, kWaitForStart};
  if (job.PodsReady()) {
    const bool again = now != nullptr && (now->reason == kWaitForRecovery || now->reason == kRecovered);
    return {true, again ? kRecovered : kStarted};
  }
  const bool was_ready = now != nullptr && (now->status == "True" || now->reason == kWaitForRecovery);
  return {false, was_ready ? kWaitForRecovery : kWaitForStart};
}

absl::string_view MessageOf(const Wanted& wanted) {
  if (wanted.status) return "All pods reached readiness and the workload is running";
  return wanted.reason == kWaitForRecovery ? "At least one pod has failed, waiting for recovery"
                                           : "Not all pods are ready or succeeded";
}

}  // namespace

std::optional<Step> UpdatePodsReady(const Job& job, const ReadWorkload& workload, absl::Time now) {
  std::vector<api::Condition> conditions = workload.typed->status.conditions;
  const api::Condition* has = api::FindCondition(conditions, kPodsReady);
  const Wanted wanted = WantedCondition(job, workload, has);
  if (has != nullptr && has->reason == wanted.reason && (has->status == "True") == wanted.status) return std::nullopt;
  SetCondition(&conditions, kPodsReady, wanted.status, wanted.reason, MessageOf(wanted), workload.object->generation(),
               now);
  Step step;
  step.request = ApplyStatus(
      *workload.object, kPodsReadyManager,
      {{"conditions", nlohmann::json::array({api::EncodePart(*api::FindCondition(conditions, kPodsReady))})}});
  return step;
}

}  // namespace muster::manager
