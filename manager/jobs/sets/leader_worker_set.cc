#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/jobs/workloads.h"
#include "api/vocabulary.h"
#include "manager/jobs/ancestors.h"
#include "manager/jobs/kind_rules.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/pods/pod_state.h"
#include "manager/jobs/priority.h"
#include "manager/jobs/read.h"
#include "manager/jobs/sets/common.h"
#include "manager/jobs/sets/sets.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/names.h"
#include "manager/vocabulary.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kDomain[] = "leaderworkerset.sigs.k8s.io";
constexpr char kNameLabel[] = "leaderworkerset.sigs.k8s.io/name";
constexpr char kGroupIndexLabel[] = "leaderworkerset.sigs.k8s.io/group-index";
constexpr char kLeaderNameAnnotation[] = "leaderworkerset.sigs.k8s.io/leader-name";
constexpr char kLeaderTemplate[] = "/spec/leaderWorkerTemplate/leaderTemplate";
constexpr char kWorkerTemplate[] = "/spec/leaderWorkerTemplate/workerTemplate";

const kube::ResourceType& LeaderWorkerSetType() {
  static const kube::ResourceType& type = kube::TypeOf("leaderworkerset.x-k8s.io", "LeaderWorkerSet");
  return type;
}

bool HasLeader(const kube::Object& set) { return set.At(kLeaderTemplate) != nullptr; }
int64_t GroupPods(const kube::Object& set) { return set.IntAt("/spec/leaderWorkerTemplate/size", 1); }

std::string WorkloadNameOf(const kube::Object& set, absl::string_view index) {
  return api::WorkloadName(LeaderWorkerSetKind(), absl::StrCat(set.name(), "-", index), OwnerUid(set));
}

// Groups that are to have a Workload: while an update makes more of them than asked for, those too.
int64_t Groups(const kube::Object& set) {
  const int64_t wanted = set.IntAt("/spec/replicas", 1), there = set.IntAt("/status/replicas");
  int64_t surge = set.IntAt("/spec/rolloutStrategy/rollingUpdateConfiguration/maxSurge");
  // A percentage counts by its number.
  absl::string_view text = set.StringAt("/spec/rolloutStrategy/rollingUpdateConfiguration/maxSurge");
  if (absl::ConsumeSuffix(&text, "%") || !text.empty()) (void)absl::SimpleAtoi(text, &surge);
  const bool updating = surge > 0 && set.IntAt("/status/updatedReplicas") < wanted;
  return there > wanted && updating ? there : wanted;
}

// What the LeaderWorkerSet's controller puts on the template is not the job's, but for the name.
void DropOwnKeys(json* pod_template, const char* field) {
  const json* map = api::At(*pod_template, absl::StrCat("/metadata/", field));
  if (map == nullptr || !map->is_object()) return;
  std::vector<std::string> dropped;
  for (const auto& [key, value] : map->items()) {
    if (absl::StartsWith(key, kDomain) && key != kNameLabel) dropped.push_back(key);
  }
  for (const std::string& key : dropped) RemoveMetadata(*pod_template, field, key);
}

absl::StatusOr<json> PodSetOf(const World& world, const kube::Object& set, const char* pointer, const char* name,
                              int64_t count, bool indexed) {
  const json* found = set.At(pointer);
  absl::StatusOr<json> made =
      MakePodSet(world, LeaderWorkerSetKind(), name, count, found == nullptr ? json::object() : *found);
  if (!made.ok()) return made;
  DropOwnKeys(&(*made)["template"], "labels");
  DropOwnKeys(&(*made)["template"], "annotations");
  if (const auto request = made->find("topologyRequest"); !indexed && request != made->end()) {
    request->erase("podIndexLabel");
    if (request->empty()) made->erase("topologyRequest");
  }
  return made;
}

