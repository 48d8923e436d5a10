#include "scheduler/topology/inventory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "api/vocabulary.h"
#include "scheduler/requests/pod_requests.h"

namespace muster::scheduler {
namespace {

// So many shapes are kept per flavor; a scheduler sees far fewer at a time.
constexpr size_t kMostCounts = 64;

void AddTo(std::vector<quota::Amount>* sums, ResourceId r, quota::Amount amount) {
  if (r >= static_cast<int32_t>(sums->size())) sums->resize(r + 1, 0);
  (*sums)[r] = quota::Add((*sums)[r], amount);
}

bool IsUsable(const api::Node& node) { return !node.unschedulable && api::IsConditionTrue(node.conditions, "Ready"); }

bool Selects(const api::StringMap& wanted, const api::StringMap& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& want) {
    const auto it = labels.find(want.first);
    return it != labels.end() && it->second == want.second;
  });
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

}  // namespace

TopologyInventory::Flavor& TopologyInventory::At(FlavorId id) {
  if (id >= static_cast<int32_t>(flavors_.size())) flavors_.resize(id + 1);
  return flavors_[id];
}

int TopologyInventory::NodeIndex(absl::string_view name) {
  const auto [it, added] = node_index_.try_emplace(std::string(name), static_cast<int>(nodes_.size()));
  if (added) nodes_.emplace_back();
  return it->second;
}

TopologyTree* TopologyInventory::tree(FlavorId flavor) {
  return flavor >= 0 && flavor < static_cast<int32_t>(flavors_.size()) ? flavors_[flavor].tree.get() : nullptr;
}

bool TopologyInventory::IsTopologyAware(FlavorId flavor) const {
  return flavor >= 0 && flavor < static_cast<int32_t>(flavors_.size()) && flavors_[flavor].aware;
}

bool TopologyInventory::SharesHosts(const Flavor& f) const {
  return f.tree != nullptr && f.tree->lowest_is_host() && options_->gates[Gate::kTASHandleOverlappingFlavors];
}

void TopologyInventory::SetTopology(const api::Topology& topology) {
  std::vector<std::string>& levels = topologies_[topology.metadata.name];
  if (levels == topology.levels) return;
  levels = topology.levels;
  for (Flavor& f : flavors_) {
    if (f.aware && f.topology == topology.metadata.name) Rebuild(f);
  }
}

void TopologyInventory::RemoveTopology(absl::string_view name) {
  if (const auto it = topologies_.find(name); it != topologies_.end()) topologies_.erase(it);
  for (Flavor& f : flavors_) {
    if (f.aware && f.topology == name) Rebuild(f);
  }
}

void TopologyInventory::SetFlavor(const api::ResourceFlavor& flavor) {
  Flavor& f = At(flavor_names_->Intern(flavor.metadata.name));
  const bool same = f.aware == !flavor.topology_name.empty() && f.topology == flavor.topology_name &&
                    f.node_labels == flavor.node_labels;
  f.aware = !flavor.topology_name.empty();
  f.topology = flavor.topology_name;
  f.node_labels = flavor.node_labels;
  f.tolerations = flavor.tolerations;
  if (!same) Rebuild(f);
}

void TopologyInventory::RemoveFlavor(absl::string_view name) {
  const FlavorId id = flavor_names_->Find(name);
  if (id == kNoId || id >= static_cast<int32_t>(flavors_.size())) return;
  Flavor& f = flavors_[id];
  f.aware = false;
  f.topology.clear();
  f.node_labels.clear();
  Rebuild(f);
}

