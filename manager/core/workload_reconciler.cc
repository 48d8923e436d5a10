#include "manager/core/workload_reconciler.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/core/checks.h"
#include "manager/core/pending_reason.h"
#include "manager/names.h"
#include "manager/workload/conditions.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

bool IsActive(const api::Workload& workload) { return workload.spec.active.value_or(true); }
bool IsTrue(const api::Workload& workload, absl::string_view type) {
  return api::IsConditionTrue(workload.status.conditions, type);
}
bool IsReserved(const api::Workload& workload) {
  return IsTrue(workload, kQuotaReserved) && workload.status.admission.has_value();
}

// One pass over one Workload. Each rule says whether it has settled what is to be done now.
class Pass {
 public:
  Pass(const Context& context, kube::ObjectPtr object, std::shared_ptr<const api::Workload> workload)
      : context_(context), object_(std::move(object)), workload_(std::move(workload)) {}

  Plan Run() {
    const bool settled = Orphan() || FinishedRetention() || RetryTimeOfChecks() ||
                         (IsActive(*workload_) ? Active() : Inactive()) || LocalQueueRestarted() || AdmissionGate() ||
                         ClusterQueueRules() || NotAdmitted();
    if (!settled && IsReserved(*workload_)) Reserved();
    return std::move(plan_);
  }

 private:
  const api::WorkloadStatus& status() const { return workload_->status; }
  StatusDraft Draft() const { return StatusDraft(*object_, workload_->status); }
  absl::Time now() const { return context_.now; }

  bool Write(kube::Request request) {
    plan_.steps.push_back({.request = std::move(request), .events = {}});
    return true;
  }
  bool Write(const StatusDraft& draft) { return Write(draft.Apply(Strictness::kStrict)); }
  bool LookAgain(absl::Duration after) {
    plan_.look_again = plan_.look_again.has_value() ? std::min(*plan_.look_again, after) : after;
    return true;
  }
  EventNote Event(bool warning, absl::string_view reason, absl::string_view message) const {
    return Note(*object_, kWorkloadRecorder, warning, reason, message);
  }
  kube::Request UpdateSpec(const char* field, json value) const {
    kube::Request request;
    request.verb = kube::Verb::kUpdate;
    request.key = object_->key();
    request.body = object_->value();
    request.body["spec"][field] = std::move(value);
    return request;
  }
  bool SetRequeued(absl::string_view reason, absl::string_view message) {
    StatusDraft draft = Draft();
    draft.Set(kRequeued, true, reason, message, now());
    return Write(draft);
  }

  // Nobody owns it any more: it is over, and may go.
  bool Orphan() {
    if (!object_->Owners().empty()) return false;
    const bool deleting = object_->deleting();
    if (!deleting && object_->label(api::kJobUidLabel).empty()) return false;
    if (!deleting) {
      if (std::optional<Step> finish =
              Finish(Draft(), kReasonOwnerNotFound, "The workload's owner no longer exists", now())) {
        plan_.steps.push_back(*std::move(finish));
        return true;
      }
    }
    if (object_->HasFinalizer(api::kResourceInUseFinalizer)) {
      plan_.steps.push_back(
          {.request = WithoutFinalizer(*object_, api::kResourceInUseFinalizer), .events = {}, .gone_is_fine = true});
      return true;
    }
    return deleting;
  }

  bool FinishedRetention() {
    const api::Condition* finished = api::FindCondition(status().conditions, kFinished);
    if (finished == nullptr || finished->status != "True") return false;
    const std::optional<absl::Duration>& retain = context_.world.options.retain_finished;
    if (!retain.has_value() || object_->deleting()) return true;
    const absl::Duration left = finished->last_transition_time + *retain - now();
    if (left > absl::ZeroDuration()) return LookAgain(left);
    if (object_->HasFinalizer(api::kResourceInUseFinalizer)) {
      Write(WithoutFinalizer(*object_, api::kResourceInUseFinalizer));
    }
    kube::Request request;
    request.verb = kube::Verb::kDelete;
    request.key = object_->key();
    plan_.steps.push_back({.request = std::move(request),
                           .events = {Event(false, "Deleted", "Deleted finished workload due to elapsed retention")},
                           .gone_is_fine = true});
    return true;
  }

