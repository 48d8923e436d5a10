#include "manager/workload/writes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "manager/names.h"
#include "manager/workload/conditions.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr absl::string_view kOwnedConditions[] = {
    kQuotaReserved, kBlockedOnPreemptionGates, kEvicted,  kAdmitted, kPreempted,
    kRequeued,      kDeactivationTarget,       kFinished, kPodsReady};
constexpr const char* kOwnedFields[] = {"admission",
                                        "accumulatedPastExecutionTimeSeconds",
                                        "schedulingStats",
                                        "clusterName",
                                        "nominatedClusterNames",
                                        "unhealthyNodes",
                                        "preemptionGates",
                                        "admissionChecks"};

bool IsOwned(const std::string& type) {
  return std::find(std::begin(kOwnedConditions), std::end(kOwnedConditions), type) != std::end(kOwnedConditions);
}

// Metadata that says which object is meant, and with `strict` which version of it.
json Head(const kube::Object& workload, bool strict) {
  json metadata = {{"name", workload.name()}, {"namespace", workload.ns()}, {"uid", workload.uid()}};
  if (strict) metadata["resourceVersion"] = workload.resource_version();
  return {{"apiVersion", workload.type().ApiVersion()}, {"kind", "Workload"}, {"metadata", std::move(metadata)}};
}

kube::Request StatusApply(const kube::Object& workload, absl::string_view manager, json body) {
  kube::Request request;
  request.verb = kube::Verb::kApply;
  request.key = workload.key();
  request.subresource = "status";
  request.field_manager = std::string(manager);
  request.force = true;
  request.body = std::move(body);
  return request;
}

// Checks that passed, failed or are to be tried again start anew.
void ResetChecks(api::WorkloadStatus& status, absl::Time now) {
  for (api::AdmissionCheckState& check : status.admission_checks) {
    if (check.state == "Pending") continue;
    if (check.state == "Retry") {
      check.retry_count = check.retry_count.value_or(0) + 1;
    } else {
      check.retry_count.reset();
    }
    check.message = absl::StrCat("Reset to Pending after eviction. Previously: ", check.state);
    check.state = "Pending";
    check.last_transition_time = now;
    check.pod_set_updates.clear();
  }
}

void CountEviction(api::WorkloadStatus& status, const Eviction& eviction) {
  for (api::EvictionStat& stat : status.evictions) {
    if (stat.reason == eviction.reason && stat.underlying_cause == eviction.cause) {
      ++stat.count;
      return;
    }
  }
  status.evictions.push_back({std::string(eviction.reason), eviction.cause, 1});
}

}  // namespace

StatusDraft::StatusDraft(const kube::Object& workload, api::WorkloadStatus status)
    : object_(&workload), status_(std::move(status)) {
  if (const json* raw = workload.At("/status"); raw != nullptr && raw->is_object()) raw_ = *raw;
}

bool StatusDraft::SetAt(absl::string_view type, bool status, absl::string_view reason, absl::string_view message,
                        std::optional<int64_t> generation, absl::Time now) {
  const bool changed = SetCondition(&status_.conditions, type, status, reason, message, generation, now);
  changed_ |= changed;
  return changed;
}

bool StatusDraft::Set(absl::string_view type, bool status, absl::string_view reason, absl::string_view message,
                      absl::Time now) {
  return SetAt(type, status, reason, message, object_->generation(), now);
}

bool StatusDraft::SetWithoutGeneration(absl::string_view type, bool status, absl::string_view reason,
                                       absl::string_view message, absl::Time now) {
  return SetAt(type, status, reason, message, std::nullopt, now);
}

bool StatusDraft::Remove(absl::string_view type) {
  const bool removed = RemoveCondition(&status_.conditions, type);
  changed_ |= removed;
  return removed;
}

void StatusDraft::SetResourceRequests(json requests) {
  const auto it = raw_.is_object() ? raw_.find("resourceRequests") : raw_.end();
  const bool has = raw_.is_object() && it != raw_.end() && !it->empty();
  if (requests.empty()) {
    if (!has) return;
    raw_.erase("resourceRequests");
  } else {
    if (has && *it == requests) return;
    raw_["resourceRequests"] = std::move(requests);
  }
  changed_ = true;
}

bool StatusDraft::SyncAdmitted(const std::vector<std::string>& required, absl::Time now) {
  const bool reserved = api::IsConditionTrue(status_.conditions, kQuotaReserved);
  const bool had = api::FindCondition(status_.conditions, kAdmitted) != nullptr;
  if (!had && api::FindCondition(status_.conditions, kQuotaReserved) == nullptr) return false;
  const bool ready = std::all_of(required.begin(), required.end(), [&](const std::string& name) {
    return std::any_of(
        status_.admission_checks.begin(), status_.admission_checks.end(),
        [&](const api::AdmissionCheckState& check) { return check.name == name && check.state == "Ready"; });
  });
  const bool delayed =
      status_.admission.has_value() &&
      std::any_of(status_.admission->pod_set_assignments.begin(), status_.admission->pod_set_assignments.end(),
                  [](const api::PodSetAssignment& a) { return a.delayed_topology_request == "Pending"; });
  const bool was = api::IsConditionTrue(status_.conditions, kAdmitted);
  const bool is = reserved && ready && !delayed;
  if (was && !is) {
    const absl::Time since = api::FindCondition(status_.conditions, kAdmitted)->last_transition_time;
    const int64_t seconds = absl::ToInt64Seconds(now - since);
    status_.accumulated_past_execution_time_seconds = status_.accumulated_past_execution_time_seconds.value_or(0) +
                                                      static_cast<int32_t>(std::max<int64_t>(seconds, 0));
  }
  if (is) return Set(kAdmitted, true, "Admitted", "The workload is admitted", now);
  if (!reserved) return Set(kAdmitted, false, "NoReservation", "The workload has no reservation", now);
  if (!ready) {
    return Set(kAdmitted, false, "UnsatisfiedAdmissionChecks", "The workload has not all checks ready", now);
  }
  return Set(kAdmitted, false, "PendingDelayedTopologyRequests", "There are pending delayed topology requests", now);
}

