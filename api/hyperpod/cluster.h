// The nodes of a HyperPod cluster: what DescribeCluster and ListClusterNodes answer, and what it means to Kubernetes.
#ifndef MUSTER_API_HYPERPOD_CLUSTER_H_
#define MUSTER_API_HYPERPOD_CLUSTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "api/core.h"
#include "api/hyperpod/amounts.h"
#include "api/meta.h"
#include "api/problem.h"

namespace muster::hyperpod {

struct InstanceGroup {
  std::string name = {};
  std::vector<std::string> instance_types = {};  // several in a flexible group, in order of preference
  int64_t count = 0;                             // CurrentCount of DescribeCluster, InstanceCount of a request
  bool counted = true;                           // false: the record says neither
  int64_t target_count = 0;
  int64_t threads_per_core = 0;  // 1 halves the vCPUs that pods get; 0 = not said
  api::StringMap labels = {};    // KubernetesConfig
  std::vector<api::Taint> taints = {};
};

struct ClusterNode {
  std::string instance_id;
  std::string group;
  std::string instance_type;
  std::string status;  // Running, Failure, Pending, ShuttingDown, SystemUpdating, DeepHealthCheckInProgress, NotFound
  std::string ultra_server_id;
  std::string availability_zone;
  int64_t threads_per_core = 0;
};

struct Cluster {
  std::string name;
  std::string arn;
  bool slurm = false;  // Orchestrator.Slurm: task governance does not work there
  std::vector<InstanceGroup> groups;
  std::vector<ClusterNode> nodes;  // when there are none, the groups' counts say what there is
};

// What there is of one instance type.
struct TypeCapacity {
  int64_t nodes = 0;  // that take jobs: running, ready, not cordoned
  Amounts amounts;  // of them together, as quotas count: the catalogue's figures, GPUs that are split into MIG as such
  int64_t allocatable_milli_cpu = 0;  // of all of them, for pods
  bool unknown = false;               // there are, or may be, others: nothing says how many
  friend bool operator==(const TypeCapacity&, const TypeCapacity&) = default;
};

// Instance type -> what there is of it. Types without a single usable node are there with zero nodes.
using Capacity = std::map<std::string, TypeCapacity>;

// The capacity a cluster's record shows. Types that are not in the catalogue are left out.
Capacity CapacityOf(const Cluster& cluster);

// The capacity of Kubernetes nodes, by the label node.kubernetes.io/instance-type; nodes of other types are left out.
// Usable: condition Ready, not unschedulable, node-health-status Schedulable (when labelled), and when MIG is
// configured, mig.config.state success. GPUs and MIG devices are the node's own capacity.
Capacity CapacityOf(absl::Span<const api::Node> nodes);

// `count` nodes of `type`, nominal.
TypeCapacity CapacityOfNodes(const InstanceType& type, int64_t count);

// Adds `more` to `capacity`.
void AddCapacity(const Capacity& more, Capacity* capacity);

struct NodeOptions {
  // Labels network-node-layer-1 to -3, made up: `nodes_per_leaf` nodes share the innermost layer, as many leaves the
  // next one, and so on. Clusters whose nodes are too few for that still get all three labels.
  bool topology_labels = true;
  int64_t nodes_per_leaf = 16;
};

// The Kubernetes nodes of a cluster's record: labels, taints, capacity, allocatable, conditions. Names are
// "hyperpod-<instance id>", or made up from the group's name and a number where ListClusterNodes was not given. Sorted
// by group and name. O(nodes log nodes).
std::vector<api::Node> MakeNodes(const Cluster& cluster, const NodeOptions& options = {});

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_CLUSTER_H_