  // A check that is to be tried again later says when.
  bool RetryTimeOfChecks() {
    std::optional<absl::Time> at;
    for (const api::AdmissionCheckState& check : status().admission_checks) {
      if (check.state != "Retry" || !check.requeue_after_seconds.has_value()) continue;
      const absl::Time t = check.last_transition_time + absl::Seconds(*check.requeue_after_seconds);
      at = at.has_value() ? std::max(*at, t) : t;
    }
    if (!at.has_value() || *at <= now()) return false;
    const std::optional<absl::Time> current =
        status().requeue_state.has_value() ? status().requeue_state->requeue_at : std::nullopt;
    if (current.has_value() && *current >= *at) return false;
    StatusDraft draft = Draft();
    api::RequeueState state = status().requeue_state.value_or(api::RequeueState{});
    state.requeue_at = *at;
    draft.Change().requeue_state = state;
    return Write(draft);
  }

  bool Active() {
    if (IsTrue(*workload_, kDeactivationTarget)) return Write(UpdateSpec("active", false));
    const std::optional<absl::Time> requeue_at =
        status().requeue_state.has_value() ? status().requeue_state->requeue_at : std::nullopt;
    if (requeue_at.has_value()) {
      if (*requeue_at > now()) return LookAgain(*requeue_at - now());
      if (!IsReserved(*workload_)) {
        StatusDraft draft = Draft();
        draft.Change().requeue_state->requeue_at.reset();
        return Write(draft);
      }
    }
    const api::Condition* requeued = api::FindCondition(status().conditions, kRequeued);
    if (requeued == nullptr || requeued->status != "False") return false;
    if (requeued->reason == kReasonDeactivated) return SetRequeued("Reactivated", "The workload was reactivated");
    if (requeued->reason == kReasonPodsReadyTimeout || requeued->reason == kReasonAdmissionCheck) {
      return SetRequeued("BackoffFinished", "The workload backoff was finished");
    }
    return false;
  }

  bool Inactive() {
    const api::Condition* target = api::FindCondition(status().conditions, kDeactivationTarget);
    if (!IsTrue(*workload_, kEvicted)) {
      Eviction eviction;
      eviction.reason = kReasonDeactivated;
      eviction.message = "The workload is deactivated";
      StatusDraft draft = Draft();
      if (target != nullptr) {
        eviction.cause = target->reason;
        absl::StrAppend(&eviction.message, " due to ", target->message);
        draft.Remove(kDeactivationTarget);
      }
      draft.Change().requeue_state.reset();
      plan_.steps.push_back(Evict(std::move(draft), eviction, Strictness::kStrict, kWorkloadRecorder, now()));
      return true;
    }
    if (!status().requeue_state.has_value()) return false;
    // Kueue clears this with a patch, not with an apply.
    kube::Request request;
    request.verb = kube::Verb::kMergePatch;
    request.key = object_->key();
    request.subresource = "status";
    request.body = {{"metadata", {{"resourceVersion", object_->resource_version()}}},
                    {"status", {{"requeueState", nullptr}}}};
    if (target != nullptr) {
      api::WorkloadStatus without = status();
      RemoveCondition(&without.conditions, kDeactivationTarget);
      json conditions = json::array();
      for (const api::Condition& condition : without.conditions) conditions.push_back(api::EncodePart(condition));
      request.body["status"]["conditions"] = std::move(conditions);
    }
    return Write(std::move(request));
  }

