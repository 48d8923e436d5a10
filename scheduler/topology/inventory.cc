// Objects come and go: flavors and their trees, nodes and their places in them.
#include "scheduler/topology/inventory.h"

#include <algorithm>
#include <utility>

namespace muster::scheduler {
namespace {

// The shapes whose counts a flavor keeps: as many as have so many domains together (some 50 MB), and so many at least.
// Clusters of a thousand nodes are asked for hundreds of kinds of pods, in turn.
constexpr size_t kCountedDomains = size_t{1} << 19;
constexpr size_t kFewestCounts = 64;
// Leaves of nodes long gone are carried along up to a point.
constexpr int kMostVacant = 256;

bool Selects(const api::StringMap& wanted, const api::StringMap& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& want) {
    const auto it = labels.find(want.first);
    return it != labels.end() && it->second == want.second;
  });
}

}  // namespace

TopologyInventory::Flavor& TopologyInventory::At(FlavorId id) {
  if (id >= static_cast<int32_t>(flavors_.size())) flavors_.resize(id + 1);
  return flavors_[id];
}

TopologyTree* TopologyInventory::tree(FlavorId flavor) {
  return flavor >= 0 && flavor < static_cast<int32_t>(flavors_.size()) ? flavors_[flavor].tree.get() : nullptr;
}

bool TopologyInventory::IsTopologyAware(FlavorId flavor) const {
  return flavor >= 0 && flavor < static_cast<int32_t>(flavors_.size()) && flavors_[flavor].aware;
}

// ---- Flavors and their trees.

void TopologyInventory::SetTopology(const api::Topology& topology) {
  Declared& declared = topologies_[topology.metadata.name];
  Declared now = {topology.levels, PackingOf(topology.metadata.annotations).value_or(NodePacking::kKueue)};
  if (declared == now) return;
  declared = std::move(now);
  for (FlavorId id(0); id < static_cast<int32_t>(flavors_.size()); ++id) {
    if (flavors_[id].aware && flavors_[id].topology == topology.metadata.name) Rebuild(id);
  }
}

void TopologyInventory::RemoveTopology(absl::string_view name) {
  const auto it = topologies_.find(name);
  if (it == topologies_.end()) return;
  topologies_.erase(it);
  for (FlavorId id(0); id < static_cast<int32_t>(flavors_.size()); ++id) {
    if (flavors_[id].aware && flavors_[id].topology == name) Rebuild(id);
  }
}

void TopologyInventory::SetFlavor(const api::ResourceFlavor& flavor) {
  const FlavorId id = flavor_names_->Intern(flavor.metadata.name);
  Flavor& f = At(id);
  const bool aware = !flavor.topology_name.empty();
  f.tolerations = flavor.tolerations;
  if (f.aware == aware && f.topology == flavor.topology_name && f.node_labels == flavor.node_labels) return;
  Unindex(id);
  f.aware = aware;
  f.topology = flavor.topology_name;
  f.node_labels = flavor.node_labels;
  Index(id);
  Rebuild(id);
}

void TopologyInventory::RemoveFlavor(absl::string_view name) {
  const FlavorId id = flavor_names_->Find(name);
  if (id == kNoId || id >= static_cast<int32_t>(flavors_.size())) return;
  Unindex(id);
  Flavor& f = flavors_[id];
  f.aware = false;
  f.topology.clear();
  f.node_labels.clear();
  f.tolerations.clear();
  Rebuild(id);
}

void TopologyInventory::Index(FlavorId id) {
  const Flavor& f = flavors_[id];
  if (!f.aware) return;
  if (f.node_labels.empty()) {
    unlabelled_.push_back(id);
  } else {
    by_label_[f.node_labels.begin()->first][f.node_labels.begin()->second].push_back(id);
  }
}

