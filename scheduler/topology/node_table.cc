#include "scheduler/topology/node_table.h"

#include <algorithm>
#include <map>

#include "api/vocabulary.h"
#include "scheduler/requests/pod_requests.h"

namespace muster::scheduler {
namespace {

bool IsUsable(const api::Node& node) { return !node.unschedulable && api::IsConditionTrue(node.conditions, "Ready"); }

bool SameTaints(const std::vector<api::Taint>& a, const std::vector<api::Taint>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const api::Taint& x, const api::Taint& y) {
    return x.key == y.key && x.value == y.value && x.effect == y.effect;
  });
}

// By type and status: the times of heartbeats, and the words, do not matter.
bool SameConditions(const std::vector<api::Condition>& a, const std::vector<api::Condition>& b) {
  const auto same = [](const api::Condition& x, const api::Condition& y) {
    return x.type == y.type && x.status == y.status;
  };
  if (std::equal(a.begin(), a.end(), b.begin(), b.end(), same)) return true;
  std::map<std::string, std::string> by_type[2];
  for (const api::Condition& c : a) by_type[0][c.type] = c.status;
  for (const api::Condition& c : b) by_type[1][c.type] = c.status;
  return by_type[0] == by_type[1];
}

// Pods of topology-aware workloads are accounted through their Workload.
bool IsTopologyAwarePod(const api::Pod& pod) {
  for (const char* key :
       {api::kRequiredTopologyAnnotation, api::kPreferredTopologyAnnotation, api::kSliceRequiredTopologyAnnotation,
        api::kSliceConstraintsAnnotation, api::kUnconstrainedTopologyAnnotation}) {
    if (pod.metadata.annotations.count(key) > 0) return true;
  }
  return false;
}

void AddTo(std::vector<quota::Amount>* sums, ResourceId r, quota::Amount amount) {
  if (r >= static_cast<int32_t>(sums->size())) sums->resize(r + 1, 0);
  (*sums)[r] = quota::Add((*sums)[r], amount);
}

}  // namespace

NodeIndex NodeTable::Find(absl::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() || !nodes_[it->second].exists ? kNoId : it->second;
}

NodeIndex NodeTable::PlaceOf(absl::string_view name) {
  if (const auto it = by_name_.find(name); it != by_name_.end()) return it->second;
  NodeIndex place = num_places();
  if (free_.empty()) {
    nodes_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  nodes_[place].object.metadata.name = std::string(name);
  by_name_.emplace(std::string(name), place);
  return place;
}

std::pair<NodeIndex, NodeTable::Change> NodeTable::Set(const api::Node& object) {
  const NodeIndex index = PlaceOf(object.metadata.name);
  Node& node = nodes_[index];
  const bool same = node.exists && node.object.unschedulable == object.unschedulable &&
                    node.usable == IsUsable(object) && node.object.metadata.labels == object.metadata.labels &&
                    SameTaints(node.object.taints, object.taints) && node.object.allocatable == object.allocatable;
  if (same) {
    if (SameConditions(node.object.conditions, object.conditions) &&
        node.object.metadata.annotations == object.metadata.annotations) {
      return {index, Change::kNothing};
    }
    node.object.conditions = object.conditions;
    node.object.metadata.annotations = object.metadata.annotations;
    return {index, Change::kRemark};
  }
  node.exists = true;
  node.object = object;
  node.usable = IsUsable(object);
  node.allocatable.clear();
  for (const auto& [resource, quantity] : object.allocatable) {
    AddTo(&node.allocatable, resources_->Intern(resource), AmountOf(resource, quantity));
  }
  return {index, Change::kNode};
}

void NodeTable::Remove(NodeIndex node) { nodes_[node].exists = nodes_[node].usable = false; }

void NodeTable::Forget(NodeIndex index) {
  Node& node = nodes_[index];
  if (node.exists || node.num_pods > 0 || !by_name_.erase(node.object.metadata.name)) return;
  node = Node();
  free_.push_back(index);
}

void NodeTable::Add(const PodUse& use, int sign) {
  Node& node = nodes_[use.node];
  for (const auto& [r, amount] : use.requests) AddTo(&node.other_pods, r, sign * amount);
  node.num_pods += sign;
  if (node.num_pods == 0) node.other_pods.clear();
}

NodeTable::PodChange NodeTable::SetPod(const api::Pod& pod) {
  const std::string key = api::ObjectKey(pod.metadata);
  if (pod.spec.node_name.empty() || pod.phase == "Succeeded" || pod.phase == "Failed" || IsTopologyAwarePod(pod)) {
    return RemovePod(key);
  }
  PodUse use;
  use.node = PlaceOf(pod.spec.node_name);
  for (const NamedAmount& a : PodRequests(pod.spec)) {
    use.requests.emplace_back(resources_->Intern(a.resource), a.amount);
  }
  use.requests.emplace_back(resources_->Intern("pods"), 1);
  PodChange out;
  PodUse& known = pods_[key];
  if (known.node == use.node && known.requests == use.requests) return out;
  if (known.node != kNoId) {
    out.before = known.node;
    // Kueue looks at resources that are requested before and after.
    out.freed =
        known.node != use.node || std::any_of(known.requests.begin(), known.requests.end(), [&use](const auto& was) {
          return std::any_of(use.requests.begin(), use.requests.end(),
                             [&was](const auto& is) { return is.first == was.first && is.second < was.second; });
        });
    Add(known, -1);
  }
  out.after = use.node;
  Add(use, 1);
  known = std::move(use);
  return out;
}

NodeTable::PodChange NodeTable::RemovePod(absl::string_view key) {
  const auto it = pods_.find(key);
  if (it == pods_.end()) return {};
  Add(it->second, -1);
  const PodChange out = {it->second.node, kNoId, true};
  pods_.erase(it);
  return out;
}

}  // namespace muster::scheduler