  kube::ObjectPtr LocalQueue() const { return context_.world.LocalQueue(object_->ns(), workload_->spec.queue_name); }
  bool IsRequeuedFalse(absl::string_view reason) const {
    const api::Condition* requeued = api::FindCondition(status().conditions, kRequeued);
    return requeued != nullptr && requeued->status == "False" && requeued->reason == reason;
  }

  bool LocalQueueRestarted() {
    const kube::ObjectPtr queue = LocalQueue();
    if (queue == nullptr || IsStopped(*queue) || !IsRequeuedFalse(kReasonLocalQueueStopped)) return false;
    return SetRequeued("LocalQueueRestarted", "The LocalQueue was restarted after being stopped");
  }

  bool AdmissionGate() {
    const api::Condition* reserved = api::FindCondition(status().conditions, kQuotaReserved);
    const std::string gates = AdmissionGatesOf(*object_);
    const bool is_gated = reserved != nullptr && reserved->reason == kReasonAdmissionGated;
    if (gates.empty()) {
      if (!is_gated) return false;
      StatusDraft draft = Draft();
      draft.Set(kQuotaReserved, false, kReasonPendingEvaluation,
                "AdmissionGatedBy cleared, waiting for quota reservation", now());
      draft.SyncAdmitted({}, now());
      plan_.steps.push_back(
          {.request = draft.Apply(Strictness::kStrict),
           .events = {Event(false, "AdmissionGateCleared", "Admission gate cleared, workload is now admissible")}});
      return true;
    }
    if (is_gated || IsReserved(*workload_)) return false;
    StatusDraft draft = Draft();
    draft.Set(kQuotaReserved, false, kReasonAdmissionGated, absl::StrCat("Admission is gated by: ", gates), now());
    draft.SyncAdmitted({}, now());
    plan_.steps.push_back(
        {.request = draft.Apply(Strictness::kStrict),
         .events = {Event(false, kReasonAdmissionGated, absl::StrCat("Workload admission is gated by: ", gates))}});
    return true;
  }

  bool ClusterQueueRules() {
    const std::string name = context_.world.ClusterQueueNameOf(*workload_);
    if (name.empty()) return false;
    cluster_queue_ = context_.world.ClusterQueue(name);
    if (cluster_queue_ == nullptr) {
      // It is gone, or not there yet. What holds quota goes on; others are told.
      return IsReserved(*workload_) && IsTrue(*workload_, kAdmitted);
    }
    if (!IsStopped(*cluster_queue_) && IsRequeuedFalse(kReasonClusterQueueStopped)) {
      return SetRequeued("ClusterQueueRestarted", "The ClusterQueue was restarted after being stopped");
    }
    required_ = RequiredChecks(*cluster_queue_, *workload_);
    api::WorkloadStatus synced = status();
    if (!SyncChecks(required_, &synced.admission_checks, now())) return false;
    kube::Request request;
    request.verb = kube::Verb::kUpdate;
    request.key = object_->key();
    request.subresource = "status";
    request.body = object_->value();
    json& raw = request.body["status"];
    raw = api::EncodePart(synced, raw);
    return Write(std::move(request));
  }

  bool NotAdmitted() {
    if (IsTrue(*workload_, kAdmitted)) return false;
    StatusDraft draft = Draft();
    if (!IsReserved(*workload_)) {
      const PendingCondition pending = PendingConditionOf(context_, *object_, *workload_);
      if (!pending.reason.empty()) draft.Set(kQuotaReserved, false, pending.reason, pending.message, now());
    }
    draft.SyncAdmitted(required_, now());
    if (!draft.changed()) return false;
    Step step;
    step.request = draft.Apply(Strictness::kStrict);
    if (api::IsConditionTrue(draft.status().conditions, kAdmitted)) {
      const absl::Time reserved = api::FindCondition(status().conditions, kQuotaReserved)->last_transition_time;
      step.events.push_back(
          Event(false, kAdmitted,
                absl::StrCat("Admitted by ClusterQueue ", status().admission->cluster_queue,
                             ", wait time since reservation was ", WholeSeconds(now() - reserved), "s")));
    }
    plan_.steps.push_back(std::move(step));
    return true;
  }

