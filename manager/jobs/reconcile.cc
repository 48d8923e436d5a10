#include "manager/jobs/reconcile.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/vocabulary.h"
#include "manager/jobs/ancestors.h"
#include "manager/jobs/ensure_workload.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/object_job.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/pods_ready.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/names.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

std::string KeyText(const ReadWorkload& workload) {
  return absl::StrCat(workload.object->ns(), "/", workload.object->name());
}

std::string DeclaredFinished(const ReadWorkload& workload) {
  return absl::StrCat("Workload '", KeyText(workload), "' is declared finished");
}

StatusDraft DraftOf(const ReadWorkload& workload) { return {*workload.object, workload.typed->status}; }

// One pass over a job.
class Pass {
 public:
  Pass(Job& job, absl::Time now) : job_(job), world_(job.world()), now_(now) {}

  Plan Run() {
    if (!IsNamespaceManaged(world_, job_.object().ns())) return {};
    if (!job_.IsTopLevel()) {
      const absl::StatusOr<kube::ObjectPtr> ancestor = FindManagedAncestor(world_, job_.object_ptr());
      if (!ancestor.ok()) return Unowned(ancestor.status());
      if (*ancestor != nullptr) return Child(**ancestor);
    }
    if (!world_.options.webhook.manage_jobs_without_queue_name && QueueName(job_.object()).empty()) return {};
    Ensured ensured = EnsureOneWorkload(job_, now_, &plan_);
    if (ensured.wait) return Take();
    return ensured.workload.has_value() ? WithWorkload(*ensured.workload) : WithoutWorkload();
  }

 private:
  Plan Take() { return std::move(plan_); }

  Plan Unowned(const absl::Status& status) {
    plan_.error = status;
    if (absl::IsOutOfRange(status)) {
      plan_.events.push_back(job_.Event("JobNestingTooDeep",
                                        "Terminated search for Kueue-managed Job because ancestor depth exceeded limit "
                                        "of 10",
                                        /*warning=*/true));
    }
    return Take();
  }

  // A job that another job made runs only while that one may.
  Plan Child(const kube::Object& ancestor) {
    if (job_.IsSuspended() || job_.Finished().has_value()) return {};
    const absl::StatusOr<std::vector<ReadWorkload>> workloads = UnfinishedWorkloads(world_, ancestor);
    if (!workloads.ok()) {
      plan_.error = workloads.status();
      return Take();
    }
    if (!workloads->empty()) {
      const ReadWorkload& newest = workloads->back();
      const bool elastic = IsElastic(world_, job_.object()) || IsElastic(world_, ancestor);
      if (elastic ? !newest.HasTrue(kEvicted) : newest.HasTrue(kAdmitted)) return {};
    }
    job_.Suspend(&plan_);
    return Take();
  }

  Plan WithWorkload(const ReadWorkload& workload) {
    if (job_.UpdateConditions(workload, now_, &plan_)) return Take();
    if (workload.HasTrue(kFinished)) {
      job_.Finalize(&plan_);
      plan_.events.push_back(job_.Event("FinishedWorkload", DeclaredFinished(workload)));
      ReleaseWorkload(*workload.object, &plan_);
      return Take();
    }
    if (workload.object->deleting()) {
      plan_.error = job_.Stop(&workload, StopReason::kWorkloadDeleted, "Workload is deleted", &plan_);
      if (plan_.error.ok()) ReleaseWorkload(*workload.object, &plan_);
      return Take();
    }
    if (job_.IsOnHold()) return OnHold(workload);
    if (const std::optional<Outcome> outcome = job_.Finished()) return FinishedJob(workload, *outcome);
    if (UpdateReclaimable(workload)) return Take();
    if (world_.options.pods_ready.has_value()) {
      if (std::optional<Step> step = UpdatePodsReady(job_, workload, now_)) {
        step->gone_is_fine = true;
        plan_.steps.push_back(*std::move(step));
        return Take();
      }
    }
    if (workload.HasTrue(kEvicted)) return Evicted(workload);
    if (job_.IsSuspended()) return Suspended(workload);
    if (!workload.HasTrue(kAdmitted) && !IsElastic(world_, job_.object())) {
      plan_.error = job_.Stop(&workload, StopReason::kNotAdmitted, "Not admitted by cluster queue", &plan_);
    }
    return Take();
  }