void TopologyInventory::Rebuild(Flavor& f) {
  f.counts.clear();
  f.recent.clear();
  f.tree.reset();
  f.leaf_nodes.clear();
  f.leaf_of_node.clear();
  f.key_of_leaf.clear();
  f.leaf_of_key.clear();
  const auto levels = topologies_.find(f.topology);
  if (!f.aware || levels == topologies_.end() || levels->second.empty()) return;
  f.tree = std::make_unique<TopologyTree>(f.topology, levels->second);
  // In the order of the level values no domain has to find its place.
  std::vector<std::pair<std::vector<std::string>, int>> order;
  for (int n = 0; n < static_cast<int>(nodes_.size()); ++n) {
    if (!nodes_[n].exists) continue;
    std::vector<std::string> values;
    for (const std::string& level : levels->second) {
      const auto it = nodes_[n].object.metadata.labels.find(level);
      if (it == nodes_[n].object.metadata.labels.end()) break;
      values.push_back(it->second);
    }
    if (values.size() == levels->second.size()) order.emplace_back(std::move(values), n);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [values, n] : order) Place(f, n);
  ApplyLedger(f);
}

void TopologyInventory::ApplyLedger(Flavor& f) {
  for (Flavor& other : flavors_) {
    if (&other != &f && !(SharesHosts(f) && other.aware)) continue;
    for (DomainKey key = 0; key < static_cast<DomainKey>(other.used.size()); ++key) {
      if (other.used[key].empty()) continue;
      Ensure(f, key);
      const LeafId leaf = f.leaf_of_key[key];
      if (leaf == kNoId) continue;
      for (ResourceId r(0); r < static_cast<int32_t>(other.used[key].size()); ++r) {
        if (other.used[key][r] == 0) continue;
        const ResourceAmount amount{r, other.used[key][r]};
        f.tree->AddUsed(leaf, {&amount, 1}, 1);
      }
    }
  }
}

// Makes leaf_of_key[key] known.
void TopologyInventory::Ensure(Flavor& f, DomainKey key) {
  while (static_cast<DomainKey>(f.leaf_of_key.size()) <= key) {
    f.leaf_of_key.push_back(f.tree->FindLeaf(keys_[f.leaf_of_key.size()].name));
  }
}

bool TopologyInventory::Place(Flavor& f, int n) {
  const Node& node = nodes_[n];
  if (static_cast<int>(f.leaf_of_node.size()) <= n) f.leaf_of_node.resize(n + 1, kNoId);
  const LeafId before = f.leaf_of_node[n];
  LeafId after = kNoId;
  if (node.exists && Selects(f.node_labels, node.object.metadata.labels)) {
    std::vector<std::string> values;
    for (const std::string& level : f.tree->levels()) {
      const auto it = node.object.metadata.labels.find(level);
      if (it == node.object.metadata.labels.end()) break;
      values.push_back(it->second);
    }
    if (static_cast<int>(values.size()) == f.tree->num_levels()) {
      const int known = f.tree->num_leaves();
      after = f.tree->AddLeaf(values);
      if (after >= known) {
        f.leaf_nodes.emplace_back();
        f.key_of_leaf.push_back(kNoId);
        // Usage recorded under its name before it was there.
        const auto key = key_ids_.find(f.tree->LeafName(after));
        if (key != key_ids_.end()) {
          f.key_of_leaf[after] = key->second;
          if (key->second < static_cast<DomainKey>(f.leaf_of_key.size())) {
            f.leaf_of_key[key->second] = after;
            for (Flavor& other : flavors_) {
              if (&other != &f && !(SharesHosts(f) && other.aware)) continue;
              if (key->second >= static_cast<DomainKey>(other.used.size())) continue;
              const auto& used = other.used[key->second];
              for (ResourceId r(0); r < static_cast<int32_t>(used.size()); ++r) {
                const ResourceAmount amount{r, used[r]};
                if (used[r] != 0) f.tree->AddUsed(after, {&amount, 1}, 1);
              }
            }
          }
        }
      }
    }
  }
  if (before != after && before != kNoId) {
    auto& members = f.leaf_nodes[before];
    members.erase(std::remove(members.begin(), members.end(), n), members.end());
    Refill(f, before);
  }
  f.leaf_of_node[n] = after;
  if (after == kNoId) return before != kNoId;
  auto& members = f.leaf_nodes[after];
  if (std::find(members.begin(), members.end(), n) == members.end()) members.push_back(n);
  Refill(f, after);
  return true;
}

