#include "manager/jobs/look_at.h"

#include <optional>

#include "api/job_kinds.h"
#include "manager/jobs/kind_rules.h"
#include "manager/jobs/labels.h"

namespace muster::manager {
namespace {

bool IsReconciled(const World& world, const kube::ResourceType& type) {
  const api::JobKind* kind = api::FindJobKind(type.group, type.kind);
  return kind != nullptr && world.options.Manages(kind->framework) && FindKindRules(*kind) != nullptr;
}

// Kinds that look at what they made: RayJobs and RayServices at their RayCluster, TrainJobs at their JobSet.
bool LooksAt(const kube::ResourceType& owner, const kube::ResourceType& made) {
  return (made.kind == "RayCluster" && (owner.kind == "RayJob" || owner.kind == "RayService")) ||
         (made.kind == "JobSet" && owner.kind == "TrainJob");
}

}  // namespace

std::vector<kube::ObjectKey> JobsToLookAt(const World& world, const kube::Object& changed) {
  std::vector<kube::ObjectKey> keys;
  if (IsReconciled(world, changed.type())) keys.push_back(changed.key());
  const std::optional<kube::Owner> owner = ControllerOf(changed);
  if (!owner.has_value()) return keys;
  const kube::ResourceType* type = kube::FindByApiVersion(owner->api_version, owner->kind);
  if (type == nullptr) return keys;
  const bool workload = &changed.type() == &WorkloadType();
  if ((workload || LooksAt(*type, changed.type())) && IsReconciled(world, *type)) {
    keys.push_back({type, changed.ns(), owner->name});
  }
  if (workload && world.options.Manages("batch/job")) {
    for (kube::ObjectKey& child : world.objects.LookupKeys(kJobsByOwnerUid, owner->uid)) {
      if (child.ns == changed.ns()) keys.push_back(std::move(child));
    }
  }
  return keys;
}

}  // namespace muster::manager