  Plan WithoutWorkload() {
    if (job_.IsOnHold()) return Take();
    if (job_.Finished().has_value()) {
      job_.Finalize(&plan_);
      return Take();
    }
    const bool prebuilt = !PrebuiltWorkloadName(job_.object()).empty();
    if (prebuilt) {
      plan_.error = job_.Stop(nullptr, StopReason::kNoMatchingWorkload, "missing workload", &plan_);
      if (!plan_.error.ok()) return Take();
    }
    // Its pods still use quota: their end comes back here.
    if (job_.IsActive() && !IsElastic(world_, job_.object())) return Take();
    if (prebuilt) {
      plan_.error = absl::NotFoundError("prebuilt workload not found");
    } else {
      CreateWorkload(job_, &plan_);
    }
    return Take();
  }

  Plan OnHold(const ReadWorkload& workload) {
    if (!workload.HasTrue(kQuotaReserved)) return Take();
    StatusDraft draft = DraftOf(workload);
    draft.ClearQuotaReservation(kReasonOnHold, "Job is on hold", now_);
    Write(draft);
    return Take();
  }

  Plan FinishedJob(const ReadWorkload& workload, const Outcome& outcome) {
    std::optional<Step> finish =
        Finish(DraftOf(workload), outcome.success ? kReasonSucceeded : kReasonFailed, outcome.message, now_);
    if (finish.has_value()) {
      finish->gone_is_fine = true;
      finish->events.push_back(job_.Event("FinishedWorkload", DeclaredFinished(workload)));
      plan_.steps.push_back(*std::move(finish));
    }
    job_.Finalize(&plan_);
    return Take();
  }

  // Returns whether something is to be written.
  bool UpdateReclaimable(const ReadWorkload& workload) {
    if (!world_.options.engine.gates[api::Gate::kReclaimablePods]) return false;
    std::optional<std::vector<api::ReclaimablePod>> pods = job_.Reclaimable();
    if (!pods.has_value()) return false;
    std::map<std::string, int32_t> has, wanted;
    for (const api::ReclaimablePod& each : workload.typed->status.reclaimable_pods) has[each.name] = each.count;
    json list = json::array();
    for (api::ReclaimablePod& each : *pods) {
      for (const api::PodSet& pod_set : workload.typed->spec.pod_sets) {
        if (pod_set.name == each.name) each.count = std::min(each.count, pod_set.count);
      }
      wanted[each.name] = each.count;
      list.push_back({{"name", each.name}, {"count", each.count}});
    }
    if (has == wanted) return false;
    Step step;
    step.request = ApplyStatus(*workload.object, kReclaimablePodsManager, {{"reclaimablePods", std::move(list)}});
    plan_.steps.push_back(std::move(step));
    return true;
  }

  Plan Evicted(const ReadWorkload& workload) {
    const api::Condition& evicted = *api::FindCondition(workload.typed->status.conditions, kEvicted);
    plan_.error = job_.Stop(&workload, StopReason::kWorkloadEvicted, evicted.message, &plan_);
    if (!plan_.error.ok()) return Take();
    if (workload.HasTrue(kQuotaReserved) && !job_.IsActive()) GiveQuotaBack(workload, evicted);
    DeleteDeactivated(workload, evicted);
    return Take();
  }

  void GiveQuotaBack(const ReadWorkload& workload, const api::Condition& evicted) {
    const bool again = (evicted.reason == kReasonPreempted || evicted.reason == kReasonNodeFailures) &&
                       !DiesWithItsPod(*workload.object);
    StatusDraft draft = DraftOf(workload);
    draft.Set(kRequeued, again, evicted.reason, evicted.message, now_);
    draft.ClearQuotaReservation(kReasonPendingEvaluation, evicted.message, now_);
    Write(draft);
  }

  // The Workload of a single pod is deleted with it: nothing could use the quota it would get.
  bool DiesWithItsPod(const kube::Object& workload) const {
    const std::vector<kube::Owner> owners = workload.Owners();
    return world_.options.engine.gates[api::Gate::kSkipReassignmentForPodOwnedWorkloads] && owners.size() == 1 &&
           owners[0].kind == "Pod" && owners[0].api_version == "v1" &&
           workload.annotation(api::kGroupWorkloadAnnotation) != "true";
  }

