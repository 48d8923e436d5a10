#include "manager/jobs/pods/reconcile_pods.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/pods/pod_group.h"
#include "manager/jobs/pods/single_pod.h"
#include "manager/jobs/reconcile.h"
#include "manager/jobs/workloads_of_job.h"

namespace muster::manager {
namespace {

constexpr char kGroupPrefix[] = "group/";

// Pods that have not asked for it are left alone: those without the label that the webhook gives them, and, where pods are
// managed only because they come from a Deployment or the like, all others.
bool IsLeftAlone(const World& world, const kube::Object& pod) {
  if (pod.label(api::kManagedLabel) != "true") return true;
  return !world.options.Manages("pod") && pod.annotation(api::kPodSuspendingParentAnnotation).empty();
}

// Whether pods are managed at all.
bool AnyArePods(const World& world) {
  return world.options.Manages("pod") || world.options.Manages("deployment") || world.options.Manages("statefulset") ||
         world.options.Manages("leaderworkerset.x-k8s.io/leaderworkerset");
}

bool IsGroupWorkload(const kube::Object& workload) {
  return workload.annotation(api::kGroupWorkloadAnnotation) == "true";
}

}  // namespace

std::optional<Outcome> SinglePod::Finished() const {
  if (!IsTerminated(object())) return std::nullopt;
  return Outcome{std::string(object().StringAt("/status/message")), object().StringAt("/status/phase") == "Succeeded"};
}

absl::StatusOr<std::vector<nlohmann::json>> SinglePod::PodSets() const {
  absl::StatusOr<nlohmann::json> made = PodSetOf(object(), "main", 1);
  if (!made.ok()) return made.status();
  return std::vector<nlohmann::json>{*std::move(made)};
}

Plan ReconcilePod(const World& world, absl::string_view ns, absl::string_view name, absl::Time now) {
  const kube::ObjectPtr pod = world.objects.Find(PodType(), ns, name);
  if (pod != nullptr && (IsLeftAlone(world, *pod) || !GroupOf(*pod).empty())) return {};
  if (pod != nullptr && !pod->deleting()) {
    SinglePod job(world, pod, now);
    return ReconcileLoaded(job, now);
  }
  Plan plan;
  absl::StatusOr<std::vector<ReadWorkload>> workloads = WorkloadsOwnedBy(world, PodKind(), ns, name);
  if (!workloads.ok()) {
    plan.error = workloads.status();
    return plan;
  }
  FinalizeWorkloads(*workloads, now, &plan);
  if (pod != nullptr) SinglePod(world, pod, now).Finalize(&plan);
  return plan;
}

Plan ReconcilePodGroup(const World& world, absl::string_view ns, absl::string_view group, absl::Time now) {
  Pods pods = world.objects.Lookup(kPodsByGroup, absl::StrCat(ns, "/", group));
  if (!pods.empty()) {
    if (IsLeftAlone(world, *pods.front())) return {};
    PodGroup job(world, std::move(pods), now);
    return ReconcileLoaded(job, now);
  }
  const kube::ObjectPtr object = world.Workload(ns, group);
  // One that only has the name of the group may be another job's.
  if (object == nullptr || (!IsGroupWorkload(*object) && ControllerOf(*object).has_value())) return {};
  Plan plan;
  absl::StatusOr<ReadWorkload> workload = Read(world, object);
  if (!workload.ok()) {
    plan.error = workload.status();
    return plan;
  }
  FinalizeWorkloads({*std::move(workload)}, now, &plan);
  return plan;
}

kube::ObjectKey PodGroupKey(absl::string_view ns, absl::string_view group) {
  return {&PodType(), absl::StrCat(kGroupPrefix, ns), std::string(group)};
}

Plan ReconcilePods(const World& world, const kube::ObjectKey& key, absl::Time now) {
  absl::string_view ns = key.ns;
  if (absl::ConsumePrefix(&ns, kGroupPrefix)) return ReconcilePodGroup(world, ns, key.name, now);
  return ReconcilePod(world, key.ns, key.name, now);
}

std::vector<kube::ObjectKey> PodsToLookAt(const World& world, const kube::Object& changed) {
  if (!AnyArePods(world)) return {};
  if (&changed.type() == &PodType()) {
    const std::string group = GroupOf(changed);
    if (!group.empty()) return {PodGroupKey(changed.ns(), group)};
    return {changed.key()};
  }
  if (&changed.type() != &WorkloadType()) return {};
  std::vector<kube::ObjectKey> keys;
  if (IsGroupWorkload(changed)) {
    if (!changed.Owners().empty()) keys.push_back(PodGroupKey(changed.ns(), changed.name()));
    return keys;
  }
  // A group that found its name taken may have it now.
  if (world.objects.Find(changed.key()) == nullptr &&
      !world.objects.LookupKeys(kPodsByGroup, absl::StrCat(changed.ns(), "/", changed.name())).empty()) {
    keys.push_back(PodGroupKey(changed.ns(), changed.name()));
  }
  const std::optional<kube::Owner> owner = ControllerOf(changed);
  if (owner.has_value() && owner->kind == "Pod" && owner->api_version == "v1") {
    keys.push_back({&PodType(), changed.ns(), owner->name});
  }
  return keys;
}

}  // namespace muster::manager