bool StatusDraft::ClearQuotaReservation(absl::string_view reason, absl::string_view message, absl::Time now) {
  bool changed = Set(kQuotaReserved, false, reason, message, now);
  if (status_.admission.has_value()) {
    Change().admission.reset();
    changed = true;
  }
  return SyncAdmitted({}, now) || changed;
}

kube::Request StatusDraft::Apply(Strictness strictness) const {
  json body = Head(*object_, strictness == Strictness::kStrict);
  const json whole = api::EncodePart(status_, raw_);
  json status = json::object();
  for (const char* field : kOwnedFields) {
    const auto it = whole.find(field);
    if (it != whole.end() && !it->is_null()) status[field] = *it;
  }
  // Only evictions are shared out; what else is in the statistics stays with whoever wrote it.
  if (const auto stats = status.find("schedulingStats"); stats != status.end()) {
    json evictions = stats->value("evictions", json::array());
    *stats = {{"evictions", std::move(evictions)}};
  }
  if (const auto it = whole.find("requeueState"); it != whole.end() && it->is_object() && !it->empty()) {
    status["requeueState"] = *it;
  }
  if (!status_.admission.has_value()) {
    if (const auto it = whole.find("resourceRequests"); it != whole.end()) status["resourceRequests"] = *it;
  }
  json conditions = json::array();
  for (const api::Condition& condition : status_.conditions) {
    if (IsOwned(condition.type)) conditions.push_back(api::EncodePart(condition));
  }
  if (!conditions.empty()) status["conditions"] = std::move(conditions);
  body["status"] = std::move(status);
  return StatusApply(*object_, kAdmissionManager, std::move(body));
}

kube::Request ApplyStatus(const kube::Object& workload, absl::string_view field_manager, json status) {
  json body = Head(workload, /*strict=*/true);
  body["status"] = std::move(status);
  return StatusApply(workload, field_manager, std::move(body));
}

Step Evict(StatusDraft draft, const Eviction& eviction, Strictness strictness, absl::string_view recorder,
           absl::Time now) {
  std::string reason(eviction.reason);
  if (eviction.reason == kReasonDeactivated && !eviction.cause.empty()) {
    reason = absl::StrCat(kReasonDeactivated, "DueTo", eviction.cause);
  }
  draft.Set(kEvicted, true, reason, eviction.message, now);
  api::WorkloadStatus& status = draft.Change();
  status.cluster_name.clear();
  status.nominated_cluster_names.clear();
  ResetChecks(status, now);
  status.unhealthy_nodes.clear();
  CountEviction(status, eviction);
  Step step;
  step.request = draft.Apply(strictness);
  if (status.admission.has_value()) {
    step.events.push_back(
        Note(draft.object(), recorder, /*warning=*/false, absl::StrCat("EvictedDueTo", reason), eviction.message));
  }
  return step;
}

std::optional<Step> Finish(StatusDraft draft, absl::string_view reason, absl::string_view message, absl::Time now) {
  if (api::IsConditionTrue(draft.status().conditions, kFinished)) return std::nullopt;
  draft.Set(kFinished, true, reason, message, now);
  Step step;
  step.request = draft.Apply(Strictness::kStrict);
  return step;
}

kube::Request WithoutFinalizer(const kube::Object& object, absl::string_view finalizer) {
  kube::Request request;
  request.verb = kube::Verb::kUpdate;
  request.key = object.key();
  request.body = object.value();
  json& metadata = request.body["metadata"];
  json kept = json::array();
  for (const json& each : metadata.value("finalizers", json::array())) {
    if (!each.is_string() || each.get_ref<const std::string&>() != finalizer) kept.push_back(each);
  }
  if (kept.empty()) {
    metadata.erase("finalizers");
  } else {
    metadata["finalizers"] = std::move(kept);
  }
  return request;
}

EventNote Note(const kube::Object& object, absl::string_view recorder, bool warning, absl::string_view reason,
               absl::string_view message) {
  EventNote note;
  note.regarding = object.key();
  note.uid = object.uid();
  note.resource_version = object.resource_version();
  note.warning = warning;
  note.reason = std::string(reason);
  note.message = Shorten(message, kMaxEventMessage);
  note.recorder = std::string(recorder);
  return note;
}

absl::Duration QueuedWaitTime(const api::Workload& workload, absl::Time now) {
  const api::Condition* requeued = api::FindCondition(workload.status.conditions, kRequeued);
  const absl::Time since = requeued != nullptr ? requeued->last_transition_time : workload.metadata.creation_timestamp;
  return std::max(now - since, absl::ZeroDuration());
}

int64_t WholeSeconds(absl::Duration duration) {
  return static_cast<int64_t>(std::llround(absl::ToDoubleSeconds(std::max(duration, absl::ZeroDuration()))));
}

}  // namespace muster::manager