  // A job that the manager deactivated is deleted after a while, if the configuration says so.
  void DeleteDeactivated(const ReadWorkload& workload, const api::Condition& evicted) {
    if (!world_.options.retain_deactivated.has_value() || workload.object->BoolAt("/spec/active", true) ||
        !absl::StartsWith(evicted.reason, absl::StrCat(kReasonDeactivated, "DueTo"))) {
      return;
    }
    const absl::Duration left = evicted.last_transition_time + *world_.options.retain_deactivated - now_;
    if (left > absl::ZeroDuration()) {
      plan_.look_again = left;
      return;
    }
    Step step;
    step.request.verb = kube::Verb::kDelete;
    step.request.key = job_.object().key();
    step.request.propagation = "Background";
    step.gone_is_fine = true;
    step.events.push_back(job_.Event("Deleted", "Deleted job: deactivation retention period expired"));
    plan_.steps.push_back(std::move(step));
    job_.Finalize(&plan_);
  }

  Plan Suspended(const ReadWorkload& workload) {
    if (workload.HasTrue(kAdmitted)) {
      Start(workload);
      return Take();
    }
    if (workload.HasTrue(kQuotaReserved)) NoteChecks(workload);
    const std::string queue = QueueName(job_.object());
    if (!job_.LeavesQueueAlone() && workload.typed->spec.queue_name != queue) {
      json after = workload.object->value();
      Member(after, "spec")["queueName"] = queue;
      Step step;
      step.request = Update(*workload.object, std::move(after));
      plan_.steps.push_back(std::move(step));
    }
    return Take();
  }

  void Start(const ReadWorkload& workload) {
    absl::StatusOr<std::vector<PodSetInfo>> infos = InfosOfAdmission(world_, *workload.object, *workload.typed);
    const absl::Status status = infos.ok() ? job_.Start(workload, *infos, &plan_) : infos.status();
    if (!absl::IsFailedPrecondition(status)) {
      plan_.error = status;
      return;
    }
    // Trying again would not help.
    std::optional<Step> finish = Finish(DraftOf(workload), kReasonFailedToStart, status.message(), now_);
    if (finish.has_value()) plan_.steps.push_back(*std::move(finish));
  }

  void NoteChecks(const ReadWorkload& workload) {
    std::vector<std::string> texts;
    for (const api::AdmissionCheckState& check : workload.typed->status.admission_checks) {
      if (check.state == "Pending" && !check.message.empty()) {
        texts.push_back(absl::StrCat(check.name, ": ", check.message));
      }
    }
    if (!texts.empty()) job_.NoteEach("UpdatedAdmissionCheck", absl::StrJoin(texts, "; "), &plan_);
  }

  void Write(const StatusDraft& draft) {
    if (!draft.changed()) return;
    Step step;
    step.request = draft.Apply(Strictness::kStrict);
    plan_.steps.push_back(std::move(step));
  }

  Job& job_;
  const World& world_;
  const absl::Time now_;
  Plan plan_;
};

}  // namespace

void FinalizeWorkloads(const std::vector<ReadWorkload>& workloads, absl::Time now, Plan* plan) {
  for (const ReadWorkload& each : workloads) {
    if (!each.object->deleting() && ControllerOf(*each.object).has_value()) {
      // The finalizer goes once it is seen to be finished.
      if (std::optional<Step> finish =
              Finish(DraftOf(each), kReasonOwnerNotFound, "The workload's owner no longer exists", now)) {
        finish->gone_is_fine = true;
        plan->steps.push_back(*std::move(finish));
        continue;
      }
    }
    ReleaseWorkload(*each.object, plan);
  }
}

Plan ReconcileLoaded(Job& job, absl::Time now) {
  Plan plan = Pass(job, now).Run();
  // What changes next starts the next pass.
  if (absl::IsCancelled(plan.error)) plan.error = absl::OkStatus();
  return plan;
}

Plan ReconcileJob(const World& world, const api::JobKind& kind, absl::string_view ns, absl::string_view name,
                  absl::Time now) {
  const KindRules* rules = FindKindRules(kind);
  if (rules == nullptr) return {};
  const kube::ObjectPtr object = world.objects.Find(kube::TypeOf(kind.group, kind.kind), ns, name);
  if (object != nullptr && rules->skip != nullptr && rules->skip({world, kind, *object})) return {};
  if (object != nullptr && !object->deleting()) {
    ObjectJob job(world, kind, *rules, object);
    return ReconcileLoaded(job, now);
  }
  Plan plan;
  const absl::StatusOr<std::vector<ReadWorkload>> workloads = WorkloadsOwnedBy(world, kind, ns, name);
  if (!workloads.ok()) {
    plan.error = workloads.status();
    return plan;
  }
  FinalizeWorkloads(*workloads, now, &plan);
  return plan;
}

}  // namespace muster::manager
