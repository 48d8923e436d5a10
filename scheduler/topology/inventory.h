// The nodes as topology-aware flavors see them: one tree per flavor, kept as nodes, pods and workloads come and go.
//
// A flavor's tree holds the nodes that carry the flavor's node labels and every level label of its Topology. A node
// counts while it is Ready and not cordoned; what pods outside of topology-aware workloads use on it is taken off.
// A domain of hosts is known by the host name alone, so a host that is relabelled, or comes back in another block, is
// the same domain at another place. Of several nodes with one host name, the first by node name that counts says where
// the host is and which taints it has (in Kueue, any of them).
// Usage of admitted workloads is recorded per flavor, by the domain the pods were placed in, and outlives the nodes.
// Two flavors may select the same node: with hosts at the lowest level each sees what all of them use (gate
// TASHandleOverlappingFlavors). Within a scheduling cycle, what-if changes touch the flavor's own tree only, as in
// Kueue's snapshot, and are rolled back.
//
// Invariant: what has been set and recorded decides, not the order in which it was, nor what has been taken away
// since. An inventory that saw every change answers as a fresh one that is told what there is. Its size follows what
// there is, too.
// Source of the rules: Kueue, pkg/cache/scheduler (tas_cache.go, tas_flavor.go, tas_topology_tree.go,
// tas_nodes_cache.go, tas_non_tas_pod_cache.go). Thread-safety: compatible.
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
#include "scheduler/base/interner.h"
#include "scheduler/options.h"
#include "scheduler/topology/counts.h"
#include "scheduler/topology/domain_table.h"
#include "scheduler/topology/node_table.h"
#include "scheduler/topology/tree.h"
#include "scheduler/topology_placement.h"

namespace muster::scheduler {

class TopologyInventory {
 public:
  // name of a domain -> resource -> amount
  using ByDomain = std::map<std::string, std::map<std::string, quota::Amount>>;

  // All must outlive the inventory; names of flavors and resources are interned.
  TopologyInventory(FlavorNames* flavors, ResourceNames* resources, const EngineOptions* options)
      : flavor_names_(flavors), resource_names_(resources), options_(options), nodes_(resources) {}

  // ---- Objects. Set creates or replaces; nothing happens if nothing that counts differs. REQUIRES: no trial.
  // O(nodes log nodes) for topologies and flavors; for nodes and pods O(labels), and for a change that counts
  // O(log nodes) for each flavor that selects the node (where a lowest domain has many nodes, O(nodes in it)).
  void SetTopology(const api::Topology& topology);
  void RemoveTopology(absl::string_view name);
  void SetFlavor(const api::ResourceFlavor& flavor);
  void RemoveFlavor(absl::string_view name);
  // Whether a topology-aware flavor is concerned by a change after which Kueue looks at waiting workloads again: any
  // but the time of a heartbeat.
  bool SetNode(const api::Node& node);
  bool RemoveNode(absl::string_view name);
  // Whether something became free on a node that a topology-aware flavor selects.
  bool SetPod(const api::Pod& pod);
  bool RemovePod(absl::string_view key);  // namespace/name

  // ---- Trees. Null unless the flavor is topology-aware and its Topology exists.
  TopologyTree* tree(FlavorId flavor);
  bool IsTopologyAware(FlavorId flavor) const;
  const std::string& FlavorName(FlavorId flavor) const { return flavor_names_->Name(flavor); }
  const std::vector<api::Toleration>& tolerations(FlavorId flavor) const { return flavors_[flavor].tolerations; }
  NodePacking packing(FlavorId flavor) const { return flavors_[flavor].packing; }
  // Synced counts of the shape. REQUIRES: tree(flavor). Stays valid until the next call for this flavor.
  TopologyCounts& CountsFor(FlavorId flavor, const PodShape& shape);

  // ---- Domains.
  DomainRef Intern(absl::Span<const std::string> values) { return domains_.Intern(values); }
  // The leaf of the domain in the flavor's tree; kNoId if it has none that is present. REQUIRES: tree(flavor), and
  // somebody holds the domain. O(flavors that select it).
  LeafId LeafOf(FlavorId flavor, DomainKey key);
  // REQUIRES: the leaf is present.
  const DomainRef& DomainOf(FlavorId flavor, LeafId leaf) const {
    return domains_.ref(flavors_[flavor].key_of_leaf[leaf]);
  }

