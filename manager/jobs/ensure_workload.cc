#include "manager/jobs/ensure_workload.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/priority.h"
#include "manager/jobs/slices.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/names.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

std::string KeyText(const kube::Object& workload) { return absl::StrCat(workload.ns(), "/", workload.name()); }

Ensured Fail(absl::Status error, Plan* plan) {
  plan->error = std::move(error);
  return {std::nullopt, true};
}

// A Workload that the job names, made beforehand by somebody else.
Ensured Prebuilt(const Job& job, const std::string& name, absl::Time now, Plan* plan) {
  const kube::ObjectPtr object = job.world().Workload(job.object().ns(), name);
  if (object == nullptr) return {};
  const std::optional<kube::Owner> controller = ControllerOf(*object);
  if (controller.has_value() && controller->uid != job.object().uid()) return {};
  absl::StatusOr<ReadWorkload> read = Read(job.world(), object);
  if (!read.ok()) return Fail(read.status(), plan);
  if (job.AdoptWorkload(*read, plan)) return {std::nullopt, true};
  const bool replacement = object->HasAnnotation(api::kReplacementForAnnotation);
  if (IsElastic(job.world(), job.object()) && replacement) return {*std::move(read), false};
  const absl::StatusOr<bool> fits = job.FitsWorkload(*read);
  if (!fits.ok()) return Fail(fits.status(), plan);
  if (*fits) return {*std::move(read), false};
  std::optional<Step> finish = Finish(StatusDraft(*object, read->typed->status), kReasonOutOfSync,
                                      "The prebuilt workload is out of sync with its user job", now);
  if (!finish.has_value()) return {};
  plan->steps.push_back(*std::move(finish));
  return {std::nullopt, true};
}

// The job runs without a Workload that fits it.
void StopUnmatched(const Job& job, const Matching& matching, Plan* plan) {
  const bool one = matching.others.size() == 1;
  const absl::Status status =
      job.Stop(one ? &matching.others.front() : nullptr, StopReason::kNoMatchingWorkload,
               one ? "No matching Workload; restoring pod templates according to existent Workload"
                   : "Missing Workload; unable to restore pod templates",
               plan);
  if (!status.ok()) plan->error = status;
}

// Takes Workloads away that do not fit. Returns whether any was there.
bool DeleteOthers(const Job& job, const Matching& matching, size_t from, Plan* plan) {
  bool deleted = false;
  for (size_t i = from; i < matching.others.size(); ++i) {
    const kube::Object& workload = *matching.others[i].object;
    if (!DeleteWorkload(workload, plan)) continue;
    plan->steps.back().events.push_back(
        job.Event("DeletedWorkload", absl::StrCat("Deleted not matching Workload: ", KeyText(workload))));
    deleted = true;
  }
  return deleted;
}

// Gives a Workload that is not admitted the specification of what the job asks for now.
void UpdateToFit(const Job& job, const ReadWorkload& workload, Plan* plan) {
  absl::StatusOr<json> wanted = job.MakeWorkload(plan);
  if (!wanted.ok()) {
    plan->error = wanted.status();
    return;
  }
  const absl::Status status = SetPriority(job, &*wanted, plan);
  if (!status.ok()) {
    plan->error = status;
    return;
  }
  json after = workload.object->value();
  json spec = std::move((*wanted)["spec"]);
  if (const json* active = workload.object->At("/spec/active")) spec["active"] = *active;
  after["spec"] = std::move(spec);
  Step step;
  step.request = Update(*workload.object, std::move(after));
  step.events.push_back(job.Event(
      "UpdatedWorkload", absl::StrCat("Updated not matching Workload for suspended job: ", KeyText(*workload.object))));
  plan->steps.push_back(std::move(step));
}

