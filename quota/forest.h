// The quota forest: ClusterQueues as leaves, cohorts above them, and what each of them has, lends, borrows and uses.
//
// Problem: answer "does this fit, and from whom would it borrow?" for any ClusterQueue in a forest of cohorts with
// nominal quotas, borrowing limits and lending limits, while usage changes many times per scheduling cycle, often only
// to try. Data: nodes and flavor-resource pairs are dense ids; every figure is a flat array indexed by (node,
// flavor-resource). Everything that depends on quotas alone (subtree quota, local quota, potential) is computed once by
// Build. Usage is the only mutable state; each change can be undone through a log, so a what-if costs what it changes.
// Source of the rules: Kueue, pkg/cache/scheduler/resource_node.go and fair_sharing.go.
//
// Thread-safety: compatible (const methods may run in parallel with each other).
#ifndef MUSTER_QUOTA_FOREST_H_
#define MUSTER_QUOTA_FOREST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "quota/amount.h"

namespace muster::quota {

using NodeId = int32_t;  // a ClusterQueue or a cohort
using FrId = int32_t;    // a (flavor, resource) pair
using ResId = int32_t;   // a resource; ids are in name order, so that the smaller id is the smaller name
inline constexpr NodeId kNoNode = -1;

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
  NodeId parent = kNoNode;  // index into ForestSpec::nodes; must be a cohort
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

  // Computes subtree quotas, local quotas and potentials. Usage starts at 0.
  // Errors: InvalidArgument if a parent is out of range, is not a cohort, or parents form a cycle (the cycle is
  // printed), or a quota names an unknown flavor-resource pair. O(nodes * flavor-resource pairs).
  static absl::StatusOr<Forest> Build(const ForestSpec& spec);

  int num_nodes() const { return static_cast<int>(parent_.size()); }
  int num_frs() const { return num_frs_; }
  NodeId parent(NodeId n) const { return parent_[n]; }
  NodeId root(NodeId n) const { return root_[n]; }
  bool is_cohort(NodeId n) const { return is_cohort_[n]; }
  double weight(NodeId n) const { return weight_[n]; }
  const std::string& name(NodeId n) const { return name_[n]; }
  absl::Span<const NodeId> children(NodeId n) const { return children_[n]; }
  int depth(NodeId n) const { return depth_[n]; }

  // Quotas and what follows from them.
  Amount nominal(NodeId n, FrId f) const { return nominal_[At(n, f)]; }
  // kUnlimited when there is no limit.
  Amount borrowing_limit(NodeId n, FrId f) const { return borrowing_limit_[At(n, f)]; }
  bool has_borrowing_limit(NodeId n, FrId f) const { return borrowing_limit_[At(n, f)] != kUnlimited; }
  Amount subtree_quota(NodeId n, FrId f) const { return subtree_[At(n, f)]; }
  // What the node keeps for itself and never lends to its parent.
  Amount local_quota(NodeId n, FrId f) const { return local_[At(n, f)]; }
  // Whether the pair has a quota in the node's subtree (of 0, possibly).
  bool HasQuota(NodeId n, FrId f) const { return present_[At(n, f)] != 0; }
  absl::Span<const FrId> frs(NodeId n) const { return frs_[n]; }
  // Counts levels (FindHeight) over these nodes only, as if ClusterQueues with 0 in `counted` were not there. O(nodes).
  // REQUIRES: counted.size() == num_nodes().
  void CountOnly(absl::Span<const uint8_t> counted);

  // Usage. AddUsage/RemoveUsage climb to the parent with the part that does not fit the local quota. O(depth).
  // REQUIRES: amount >= 0.
  Amount usage(NodeId n, FrId f) const { return usage_[At(n, f)]; }
  void AddUsage(NodeId n, FrId f, Amount amount);
  void RemoveUsage(NodeId n, FrId f, Amount amount);
  void AddUsage(NodeId n, absl::Span<const FrAmount> amounts);
  void RemoveUsage(NodeId n, absl::Span<const FrAmount> amounts);

  // Undo. After Mark, every usage change is remembered until Rollback(mark) takes them back or Release(mark) keeps
  // them. Marks nest: REQUIRES last taken, first ended. Cost is proportional to the changes made since.
  using UndoMark = size_t;
  UndoMark Mark();
  void Rollback(UndoMark mark);
  void Release(UndoMark mark);

  // What is left for the node, its own and borrowed; can be negative. O(depth).
  Amount Available(NodeId n, FrId f) const;
  // Never negative: what a ClusterQueue could still take.
  Amount AvailableClipped(NodeId n, FrId f) const;
  // What the node could take if nothing were in use. O(1).
  Amount PotentialAvailable(NodeId n, FrId f) const { return potential_[At(n, f)]; }

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
  size_t At(NodeId n, FrId f) const { return static_cast<size_t>(n) * num_frs_ + f; }
  Amount LocalAvailable(size_t i) const {
    const Amount left = Sub(local_[i], usage_[i]);
    return left > 0 ? left : 0;
  }
  void SetUsage(size_t i, Amount value);
  // Writes the cell and keeps children_over_ true.
  void StoreUsage(size_t i, Amount value);
  void ComputeSubtree(NodeId n);
  void ComputeDown(NodeId n);

  int num_frs_ = 0;
  int num_resources_ = 0;
  std::vector<ResId> resource_of_fr_;

  std::vector<std::string> name_;
  std::vector<NodeId> parent_, root_;
  std::vector<std::vector<NodeId>> children_;
  std::vector<std::vector<FrId>> frs_;
  std::vector<uint8_t> is_cohort_;
  std::vector<double> weight_;
  std::vector<int> height_, depth_;
  // [node * num_resources + resource]: what the node's parent could at most give, summed over flavors.
  std::vector<Amount> lendable_;
  // [node * num_frs + fr]
  std::vector<Amount> nominal_, borrowing_limit_, lending_limit_, subtree_, local_, potential_, usage_;
  std::vector<uint8_t> present_;
  // Per cell: the same pair's cell of the parent (kNoCell at a root), and how many children use more than their subtree
  // quota. Amounts change all the time, this seldom; and a search for something to reclaim need not look at children of
  // which none borrows.
  static constexpr size_t kNoCell = static_cast<size_t>(-1);
  std::vector<size_t> parent_cell_;
  std::vector<int> children_over_;

  struct Undo {
    size_t index;
    Amount old_value;
  };
  std::vector<Undo> undo_;
  int marks_ = 0;
};

}  // namespace muster::quota

#endif  // MUSTER_QUOTA_FOREST_H_