  // ---- Usage of `count` pods of `per_pod` each (which includes "pods") in a domain; count < 0 takes it away.
  // REQUIRES: somebody holds the domain. O(flavors that select it).
  // Recorded: counts in every flavor that shares the host.
  void Record(FlavorId flavor, DomainKey key, absl::Span<const ResourceAmount> per_pod, int64_t count);
  // In a TopologyTrial only: counts in the flavor's own tree, and with options.strict_topology in the trees that share
  // the host.
  void Simulate(FlavorId flavor, DomainKey key, absl::Span<const ResourceAmount> per_pod, int64_t count);
  // What the flavor sees as used. O(domains).
  ByDomain Usage(FlavorId flavor);

  // For tests of what grows.
  struct Sizes {
    int node_places = 0, domain_keys = 0, leaves = 0, domains = 0;
  };
  Sizes SizesForTest() const;

 private:
  friend class TopologyTrial;
  void Mark();
  void Rollback();
  struct Flavor {
    bool aware = false;
    NodePacking packing = NodePacking::kKueue;  // the topology's
    std::string topology;
    api::StringMap node_labels;
    std::vector<api::Toleration> tolerations;
    std::unique_ptr<TopologyTree> tree;
    std::vector<DomainKey> key_of_leaf;  // kNoId: vacant
    int vacant = 0;                      // leaves that no node stands for
    absl::flat_hash_map<std::string, std::unique_ptr<TopologyCounts>> counts;
    std::deque<std::string> recent;  // keys of `counts`, least recently made first
  };

  Flavor& At(FlavorId id);
  // The flavors by one of the labels they select nodes with, so that a node finds those that may concern it.
  void Index(FlavorId id);
  void Unindex(FlavorId id);
  std::vector<FlavorId> Selecting(const api::StringMap& labels) const;
  void Rebuild(FlavorId id);
  // The level values of a node with these labels; empty unless it is in the flavor's tree.
  std::vector<std::string> ValuesIn(const Flavor& f, const api::StringMap& labels) const;
  // Seats the node in its domain, without looking at the leaf yet; returns the domain.
  DomainKey Join(FlavorId id, NodeIndex node, std::vector<std::string> values);
  void Leave(FlavorId id, NodeIndex node, DomainKey key);
  // Gives the domain the leaf where its nodes are now, and the leaf what they offer.
  void Settle(FlavorId id, DomainKey key);
  void Offer(FlavorId id, const DomainTable::Seat& seat);
  void Vacate(FlavorId id, DomainTable::Seat* seat, DomainKey key);
  // Puts the node where it belongs now, and lets trees go that have become mostly vacant.
  void PlaceNode(NodeIndex node);
  bool Concerned(const NodeTable::PodChange& change);
  bool SharesHosts(FlavorId id) const;
  // Whether what workloads on flavor `by` use is used for flavor `of`.
  bool Counts(FlavorId of, FlavorId by) const { return of == by || (SharesHosts(of) && SharesHosts(by)); }
  // Enters all that is recorded in the domain into the leaf (sign 1) or takes it out (-1).
  void Charge(FlavorId id, DomainKey key, LeafId leaf, int sign);

  FlavorNames* flavor_names_;
  ResourceNames* resource_names_;
  const EngineOptions* options_;
  struct Declared {
    std::vector<std::string> levels;
    NodePacking packing = NodePacking::kKueue;
    friend bool operator==(const Declared&, const Declared&) = default;
  };
  std::map<std::string, Declared, std::less<>> topologies_;
  std::deque<Flavor> flavors_;  // by FlavorId
  absl::flat_hash_map<std::string, absl::flat_hash_map<std::string, std::vector<FlavorId>>> by_label_;
  std::vector<FlavorId> unlabelled_;
  NodeTable nodes_;
  DomainTable domains_;
  std::vector<std::vector<TopologyTree::UndoMark>> marks_;  // open ones, by FlavorId
};

// What is simulated while a trial lives is taken back when it ends. Trials nest. REQUIRES: the inventory outlives the
// trial, and no object is set or removed meanwhile.
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