void TopologyInventory::Unindex(FlavorId id) {
  const Flavor& f = flavors_[id];
  if (!f.aware) return;
  const auto remove = [id](std::vector<FlavorId>* list) {
    list->erase(std::remove(list->begin(), list->end(), id), list->end());
    return list->empty();
  };
  if (f.node_labels.empty()) {
    remove(&unlabelled_);
    return;
  }
  const auto values = by_label_.find(f.node_labels.begin()->first);
  const auto list = values->second.find(f.node_labels.begin()->second);
  if (remove(&list->second)) values->second.erase(list);
  if (values->second.empty()) by_label_.erase(values);
}

std::vector<FlavorId> TopologyInventory::Selecting(const api::StringMap& labels) const {
  std::vector<FlavorId> out = unlabelled_;
  for (const auto& [key, value] : labels) {
    const auto values = by_label_.find(key);
    if (values == by_label_.end()) continue;
    if (const auto list = values->second.find(value); list != values->second.end()) {
      out.insert(out.end(), list->second.begin(), list->second.end());
    }
  }
  return out;
}

void TopologyInventory::Rebuild(FlavorId id) {
  Flavor& f = flavors_[id];
  const bool shared_before = SharesHosts(id);
  for (const DomainKey key : f.key_of_leaf) {
    if (key == kNoId) continue;
    for (const NodeIndex n : domains_.FindSeat(key, id)->nodes) {
      auto& places = nodes_.at(n).places;
      places.erase(std::remove(places.begin(), places.end(), std::make_pair(id, key)), places.end());
    }
    domains_.RemoveSeat(key, id);
  }
  f.counts.clear();
  f.recent.clear();
  f.tree.reset();
  f.key_of_leaf.clear();
  f.vacant = 0;
  const auto declared = topologies_.find(f.topology);
  if (f.aware && declared != topologies_.end() && !declared->second.levels.empty()) {
    f.tree = std::make_unique<TopologyTree>(f.topology, declared->second.levels);
    f.packing = declared->second.packing;
  }
  // What is used under this flavor counts, or no longer counts, for others that share its hosts.
  if (const bool shared = SharesHosts(id); shared != shared_before) {
    for (DomainKey key = 0; key < domains_.num_keys(); ++key) {
      for (const DomainTable::Use& use : domains_.uses(key)) {
        if (use.flavor != id) continue;
        for (const DomainTable::Seat& seat : domains_.seats(key)) {
          if (!SharesHosts(seat.flavor)) continue;
          for (ResourceId r(0); r < static_cast<int32_t>(use.amounts.size()); ++r) {
            const ResourceAmount amount{r, use.amounts[r]};
            if (amount.amount != 0) flavors_[seat.flavor].tree->AddUsed(seat.leaf, {&amount, 1}, shared ? 1 : -1);
          }
        }
      }
    }
  }
  if (f.tree == nullptr) return;
  // In the order of the level values no domain has to find its place.
  std::vector<std::pair<std::vector<std::string>, NodeIndex>> order;
  for (NodeIndex n = 0; n < nodes_.num_places(); ++n) {
    if (!nodes_.at(n).exists) continue;
    std::vector<std::string> values = ValuesIn(f, nodes_.at(n).object.metadata.labels);
    if (!values.empty()) order.emplace_back(std::move(values), n);
  }
  std::sort(order.begin(), order.end());
  std::vector<DomainKey> joined;
  for (auto& [values, n] : order) {
    const DomainKey key = Join(id, n, std::move(values));
    if (joined.empty() || joined.back() != key) joined.push_back(key);
  }
  for (const DomainKey key : joined) Settle(id, key);
}

// ---- Nodes.

std::vector<std::string> TopologyInventory::ValuesIn(const Flavor& f, const api::StringMap& labels) const {
  std::vector<std::string> values;
  if (f.tree == nullptr || !Selects(f.node_labels, labels)) return values;
  for (const std::string& level : f.tree->levels()) {
    const auto it = labels.find(level);
    if (it == labels.end()) return {};
    values.push_back(it->second);
  }
  return values;
}

