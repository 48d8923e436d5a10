#include "manager/jobs/sets/common.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/pods/pod_state.h"
#include "manager/jobs/priority.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/vocabulary.h"
#include "manager/workload/writes.h"

namespace muster::manager {

using nlohmann::json;

const api::JobKind& StatefulSetKind() {
  static const api::JobKind& kind = *api::FindJobKind("apps", "StatefulSet");
  return kind;
}

const api::JobKind& LeaderWorkerSetKind() {
  static const api::JobKind& kind = *api::FindJobKind("leaderworkerset.x-k8s.io", "LeaderWorkerSet");
  return kind;
}

std::string RecorderOf(const api::JobKind& kind) { return absl::StrCat(kind.framework, "-kueue-controller"); }

bool IsRemoteCopy(const kube::Object& set) { return set.HasLabel(api::kMultiKueueOriginLabel); }

std::string OwnerUid(const kube::Object& set) {
  if (IsRemoteCopy(set) && set.HasAnnotation(api::kMultiKueueOriginUidAnnotation)) {
    return std::string(set.annotation(api::kMultiKueueOriginUidAnnotation));
  }
  return set.uid();
}

bool IsOutdated(const kube::Object* stateful_set, const kube::Object& pod) {
  if (stateful_set == nullptr) return true;
  const absl::string_view current = stateful_set->StringAt("/status/currentRevision");
  return current != stateful_set->StringAt("/status/updateRevision") &&
         current == pod.label("controller-revision-hash");
}

bool Ungate(json* pod) {
  const json before = *pod;
  RemoveGate(pod, api::kAdmissionSchedulingGate);
  RemoveGate(pod, api::kTopologySchedulingGate);
  return *pod != before;
}

void JoinGroup(const std::string& workload, json* pod) {
  SetMetadata(*pod, "labels", api::kManagedLabel, "true");
  SetMetadata(*pod, "annotations", api::kPodGroupNameLabel, workload);
  SetMetadata(*pod, "annotations", api::kPrebuiltWorkloadLabel, workload);
}

void NameOwner(const api::JobKind& kind, const kube::Object& set, json* workload) {
  SetMetadata(*workload, "annotations", kJobOwnerGvkAnnotation,
              absl::StrCat(set.type().ApiVersion(), ", Kind=", kind.kind));
  SetMetadata(*workload, "annotations", kJobOwnerNameAnnotation, set.name());
}

json NewGroupWorkload(const World& world, const api::JobKind& kind, const kube::Object& set, const std::string& name,
                      std::vector<json> pod_sets) {
  json workload = NewWorkload(set, name, std::move(pod_sets));
  SetMetadata(workload, "annotations", api::kGroupWorkloadAnnotation, "true");
  NameOwner(kind, set, &workload);
  CopyAdmissionGate(world, set, &workload);
  SetMetadata(workload, "labels", api::kJobUidLabel, set.uid());
  workload["metadata"]["ownerReferences"] = json::array({OwnerReferenceTo(set, /*controller=*/false)});
  return workload;
}

absl::Status Create(const World& world, const api::JobKind& kind, const kube::Object& set, json workload,
                    bool exists_is_fine, Plan* plan) {
  json& spec = workload["spec"];
  const std::vector<json> pod_sets(spec["podSets"].begin(), spec["podSets"].end());
  const absl::StatusOr<Priority> priority =
      PriorityOf(world, set, RecorderOf(kind), pod_sets, /*own_class=*/std::nullopt, plan);
  if (!priority.ok()) return priority.status();
  if (!priority->class_ref.is_null()) spec["priorityClassRef"] = priority->class_ref;
  spec["priority"] = priority->value;
  Step& step = plan->steps.emplace_back();
  step.request.verb = kube::Verb::kCreate;
  step.request.key = {&WorkloadType(), set.ns(), ""};
  step.exists_is_fine = exists_is_fine;
  const std::string name = workload["metadata"]["name"];
  step.request.body = std::move(workload);
  step.events.push_back(Note(set, RecorderOf(kind), /*warning=*/false, "CreatedWorkload",
                             absl::StrCat("Created Workload: ", set.ns(), "/", name)));
  return absl::OkStatus();
}

EventNote GateUpdated(const api::JobKind& kind, const kube::Object& set) {
  return Note(
      set, RecorderOf(kind), /*warning=*/false, "UpdatedWorkload",
      absl::StrCat("Updated workload AdmissionGatedBy to \"", set.annotation(api::kAdmissionGatedByAnnotation), "\""));
}

}  // namespace muster::manager
