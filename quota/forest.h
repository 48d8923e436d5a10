// The quota forest: ClusterQueues as leaves, cohorts above them, and what each of them has, lends, borrows and uses.
//
// Problem: answer "does this fit, and from whom would it borrow?" for any ClusterQueue in a forest of cohorts with
// nominal quotas, borrowing limits and lending limits, while usage changes many times per scheduling cycle, often only
// to try, and while quotas of some trees change and those of others do not.
// Data: nodes and flavor-resource pairs are dense ids. A node has a cell, of one cache line, for every pair that has a
// quota in its subtree, sorted by pair, with a link to the same pair's cell of its parent; a pair that is in use though
// no quota of the subtree mentions it gets one when it is first used. What has no cell reads as what it is: no quota, no
// limits, no usage. Each tree has arrays and an undo log of its own: a tree is built, taken down and decided about
// without touching another. Everything that depends on quotas alone (subtree quota, local quota, potential) is computed
// once, when the tree is built. Usage is the only mutable state; each change can be undone through the log, so a what-if
// costs what it changes.
// Cost: memory is O(quotas * depth). Finding a cell is a scan of the node's pairs, a binary search if they are many.
// Source of the rules: Kueue, pkg/cache/scheduler/resource_node.go and fair_sharing.go.
//
// Thread-safety: compatible (const methods may run in parallel with each other), and tree by tree: methods that change
// usage of different trees may run in parallel, also with const methods on other trees.
#ifndef MUSTER_QUOTA_FOREST_H_
#define MUSTER_QUOTA_FOREST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "quota/amount.h"

namespace muster::quota {

using NodeId = int32_t;  // a ClusterQueue or a cohort
using FrId = int32_t;    // a (flavor, resource) pair
using ResId = int32_t;   // a resource; ids are in name order, so that the smaller id is the smaller name
inline constexpr NodeId kNoNode = -1;
// Cohorts above one another, that of a ClusterQueue and the root included: a tree that is deeper cannot be built.
inline constexpr int kMaxCohortDepth = 64;

// One quota of one node.
struct QuotaSpec {
  FrId fr = 0;
  Amount nominal = 0;
  std::optional<Amount> borrowing_limit;  // nullopt = no limit
  std::optional<Amount> lending_limit;    // nullopt = lends everything
};

struct NodeSpec {
  std::string name;
  bool is_cohort = false;
  NodeId parent = kNoNode;  // index into the nodes of the spec; must be a cohort
  double weight = 1;        // fair-sharing weight; 0 means "borrows last"
  std::vector<QuotaSpec> quotas;
};

struct ForestSpec {
  std::vector<NodeSpec> nodes;
  std::vector<ResId> resource_of_fr;  // size = number of flavor-resource pairs
  int num_resources = 0;
};

// An amount of one flavor-resource pair.
struct FrAmount {
  FrId fr = 0;
  Amount amount = 0;
  friend bool operator==(const FrAmount&, const FrAmount&) = default;
};

// How much a node borrows relative to what its tree could lend it (Kueue: DominantResourceShare).
struct Share {
  double ratio = 0;  // max over resources of borrowed * 1000 / lendable
  double weight = 1;
  ResId dominant = -1;  // the resource of the maximum, -1 if nothing is borrowed
  bool borrowing = false;

  // ratio / weight; +Inf for a borrower of weight 0; 0 for who borrows nothing.
  double Weighted() const;
};

// Negative, 0 or positive as a's share is smaller than, equal to or greater than b's. A borrower of weight 0 is above
// every other; two of them compare by ratio. Doubles are compared exactly, as Kueue does.
int CompareShares(const Share& a, const Share& b);

class Forest {
 public:
  Forest() = default;

  Forest(const Forest& other);
  Forest& operator=(const Forest& other);
  Forest(Forest&&) = default;
  Forest& operator=(Forest&&) = default;

  // A forest with all these nodes, whose ids are their indices. Usage starts at 0.
  // Errors: InvalidArgument if a parent is out of range, is not a cohort, or parents form a cycle (the cycle is
  // printed), cohorts are nested more than kMaxCohortDepth deep, or a quota names an unknown flavor-resource pair.
  // O(quotas * depth, sorted).
  static absl::StatusOr<Forest> Build(const ForestSpec& spec);

  // Tree by tree. A node belongs to one tree or to none; what a node in none says is void.
  // A node in no tree; ids that were given back are used again.
  NodeId NewNode();
  void FreeNode(NodeId n);  // REQUIRES: in no tree
  bool InTree(NodeId n) const { return nodes_[n].tree >= 0; }
  // Which resource each pair is of: counts for trees built from now on.
  void SetResources(std::vector<ResId> resource_of_fr) { resource_of_fr_ = std::move(resource_of_fr); }
  // Makes the nodes `ids` a tree with the quotas of `specs` (in the same order; parents are indices into it) and usage 0.
  // Children are kept in the order of the specs. O(quotas * depth, sorted).
  // REQUIRES: as many ids as specs, none in a tree, one root, parents are cohorts and reach it within kMaxCohortDepth,
  // pairs known.
  void BuildTree(absl::Span<const NodeId> ids, absl::Span<const NodeSpec> specs);
  // Takes the tree of the node down; returns its nodes. REQUIRES: no mark of it is open.
  std::vector<NodeId> RemoveTree(NodeId n);

