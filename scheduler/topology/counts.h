// How many pods (and slices) of one shape fit into every domain of a topology, kept up to date.
//
// Built once per shape by visiting every leaf; from then on Sync looks only at the leaves that changed and at the
// domains above them. Orders over the domains of a level, or over the children of one domain, are built when first
// asked for and then kept as well, so that finding the best domain is O(log domains).
// Source of the rules: Kueue, TASFlavorSnapshot.fillInCounts. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_COUNTS_H_
#define MUSTER_SCHEDULER_TOPOLOGY_COUNTS_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/node_hash_map.h"
#include "scheduler/topology/shape.h"
#include "scheduler/topology/tree.h"

namespace muster::scheduler {

// What fits into one domain. "With leader": next to the leader of the pod-set group, if one of the domain's leaves
// takes it; without a leader in the shape the same as without.
struct DomainCounts {
  int32_t pods = 0, pods_with_leader = 0;
  int32_t slices = 0, slices_with_leader = 0;  // 0 below the slice level
  int32_t leaders = 0;
  // Of a host, if the shape asks for it: what is left of the scarcest resource beside `pods`, as a part of what one pod
  // asks for, in units of 2^-30. Ties of pods end here first.
  int32_t left = 0;
  int64_t affinity = 0;
  friend bool operator==(const DomainCounts&, const DomainCounts&) = default;
};

// Why nodes take no pod.
struct TopologyExclusions {
  int total_nodes = 0;
  int node_selector = 0;
  int affinity = 0;
  int topology_domain = 0;                            // outside of the domain a replacement has to be in
  std::map<std::string, int> taints;                  // "key=value:Effect" -> nodes
  std::vector<std::pair<ResourceId, int>> resources;  // the scarcest one of each node
  friend bool operator==(const TopologyExclusions&, const TopologyExclusions&) = default;
};

class TopologyCounts {
 public:
  // Ascending; ties end at the level values.
  struct OrderKey {
    int32_t slices, pods;
    int64_t rank;
    DomainId id;
    int32_t left = 0;
    friend bool operator<(const OrderKey& a, const OrderKey& b) {
      return std::tie(a.slices, a.pods, a.left, a.rank) < std::tie(b.slices, b.pods, b.left, b.rank);
    }
  };
  using Order = absl::btree_set<OrderKey>;

  // `within`: only leaves below this domain take pods. The tree must outlive the counts.
  TopologyCounts(const TopologyTree& tree, PodShape shape, DomainId within = kNoId);

  const TopologyTree& tree() const { return tree_; }
  const PodShape& shape() const { return shape_; }

  // Catches up with the tree. O(changed leaves * levels * log domains); O(domains) when much changed.
  void Sync();

  // The rest REQUIRES: Sync since the tree last changed.
  const DomainCounts& at(DomainId id) const { return counts_[id]; }
  const std::vector<DomainCounts>& all() const { return counts_; }
  TopologyExclusions Exclusions() const;
  // Slices that fit in all domains of the highest level together.
  int64_t total_slices() const { return total_slices_; }
  const Order& LevelOrder(int level);
  // Of the level's order: the first with at least so many slices (nullopt if there is none), and the last. Of a level of
  // a few thousand domains they are looked for without an order: one that is kept costs more at every change than a
  // walk. What was found stays known as long as changes leave no doubt about it, so that the walk is seldom.
  // REQUIRES of LastAt: the level has a domain.
  std::optional<OrderKey> FirstAt(int level, int32_t slices);
  OrderKey LastAt(int level);
  // Both stay where they are, and are kept, until the next Sync.
  const Order& ChildOrder(DomainId parent);
  OrderKey KeyOf(DomainId id) const { return KeyWith(id, counts_[id]); }