// Adds up what the nodes of the leaf offer.
void TopologyInventory::Refill(Flavor& f, LeafId leaf) {
  std::vector<quota::Amount> free(resource_names_->size(), 0);
  const api::Node* first = nullptr;
  for (const int n : f.leaf_nodes[leaf]) {
    const Node& node = nodes_[n];
    if (!node.usable) continue;
    if (first == nullptr) first = &node.object;
    for (size_t r = 0; r < node.allocatable.size(); ++r) free[r] = quota::Add(free[r], node.allocatable[r]);
    for (size_t r = 0; r < node.other_pods.size(); ++r) free[r] = quota::Sub(free[r], node.other_pods[r]);
  }
  f.tree->SetLeaf(leaf, first != nullptr, std::move(free), first);
}

bool TopologyInventory::SetNode(const api::Node& object) {
  const int n = NodeIndex(object.metadata.name);
  Node& node = nodes_[n];
  node.exists = true;
  node.object = object;
  node.usable = IsUsable(object);
  node.allocatable.clear();
  for (const auto& [resource, quantity] : object.allocatable) {
    AddTo(&node.allocatable, resource_names_->Intern(resource), AmountOf(resource, quantity));
  }
  bool concerned = false;
  for (Flavor& f : flavors_) {
    if (f.tree != nullptr && Place(f, n)) concerned = true;
  }
  return concerned;
}

bool TopologyInventory::RemoveNode(absl::string_view name) {
  const auto it = node_index_.find(name);
  if (it == node_index_.end() || !nodes_[it->second].exists) return false;
  Node& node = nodes_[it->second];
  node.exists = node.usable = false;
  bool concerned = false;
  for (Flavor& f : flavors_) {
    if (f.tree == nullptr) continue;
    if (Place(f, it->second)) concerned = true;
    // Domains of nodes long gone are only carried along up to a point.
    if (f.tree->num_leaves() > 256 && f.tree->num_present() < f.tree->num_leaves() / 2) Rebuild(f);
  }
  return concerned;
}

bool TopologyInventory::AddOtherPods(const PodUse& use, int sign) {
  for (const auto& [r, amount] : use.requests) AddTo(&nodes_[use.node].other_pods, r, sign * amount);
  bool concerned = false;
  for (Flavor& f : flavors_) {
    if (f.tree == nullptr || use.node >= static_cast<int>(f.leaf_of_node.size())) continue;
    if (const LeafId leaf = f.leaf_of_node[use.node]; leaf != kNoId) {
      Refill(f, leaf);
      concerned = true;
    }
  }
  return concerned;
}

bool TopologyInventory::SetPod(const api::Pod& pod) {
  const std::string key = api::ObjectKey(pod.metadata);
  bool freed = RemovePod(key);
  if (pod.spec.node_name.empty() || pod.phase == "Succeeded" || pod.phase == "Failed" || IsTopologyAwarePod(pod)) {
    return freed;
  }
  PodUse use;
  use.node = NodeIndex(pod.spec.node_name);
  for (const NamedAmount& a : PodRequests(pod.spec)) {
    use.requests.emplace_back(resource_names_->Intern(a.resource), a.amount);
  }
  use.requests.emplace_back(resource_names_->Intern("pods"), 1);
  AddOtherPods(use, 1);
  pods_[key] = std::move(use);
  return freed;
}

bool TopologyInventory::RemovePod(absl::string_view key) {
  const auto it = pods_.find(key);
  if (it == pods_.end()) return false;
  const bool concerned = AddOtherPods(it->second, -1);
  pods_.erase(it);
  return concerned;
}

TopologyCounts& TopologyInventory::CountsFor(FlavorId flavor, const PodShape& shape) {
  Flavor& f = flavors_[flavor];
  std::string key = shape.Key();
  std::unique_ptr<TopologyCounts>& counts = f.counts[key];
  if (counts == nullptr) {
    counts = std::make_unique<TopologyCounts>(*f.tree, shape);
    f.recent.push_back(key);
    if (f.recent.size() > kMostCounts) {
      f.counts.erase(f.recent.front());
      f.recent.pop_front();
    }
  }
  TopologyCounts& out = *f.counts[key];
  out.Sync();
  return out;
}

