#include "manager/world.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/names.h"
#include "manager/vocabulary.h"

namespace muster::manager {
namespace {

using kube::Object;
using kube::ResourceType;
using nlohmann::json;
using Values = std::vector<std::string>;

constexpr char kKueue[] = "kueue.x-k8s.io";

Values OwnerUids(const Object& object) {
  Values values;
  for (kube::Owner& owner : object.Owners()) values.push_back(std::move(owner.uid));
  return values;
}

Values ByOwner(const Object& object) {
  Values values;
  for (const kube::Owner& owner : object.Owners()) {
    values.push_back(OwnerIndexValue(kube::GroupOf(owner.api_version), owner.kind, object.ns(), owner.name));
  }
  return values;
}

// The string at the pointer, with the namespace before it if asked for; none when it is absent.
Values StringField(const Object& object, absl::string_view pointer, bool in_namespace) {
  const absl::string_view text = object.StringAt(pointer);
  if (text.empty()) return {};
  return {in_namespace ? absl::StrCat(object.ns(), "/", text) : std::string(text)};
}

Values PriorityClass(const Object& object) {
  if (object.StringAt("/spec/priorityClassRef/group") != kKueue) return {};
  return StringField(object, "/spec/priorityClassRef/name", false);
}

Values Group(const Object& pod) {
  absl::string_view group = pod.annotation(api::kPodGroupNameLabel);
  if (group.empty()) group = pod.label(api::kPodGroupNameLabel);
  if (group.empty()) return {};
  return {absl::StrCat(pod.ns(), "/", group)};
}

Values WorkloadOfPod(const Object& pod) {
  absl::string_view workload = pod.annotation(kWorkloadSliceNameAnnotation);
  if (workload.empty()) workload = pod.annotation(kWorkloadAnnotation);
  if (workload.empty()) return {};
  return {absl::StrCat(pod.ns(), "/", workload)};
}

Values Checks(const Object& workload) {
  Values names;
  const json* checks = workload.At("/status/admissionChecks");
  if (checks == nullptr || !checks->is_array()) return names;
  for (const json& check : *checks) {
    const auto name = check.find("name");
    if (name != check.end() && name->is_string()) names.push_back(name->get<std::string>());
  }
  return names;
}

Values OwnerNames(const Object& object) {
  Values values;
  for (const kube::Owner& owner : object.Owners()) values.push_back(absl::StrCat(object.ns(), "/", owner.name));
  return values;
}

Values SelectedNode(const Object& pod) {
  if (!IsTopologyAware(pod)) return {};
  const json* selector = pod.At("/spec/nodeSelector");
  if (selector == nullptr || !selector->is_object()) return {};
  const auto host = selector->find(api::kHostnameLabel);
  if (host == selector->end() || !host->is_string()) return {};
  return {host->get<std::string>()};
}

bool HasTrueCondition(const Object& object, absl::string_view type) {
  const json* conditions = object.At("/status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return false;
  return std::any_of(conditions->begin(), conditions->end(), [&](const json& each) {
    absl::StatusOr<api::Condition> condition = api::DecodePart<api::Condition>(each);
    return condition.ok() && condition->type == type && condition->status == "True";
  });
}

Values Nodes(const Object& workload) {
  const json* assignments = workload.At("/status/admission/podSetAssignments");
  if (assignments == nullptr || !assignments->is_array()) return {};
  if (!HasTrueCondition(workload, kAdmitted) || HasTrueCondition(workload, kFinished) ||
      HasTrueCondition(workload, kEvicted)) {
    return {};
  }
  Values nodes;
  for (const json& assignment : *assignments) {
    const auto it = assignment.is_object() ? assignment.find("topologyAssignment") : assignment.end();
    if (it == assignment.end()) continue;
    absl::StatusOr<api::TopologyAssignment> read = api::DecodePart<api::TopologyAssignment>(*it);
    if (!read.ok() || read->levels.empty() || read->levels.back() != api::kHostnameLabel) continue;
    for (const api::TopologyDomainAssignment& domain : read->domains) {
      if (domain.count > 0 && !domain.values.empty()) nodes.push_back(domain.values.back());
    }
  }
  return nodes;
}

}  // namespace

bool IsTopologyAware(const Object& pod) {
  // The size of slices alone asks for nothing.
  constexpr const char* kAnnotations[] = {api::kPreferredTopologyAnnotation, api::kRequiredTopologyAnnotation,
                                          api::kSliceRequiredTopologyAnnotation, api::kSliceConstraintsAnnotation,
                                          api::kUnconstrainedTopologyAnnotation};
  return std::any_of(std::begin(kAnnotations), std::end(kAnnotations),
                     [&](const char* annotation) { return pod.HasAnnotation(annotation); });
}

std::string OwnerIndexValue(absl::string_view group, absl::string_view kind, absl::string_view ns,
                            absl::string_view name) {
  return absl::StrCat(group, "/", kind, " ", ns, "/", name);
}

World::World(ManagerOptions o) : options(std::move(o)) {
  objects.AddIndex(kWorkloadsByOwnerUid, WorkloadType(), OwnerUids);
  objects.AddIndex(kWorkloadsByOwner, WorkloadType(), ByOwner);
  objects.AddIndex(kWorkloadsByQueue, WorkloadType(),
                   [](const Object& w) { return StringField(w, "/spec/queueName", true); });
  objects.AddIndex(kWorkloadsByClusterQueue, WorkloadType(),
                   [](const Object& w) { return StringField(w, "/status/admission/clusterQueue", false); });
  objects.AddIndex(kWorkloadsByPriorityClass, WorkloadType(), PriorityClass);
  objects.AddIndex(kWorkloadsByCheck, WorkloadType(), Checks);
  objects.AddIndex(kWorkloadsByNode, WorkloadType(), Nodes);
  objects.AddIndex(kLocalQueuesByClusterQueue, LocalQueueType(),
                   [](const Object& q) { return StringField(q, "/spec/clusterQueue", false); });
  objects.AddIndex(kPodsByGroup, PodType(), Group);
  objects.AddIndex(kPodsByWorkload, PodType(), WorkloadOfPod);
  objects.AddIndex(kPodsByNode, PodType(), [](const Object& p) { return StringField(p, "/spec/nodeName", false); });
  objects.AddIndex(kPodsBySelectedNode, PodType(), SelectedNode);
  objects.AddIndex(kPodsByOwnerUid, PodType(), OwnerUids);
  objects.AddIndex(kJobsByOwnerUid, kube::TypeOf("batch", "Job"), OwnerUids);
  objects.AddIndex(kProvisioningByWorkload, ProvisioningRequestType(), OwnerNames);
}

absl::StatusOr<std::shared_ptr<const api::Workload>> World::Typed(const kube::ObjectPtr& workload) const {
  Kept& kept = typed_[workload->key()];
  if (kept.workload != nullptr && kept.resource_version == workload->resource_version() &&
      !workload->resource_version().empty()) {
    return kept.workload;
  }
  absl::StatusOr<api::Object> read = api::DecodeObject(workload->value());
  if (!read.ok()) return read.status();
  kept.resource_version = workload->resource_version();
  kept.workload = std::make_shared<const api::Workload>(std::get<api::Workload>(*std::move(read)));
  return kept.workload;
}

void World::Forget(const kube::ObjectKey& key) { typed_.erase(key); }

kube::ObjectPtr World::Workload(absl::string_view ns, absl::string_view name) const {
  return objects.Find(WorkloadType(), ns, name);
}

kube::ObjectPtr World::LocalQueue(absl::string_view ns, absl::string_view name) const {
  return objects.Find(LocalQueueType(), ns, name);
}

kube::ObjectPtr World::ClusterQueue(absl::string_view name) const { return objects.Find(ClusterQueueType(), "", name); }

std::string World::ClusterQueueNameOf(const api::Workload& workload) const {
  if (workload.status.admission.has_value()) return workload.status.admission->cluster_queue;
  const kube::ObjectPtr queue = LocalQueue(workload.metadata.ns, workload.spec.queue_name);
  return queue == nullptr ? "" : std::string(queue->StringAt("/spec/clusterQueue"));
}

#define MUSTER_RESOURCE_TYPE(name, group, kind)                  \
  const ResourceType& name() {                                   \
    static const ResourceType& type = kube::TypeOf(group, kind); \
    return type;                                                 \
  }
MUSTER_RESOURCE_TYPE(WorkloadType, kKueue, "Workload")
MUSTER_RESOURCE_TYPE(ClusterQueueType, kKueue, "ClusterQueue")
MUSTER_RESOURCE_TYPE(LocalQueueType, kKueue, "LocalQueue")
MUSTER_RESOURCE_TYPE(CohortType, kKueue, "Cohort")
MUSTER_RESOURCE_TYPE(ResourceFlavorType, kKueue, "ResourceFlavor")
MUSTER_RESOURCE_TYPE(AdmissionCheckType, kKueue, "AdmissionCheck")
MUSTER_RESOURCE_TYPE(WorkloadPriorityClassType, kKueue, "WorkloadPriorityClass")
MUSTER_RESOURCE_TYPE(TopologyType, kKueue, "Topology")
MUSTER_RESOURCE_TYPE(PodType, "", "Pod")
MUSTER_RESOURCE_TYPE(NodeType, "", "Node")
MUSTER_RESOURCE_TYPE(NamespaceType, "", "Namespace")
MUSTER_RESOURCE_TYPE(ProvisioningRequestType, "autoscaling.x-k8s.io", "ProvisioningRequest")
MUSTER_RESOURCE_TYPE(ProvisioningRequestConfigType, kKueue, "ProvisioningRequestConfig")
MUSTER_RESOURCE_TYPE(PodTemplateType, "", "PodTemplate")
#undef MUSTER_RESOURCE_TYPE

}  // namespace muster::manager