// What a Workload that fits takes over from its job while that lives. Returns whether anything has to be written.
bool FollowJob(const Job& job, const ReadWorkload& workload, Plan* plan) {
  const kube::Object& object = *workload.object;
  json after = object.value();
  if (CopyAdmissionGate(job.world(), job.object(), &after)) {
    Step step;
    step.request = *MergePatch(object, after);
    step.events.push_back(
        job.Event("UpdatedWorkload", absl::StrCat("Updated workload AdmissionGatedBy to \"",
                                                  job.object().annotation(api::kAdmissionGatedByAnnotation), "\"")));
    plan->steps.push_back(std::move(step));
    return true;
  }
  absl::StatusOr<std::optional<Step>> priority = FollowPriority(
      job.world(), job.object(), job.recorder(), object, workload.HasTrue(kQuotaReserved), job.PriorityClass(), plan);
  if (!priority.ok()) {
    plan->error = priority.status();
    return true;
  }
  if (!priority->has_value()) return false;
  plan->steps.push_back(**std::move(priority));
  return true;
}

}  // namespace

absl::Status SetPriority(const Job& job, json* workload, Plan* plan) {
  json& spec = (*workload)["spec"];
  const std::vector<json> pod_sets(spec["podSets"].begin(), spec["podSets"].end());
  const absl::StatusOr<Priority> priority =
      PriorityOf(job.world(), job.object(), job.recorder(), pod_sets, job.PriorityClass(), plan);
  if (!priority.ok()) return priority.status();
  if (!priority->class_ref.is_null()) spec["priorityClassRef"] = priority->class_ref;
  spec["priority"] = priority->value;
  return absl::OkStatus();
}

Ensured EnsureOneWorkload(Job& job, absl::Time now, Plan* plan) {
  if (const std::string name = PrebuiltWorkloadName(job.object()); !name.empty()) {
    return Prebuilt(job, name, now, plan);
  }
  if (IsElastic(job.world(), job.object())) {
    if (job.WriteOwnAnnotations(plan)) return {std::nullopt, true};
    if (std::optional<Ensured> slice = EnsureSlice(job, now, plan)) return *std::move(slice);
  }
  absl::StatusOr<Matching> matching = job.FindMatching(plan);
  if (!matching.ok()) return Fail(matching.status(), plan);
  if (!plan->steps.empty()) return {std::nullopt, true};
  const bool suspended = job.IsSuspended();
  const bool matched = matching->match.has_value();
  const bool update =
      !matched && !matching->others.empty() && suspended && !matching->others.front().HasTrue(kQuotaReserved);
  if (!matched && !suspended && !job.Finished().has_value()) {
    StopUnmatched(job, *matching, plan);
    if (!plan->error.ok()) return {std::nullopt, true};
  }
  if (DeleteOthers(job, *matching, update ? 1 : 0, plan)) {
    return Fail(absl::AbortedError(matched ? "extra workloads deleted" : "no matching workloads; deleted those there"),
                plan);
  }
  if (update) {
    UpdateToFit(job, matching->others.front(), plan);
    return {std::nullopt, true};
  }
  if (!matched) return {};
  if (FollowJob(job, *matching->match, plan)) return {std::nullopt, true};
  return {*std::move(matching->match), false};
}

void CreateWorkload(const Job& job, Plan* plan) {
  absl::StatusOr<json> workload = job.MakeWorkload(plan);
  absl::Status status = workload.status();
  if (status.ok()) {
    CopyAdmissionGate(job.world(), job.object(), &*workload);
    status = SetPriority(job, &*workload, plan);
  }
  if (status.ok() && IsElastic(job.world(), job.object())) status = NameSlice(job, &*workload);
  if (!status.ok()) {
    plan->error = status;
    return;
  }
  Step step;
  step.request.verb = kube::Verb::kCreate;
  step.request.key = {&WorkloadType(), job.object().ns(), ""};
  const std::string name = (*workload)["metadata"]["name"];
  step.request.body = *std::move(workload);
  step.events.push_back(job.Event("CreatedWorkload", absl::StrCat("Created Workload: ", job.object().ns(), "/", name)));
  plan->steps.push_back(std::move(step));
}

}  // namespace muster::manager
