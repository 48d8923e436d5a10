// The nodes as topology-aware flavors see them: one tree per flavor, kept as nodes, pods and workloads come and go.
//
// A flavor's tree holds the nodes that carry the flavor's node labels and every level label of its Topology. A node
// counts while it is Ready and not cordoned; what pods outside of topology-aware workloads use on it is taken off.
// Usage of admitted workloads is recorded per flavor in a ledger, by the domain the pods were placed in, and outlives
// the nodes. Two flavors may select the same node: with hosts at the lowest level each sees what all of them use (gate
// TASHandleOverlappingFlavors). Within a scheduling cycle, what-if changes touch the flavor's own tree only, as in
// Kueue's snapshot, and are rolled back.
// Source of the rules: Kueue, pkg/cache/scheduler (tas_cache.go, tas_flavor.go, tas_nodes_cache.go,
// tas_non_tas_pod_cache.go). Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_INVENTORY_H_
#define MUSTER_SCHEDULER_TOPOLOGY_INVENTORY_H_

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/core.h"
#include "api/kueue.h"
#include "base/check.h"
#include "scheduler/base/interner.h"
#include "scheduler/options.h"
#include "scheduler/shared.h"
#include "scheduler/topology/counts.h"
#include "scheduler/topology/tree.h"
#include "scheduler/topology_placement.h"

namespace muster::scheduler {

class TopologyInventory {
 public:
  // domain id (level values joined by ","; only the host name if that is the lowest level) -> resource -> amount
  using ByDomain = std::map<std::string, std::map<std::string, quota::Amount>>;

  // All must outlive the inventory; names of flavors and resources are interned.
  TopologyInventory(FlavorNames* flavors, ResourceNames* resources, const EngineOptions* options)
      : flavor_names_(flavors), resource_names_(resources), options_(options) {}

  // ---- Objects. Set creates or replaces. O(nodes) for topologies and flavors, O(flavors) for nodes and pods.
  void SetTopology(const api::Topology& topology);
  void RemoveTopology(absl::string_view name);
  void SetFlavor(const api::ResourceFlavor& flavor);
  void RemoveFlavor(absl::string_view name);
  // Both say whether a topology-aware flavor is concerned by a change that could make a waiting workload fit.
  bool SetNode(const api::Node& node);
  bool RemoveNode(absl::string_view name);
  bool SetPod(const api::Pod& pod);
  bool RemovePod(absl::string_view key);  // namespace/name

  // ---- Trees. Null unless the flavor is topology-aware and its Topology exists.
  TopologyTree* tree(FlavorId flavor);
  bool IsTopologyAware(FlavorId flavor) const;
  const std::string& FlavorName(FlavorId flavor) const { return flavor_names_->Name(flavor); }
  const std::vector<api::Toleration>& tolerations(FlavorId flavor) const { return flavors_[flavor].tolerations; }
  // Synced counts of the shape. REQUIRES: tree(flavor). Stays valid until the next call for this flavor.
  TopologyCounts& CountsFor(FlavorId flavor, const PodShape& shape);

  // ---- Domains.
  DomainKey Intern(absl::Span<const std::string> values);
  const std::vector<std::string>& Values(DomainKey key) const {  // REQUIRES: of this inventory
    MUSTER_CHECK(key >= 0 && key < static_cast<DomainKey>(keys_.size()), "DomainKey " + std::to_string(key));
    return *keys_[key].values;
  }
  const Shared<std::vector<std::string>>& SharedValues(DomainKey key) const { return keys_[key].values; }
  const std::string& Name(DomainKey key) const { return keys_[key].name; }
  // The leaf of the domain in the flavor's tree; kNoId if it has none that is present. REQUIRES: tree(flavor).
  LeafId LeafOf(FlavorId flavor, DomainKey key);
  DomainKey KeyOf(FlavorId flavor, LeafId leaf);

  // ---- Usage of `count` pods of `per_pod` each (which includes "pods") in a domain; count < 0 takes it away.
  // Recorded: counts in every flavor that shares the host.
  void Record(FlavorId flavor, DomainKey key, absl::Span<const ResourceAmount> per_pod, int64_t count);
  // In a TopologyTrial only: counts in the flavor's own tree, and with
  // options.strict_topology in the trees that share the host.
  void Simulate(FlavorId flavor, DomainKey key, absl::Span<const ResourceAmount> per_pod, int64_t count);
  // What the flavor sees as used. O(domains in use + nodes).
  ByDomain Usage(FlavorId flavor);

 private:
  friend class TopologyTrial;
  void Mark();
  void Rollback();
  struct Node {
    api::Node object;
    bool exists = false;
    bool usable = false;
    std::vector<quota::Amount> allocatable;  // by ResourceId
    std::vector<quota::Amount> other_pods;   // by ResourceId
  };
  struct Flavor {
    bool aware = false;
    std::string topology;
    api::StringMap node_labels;
    std::vector<api::Toleration> tolerations;
    std::unique_ptr<TopologyTree> tree;
    std::vector<std::vector<int>> leaf_nodes;  // by LeafId
    std::vector<LeafId> leaf_of_node;          // by node index
    std::vector<DomainKey> key_of_leaf;
    std::vector<LeafId> leaf_of_key;
    absl::flat_hash_map<std::string, std::unique_ptr<TopologyCounts>> counts;
    std::deque<std::string> recent;  // keys of `counts`, least recently made first
    // [DomainKey] -> by ResourceId
    std::vector<std::vector<quota::Amount>> used;
  };
  struct Key {
    std::string name;
    Shared<std::vector<std::string>> values;
  };
  struct PodUse {
    int node;
    std::vector<std::pair<ResourceId, quota::Amount>> requests;
  };

  int NodeIndex(absl::string_view name);
  Flavor& At(FlavorId id);
  void Rebuild(Flavor& f);
  // Puts the node where its labels say; returns whether it is (or was) in the tree.
  bool Place(Flavor& f, int node);
  void Refill(Flavor& f, LeafId leaf);
  void ApplyLedger(Flavor& f);
  bool SharesHosts(const Flavor& f) const;
  bool AddOtherPods(const PodUse& use, int sign);
  void Ensure(Flavor& f, DomainKey key);

  FlavorNames* flavor_names_;
  ResourceNames* resource_names_;
  const EngineOptions* options_;
  std::map<std::string, std::vector<std::string>, std::less<>> topologies_;
  std::deque<Flavor> flavors_;  // by FlavorId
  std::deque<Node> nodes_;
  absl::flat_hash_map<std::string, int> node_index_;
  absl::flat_hash_map<std::string, PodUse> pods_;
  std::vector<Key> keys_;
  absl::flat_hash_map<std::string, DomainKey> key_ids_;
  std::vector<std::vector<TopologyTree::UndoMark>> marks_;  // open ones, by FlavorId
};

// What is simulated while a trial lives is taken back when it ends. Trials nest. REQUIRES: the inventory outlives the
// trial, and no flavor gains or loses its tree meanwhile.
class TopologyTrial {
 public:
  explicit TopologyTrial(TopologyInventory& inventory) : inventory_(inventory) { inventory_.Mark(); }
  ~TopologyTrial() { inventory_.Rollback(); }
  TopologyTrial(const TopologyTrial&) = delete;
  TopologyTrial& operator=(const TopologyTrial&) = delete;

 private:
  TopologyInventory& inventory_;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_INVENTORY_H_
