#include "manager/process/permissions.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "manager/process/watched_types.h"
#include "manager/world.h"

namespace muster::manager {
namespace {

using Verbs = std::set<std::string>;

// Verbs by group and resource.
class Table {
 public:
  void Allow(const kube::ResourceType& type, absl::string_view subresource, const Verbs& verbs) {
    const std::string resource = absl::StrCat(type.plural, subresource.empty() ? "" : "/", subresource);
    verbs_[{std::string(type.group), resource}].insert(verbs.begin(), verbs.end());
  }

  // Resources of a group that may do the same are one.
  std::vector<Permission> Take() const {
    std::map<std::pair<std::string, Verbs>, std::set<std::string>> joined;
    for (const auto& [resource, verbs] : verbs_) joined[{resource.first, verbs}].insert(resource.second);
    std::vector<Permission> all;
    for (const auto& [key, resources] : joined) all.push_back({key.first, resources, key.second});
    return all;
  }

 private:
  std::map<std::pair<std::string, std::string>, Verbs> verbs_;
};

void AllowKueue(Table* table) {
  table->Allow(WorkloadType(), "", {"get", "create", "update", "delete"});
  table->Allow(WorkloadType(), "status", {"update", "patch"});
  for (const kube::ResourceType* queue : {&ClusterQueueType(), &LocalQueueType(), &CohortType()}) {
    table->Allow(*queue, "status", {"update"});
  }
  // A finalizer keeps them while they are used.
  for (const kube::ResourceType* used :
       {&ClusterQueueType(), &ResourceFlavorType(), &AdmissionCheckType(), &TopologyType()}) {
    table->Allow(*used, "", {"update"});
  }
}

// For capacity that an autoscaler is asked for.
void AllowProvisioning(Table* table) {
  table->Allow(ProvisioningRequestType(), "", {"create", "delete"});
  table->Allow(PodTemplateType(), "", {"create", "update"});
  table->Allow(AdmissionCheckType(), "status", {"update"});
}

void AllowJobs(const ManagerOptions& options, Table* table) {
  bool pods = false;
  for (const api::JobKind& kind : api::JobKinds()) {
    if (!options.Manages(kind.framework)) continue;
    const kube::ResourceType& type = kube::TypeOf(kind.group, kind.kind);
    // A Workload blocks the deletion of its owner, which some clusters let only those say who may change finalizers.
    table->Allow(type, "finalizers", {"update"});
    const bool by_pods = kind.suspend.empty();
    pods = pods || by_pods;
    if (by_pods) continue;
    table->Allow(type, "", {"patch"});
    if (options.retain_deactivated.has_value()) table->Allow(type, "", {"delete"});
  }
  // Its start time is taken back when it is stopped.
  if (options.Manages("batch/job")) table->Allow(kube::TypeOf("batch", "Job"), "status", {"patch"});
  // Pods of any job lose their gates where topologies say, and fail with their node.
  table->Allow(PodType(), "", {"patch"});
  table->Allow(PodType(), "status", {"patch"});
  if (!pods) return;
  table->Allow(PodType(), "", {"delete"});
  table->Allow(PodType(), "finalizers", {"update"});
}

}  // namespace

std::vector<Permission> ClusterPermissions(const ManagerOptions& options) {
  Table table;
  for (const WatchedType& watched : WatchedTypes(options)) table.Allow(*watched.type, "", {"list", "watch"});
  AllowKueue(&table);
  AllowProvisioning(&table);
  AllowJobs(options, &table);
  table.Allow(kube::TypeOf("events.k8s.io", "Event"), "", {"create", "patch"});
  return table.Take();
}

std::vector<Permission> LeasePermissions() {
  Table table;
  table.Allow(kube::TypeOf("coordination.k8s.io", "Lease"), "", {"get", "create", "update"});
  return table.Take();
}

}  // namespace muster::manager
