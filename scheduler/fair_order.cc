#include "scheduler/fair_order.h"

#include <algorithm>
#include <utility>

namespace muster::scheduler {

using quota::kNoNode;
using quota::NodeId;

FairOrder::FairOrder(quota::Forest& forest, const FeatureGates& gates, std::vector<FairEntry> entries)
    : forest_(forest), gates_(gates), entries_(std::move(entries)), states_(entries_.size()) {
  for (int i = 0; i < static_cast<int>(entries_.size()); ++i) {
    const NodeId node = entries_[i].node;
    remaining_[node] = i;
    by_name_.push_back(node);
    const NodeId parent = forest_.parent(node);
    if (parent == kNoNode) continue;
    candidates_[parent].push_back(i);
    for (NodeId below = parent, above = forest_.parent(below); above != kNoNode;
         below = above, above = forest_.parent(above)) {
      std::vector<NodeId>& children = child_cohorts_[above];
      // Node ids of cohorts are in name order.
      const auto at = std::lower_bound(children.begin(), children.end(), below);
      if (at != children.end() && *at == below) break;
      children.insert(at, below);
    }
  }
}

void FairOrder::Refresh(int index) {
  State& s = states_[index];
  if (!s.stale) return;
  s.stale = false;
  s.standings.clear();
  const FairEntry& e = entries_[index];
  const quota::Forest::UndoMark mark = forest_.Mark();
  forest_.AddUsage(e.node, e.usage);
  for (NodeId n = e.node; forest_.parent(n) != kNoNode; n = forest_.parent(n)) {
    s.standings.push_back({forest_.DominantResourceShare(n), forest_.BorrowsAny(n, e.usage)});
  }
  forest_.Rollback(mark);
}

const FairOrder::Standing& FairOrder::At(int index, NodeId cohort) const {
  return states_[index].standings[forest_.depth(entries_[index].node) - forest_.depth(cohort) - 1];
}

bool FairOrder::Better(int a, int b, NodeId cohort) const {
  const FairEntry &x = entries_[a], &y = entries_[b];
  const Standing &s = At(a, cohort), &t = At(b, cohort);
  if (gates_[Gate::kPrioritizePreemptorWorkloads] && x.is_preemptor != y.is_preemptor) return x.is_preemptor;
  if (gates_[Gate::kFairSharingPrioritizeNonBorrowing] && s.borrows != t.borrows) return t.borrows;
  if (const int c = quota::CompareShares(s.share, t.share); c != 0) return c < 0;
  if (gates_[Gate::kPrioritySortingWithinCohort] && x.priority != y.priority) return x.priority > y.priority;
  return x.timestamp < y.timestamp;
}

int FairOrder::Winner(NodeId cohort) {
  int best = -1;
  const auto meet = [&](int candidate) {
    if (candidate >= 0 && (best < 0 || Better(candidate, best, cohort))) best = candidate;
  };
  if (const auto it = child_cohorts_.find(cohort); it != child_cohorts_.end()) {
    for (const NodeId child : it->second) meet(Winner(child));
  }
  if (const auto it = candidates_.find(cohort); it != candidates_.end()) {
    for (const int i : it->second) {
      Refresh(i);
      meet(i);
    }
  }
  return best;
}

int FairOrder::Pop() {
  while (next_ < by_name_.size() && remaining_.count(by_name_[next_]) == 0) ++next_;
  if (next_ == by_name_.size()) return -1;
  const NodeId node = by_name_[next_];
  const NodeId root = forest_.root(node);
  const int winner = root == node ? remaining_[node] : Winner(root);
  const NodeId won = entries_[winner].node;
  remaining_.erase(won);
  if (root == node) return winner;
  std::vector<int>& siblings = candidates_[forest_.parent(won)];
  siblings.erase(std::find(siblings.begin(), siblings.end(), winner));
  // What the winner takes is seen on its way to the root; the root itself has no share.
  for (NodeId n = forest_.parent(won); n != root; n = forest_.parent(n)) {
    if (forest_.parent(n) != root) continue;
    for (const auto& [other, i] : remaining_) {
      NodeId top = other;
      while (forest_.parent(top) != kNoNode && forest_.parent(top) != root) top = forest_.parent(top);
      if (top == n) states_[i].stale = true;
    }
  }
  return winner;
}

}  // namespace muster::scheduler
