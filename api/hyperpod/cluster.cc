#include "api/hyperpod/cluster.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "api/vocabulary.h"

namespace muster::hyperpod {
namespace {

// What counts in scheduling, of nodes that are there by name: only those that run.
bool IsRunning(const ClusterNode& node) { return node.status.empty() || node.status == "Running"; }

int64_t AllocatableMilliCpu(const InstanceType& type, int64_t threads_per_core) {
  return threads_per_core == 1 ? type.allocatable_milli_cpu / 2 : type.allocatable_milli_cpu;
}

void AddNodes(const InstanceType& type, int64_t count, int64_t threads_per_core, Capacity* capacity) {
  TypeCapacity more = CapacityOfNodes(type, count);
  more.allocatable_milli_cpu = AllocatableMilliCpu(type, threads_per_core) * count;
  AddCapacity({{type.name, std::move(more)}}, capacity);
}

const std::string* FindLabel(const api::Node& node, const char* key) {
  const auto it = node.metadata.labels.find(key);
  return it == node.metadata.labels.end() ? nullptr : &it->second;
}

bool IsUsable(const api::Node& node) {
  if (node.unschedulable || !api::IsConditionTrue(node.conditions, "Ready")) return false;
  const std::string* health = FindLabel(node, api::kNodeHealthLabel);
  if (health != nullptr && *health != "Schedulable") return false;
  const std::string* config = FindLabel(node, "nvidia.com/mig.config");
  if (config == nullptr || *config == "all-disabled") return true;
  const std::string* state = FindLabel(node, "nvidia.com/mig.config.state");
  return state != nullptr && *state == "success";
}

}  // namespace

TypeCapacity CapacityOfNodes(const InstanceType& type, int64_t count) {
  TypeCapacity capacity;
  capacity.nodes = count;
  for (const auto& [resource, amount] : AmountsOf(type)) {
    if (count > 0) capacity.amounts[resource] = amount * count;
  }
  capacity.allocatable_milli_cpu = type.allocatable_milli_cpu * count;
  return capacity;
}

void AddCapacity(const Capacity& more, Capacity* capacity) {
  for (const auto& [type, add] : more) {
    TypeCapacity& sum = (*capacity)[type];
    sum.nodes += add.nodes;
    sum.amounts = sum.amounts + add.amounts;
    sum.allocatable_milli_cpu += add.allocatable_milli_cpu;
    sum.unknown |= add.unknown;
  }
}

Capacity CapacityOf(const Cluster& cluster) {
  Capacity capacity;
  for (const InstanceGroup& group : cluster.groups) {
    // All types of a flexible group can appear; what is there is counted as the preferred one unless nodes are listed.
    for (size_t i = 0; i < group.instance_types.size(); ++i) {
      const InstanceType* type = FindInstanceType(group.instance_types[i]);
      if (type == nullptr) continue;
      AddNodes(*type, i == 0 && cluster.nodes.empty() ? group.count : 0, group.threads_per_core, &capacity);
      capacity[type->name].unknown |= !group.counted && cluster.nodes.empty();
    }
  }
  for (const ClusterNode& node : cluster.nodes) {
    const InstanceType* type = FindInstanceType(node.instance_type);
    if (type == nullptr) continue;
    int64_t threads = node.threads_per_core;
    for (const InstanceGroup& group : cluster.groups) {
      if (threads == 0 && group.name == node.group) threads = group.threads_per_core;
    }
    AddNodes(*type, IsRunning(node) ? 1 : 0, threads, &capacity);
  }
  return capacity;
}

Capacity CapacityOf(absl::Span<const api::Node> nodes) {
  Capacity capacity;
  for (const api::Node& node : nodes) {
    const std::string* label = FindLabel(node, api::kInstanceTypeLabel);
    const InstanceType* type = label == nullptr ? nullptr : FindInstanceType(*label);
    if (type == nullptr) continue;
    const bool usable = IsUsable(node);
    TypeCapacity one = CapacityOfNodes(*type, usable ? 1 : 0);
    if (usable) {
      // The node says itself how many GPUs are whole and how many are split.
      const api::ResourceList& own = node.capacity.empty() ? node.allocatable : node.capacity;
      for (const auto& [resource, quantity] : own) {
        const bool whole = resource == kGpu || resource == kNeuronDevice;
        if (!whole && !absl::StartsWith(resource, "nvidia.com/mig-")) continue;
        one.amounts.erase(resource);
        if (quantity.Sign() > 0) one.amounts[resource] = FromQuantity(resource, quantity);
      }
      const auto cpu = node.allocatable.find(std::string(kCpu));
      if (cpu != node.allocatable.end()) one.allocatable_milli_cpu = cpu->second.MilliValue();
    }
    AddCapacity({{type->name, std::move(one)}}, &capacity);
  }
  return capacity;
}

}  // namespace muster::hyperpod