  // Counts of an inner domain from those of its children; `children` maps a DomainId to DomainCounts.
  template <typename Children>
  static DomainCounts SumUp(const TopologyTree& tree, const PodShape& shape, DomainId id, const Children& children) {
    const TopologyTree::Domain& d = tree.domain(id);
    const int32_t inner = shape.InnerSize(d.level + 1);
    constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
    int64_t pods = 0, slices = 0, pods_lost = kMax, slices_lost = kMax;
    bool any = false;
    DomainCounts out;
    for (const DomainId child : d.children) {
      const DomainCounts& c = children(child);
      const int32_t with = inner > 0 ? c.pods / inner * inner : c.pods;
      const int32_t with_leader = inner > 0 ? c.pods_with_leader / inner * inner : c.pods_with_leader;
      pods += with;
      slices += c.slices;
      if (!shape.leader.has_value() || c.leaders > 0) {
        any = true;
        pods_lost = std::min<int64_t>(pods_lost, with - with_leader);
        slices_lost = std::min<int64_t>(slices_lost, c.slices - c.slices_with_leader);
      }
      out.leaders = std::max(out.leaders, c.leaders);
      out.affinity += c.affinity;
    }
    // Sums wrap around, as Kueue's do: differences then lead to the same counts.
    out.pods = static_cast<int32_t>(pods);
    out.pods_with_leader = any ? static_cast<int32_t>(pods - pods_lost) : 0;
    out.slices = static_cast<int32_t>(slices);
    out.slices_with_leader = any ? static_cast<int32_t>(slices - slices_lost) : 0;
    if (d.level == shape.slice_level) {
      out.slices = out.pods / shape.slice_size;
      out.slices_with_leader = out.pods_with_leader / shape.slice_size;
    }
    return out;
  }

 private:
  OrderKey KeyWith(DomainId id, const DomainCounts& c) const {
    return {c.slices, c.pods, tree_.domain(id).rank, id, c.left};
  }
  // What FirstAt found last on a level, for so many slices, and LastAt.
  struct Known {
    bool is_known = false;
    int32_t slices = 0;
    std::optional<OrderKey> key;
  };
  // The domain has moved in the order of its level.
  static void Follow(const OrderKey& after, bool is_first, Known* known);
  void ForgetKnown();

  static constexpr int16_t kNoLimit = -1;
  // What keeps a leaf from taking a single pod.
  struct LeafVerdict {
    NodeFilter::Refusal refusal = NodeFilter::Refusal::kNone;
    bool outside = false;
    int16_t limit = kNoLimit;  // position in shape.requests
    int32_t taint = -1;        // in taints_
  };

  // Up to so many domains of a level are walked when one is looked for.
  static constexpr size_t kWalked = 4096;
  bool HasOrder(int level) const { return level_orders_[level].has_value() || tree_.AtLevel(level).size() > kWalked; }
  void Rebuild();
  void JudgeLeaf(LeafId leaf);
  // The counts of the leaf as it is now; keeps the tally of exclusions.
  DomainCounts CountLeaf(LeafId leaf);
  int32_t HowMany(const std::vector<ResourceAmount>& request, LeafId leaf, const std::vector<ResourceAmount>* less,
                  int16_t* limit) const;
  // DomainCounts::left of a leaf that takes so many pods.
  int32_t LeftOver(LeafId leaf, int32_t pods) const;
  void Set(DomainId id, const DomainCounts& counts);
  void TallyVerdict(const LeafVerdict& v, int sign);

  const TopologyTree& tree_;
  const PodShape shape_;
  const DomainId within_;
  bool built_ = false;
  uint64_t seen_ = 0;
  int rank_version_ = 0;
  std::vector<DomainCounts> counts_;   // by DomainId
  std::vector<LeafVerdict> verdicts_;  // by LeafId
  std::vector<int64_t> affinity_;      // by LeafId; empty unless scored
  std::vector<uint32_t> stamp_;        // by DomainId: dirty in this round
  std::vector<uint32_t> leaf_stamp_;   // by LeafId: counted in this round
  uint32_t round_ = 0;
  int node_selector_ = 0, node_affinity_ = 0, outside_ = 0;
  std::vector<std::string> taints_;
  std::vector<int> by_taint_, by_resource_;
  std::vector<std::optional<Order>> level_orders_;
  absl::node_hash_map<DomainId, Order> child_orders_;  // orders stay where they are as more are kept
  bool ordered_ = false;
  std::vector<Known> first_, last_;  // by level
  int64_t total_slices_ = 0;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_COUNTS_H_