  // Ids are smaller than this.
  int num_nodes() const { return static_cast<int>(nodes_.size()); }
  int num_frs() const { return static_cast<int>(resource_of_fr_.size()); }
  NodeId parent(NodeId n) const { return nodes_[n].parent; }
  NodeId root(NodeId n) const { return nodes_[n].root; }
  bool is_cohort(NodeId n) const { return nodes_[n].is_cohort; }
  double weight(NodeId n) const { return nodes_[n].weight; }
  const std::string& name(NodeId n) const { return nodes_[n].name; }
  absl::Span<const NodeId> children(NodeId n) const { return nodes_[n].children; }
  int depth(NodeId n) const { return nodes_[n].depth; }
  // The node's place in the order of the specs its tree was built from.
  int order(NodeId n) const { return nodes_[n].order; }

  // Quotas and what follows from them.
  Amount nominal(NodeId n, FrId f) const { return CellOf(n, f).nominal; }
  // kUnlimited when there is no limit.
  Amount borrowing_limit(NodeId n, FrId f) const { return CellOf(n, f).borrowing_limit; }
  bool has_borrowing_limit(NodeId n, FrId f) const { return CellOf(n, f).borrowing_limit != kUnlimited; }
  Amount subtree_quota(NodeId n, FrId f) const { return CellOf(n, f).subtree; }
  // What the node keeps for itself and never lends to its parent.
  Amount local_quota(NodeId n, FrId f) const { return CellOf(n, f).local; }
  // Whether the pair has a quota in the node's subtree (of 0, possibly).
  bool HasQuota(NodeId n, FrId f) const { return CellOf(n, f).has_quota; }
  // The pairs that have, in order.
  absl::Span<const FrId> frs(NodeId n) const { return {nodes_[n].keys, nodes_[n].num_cells}; }
  // Whether the ClusterQueue counts where levels are counted (FindHeight); after building, all do.
  // O(1), and O(depth * cohorts beside those above it) for the first and the last of a cohort.
  void SetCounted(NodeId cluster_queue, bool counted);

  // Usage. AddUsage/RemoveUsage climb to the parent with the part that does not fit the local quota. O(depth).
  // REQUIRES: amount >= 0.
  Amount usage(NodeId n, FrId f) const { return CellOf(n, f).usage; }
  void AddUsage(NodeId n, FrId f, Amount amount);
  void RemoveUsage(NodeId n, FrId f, Amount amount);
  void AddUsage(NodeId n, absl::Span<const FrAmount> amounts);
  void RemoveUsage(NodeId n, absl::Span<const FrAmount> amounts);

  // Whether many pairs that no quota mentions were in use in the tree once and are no more: building it anew makes it
  // smaller. Amortised O(1).
  bool IsCrowded(NodeId n);

  // Undo, for the tree of the node. After Mark, every change of usage in the tree is remembered until Rollback(mark)
  // takes them back or Release(mark) keeps them. Marks of a tree nest: REQUIRES last taken, first ended. Cost is
  // proportional to the changes made since.
  using UndoMark = size_t;
  UndoMark Mark(NodeId n);
  void Rollback(NodeId n, UndoMark mark);
  void Release(NodeId n, UndoMark mark);

  // What is left for the node, its own and borrowed; can be negative. O(depth).
  Amount Available(NodeId n, FrId f) const;
  // Never negative: what a ClusterQueue could still take.
  Amount AvailableClipped(NodeId n, FrId f) const;
  // What the node could take if nothing were in use.
  Amount PotentialAvailable(NodeId n, FrId f) const {
    const Cell* cell = FindOrAbove(n, f);
    return cell == nullptr ? 0 : cell->potential;
  }

  // Whether the node would exceed its own quota (ClusterQueue: nominal; cohort: subtree quota) with `amount` more.
  bool BorrowingWith(NodeId n, FrId f, Amount amount) const;
  // Whether usage is within the subtree quota for all of `frs`.
  bool IsWithinNominal(NodeId n, absl::Span<const FrId> frs) const;
  // Whether some child of the cohort is not, of one pair at least. O(frs).
  bool AnyChildOverNominal(NodeId cohort, absl::Span<const FrId> frs) const;
  // Whether any flavor-resource pair of the ClusterQueue is used beyond its nominal quota.
  bool IsBorrowing(NodeId n) const;

  // The smallest subtree around the ClusterQueue that holds `amount` more: its height (0 = fits in nominal quota) and
  // whether it is smaller than the whole tree, i.e. whether what others borrow outside of it could be reclaimed.
  struct Height {
    int height = 0;
    bool smaller_than_tree = false;
  };
  Height FindHeight(NodeId cluster_queue, FrId f, Amount amount) const;