  void EvictFor(absl::string_view reason, std::string message) {
    plan_.steps.push_back(Evict(Draft(), {.reason = reason, .cause = "", .message = std::move(message)},
                                Strictness::kStrict, kWorkloadRecorder, now()));
  }
  void Release(absl::string_view reason, std::string message) {
    StatusDraft draft = Draft();
    draft.ClearQuotaReservation(reason, message, now());
    Write(draft);
  }

  // Of those that hold quota: the first rule that takes it away.
  void Reserved() {
    if (ByChecks() || ByLocalQueue() || ByClusterQueue()) return;
    if (PodsReadyTimeout()) return;
    MaximumExecutionTime();
  }

  bool ByChecks() {
    if (IsTrue(*workload_, kEvicted)) return false;
    const std::string rejected = ChecksInState(status().admission_checks, "Rejected");
    if (!rejected.empty()) {
      StatusDraft draft = Draft();
      draft.Set(kDeactivationTarget, true, kReasonAdmissionCheck, rejected, now());
      if (!draft.changed()) return false;
      plan_.steps.push_back(
          {.request = draft.Apply(Strictness::kStrict),
           .events = {Event(true, "AdmissionCheckRejected", absl::StrCat("Deactivated due to ", rejected))}});
      return true;
    }
    const std::string retry = ChecksInState(status().admission_checks, "Retry");
    if (retry.empty()) return false;
    EvictFor(kReasonAdmissionCheck, absl::StrCat("Evicted due to ", retry));
    return true;
  }

  bool ByLocalQueue() {
    const kube::ObjectPtr queue = LocalQueue();
    const std::string& name = workload_->spec.queue_name;
    if (IsTrue(*workload_, kAdmitted)) {
      if (queue == nullptr || !IsDraining(*queue) || IsTrue(*workload_, kEvicted)) return false;
      EvictFor(kReasonLocalQueueStopped, "The LocalQueue is stopped");
      return true;
    }
    if (queue == nullptr || queue->deleting()) {
      Release(kReasonMisconfigured, absl::StrCat("LocalQueue ", name, " is terminating or missing"));
      return true;
    }
    if (!IsStopped(*queue)) return false;
    Release(kReasonSuspended, absl::StrCat("LocalQueue ", name, " is stopped"));
    return true;
  }

  bool ByClusterQueue() {
    const std::string& name = status().admission->cluster_queue;
    if (IsTrue(*workload_, kAdmitted)) {
      if (cluster_queue_ == nullptr || !IsDraining(*cluster_queue_) || IsTrue(*workload_, kEvicted)) return false;
      EvictFor(kReasonClusterQueueStopped, "The ClusterQueue is stopped");
      return true;
    }
    if (cluster_queue_ == nullptr || cluster_queue_->deleting()) {
      Release(kReasonMisconfigured, absl::StrCat("ClusterQueue ", name, " is terminating or missing"));
      return true;
    }
    if (!IsStopped(*cluster_queue_)) return false;
    Release(kReasonSuspended, absl::StrCat("ClusterQueue ", name, " is stopped"));
    return true;
  }

  // How long the pods may still take; nullopt = they are ready, or may take for ever.
  std::optional<absl::Duration> TimeToBeReady(std::string* cause) const {
    const std::optional<PodsReadyOptions>& options = context_.world.options.pods_ready;
    if (!options.has_value() || !IsActive(*workload_) || !IsTrue(*workload_, kAdmitted) ||
        IsTrue(*workload_, kEvicted)) {
      return std::nullopt;
    }
    const api::Condition* ready = api::FindCondition(status().conditions, kPodsReady);
    if (ready != nullptr && ready->status == "True") return std::nullopt;
    if (ready == nullptr || ready->reason == "WaitForStart" || ready->reason == kPodsReady) {
      *cause = "WaitForStart";
      const absl::Time since = api::FindCondition(status().conditions, kAdmitted)->last_transition_time;
      return since + options->timeout - now();
    }
    if (!options->recovery_timeout.has_value()) return std::nullopt;
    *cause = "WaitForRecovery";
    return ready->last_transition_time + *options->recovery_timeout - now();
  }

