#include "manager/provisioning/check_state.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "manager/jobs/read.h"
#include "manager/names.h"
#include "manager/provisioning/names.h"
#include "manager/vocabulary.h"
#include "manager/workload/conditions.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kPending[] = "Pending";
constexpr char kReady[] = "Ready";
constexpr char kRetry[] = "Retry";
constexpr char kRejected[] = "Rejected";

// Conditions of a ProvisioningRequest.
constexpr char kAccepted[] = "Accepted";
constexpr char kProvisioned[] = "Provisioned";
constexpr char kRequestFailed[] = "Failed";
constexpr char kBookingExpired[] = "BookingExpired";
constexpr char kCapacityRevoked[] = "CapacityRevoked";

bool Is(const kube::Object& request, const char* condition) { return HasTrueCondition(request.value(), condition); }

std::string MessageOf(const kube::Object& request, const char* condition) {
  const json* found = ConditionOf(request.value(), condition);
  return found == nullptr ? "" : TextAt(*found, "/message");
}

bool SetState(const char* state, api::AdmissionCheckState* check) {
  if (check->state == state) return false;
  check->state = state;
  return true;
}

bool SetMessage(absl::string_view message, api::AdmissionCheckState* check) {
  std::string text = Shorten(message, kMaxConditionMessage);
  if (check->message == text) return false;
  check->message = std::move(text);
  return true;
}

// Seconds that double with every retry.
int32_t Backoff(int32_t retries, const ProvisioningConfig& config) {
  int64_t wait = config.backoff_base;
  for (int32_t i = 0; i < retries && wait < config.backoff_max; ++i) wait *= 2;
  return static_cast<int32_t>(std::min(wait, config.backoff_max));
}

bool RetryOrReject(absl::string_view retrying, const std::string& why, int32_t attempt,
                   const ProvisioningConfig& config, api::AdmissionCheckState* check) {
  if (attempt > config.backoff_limit) {
    const bool message = SetMessage(why, check);
    return SetState(kRejected, check) || message;
  }
  const bool message = SetMessage(absl::StrCat(retrying, why), check);
  const int32_t retries = check->retry_count.value_or(0);
  // One that was retried already says nothing new.
  if (attempt <= retries) return message;
  const std::optional<int32_t> before = std::exchange(check->requeue_after_seconds, Backoff(retries, config));
  return SetState(kRetry, check) || message || before != check->requeue_after_seconds;
}

std::vector<api::PodSetUpdate> UpdatesOf(const api::Workload& workload, const kube::Object& request,
                                         const ProvisioningConfig& config) {
  std::vector<api::PodSetUpdate> updates;
  const json none = json::object();
  const json* details = request.At("/status/provisioningClassDetails");
  for (const json& each : ListAt(request.value(), "/spec/podSets")) {
    api::PodSetUpdate& update = updates.emplace_back();
    const std::string pod_template = TextAt(each, "/podTemplateRef/name");
    for (const api::PodSet& pod_set : workload.spec.pod_sets) {
      if (PodTemplateName(request.name(), pod_set.name) == pod_template) update.name = pod_set.name;
    }
    update.annotations[kConsumeProvisioningRequestAnnotation] = request.name();
    update.annotations[kProvisioningClassAnnotation] = std::string(request.StringAt("/spec/provisioningClassName"));
    if (!config.node_selector.has_value() || details == nullptr || !details->is_object()) continue;
    for (const auto& [label, detail] : *config.node_selector) {
      const auto value = details->find(detail);
      if (value != details->end() && value->is_string()) update.node_selector[label] = value->get<std::string>();
    }
  }
  return updates;
}

}  // namespace

bool SetInactive(api::AdmissionCheckState* check) {
  const bool state = SetState(kPending, check);
  return SetMessage("the check is not active", check) || state;
}

bool SetNotNeeded(api::AdmissionCheckState* check) {
  if (!SetState(kReady, check)) return false;
  check->message = "the provisioning request is not needed";
  check->pod_set_updates.clear();
  return true;
}

bool FollowRequest(const api::Workload& workload, const kube::Object& request, int32_t attempt,
                   const ProvisioningConfig& config, api::AdmissionCheckState* check) {
  const auto has = [&](const char* condition) { return api::IsConditionTrue(workload.status.conditions, condition); };
  if (Is(request, kRequestFailed)) {
    return RetryOrReject("Retrying after failure: ", MessageOf(request, kRequestFailed), attempt, config, check);
  }
  if (Is(request, kCapacityRevoked)) {
    if (!workload.spec.active.value_or(true) || has(kFinished)) return false;
    const bool state = SetState(kRejected, check);
    return SetMessage(MessageOf(request, kCapacityRevoked), check) || state;
  }
  if (Is(request, kBookingExpired)) {
    if (has(kAdmitted)) return false;
    return RetryOrReject("Retrying after booking expired: ", MessageOf(request, kBookingExpired), attempt, config,
                         check);
  }
  if (Is(request, kProvisioned)) {
    if (!SetState(kReady, check)) return false;
    check->pod_set_updates = UpdatesOf(workload, request, config);
    SetMessage(MessageOf(request, kProvisioned), check);
    return true;
  }
  if (Is(request, kAccepted)) {
    // When it may be there.
    if (ConditionOf(request.value(), kProvisioned) == nullptr) return false;
    const bool message = SetMessage(MessageOf(request, kProvisioned), check);
    return SetState(kPending, check) || message;
  }
  const bool message = SetMessage("", check);
  return SetState(kPending, check) || message;
}

bool IsOver(const kube::Object& request, bool admitted) {
  return Is(request, kRequestFailed) || (Is(request, kBookingExpired) && !admitted);
}

}  // namespace muster::manager
