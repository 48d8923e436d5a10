// What reconcilers read: the objects of the cluster as last told, what the manager is configured with, and the engine.
//
// Reconcilers are functions of a World, a key and the time; what they want written is a Plan. Thread-compatible.
#ifndef MUSTER_MANAGER_WORLD_H_
#define MUSTER_MANAGER_WORLD_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/kueue.h"
#include "kube/object.h"
#include "kube/object_cache.h"
#include "manager/options.h"

namespace muster::manager {

// Names of indexes of World::objects.
inline constexpr char kWorkloadsByOwnerUid[] = "workloads by owner uid";
inline constexpr char kWorkloadsByOwner[] = "workloads by owner";  // OwnerIndexValue
inline constexpr char kWorkloadsByQueue[] = "workloads by queue";  // "namespace/queue"
inline constexpr char kWorkloadsByClusterQueue[] = "workloads by admission";
inline constexpr char kWorkloadsByPriorityClass[] = "workloads by priority class";  // WorkloadPriorityClass only
inline constexpr char kWorkloadsByCheck[] = "workloads by check";                   // of status.admissionChecks
inline constexpr char kWorkloadsByNode[] = "workloads by node";  // admitted ones, by hosts of their topology assignment
inline constexpr char kLocalQueuesByClusterQueue[] = "local queues by cluster queue";
inline constexpr char kPodsByGroup[] = "pods by group";        // "namespace/group"
inline constexpr char kPodsByWorkload[] = "pods by workload";  // "namespace/workload" of a slice or its annotation
inline constexpr char kPodsByNode[] = "pods by node";
inline constexpr char kPodsBySelectedNode[] =
    "pods by selected node";  // topology-aware ones whose selector names a host
inline constexpr char kPodsByOwnerUid[] = "pods by owner uid";
inline constexpr char kJobsByOwnerUid[] = "jobs by owner uid";                          // batch/v1 Jobs
inline constexpr char kProvisioningByWorkload[] = "provisioning requests by workload";  // "namespace/workload"

// "batch/Job g/a": how an owner is found without its uid.
std::string OwnerIndexValue(absl::string_view group, absl::string_view kind, absl::string_view ns,
                            absl::string_view name);

// Whether a pod is placed by topology: its annotations ask for it, or it was started as one whose queue implies it.
bool IsTopologyAware(const kube::Object& pod);

class World {
 public:
  explicit World(ManagerOptions options);

  const ManagerOptions options;
  kube::ObjectCache objects;

  // A Workload in the structs of api/, read once per version. Errors: InvalidArgument for what the API server should not
  // have let in. REQUIRES: it is a Workload.
  absl::StatusOr<std::shared_ptr<const api::Workload>> Typed(const kube::ObjectPtr& workload) const;
  // Drops what was kept for it.
  void Forget(const kube::ObjectKey& key);

  kube::ObjectPtr Workload(absl::string_view ns, absl::string_view name) const;
  kube::ObjectPtr LocalQueue(absl::string_view ns, absl::string_view name) const;
  kube::ObjectPtr ClusterQueue(absl::string_view name) const;
  // The ClusterQueue that a Workload belongs to: of its admission, else of its LocalQueue; "" when there is none.
  std::string ClusterQueueNameOf(const api::Workload& workload) const;

 private:
  struct Kept {
    std::string resource_version;
    std::shared_ptr<const api::Workload> workload;
  };
  mutable absl::flat_hash_map<kube::ObjectKey, Kept> typed_;
};

// Types of objects, looked up once.
const kube::ResourceType& WorkloadType();
const kube::ResourceType& ClusterQueueType();
const kube::ResourceType& LocalQueueType();
const kube::ResourceType& CohortType();
const kube::ResourceType& ResourceFlavorType();
const kube::ResourceType& AdmissionCheckType();
const kube::ResourceType& WorkloadPriorityClassType();
const kube::ResourceType& TopologyType();
const kube::ResourceType& PodType();
const kube::ResourceType& NodeType();
const kube::ResourceType& NamespaceType();
const kube::ResourceType& ProvisioningRequestType();
const kube::ResourceType& ProvisioningRequestConfigType();
const kube::ResourceType& PodTemplateType();

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_WORLD_H_
