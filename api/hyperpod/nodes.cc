#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/hyperpod/cluster.h"
#include "api/vocabulary.h"

namespace muster::hyperpod {
namespace {

// A node to make, from either of the two answers.
struct Plan {
  std::string name;
  const InstanceType* type = nullptr;
  const InstanceGroup* group = nullptr;  // nullptr when the group is not known
  const ClusterNode* node = nullptr;     // nullptr when nodes are not listed
};

std::vector<Plan> PlanNodes(const Cluster& cluster) {
  std::vector<Plan> plans;
  if (cluster.nodes.empty()) {
    for (const InstanceGroup& group : cluster.groups) {
      if (group.instance_types.empty()) continue;
      const InstanceType* type = FindInstanceType(group.instance_types.front());
      if (type == nullptr) continue;
      for (int64_t i = 0; i < group.count; ++i) {
        // Digits of one width, so that names sort as they were counted.
        const std::string number = absl::StrCat(100000 + i).substr(1);
        plans.push_back({absl::StrCat("hyperpod-i-", group.name, "-", number), type, &group, nullptr});
      }
    }
  }
  for (const ClusterNode& node : cluster.nodes) {
    const InstanceType* type = FindInstanceType(node.instance_type);
    if (type == nullptr) continue;
    const auto group = std::find_if(cluster.groups.begin(), cluster.groups.end(),
                                    [&](const InstanceGroup& g) { return g.name == node.group; });
    plans.push_back(
        {absl::StrCat("hyperpod-", node.instance_id), type, group == cluster.groups.end() ? nullptr : &*group, &node});
  }
  std::sort(plans.begin(), plans.end(), [](const Plan& a, const Plan& b) {
    const std::string& ga = a.node != nullptr ? a.node->group : a.group->name;
    const std::string& gb = b.node != nullptr ? b.node->group : b.group->name;
    return std::tie(ga, a.name) < std::tie(gb, b.name);
  });
  return plans;
}

// The widest layers have as many members as the leaves have nodes.
void AddTopologyLabels(int64_t index, int64_t nodes_per_leaf, api::StringMap* labels) {
  const int64_t per = std::max<int64_t>(1, nodes_per_leaf);
  const int64_t leaf = index / per;
  (*labels)[api::kNetworkLayer1Label] = absl::StrCat("nn-1-", leaf / per / per);
  (*labels)[api::kNetworkLayer2Label] = absl::StrCat("nn-2-", leaf / per);
  (*labels)[api::kNetworkLayer3Label] = absl::StrCat("nn-3-", leaf);
}

api::Node MakeNode(const Plan& plan, const Cluster& cluster, int64_t index, const NodeOptions& options) {
  api::Node node;
  node.metadata.name = plan.name;
  api::StringMap& labels = node.metadata.labels;
  if (plan.group != nullptr) {
    labels = plan.group->labels;
    node.taints = plan.group->taints;
  }
  labels[api::kHostnameLabel] = plan.name;
  labels[api::kInstanceTypeLabel] = plan.type->name;
  labels[api::kComputeTypeLabel] = "hyperpod";
  const std::string& group = plan.node != nullptr ? plan.node->group : plan.group->name;
  if (!group.empty()) labels[api::kInstanceGroupLabel] = group;
  if (!cluster.name.empty()) labels[api::kClusterNameLabel] = cluster.name;
  if (options.topology_labels) AddTopologyLabels(index, options.nodes_per_leaf, &labels);
  int64_t threads = plan.group == nullptr ? 0 : plan.group->threads_per_core;
  bool running = true;
  if (plan.node != nullptr) {
    if (!plan.node->ultra_server_id.empty()) {
      labels[api::kUltraServerLabel] = plan.node->ultra_server_id;
    }
    if (!plan.node->availability_zone.empty()) {
      labels[api::kZoneLabel] = plan.node->availability_zone;
    }
    if (plan.node->threads_per_core != 0) threads = plan.node->threads_per_core;
    running = plan.node->status.empty() || plan.node->status == "Running";
  }
  labels[api::kNodeHealthLabel] = running ? "Schedulable" : "Unschedulable";
  node.unschedulable = !running;
  if (!running) node.taints.push_back({api::kNodeHealthLabel, "Unschedulable", "NoSchedule"});
  api::Condition ready;
  ready.type = "Ready";
  ready.status = running ? "True" : "False";
  node.conditions.push_back(std::move(ready));

  for (const auto& [resource, amount] : AmountsOf(*plan.type)) {
    node.capacity[resource] = node.allocatable[resource] = ToQuantity(resource, amount);
  }
  const int64_t share = threads == 1 ? 2 : 1;
  node.capacity[std::string(kCpu)] = ToQuantity(kCpu, plan.type->vcpus * 1000 / share);
  node.allocatable[std::string(kCpu)] = ToQuantity(kCpu, plan.type->allocatable_milli_cpu / share);
  node.allocatable[std::string(kMemory)] = ToQuantity(kMemory, plan.type->allocatable_memory_bytes);
  const int64_t pods = plan.type->max_pods == 0 ? 110 : plan.type->max_pods;  // the kubelet's default
  node.capacity["pods"] = node.allocatable["pods"] = api::Quantity::FromValue(pods);
  return node;
}

}  // namespace

std::vector<api::Node> MakeNodes(const Cluster& cluster, const NodeOptions& options) {
  std::vector<api::Node> nodes;
  int64_t index = 0;
  for (const Plan& plan : PlanNodes(cluster)) nodes.push_back(MakeNode(plan, cluster, index++, options));
  return nodes;
}

}  // namespace muster::hyperpod