  // Whether all `requests` fit the node's subtree quota; `remaining` (if not null) gets what the parent would have to
  // give.
  bool FitsInQuota(NodeId n, absl::Span<const FrAmount> requests, std::vector<FrAmount>* remaining) const;

  // The node's dominant resource share with `extra` on top of its usage. A root has share 0. O(frs of the node).
  Share DominantResourceShare(NodeId n, absl::Span<const FrAmount> extra = {}) const;
  // Whether, with `requested` already counted in usage, the node borrows any of the requested pairs (amount > 0).
  bool BorrowsAny(NodeId n, absl::Span<const FrAmount> requested) const;

 private:
  struct alignas(64) Cell {
    Amount nominal = 0, borrowing_limit = kUnlimited, subtree = 0, local = 0, potential = 0, usage = 0;
    int32_t up = 0;             // from here to the same pair's cell of the parent; 0 at a root
    int32_t children_over = 0;  // how many children use more than their subtree quota
    int32_t share = -1;         // the resource's place among the node's shares; -1 without quota
    bool has_quota = false;

    const Cell* above() const { return up == 0 ? nullptr : this + up; }
    Cell* above() { return up == 0 ? nullptr : this + up; }
    Amount LocalAvailable() const {
      const Amount left = Sub(local, usage);
      return left > 0 ? left : 0;
    }
  };
  // What the node's parent could at most give of a resource, summed over flavors.
  struct Lendable {
    ResId resource = 0;
    Amount amount = 0;
  };
  struct Node {
    int32_t tree = -1;  // in trees_
    NodeId parent = kNoNode, root = kNoNode;
    uint32_t num_cells = 0;      // of pairs with quotas
    uint32_t num_extra = 0;      // and others, which are in the tree's `extra`
    const FrId* keys = nullptr;  // whose cells they are, sorted; in the tree's arrays, as the cells
    Cell* cells = nullptr;
    uint32_t first_lendable = 0, num_lendable = 0;  // in the tree's, by resource
    int32_t depth = 0, height = 0, order = 0;
    int32_t counted_queues = 0;  // ClusterQueues among the children that are counted
    bool is_cohort = false, counted = true;
    double weight = 1;
    std::string name;
    std::vector<NodeId> children;
  };
  struct Undo {
    int32_t cell;
    Amount old_value;
  };
  struct Tree {
    std::vector<NodeId> nodes;
    std::vector<FrId> keys;   // of the cells that have a quota, node by node
    std::vector<Cell> cells;  // those, and behind them the extra ones
    std::vector<Lendable> lendable;
    absl::flat_hash_map<std::pair<NodeId, FrId>, int32_t> extra;  // -> index in cells
    size_t extra_limit = 64;                                      // above it, look how many are in use
    std::vector<Undo> undo;
    int marks = 0;
  };
  struct Plan;  // of a tree that is being built

  static const Cell kNothing;  // what a pair without a cell is
  const Cell* Find(NodeId n, FrId f) const {
    const Node& node = nodes_[n];
    if (node.num_cells <= 16) {
      for (uint32_t i = 0; i < node.num_cells; ++i) {
        if (node.keys[i] == f) return node.cells + i;
      }
    } else if (const Cell* cell = Search(node, f)) {
      return cell;
    }
    return node.num_extra == 0 ? nullptr : FindExtra(n, f);
  }
  static const Cell* Search(const Node& node, FrId f);
  const Cell* FindExtra(NodeId n, FrId f) const;
  const Cell& CellOf(NodeId n, FrId f) const {
    const Cell* cell = Find(n, f);
    return cell == nullptr ? kNothing : *cell;
  }
  // Of the node, or of the next above it that has one: whoever has none has what is above.
  const Cell* FindOrAbove(NodeId n, FrId f) const;
  // Makes one if there is none.
  Cell* Ensure(NodeId n, FrId f);
  Tree& TreeOf(NodeId n) { return trees_[nodes_[n].tree]; }
  // Points the nodes of the tree to their cells.
  void Point(Tree* tree);
  static void SetUsage(Tree* tree, Cell* cell, Amount value);
  // Writes the cell and keeps children_over true.
  static void StoreUsage(Cell* cell, Amount value);
  static Amount Available(const Cell& cell);
  // What counts as the node's own.
  static Amount Own(const Node& node, const Cell& cell) { return node.is_cohort ? cell.subtree : cell.nominal; }
  void LayOut(Plan* plan);
  void ComputeUp(const Plan& plan);
  void ComputeDown(const Plan& plan);
  int HeightOf(const Node& node) const;

  std::vector<ResId> resource_of_fr_;
  std::vector<Node> nodes_;
  std::vector<NodeId> free_nodes_;
  std::vector<Tree> trees_;
  std::vector<int32_t> free_trees_;
};

}  // namespace muster::quota

#endif  // MUSTER_QUOTA_FOREST_H_
