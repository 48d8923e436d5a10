#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/jobs/workloads.h"
#include "api/vocabulary.h"
#include "manager/jobs/ancestors.h"
#include "manager/jobs/kind_rules.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/pods/pod_state.h"
#include "manager/jobs/read.h"
#include "manager/jobs/sets/common.h"
#include "manager/jobs/sets/sets.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/names.h"
#include "manager/vocabulary.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kStatefulSet[] = "statefulset";

const kube::ResourceType& StatefulSetType() {
  static const kube::ResourceType& type = kube::TypeOf("apps", "StatefulSet");
  return type;
}

int64_t Replicas(const kube::Object& set) { return set.IntAt("/spec/replicas", 1); }

// The name of its Workload, and the Workload if it is there. Those made before names had the uid are found too.
std::pair<std::string, kube::ObjectPtr> FindWorkload(const World& world, const kube::Object& set) {
  const std::string name = api::WorkloadName(StatefulSetKind(), set.name(), OwnerUid(set));
  if (kube::ObjectPtr found = world.Workload(set.ns(), name)) return {name, std::move(found)};
  const std::string earlier = api::WorkloadName(StatefulSetKind(), set.name(), "");
  if (kube::ObjectPtr found = world.Workload(set.ns(), earlier)) return {earlier, std::move(found)};
  return {name, nullptr};
}

// Another kind's controller, of which this StatefulSet is a part, sees to it.
bool IsAnothers(const kube::Object& set) {
  const json* annotations = set.At("/spec/template/metadata/annotations");
  if (annotations == nullptr || !annotations->is_object()) return false;
  const auto it = annotations->find(api::kPodSuspendingParentAnnotation);
  return it != annotations->end() && *it != kStatefulSet;
}

absl::Status CreateWorkload(const World& world, const kube::Object& set, const std::string& name, Plan* plan) {
  const json none = json::object();
  const json* pod_template = set.At("/spec/template");
  absl::StatusOr<json> pod_set =
      MakePodSet(world, StatefulSetKind(), "main", Replicas(set), pod_template == nullptr ? none : *pod_template);
  if (!pod_set.ok()) return pod_set.status();
  (*pod_set)["template"] = {{"metadata", json::object()},
                            {"spec", (*pod_set)["template"].value("spec", json::object())}};
  return Create(world, StatefulSetKind(), set,
                NewGroupWorkload(world, StatefulSetKind(), set, name, {*std::move(pod_set)}),
                /*exists_is_fine=*/true, plan);
}

// Owner, queue and gate of a Workload. Returns whether that has to be written.
bool FollowSet(const World& world, const kube::Object& set, const kube::Object& workload, Plan* plan) {
  json after = workload.value();
  const std::vector<kube::Owner> owners = workload.Owners();
  const bool owned = std::any_of(owners.begin(), owners.end(), [&](const kube::Owner& each) {
    return each.kind == "StatefulSet" && each.name == set.name() && kube::GroupOf(each.api_version) == "apps";
  });
  if (Replicas(set) > 0) {
    if (!owned) {
      json& references = Member(after, "metadata")["ownerReferences"];
      if (!references.is_array()) references = json::array();
      references.push_back(OwnerReferenceTo(set, /*controller=*/false));
      NameOwner(StatefulSetKind(), set, &after);
    }
    if (workload.StringAt("/spec/queueName") != QueueName(set)) Member(after, "spec")["queueName"] = QueueName(set);
  }
  const bool gate = CopyAdmissionGate(world, set, &after);
  if (after == workload.value()) return false;
  Step& step = plan->steps.emplace_back();
  step.request = Update(workload, std::move(after));
  if (gate) step.events.push_back(GateUpdated(StatefulSetKind(), set));
  return true;
}

// A set without replicas keeps its Workload, on hold.
void HoldOrRelease(const kube::Object& set, const ReadWorkload& workload, bool changed, absl::Time now, Plan* plan) {
  const api::Condition* reserved = api::FindCondition(workload.typed->status.conditions, kQuotaReserved);
  const bool on_hold = reserved != nullptr && reserved->status == "False" && reserved->reason == kReasonOnHold;
  const bool hold = Replicas(set) == 0 && workload.HasTrue(kQuotaReserved) && !workload.HasTrue(kEvicted) &&
                    !workload.HasTrue(kFinished) && workload.object->BoolAt("/spec/active", true);
  const bool release = Replicas(set) > 0 && on_hold;
  if (!hold && !release) return;
  StatusDraft draft(*workload.object, workload.typed->status);
  if (hold) {
    draft.ClearQuotaReservation(kReasonOnHold, "StatefulSet scaled to zero; workload on hold", now);
  } else {
    draft.ClearQuotaReservation(kReasonPendingEvaluation, "Workload no longer on hold; waiting for quota reservation",
                                now);
  }
  json after = workload.object->value();
  json& status = Member(after, "status");
  status = api::EncodePart(draft.status(), status);
  std::optional<kube::Request> request =
      MergePatch(*workload.object, after, changed ? PatchMode::kLoose : PatchMode::kStrict, "status");
  if (request.has_value()) plan->steps.emplace_back().request = *std::move(request);
}

