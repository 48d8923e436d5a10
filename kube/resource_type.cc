#include "kube/resource_type.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "base/check.h"

namespace muster::kube {
namespace {

constexpr char kKueue[] = "kueue.x-k8s.io";

auto ByPlural(const ResourceType& type) { return std::make_pair(type.group, type.plural); }

std::vector<ResourceType> MakeTable() {
  std::vector<ResourceType> types = {
      {"", "v1", "namespaces", "Namespace", false},
      {"", "v1", "nodes", "Node", false},
      {"", "v1", "limitranges", "LimitRange", true, false},
      {"", "v1", "podtemplates", "PodTemplate", true, false},
      {"", "v1", "secrets", "Secret", true, false},
      {"", "v1", "configmaps", "ConfigMap", true, false},
      {"", "v1", "services", "Service", true},
      {"apps", "v1", "replicasets", "ReplicaSet", true},
      {"apps", "v1", "controllerrevisions", "ControllerRevision", true, false},
      {"events.k8s.io", "v1", "events", "Event", true, false},
      {"coordination.k8s.io", "v1", "leases", "Lease", true, false},
      {"scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false, false},
      {"node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", false, false},
      {"autoscaling.x-k8s.io", "v1", "provisioningrequests", "ProvisioningRequest", true},
      {"trainer.kubeflow.org", "v1alpha1", "trainingruntimes", "TrainingRuntime", true, false},
      {"trainer.kubeflow.org", "v1alpha1", "clustertrainingruntimes", "ClusterTrainingRuntime", false, false},
      {kKueue, "v1beta2", "workloads", "Workload", true},
      {kKueue, "v1beta2", "clusterqueues", "ClusterQueue", false},
      {kKueue, "v1beta2", "localqueues", "LocalQueue", true},
      {kKueue, "v1beta2", "cohorts", "Cohort", false},
      {kKueue, "v1beta2", "resourceflavors", "ResourceFlavor", false, false},
      {kKueue, "v1beta2", "admissionchecks", "AdmissionCheck", false},
      {kKueue, "v1beta2", "workloadpriorityclasses", "WorkloadPriorityClass", false, false},
      {kKueue, "v1beta2", "topologies", "Topology", false, false},
      {kKueue, "v1beta2", "provisioningrequestconfigs", "ProvisioningRequestConfig", false, false},
  };
  for (const api::JobKind& kind : api::JobKinds()) {
    types.push_back({kind.group, kind.version, kind.resource, kind.kind});
  }
  std::sort(types.begin(), types.end(),
            [](const ResourceType& a, const ResourceType& b) { return ByPlural(a) < ByPlural(b); });
  return types;
}

}  // namespace

std::string ResourceType::ApiVersion() const {
  return group.empty() ? std::string(version) : absl::StrCat(group, "/", version);
}

absl::Span<const ResourceType> ResourceTypes() {
  static const auto& table = *new std::vector<ResourceType>(MakeTable());
  return table;
}

const ResourceType* FindByPlural(absl::string_view group, absl::string_view plural) {
  const absl::Span<const ResourceType> types = ResourceTypes();
  const auto wanted = std::make_pair(group, plural);
  const auto it = std::lower_bound(types.begin(), types.end(), wanted,
                                   [](const ResourceType& type, const auto& key) { return ByPlural(type) < key; });
  return it != types.end() && ByPlural(*it) == wanted ? &*it : nullptr;
}

const ResourceType* FindByKind(absl::string_view group, absl::string_view kind) {
  for (const ResourceType& type : ResourceTypes()) {
    if (type.group == group && type.kind == kind) return &type;
  }
  return nullptr;
}

const ResourceType* FindByApiVersion(absl::string_view api_version, absl::string_view kind) {
  return FindByKind(GroupOf(api_version), kind);
}

const ResourceType& TypeOf(absl::string_view group, absl::string_view kind) {
  const ResourceType* type = FindByKind(group, kind);
  MUSTER_CHECK(type != nullptr);
  return *type;
}

absl::string_view GroupOf(absl::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == absl::string_view::npos ? absl::string_view() : api_version.substr(0, slash);
}

}  // namespace muster::kube
