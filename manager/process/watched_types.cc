#include "manager/process/watched_types.h"

#include <map>
#include <nlohmann/json.hpp>

#include "api/job_kinds.h"
#include "manager/world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// Images that a node has are most of its size, and none of its business here.
absl::Status KeepNode(json* object) {
  if (const auto status = object->find("status"); status != object->end() && status->is_object()) {
    status->erase("images");
  }
  return kube::KeepWhole(object);
}

}  // namespace

kube::Keep WatchedType::keep() const {
  if (!whole) return kube::KeepMetadata;
  return type == &NodeType() ? KeepNode : kube::KeepWhole;
}

std::vector<WatchedType> WatchedTypes(const ManagerOptions& options) {
  std::map<const kube::ResourceType*, bool> whole = {
      {&WorkloadType(), true},
      {&ClusterQueueType(), true},
      {&LocalQueueType(), true},
      {&CohortType(), true},
      {&ResourceFlavorType(), true},
      {&AdmissionCheckType(), true},
      {&TopologyType(), true},
      {&WorkloadPriorityClassType(), true},
      {&PodType(), true},
      {&NodeType(), true},
      {&NamespaceType(), true},
      {&kube::TypeOf("", "LimitRange"), true},
      {&kube::TypeOf("node.k8s.io", "RuntimeClass"), true},
      {&kube::TypeOf("scheduling.k8s.io", "PriorityClass"), true},
      {&ProvisioningRequestType(), true},
      {&ProvisioningRequestConfigType(), true},
      {&PodTemplateType(), true},
      // Between a Deployment and its pods.
      {&kube::TypeOf("apps", "ReplicaSet"), false},
  };
  for (const api::JobKind& kind : api::JobKinds()) {
    const bool managed = options.Manages(kind.framework);
    if (!managed && kind.Has(api::kBeyondKueue)) continue;
    bool& needed = whole[&kube::TypeOf(kind.group, kind.kind)];
    needed = needed || managed;
  }
  // What some kinds look at of those they make.
  if (options.Manages("ray.io/rayjob") || options.Manages("ray.io/rayservice")) {
    whole[&kube::TypeOf("ray.io", "RayCluster")] = true;
  }
  if (options.Manages("leaderworkerset.x-k8s.io/leaderworkerset")) whole[&kube::TypeOf("apps", "StatefulSet")] = true;
  if (options.Manages("trainer.kubeflow.org/trainjob")) whole[&kube::TypeOf("jobset.x-k8s.io", "JobSet")] = true;
  std::vector<WatchedType> types;
  for (const auto& [type, all] : whole) types.push_back({type, all});
  return types;
}

}  // namespace muster::manager