DomainKey TopologyInventory::Join(FlavorId id, NodeIndex n, std::vector<std::string> values) {
  if (flavors_[id].tree->lowest_is_host()) values.erase(values.begin(), values.end() - 1);
  const DomainKey key = domains_.Intern(values)->key;
  DomainTable::Seat& seat = domains_.SeatOf(key, id);
  const auto by_name = [this](NodeIndex a, NodeIndex b) {
    return nodes_.at(a).object.metadata.name < nodes_.at(b).object.metadata.name;
  };
  const auto at = std::lower_bound(seat.nodes.begin(), seat.nodes.end(), n, by_name);
  if (at == seat.nodes.end() || *at != n) {
    seat.nodes.insert(at, n);
    nodes_.at(n).places.emplace_back(id, key);
  }
  return key;
}

void TopologyInventory::Leave(FlavorId id, NodeIndex n, DomainKey key) {
  auto& nodes = domains_.FindSeat(key, id)->nodes;
  nodes.erase(std::find(nodes.begin(), nodes.end(), n));
  auto& places = nodes_.at(n).places;
  places.erase(std::find(places.begin(), places.end(), std::make_pair(id, key)));
}

void TopologyInventory::Vacate(FlavorId id, DomainTable::Seat* seat, DomainKey key) {
  if (seat->leaf == kNoId) return;
  Flavor& f = flavors_[id];
  Charge(id, key, seat->leaf, -1);
  f.tree->SetLeaf(seat->leaf, false, {}, nullptr);
  f.key_of_leaf[seat->leaf] = kNoId;
  ++f.vacant;
  seat->leaf = kNoId;
}

void TopologyInventory::Settle(FlavorId id, DomainKey key) {
  Flavor& f = flavors_[id];
  DomainTable::Seat& seat = *domains_.FindSeat(key, id);
  if (seat.nodes.empty()) {
    Vacate(id, &seat, key);
    domains_.RemoveSeat(key, id);
    return;
  }
  const auto usable = [this](NodeIndex n) { return nodes_.at(n).usable; };
  const auto first = std::find_if(seat.nodes.begin(), seat.nodes.end(), usable);
  const api::Node& where = nodes_.at(first != seat.nodes.end() ? *first : seat.nodes[0]).object;
  const LeafId leaf = f.tree->AddLeaf(ValuesIn(f, where.metadata.labels));
  if (leaf != seat.leaf) {
    Vacate(id, &seat, key);
    if (leaf == static_cast<LeafId>(f.key_of_leaf.size())) {
      f.key_of_leaf.push_back(key);
    } else {
      f.key_of_leaf[leaf] = key;
      --f.vacant;
    }
    seat.leaf = leaf;
    Charge(id, key, leaf, 1);
  }
  Offer(id, seat);
}

void TopologyInventory::Offer(FlavorId id, const DomainTable::Seat& seat) {
  std::vector<quota::Amount> free(resource_names_->size(), 0);
  const api::Node* first = nullptr;
  for (const NodeIndex n : seat.nodes) {
    const NodeTable::Node& node = nodes_.at(n);
    if (!node.usable) continue;
    if (first == nullptr) first = &node.object;
    for (size_t r = 0; r < node.allocatable.size(); ++r) free[r] = quota::Add(free[r], node.allocatable[r]);
    for (size_t r = 0; r < node.other_pods.size(); ++r) free[r] = quota::Sub(free[r], node.other_pods[r]);
  }
  flavors_[id].tree->SetLeaf(seat.leaf, first != nullptr, std::move(free), first);
}