absl::StatusOr<std::vector<json>> PodSetsOf(const World& world, const kube::Object& set) {
  std::vector<json> pod_sets;
  if (HasLeader(set)) {
    absl::StatusOr<json> leader = PodSetOf(world, set, kLeaderTemplate, "leader", 1, /*indexed=*/false);
    if (!leader.ok()) return leader.status();
    pod_sets.push_back(*std::move(leader));
  }
  absl::StatusOr<json> worker = PodSetOf(world, set, kWorkerTemplate, HasLeader(set) ? "worker" : "main",
                                         GroupPods(set) - (HasLeader(set) ? 1 : 0), /*indexed=*/true);
  if (!worker.ok()) return worker.status();
  pod_sets.push_back(*std::move(worker));
  return pod_sets;
}

absl::Status CreateWorkload(const World& world, const kube::Object& set, const std::string& name, int64_t index,
                            Plan* plan) {
  absl::StatusOr<std::vector<json>> pod_sets = PodSetsOf(world, set);
  if (!pod_sets.ok()) return pod_sets.status();
  json workload = NewGroupWorkload(world, LeaderWorkerSetKind(), set, name, *std::move(pod_sets));
  CopyLabels(world, set, &workload);
  SetMetadata(workload, "annotations", kComponentWorkloadIndexAnnotation, absl::StrCat(index));
  return Create(world, LeaderWorkerSetKind(), set, std::move(workload), /*exists_is_fine=*/false, plan);
}

absl::Status UpdateWorkload(const World& world, const kube::Object& set, const kube::Object& workload, Plan* plan) {
  json after = workload.value();
  if (workload.StringAt("/spec/queueName") != QueueName(set)) Member(after, "spec")["queueName"] = QueueName(set);
  const bool gate = CopyAdmissionGate(world, set, &after);
  if (after != workload.value()) {
    Step& step = plan->steps.emplace_back();
    step.request = Update(workload, std::move(after));
    if (gate) step.events.push_back(GateUpdated(LeaderWorkerSetKind(), set));
    return absl::OkStatus();
  }
  const bool reserved = HasTrueCondition(workload.value(), kQuotaReserved);
  absl::StatusOr<std::optional<Step>> priority = FollowPriority(world, set, RecorderOf(LeaderWorkerSetKind()), workload,
                                                                reserved, /*own_class=*/std::nullopt, plan);
  if (!priority.ok()) return priority.status();
  if (priority->has_value()) plan->steps.push_back(**std::move(priority));
  return absl::OkStatus();
}

absl::Status ReconcileWorkloads(const World& world, const kube::Object& set, Plan* plan) {
  std::map<std::string, kube::ObjectPtr> there;
  for (const kube::ObjectPtr& each : world.objects.Lookup(kWorkloadsByOwnerUid, set.uid())) {
    if (each->ns() == set.ns()) there[each->name()] = each;
  }
  absl::Status status;
  for (int64_t i = 0; i < Groups(set); ++i) {
    const std::string name = WorkloadNameOf(set, absl::StrCat(i));
    const auto it = there.find(name);
    if (it != there.end()) {
      status.Update(UpdateWorkload(world, set, *it->second, plan));
      there.erase(it);
    } else if (!IsRemoteCopy(set)) {
      status.Update(CreateWorkload(world, set, name, i, plan));
    }
  }
  for (const auto& [name, workload] : there) DeleteWorkload(*workload, plan);
  return status;
}

void TellGroup(const kube::Object& set, const kube::Object& pod, json* after) {
  const std::string queue = QueueName(set);
  const bool takes_queue = !queue.empty() && IsGated(pod);
  const bool managed = pod.HasLabel(api::kManagedLabel);
  if (!managed && !pod.HasLabel(kGroupIndexLabel)) return;
  if (takes_queue) SetMetadata(*after, "labels", api::kQueueNameLabel, queue);
  if (managed) return;
  JoinGroup(WorkloadNameOf(set, pod.label(kGroupIndexLabel)), after);
  SetMetadata(*after, "annotations", api::kPodGroupTotalCountAnnotation, absl::StrCat(GroupPods(set)));
  const char* role = !HasLeader(set) ? "main" : pod.HasAnnotation(kLeaderNameAnnotation) ? "worker" : "leader";
  SetMetadata(*after, "annotations", api::kRoleHashAnnotation, role);
}