  bool PodsReadyTimeout() {
    std::string cause;
    const std::optional<absl::Duration> left = TimeToBeReady(&cause);
    if (!left.has_value()) return false;
    if (*left > absl::ZeroDuration()) {
      LookAgain(*left);
      return false;
    }
    const PodsReadyOptions& options = *context_.world.options.pods_ready;
    api::RequeueState state = status().requeue_state.value_or(api::RequeueState{});
    if (options.backoff_limit_count.has_value() && state.count + 1 > *options.backoff_limit_count) {
      StatusDraft draft = Draft();
      draft.Set(kDeactivationTarget, true, "RequeuingLimitExceeded",
                "exceeding the maximum number of re-queuing retries", now());
      if (!draft.changed()) return false;
      return Write(draft);
    }
    absl::Duration wait = options.backoff_base;
    for (int i = 0; i < state.count && wait < options.backoff_max; ++i) wait *= 2;
    ++state.count;
    state.requeue_at = now() + std::min(wait, options.backoff_max);
    StatusDraft draft = Draft();
    draft.Change().requeue_state = state;
    plan_.steps.push_back(
        Evict(std::move(draft),
              {.reason = kReasonPodsReadyTimeout,
               .cause = cause,
               .message = absl::StrCat("Exceeded the PodsReady timeout ", object_->ns(), "/", object_->name())},
              Strictness::kStrict, kWorkloadRecorder, now()));
    return true;
  }

  void MaximumExecutionTime() {
    const std::optional<int32_t>& most = workload_->spec.maximum_execution_time_seconds;
    if (!most.has_value() || !IsTrue(*workload_, kAdmitted)) return;
    const absl::Time since = api::FindCondition(status().conditions, kAdmitted)->last_transition_time;
    const absl::Duration left =
        absl::Seconds(*most - status().accumulated_past_execution_time_seconds.value_or(0)) - (now() - since);
    if (left > absl::ZeroDuration()) {
      LookAgain(left);
      return;
    }
    // One that has been evicted for it, but whose job still runs, is told once more.
    if (IsTrue(*workload_, kDeactivationTarget)) return;
    StatusDraft draft = Draft();
    draft.Set(kDeactivationTarget, true, "MaximumExecutionTimeExceeded", "exceeding the maximum execution time", now());
    draft.Change().accumulated_past_execution_time_seconds.reset();
    plan_.steps.push_back({.request = draft.Apply(Strictness::kStrict),
                           .events = {Event(true, "MaximumExecutionTimeExceeded",
                                            absl::StrCat("The maximum execution time (", *most, "s) exceeded"))}});
  }

  const Context& context_;
  const kube::ObjectPtr object_;
  const std::shared_ptr<const api::Workload> workload_;
  kube::ObjectPtr cluster_queue_;
  std::vector<std::string> required_;
  Plan plan_;
};

}  // namespace

Plan ReconcileWorkload(const Context& context, absl::string_view ns, absl::string_view name) {
  kube::ObjectPtr object = context.world.Workload(ns, name);
  if (object == nullptr) return {};
  absl::StatusOr<std::shared_ptr<const api::Workload>> workload = context.world.Typed(object);
  if (!workload.ok()) {
    Plan plan;
    plan.error = workload.status();
    return plan;
  }
  return Pass(context, std::move(object), *std::move(workload)).Run();
}

}  // namespace muster::manager