DomainKey TopologyInventory::Intern(absl::Span<const std::string> values) {
  std::string name = absl::StrJoin(values, ",");
  const auto [it, added] = key_ids_.try_emplace(std::move(name), static_cast<DomainKey>(keys_.size()));
  if (added) {
    keys_.push_back({it->first, Shared(std::vector<std::string>(values.begin(), values.end()))});
  }
  return it->second;
}

LeafId TopologyInventory::LeafOf(FlavorId flavor, DomainKey key) {
  Flavor& f = flavors_[flavor];
  Ensure(f, key);
  const LeafId leaf = f.leaf_of_key[key];
  return leaf != kNoId && f.tree->present(leaf) ? leaf : kNoId;
}

DomainKey TopologyInventory::KeyOf(FlavorId flavor, LeafId leaf) {
  Flavor& f = flavors_[flavor];
  if (f.key_of_leaf[leaf] == kNoId) {
    std::vector<std::string> values;
    if (f.tree->lowest_is_host()) {
      values = {f.tree->LeafName(leaf)};
    } else {
      values = f.tree->Values(f.tree->DomainOf(leaf));
    }
    f.key_of_leaf[leaf] = Intern(values);
  }
  return f.key_of_leaf[leaf];
}

void TopologyInventory::Record(FlavorId flavor, DomainKey key, absl::Span<const ResourceAmount> per_pod,
                               int64_t count) {
  Flavor& own = At(flavor);
  if (key >= static_cast<DomainKey>(own.used.size())) own.used.resize(keys_.size());
  for (const ResourceAmount& a : per_pod) {
    const quota::Amount amount = quota::Mul(a.amount, count < 0 ? -count : count);
    AddTo(&own.used[key], a.resource, count < 0 ? -amount : amount);
  }
  for (Flavor& f : flavors_) {
    if (f.tree == nullptr || (&f != &own && !(SharesHosts(f) && SharesHosts(own)))) continue;
    Ensure(f, key);
    if (const LeafId leaf = f.leaf_of_key[key]; leaf != kNoId) f.tree->AddUsed(leaf, per_pod, count);
  }
}

void TopologyInventory::Simulate(FlavorId flavor, DomainKey key, absl::Span<const ResourceAmount> per_pod,
                                 int64_t count) {
  Flavor& own = At(flavor);
  for (Flavor& f : flavors_) {
    if (f.tree == nullptr) continue;
    if (&f != &own && !(options_->strict_topology && SharesHosts(f) && SharesHosts(own))) continue;
    Ensure(f, key);
    if (const LeafId leaf = f.leaf_of_key[key]; leaf != kNoId) f.tree->AddUsed(leaf, per_pod, count);
  }
}

void TopologyInventory::Mark() {
  std::vector<TopologyTree::UndoMark>& marks = marks_.emplace_back(flavors_.size(), 0);
  for (size_t i = 0; i < flavors_.size(); ++i) {
    if (flavors_[i].tree != nullptr) marks[i] = flavors_[i].tree->Mark();
  }
}

void TopologyInventory::Rollback() {
  for (size_t i = 0; i < flavors_.size(); ++i) {
    if (flavors_[i].tree != nullptr) flavors_[i].tree->Rollback(marks_.back()[i]);
  }
  marks_.pop_back();
}

TopologyInventory::ByDomain TopologyInventory::Usage(FlavorId flavor) {
  ByDomain out;
  Flavor& f = At(flavor);
  for (Flavor& other : flavors_) {
    const bool shared = SharesHosts(f);
    if (&other != &f && !(shared && other.aware)) continue;
    for (DomainKey key = 0; key < static_cast<DomainKey>(other.used.size()); ++key) {
      if (shared) {
        Ensure(f, key);
        if (f.leaf_of_key[key] == kNoId) continue;
      }
      for (ResourceId r(0); r < static_cast<int32_t>(other.used[key].size()); ++r) {
        if (other.used[key][r] == 0) continue;
        quota::Amount& sum = out[keys_[key].name][resource_names_->Name(r)];
        sum = quota::Add(sum, other.used[key][r]);
      }
    }
  }
  return out;
}

}  // namespace muster::scheduler