void ReconcilePodsOf(const World& world, absl::string_view ns, absl::string_view name, const kube::Object* set,
                     Plan* plan) {
  for (const kube::ObjectPtr& pod : world.objects.List(PodType(), ns)) {
    if (pod->label(kNameLabel) != name) continue;
    const std::optional<kube::Owner> owner = ControllerOf(*pod);
    kube::ObjectPtr stateful_set;
    if (owner.has_value()) stateful_set = world.objects.Find(kube::TypeOf("apps", "StatefulSet"), ns, owner->name);
    if (stateful_set != nullptr && stateful_set->label(kNameLabel) != name) stateful_set = nullptr;
    json after = pod->value();
    if (set == nullptr || IsOutdated(stateful_set.get(), *pod)) {
      Ungate(&after);
    } else if (!IsTerminated(*pod) && !pod->deleting()) {
      TellGroup(*set, *pod, &after);
    }
    std::optional<kube::Request> request = MergePatch(*pod, after);
    if (!request.has_value()) continue;
    Step& step = plan->steps.emplace_back();
    step.request = *std::move(request);
    step.gone_is_fine = true;
  }
}

}  // namespace

Plan ReconcileLeaderWorkerSet(const World& world, absl::string_view ns, absl::string_view name) {
  Plan plan;
  const kube::ObjectPtr set = world.objects.Find(LeaderWorkerSetType(), ns, name);
  if (set != nullptr) {
    const absl::StatusOr<bool> managed = ShouldBeManaged(world, set);
    if (!managed.ok() || !*managed) return plan;
    plan.error = ReconcileWorkloads(world, *set, &plan);
    if (!plan.error.ok()) return plan;
  }
  // Pods are told once their Workloads are there.
  ReconcilePodsOf(world, ns, name, set.get(), &plan);
  return plan;
}

std::vector<LookAt> SetsToLookAt(const World& world, const kube::ObjectPtr& before, const kube::ObjectPtr& after) {
  using Reconciler = LookAt::Reconciler;
  constexpr absl::Duration kBatch = absl::Seconds(1);
  const kube::Object& any = after != nullptr ? *after : *before;
  const bool stateful_sets = world.options.Manages("statefulset");
  const bool leader_worker_sets = world.options.Manages(LeaderWorkerSetKind().framework);
  std::vector<LookAt> found;
  const auto leader_worker_set = [&](absl::string_view name, absl::Duration wait) {
    if (!leader_worker_sets || name.empty()) return;
    found.push_back({Reconciler::kLeaderWorkerSet, {&LeaderWorkerSetType(), any.ns(), std::string(name)}, wait});
  };
  if (any.type().kind == "StatefulSet") {
    if (stateful_sets) found.push_back({Reconciler::kStatefulSet, any.key(), absl::ZeroDuration()});
    if (before != nullptr && after != nullptr) leader_worker_set(any.label(kNameLabel), kBatch);
  } else if (&any.type() == &LeaderWorkerSetType()) {
    if (after != nullptr) leader_worker_set(any.name(), absl::ZeroDuration());
  } else if (&any.type() == &WorkloadType()) {
    for (const kube::Owner& owner : any.Owners()) {
      if (owner.kind != "LeaderWorkerSet") continue;
      leader_worker_set(owner.name, kBatch);
      break;
    }
  } else if (&any.type() == &PodType() && after != nullptr) {
    const absl::string_view parent = any.annotation(api::kPodSuspendingParentAnnotation);
    if (parent == LeaderWorkerSetKind().framework) leader_worker_set(any.label(kNameLabel), kBatch);
    if (parent == "statefulset" && stateful_sets) {
      found.push_back({Reconciler::kPodOfStatefulSet, any.key(), absl::ZeroDuration()});
      const std::optional<kube::Owner> owner = ControllerOf(any);
      if (before == nullptr && owner.has_value() && owner->kind == "StatefulSet" && owner->api_version == "apps/v1") {
        found.push_back(
            {Reconciler::kStatefulSet, {&kube::TypeOf("apps", "StatefulSet"), any.ns(), owner->name}, kBatch});
      }
    }
  }
  return found;
}

}  // namespace muster::manager
