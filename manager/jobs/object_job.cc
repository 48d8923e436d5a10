#include "manager/jobs/object_job.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "manager/jobs/patch.h"

namespace muster::manager {

using nlohmann::json;

bool ObjectJob::IsSuspended() const {
  return rules_.suspended != nullptr ? rules_.suspended(ref()) : IsSuspendedBySpec(ref());
}

std::optional<std::vector<api::ReclaimablePod>> ObjectJob::Reclaimable() const {
  if (rules_.reclaimable == nullptr) return std::nullopt;
  return rules_.reclaimable(ref());
}

std::optional<std::string> ObjectJob::PriorityClass() const {
  if (rules_.priority_class == nullptr) return std::nullopt;
  return rules_.priority_class(ref());
}

absl::StatusOr<std::vector<json>> ObjectJob::PodSets() const {
  return rules_.pod_sets != nullptr ? rules_.pod_sets(ref()) : PodSetsOfTemplates(ref());
}

std::string ObjectJob::SliceExtra() const {
  return rules_.slice_extra != nullptr ? rules_.slice_extra(ref()) : Job::SliceExtra();
}

bool ObjectJob::WriteOwnAnnotations(Plan* plan) const {
  if (rules_.own_annotations == nullptr) return false;
  json after = object().value();
  for (const auto& [key, value] : rules_.own_annotations(ref())) {
    if (!object().HasAnnotation(key) || object().annotation(key) != value)
      SetMetadata(after, "annotations", key, value);
  }
  std::optional<kube::Request> request = MergePatch(object(), after);
  if (!request.has_value()) return false;
  plan->steps.emplace_back().request = *std::move(request);
  return true;
}

void ObjectJob::Patch(const json& after, EventNote event, Plan* plan) const {
  std::optional<kube::Request> request = MergePatch(object(), after);
  if (!request.has_value()) return;
  Step step;
  step.request = *std::move(request);
  step.events = {std::move(event)};
  plan->steps.push_back(std::move(step));
}

absl::Status ObjectJob::Start(const ReadWorkload& workload, const std::vector<PodSetInfo>& infos, Plan* plan) const {
  EventNote started =
      Event("Started", absl::StrCat("Admitted by clusterQueue ", workload.typed->status.admission->cluster_queue));
  if (rules_.start != nullptr) return rules_.start(ref(), infos, started, plan);
  json after = object().value();
  const absl::Status status =
      rules_.run != nullptr ? rules_.run(ref(), infos, &after) : RunTemplates(ref(), infos, &after);
  if (!status.ok()) return status;
  Patch(after, std::move(started), plan);
  return absl::OkStatus();
}

absl::Status ObjectJob::Stop(const ReadWorkload* workload, StopReason, absl::string_view message, Plan* plan) const {
  const std::vector<PodSetInfo> infos =
      workload == nullptr ? std::vector<PodSetInfo>() : InfosOfPodSets(*workload->object);
  EventNote stopped = Event("Stopped", message);
  if (rules_.stop != nullptr) return rules_.stop(ref(), infos, stopped, plan);
  if (IsSuspended()) return absl::OkStatus();
  json after = object().value();
  SetSuspended(kind(), true, &after);
  if (workload != nullptr) {
    if (rules_.restore != nullptr) {
      rules_.restore(ref(), infos, &after);
    } else {
      RestoreTemplates(ref(), infos, &after);
    }
  }
  Patch(after, std::move(stopped), plan);
  return absl::OkStatus();
}

void ObjectJob::Suspend(Plan* plan) const {
  json after = object().value();
  SetSuspended(kind(), true, &after);
  Patch(after, Event("Suspended", "Kueue managed child job suspended"), plan);
}

}  // namespace muster::manager