void TopologyInventory::PlaceNode(NodeIndex n) {
  const NodeTable::Node& node = nodes_.at(n);
  std::vector<std::pair<FlavorId, DomainKey>> touched(node.places.begin(), node.places.end());
  const size_t before = touched.size();
  if (node.exists) {
    for (const FlavorId id : Selecting(node.object.metadata.labels)) {
      std::vector<std::string> values = ValuesIn(flavors_[id], node.object.metadata.labels);
      if (values.empty()) continue;
      const std::pair<FlavorId, DomainKey> place(id, Join(id, n, std::move(values)));
      const auto known = std::find(touched.begin(), touched.begin() + before, place);
      if (known == touched.begin() + before) touched.push_back(place);
    }
  }
  // Where it was and is no more.
  const std::vector<std::pair<FlavorId, DomainKey>> places(node.places.begin(), node.places.end());
  for (const auto& [id, key] : places) {
    const std::vector<std::string> values =
        node.exists ? ValuesIn(flavors_[id], node.object.metadata.labels) : std::vector<std::string>();
    const bool stays =
        !values.empty() && (flavors_[id].tree->lowest_is_host() ? domains_.ref(key)->values.back() == values.back()
                                                                : domains_.ref(key)->values == values);
    if (!stays) Leave(id, n, key);
  }
  for (const auto& [id, key] : touched) Settle(id, key);
  for (const auto& [id, key] : touched) {
    const Flavor& f = flavors_[id];
    if (f.vacant > kMostVacant && f.vacant > f.tree->num_leaves() / 2) Rebuild(id);
  }
}

bool TopologyInventory::SetNode(const api::Node& object) {
  const auto [n, change] = nodes_.Set(object);
  const bool was_selected = !nodes_.at(n).places.empty();
  if (change == NodeTable::Change::kNothing) return false;
  if (change == NodeTable::Change::kNode) PlaceNode(n);
  return was_selected || !nodes_.at(n).places.empty();
}

bool TopologyInventory::RemoveNode(absl::string_view name) {
  const NodeIndex n = nodes_.Find(name);
  if (n == kNoId) return false;
  const bool was_selected = !nodes_.at(n).places.empty();
  nodes_.Remove(n);
  PlaceNode(n);
  nodes_.Forget(n);
  return was_selected;
}

// ---- Pods.

bool TopologyInventory::Concerned(const NodeTable::PodChange& change) {
  for (const NodeIndex n : {change.before, change.after}) {
    if (n == kNoId) continue;
    for (const auto& [id, key] : nodes_.at(n).places) Offer(id, *domains_.FindSeat(key, id));
  }
  if (change.before == kNoId) return false;
  const bool concerned = change.freed && !nodes_.at(change.before).places.empty();
  nodes_.Forget(change.before);
  return concerned;
}

bool TopologyInventory::SetPod(const api::Pod& pod) { return Concerned(nodes_.SetPod(pod)); }
bool TopologyInventory::RemovePod(absl::string_view key) { return Concerned(nodes_.RemovePod(key)); }

// ---- What fits.

TopologyCounts& TopologyInventory::CountsFor(FlavorId flavor, const PodShape& shape) {
  Flavor& f = flavors_[flavor];
  std::string key = shape.Key();
  std::unique_ptr<TopologyCounts>& counts = f.counts[key];
  const bool is_new = counts == nullptr;
  if (is_new) counts = std::make_unique<TopologyCounts>(*f.tree, shape);
  TopologyCounts* const found = counts.get();
  if (is_new) {
    f.recent.push_back(std::move(key));
    const size_t domains = std::max<size_t>(1, static_cast<size_t>(f.tree->num_domains()));
    while (f.recent.size() > std::max(kFewestCounts, kCountedDomains / domains)) {
      f.counts.erase(f.recent.front());
      f.recent.pop_front();
    }
  }
  found->Sync();
  return *found;
}

LeafId TopologyInventory::LeafOf(FlavorId flavor, DomainKey key) {
  const DomainTable::Seat* seat = domains_.FindSeat(key, flavor);
  return seat != nullptr && flavors_[flavor].tree->present(seat->leaf) ? seat->leaf : kNoId;
}

TopologyInventory::Sizes TopologyInventory::SizesForTest() const {
  Sizes out;
  out.node_places = nodes_.num_places();
  out.domain_keys = domains_.num_keys();
  for (const Flavor& f : flavors_) {
    if (f.tree == nullptr) continue;
    out.leaves += f.tree->num_leaves();
    out.domains += f.tree->num_domains();
  }
  return out;
}

}  // namespace muster::scheduler
