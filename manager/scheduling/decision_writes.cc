#include "manager/scheduling/decision_writes.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "base/check.h"
#include "manager/core/checks.h"
#include "manager/names.h"
#include "manager/scheduling/resource_requests.h"
#include "manager/workload/conditions.h"
#include "manager/workload/writes.h"
#include "scheduler/decision_text.h"

namespace muster::manager {
namespace {

using scheduler::Decision;

struct Subject {
  kube::ObjectPtr object;
  std::shared_ptr<const api::Workload> workload;
};

absl::StatusOr<Subject> Find(const Context& context, const scheduler::WorkloadIdentity& identity) {
  const size_t slash = identity.key.find('/');
  Subject subject;
  subject.object = context.world.Workload(identity.key.substr(0, slash), identity.key.substr(slash + 1));
  if (subject.object == nullptr || subject.object->uid() != identity.uid) {
    return absl::NotFoundError(absl::StrCat("Workload ", identity.key, " is gone"));
  }
  absl::StatusOr<std::shared_ptr<const api::Workload>> workload = context.world.Typed(subject.object);
  if (!workload.ok()) return workload.status();
  subject.workload = *std::move(workload);
  return subject;
}

// True conditions of a stay that is over become False, and say what they said.
void Recall(StatusDraft& draft, absl::string_view type, absl::Time now) {
  const api::Condition* condition = api::FindCondition(draft.status().conditions, type);
  if (condition == nullptr || condition->status != "True") return;
  const std::string message = absl::StrCat("Previously: ", condition->message);
  draft.Set(type, false, kQuotaReserved, message, now);
}

// "; Flavors considered: main: a(Fit;borrow=1) | ps2: ...", "" when there is nothing to say but that all fitted.
std::string Considered(const Decision& decision) {
  const std::string flavors = scheduler::FlavorsConsidered(decision);
  return flavors.empty() ? "" : absl::StrCat("; Flavors considered: ", flavors);
}

std::string Priorities(const Subject& preemptor, const Subject& preemptee) {
  const auto text = [](absl::string_view who, const Subject& subject) {
    const int64_t base = subject.workload->spec.priority.value_or(0);
    int64_t boost = 0;
    // Anything but a number boosts by nothing, as with the gate off.
    if (!absl::SimpleAtoi(subject.object->annotation(api::kPriorityBoostAnnotation), &boost)) boost = 0;
    return absl::StrCat("; ", who, " effective priority: ", base + boost, " (base: ", base, ", boost: ", boost, ")");
  };
  return absl::StrCat(text("preemptor", preemptor), text("preemptee", preemptee));
}

}  // namespace

absl::StatusOr<Step> AdmissionStep(const Context& context, const Decision& decision) {
  absl::StatusOr<Subject> subject = Find(context, *decision.identity);
  if (!subject.ok()) return subject.status();
  const api::WorkloadStatus& before = subject->workload->status;
  const std::string& queue = decision.queue->name;
  StatusDraft draft(*subject->object, before);
  const bool replaces_node = !before.unhealthy_nodes.empty();
  const bool was_reserved = api::IsConditionTrue(before.conditions, kQuotaReserved);
  const std::optional<api::Admission> admission = context.engine.AdmissionOf(decision.workload);
  if (!admission.has_value()) {
    return absl::NotFoundError(absl::StrCat("Workload ", decision.identity->key, " lost its quota meanwhile"));
  }
  draft.Change().admission = admission;
  draft.Set(kQuotaReserved, true, kQuotaReserved, absl::StrCat("Quota reserved in ClusterQueue ", queue), context.now);
  for (const char* type : {kEvicted, kPreempted, kBlockedOnPreemptionGates}) Recall(draft, type, context.now);
  draft.Change().unhealthy_nodes.clear();
  draft.SetResourceRequests(nlohmann::json::array());
  std::vector<std::string> required;
  if (const kube::ObjectPtr object = context.world.ClusterQueue(queue); object != nullptr) {
    api::Workload admitted = *subject->workload;
    admitted.status = draft.status();
    required = RequiredChecks(*object, admitted);
  }
  const auto known = [&](const std::string& name) {
    return std::any_of(before.admission_checks.begin(), before.admission_checks.end(),
                       [&](const api::AdmissionCheckState& check) { return check.name == name; });
  };
  // While a check has no entry, Admitted is left to whoever writes the entries.
  if (std::all_of(required.begin(), required.end(), known)) draft.SyncAdmitted(required, context.now);
  Step step;
  step.request = draft.Apply(Strictness::kLoose);
  if (!was_reserved) {
    step.events.push_back(
        Note(*subject->object, kAdmissionRecorder, false, kQuotaReserved,
             absl::StrCat("Quota reserved in ClusterQueue ", queue, ", wait time since queued was ",
                          WholeSeconds(QueuedWaitTime(*subject->workload, context.now)), "s", Considered(decision))));
  }
  const bool is_admitted = api::IsConditionTrue(draft.status().conditions, kAdmitted);
  if (is_admitted && !replaces_node) {
    const absl::Time since =
        was_reserved ? api::FindCondition(before.conditions, kQuotaReserved)->last_transition_time : context.now;
    step.events.push_back(Note(*subject->object, kAdmissionRecorder, false, kAdmitted,
                               absl::StrCat("Admitted by ClusterQueue ", queue, ", wait time since reservation was ",
                                            WholeSeconds(context.now - since), "s")));
  }
  return step;
}

absl::StatusOr<Step> PreemptionStep(const Context& context, const Decision& decision,
                                    const scheduler::PreemptionTarget& target) {
  absl::StatusOr<Subject> victim = Find(context, *target.identity);
  if (!victim.ok()) return victim.status();
  absl::StatusOr<Subject> preemptor = Find(context, *decision.identity);
  if (!preemptor.ok()) return preemptor.status();
  const std::string message = scheduler::PreemptionMessage(decision, target);
  StatusDraft draft(*victim->object, victim->workload->status);
  draft.SetWithoutGeneration(kPreempted, true, std::string(scheduler::ToString(target.reason)), message, context.now);
  Step step = Evict(std::move(draft), {.reason = kReasonPreempted, .cause = "", .message = message}, Strictness::kLoose,
                    kAdmissionRecorder, context.now);
  const std::string priorities = Priorities(*preemptor, *victim);
  step.events.push_back(
      Note(*victim->object, kAdmissionRecorder, false, kReasonPreempted, absl::StrCat(message, priorities)));
  step.events.push_back(Note(*preemptor->object, kAdmissionRecorder, false, "PreemptedWorkload",
                             absl::StrCat("Preempted workload ", target.identity->key, " (UID: ", target.identity->uid,
                                          ") in ClusterQueue ", target.queue->name, priorities)));
  return step;
}

Plan WaitForPodsPlan(const Context& context, const Decision& decision) {
  Plan plan;
  absl::StatusOr<Subject> subject = Find(context, *decision.identity);
  if (!subject.ok()) return plan;
  StatusDraft draft(*subject->object, subject->workload->status);
  draft.ClearQuotaReservation(kReasonWaitingForPodsReady,
                              "waiting for all admitted workloads to be in PodsReady condition", context.now);
  if (!draft.changed()) return plan;
  plan.steps.push_back({.request = draft.Apply(Strictness::kLoose), .events = {}, .gone_is_fine = true});
  return plan;
}

bool HoldersNotReady(const Context& context, const std::set<std::string>& but) {
  for (const scheduler::ClusterQueueId queue : context.engine.ClusterQueues()) {
    for (const scheduler::WorkloadId holder : context.engine.Reserving(queue)) {
      const std::string& key = context.engine.WorkloadKey(holder);
      if (but.count(key) > 0) continue;
      const size_t slash = key.find('/');
      const kube::ObjectPtr object = context.world.Workload(key.substr(0, slash), key.substr(slash + 1));
      if (object == nullptr) continue;
      const absl::StatusOr<std::shared_ptr<const api::Workload>> workload = context.world.Typed(object);
      if (workload.ok() && !api::IsConditionTrue((*workload)->status.conditions, kPodsReady)) return true;
    }
  }
  return false;
}

absl::StatusOr<Plan> PendingPlan(const Context& context, const Decision& decision) {
  absl::StatusOr<Subject> subject = Find(context, *decision.identity);
  if (!subject.ok()) return subject.status();
  Plan plan;
  const std::string message = scheduler::Message(decision);
  if (decision.second_pass) {
    plan.events.push_back(Note(*subject->object, kAdmissionRecorder, true, "SecondPassFailed", message));
    return plan;
  }
  const std::string reason = decision.pending_reason == scheduler::PendingReason::kNone
                                 ? kReasonPendingEvaluation
                                 : std::string(scheduler::ToString(decision.pending_reason));
  StatusDraft draft(*subject->object, subject->workload->status);
  draft.ClearQuotaReservation(reason, message, context.now);
  draft.SetResourceRequests(ResourceRequestsOf(context.world, *subject->workload));
  if (decision.status == scheduler::EntryStatus::kPreemptionGated) {
    draft.Set(kBlockedOnPreemptionGates, true, "PreemptionGated", "Workload requires preemption, but it's gated",
              context.now);
  }
  EventNote note = Note(*subject->object, kAdmissionRecorder, true, reason, message);
  if (!draft.changed()) {
    plan.events.push_back(std::move(note));
    return plan;
  }
  Step& step = plan.steps.emplace_back();
  step.request = draft.Apply(Strictness::kLoose);
  step.gone_is_fine = true;
  step.events.push_back(std::move(note));
  return plan;
}

absl::StatusOr<Step> NodeFailureStep(const Context& context, const Decision& decision) {
  absl::StatusOr<Subject> subject = Find(context, *decision.identity);
  if (!subject.ok()) return subject.status();
  const std::vector<std::string>& nodes = subject->workload->status.unhealthy_nodes;
  return Evict(StatusDraft(*subject->object, subject->workload->status),
               {.reason = kReasonNodeFailures,
                .cause = "",
                .message = absl::StrCat("Workload was evicted as there was no replacement for unhealthy node(s): ",
                                        absl::StrJoin(nodes, ","))},
               Strictness::kLoose, kAdmissionRecorder, context.now);
}

Plan ReplaceSlice(const Context& context, absl::string_view ns, absl::string_view name) {
  Plan plan;
  const kube::ObjectPtr by = context.world.Workload(ns, name);
  if (by == nullptr) return plan;
  const std::pair<std::string, std::string> replaced =
      absl::StrSplit(by->annotation(api::kReplacementForAnnotation), absl::MaxSplits('/', 1));
  const kube::ObjectPtr object = replaced.first == ns ? context.world.Workload(ns, replaced.second) : nullptr;
  if (object == nullptr) return plan;
  const absl::StatusOr<std::shared_ptr<const api::Workload>> workload = context.world.Typed(object);
  if (!workload.ok()) {
    plan.error = workload.status();
    return plan;
  }
  const std::string message =
      absl::StrCat("Replaced to accommodate a workload (UID: ", by->uid(), ", JobUID: ", by->label(api::kJobUidLabel),
                   ") due to workload slice aggregation");
  std::optional<Step> step =
      Finish(StatusDraft(*object, (*workload)->status), kReasonWorkloadSliceReplaced, message, context.now);
  if (!step.has_value()) return plan;
  step->gone_is_fine = true;
  EventNote note = Note(*object, kAdmissionRecorder, false, kReasonWorkloadSliceReplaced, message);
  note.action = "Replaced";
  step->events.push_back(std::move(note));
  plan.steps.push_back(*std::move(step));
  return plan;
}

}  // namespace muster::manager