void FollowPods(const kube::Object& set, const Pods& pods, Plan* plan) {
  const std::string queue = QueueName(set);
  for (const kube::ObjectPtr& pod : pods) {
    json after = pod->value();
    if (Replicas(set) > 0 && !queue.empty()) SetMetadata(after, "labels", api::kQueueNameLabel, queue);
    if (IsOutdated(&set, *pod)) Ungate(&after);
    std::optional<kube::Request> request = MergePatch(*pod, after);
    if (!request.has_value()) continue;
    Step& step = plan->steps.emplace_back();
    step.request = *std::move(request);
    step.gone_is_fine = true;
  }
}

}  // namespace

Plan ReconcileStatefulSet(const World& world, absl::string_view ns, absl::string_view name, absl::Time now) {
  Plan plan;
  const kube::ObjectPtr set = world.objects.Find(StatefulSetType(), ns, name);
  if (set == nullptr || IsAnothers(*set)) return plan;
  const absl::StatusOr<bool> managed = ShouldBeManaged(world, set);
  if (!managed.ok() || !*managed) return plan;
  const auto [workload_name, object] = FindWorkload(world, *set);
  FollowPods(*set, world.objects.Lookup(kPodsByGroup, absl::StrCat(ns, "/", workload_name)), &plan);
  if (object == nullptr) {
    const bool has_queue = !QueueName(*set).empty() || world.options.webhook.manage_jobs_without_queue_name;
    if (Replicas(*set) > 0 && has_queue && !IsRemoteCopy(*set)) {
      plan.error = CreateWorkload(world, *set, workload_name, &plan);
    }
    return plan;
  }
  const absl::StatusOr<ReadWorkload> workload = Read(world, object);
  if (!workload.ok()) {
    plan.error = workload.status();
    return plan;
  }
  const bool changed = FollowSet(world, *set, *object, &plan);
  HoldOrRelease(*set, *workload, changed, now, &plan);
  return plan;
}

Plan ReconcilePodOfStatefulSet(const World& world, absl::string_view ns, absl::string_view name) {
  const kube::ObjectPtr pod = world.objects.Find(PodType(), ns, name);
  if (pod == nullptr || IsTerminated(*pod) || pod->deleting()) return {};
  const std::optional<kube::Owner> owner = ControllerOf(*pod);
  if (!owner.has_value() || owner->kind != "StatefulSet" || owner->api_version != "apps/v1") return {};
  const kube::ObjectPtr set = world.objects.Find(StatefulSetType(), ns, owner->name);
  if (set == nullptr) return {};
  const std::string workload = FindWorkload(world, *set).first;
  const std::string queue = QueueName(*set);
  json after = pod->value();
  if (!queue.empty()) SetMetadata(after, "labels", api::kQueueNameLabel, queue);
  if (GroupOf(*pod) != workload) {
    if (queue.empty() && !world.options.webhook.manage_jobs_without_queue_name) return {};
    JoinGroup(workload, &after);
    if (const std::string priority(set->label(api::kPriorityClassLabel)); !priority.empty()) {
      SetMetadata(after, "labels", api::kPriorityClassLabel, priority);
    }
    SetMetadata(after, "annotations", api::kPodGroupTotalCountAnnotation, absl::StrCat(Replicas(*set)));
    SetMetadata(after, "annotations", kPodGroupFastAdmissionAnnotation, "true");
    SetMetadata(after, "annotations", api::kPodGroupServingAnnotation, "true");
    SetMetadata(after, "annotations", api::kPodGroupPodIndexLabelAnnotation, api::kPodIndexLabel);
    SetMetadata(after, "annotations", api::kRoleHashAnnotation, "main");
  }
  Plan plan;
  if (std::optional<kube::Request> request = MergePatch(*pod, after)) {
    Step& step = plan.steps.emplace_back();
    step.request = *std::move(request);
    step.gone_is_fine = true;
  }
  return plan;
}

}  // namespace muster::manager
