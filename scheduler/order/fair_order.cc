#include "scheduler/order/fair_order.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "quota/trial.h"

namespace muster::scheduler {

using quota::kNoNode;
using quota::NodeId;

FairOrder::FairOrder(quota::Forest& forest, const FeatureGates& gates, std::vector<FairEntry> entries)
    : forest_(forest), gates_(gates), entries_(std::move(entries)), taken_(entries_.size()) {
  const auto ensure = [this](NodeId node) {
    const auto [it, inserted] = cohort_index_.try_emplace(node, static_cast<int>(cohorts_.size()));
    if (inserted) cohorts_.emplace_back();
    return std::pair(it->second, inserted);
  };
  absl::flat_hash_map<NodeId, int> entry_of;
  for (int i = 0; i < static_cast<int>(entries_.size()); ++i) {
    const auto [it, inserted] = entry_of.try_emplace(entries_[i].node, i);
    if (!inserted) taken_[std::exchange(it->second, i)] = 1;
  }
  for (int i = 0; i < static_cast<int>(entries_.size()); ++i) {
    NodeId below = forest_.parent(entries_[i].node);
    if (below == kNoNode || taken_[i]) continue;
    auto [index, fresh] = ensure(below);
    cohorts_[index].queues.push_back(CandidateAt(i, entries_[i].node));
    for (NodeId above = forest_.parent(below); fresh && above != kNoNode;
         below = above, above = forest_.parent(above)) {
      std::tie(index, fresh) = ensure(above);
      std::vector<NodeId>& children = cohorts_[index].children;
      const auto before = [this](NodeId a, NodeId b) { return forest_.order(a) < forest_.order(b); };  // by name
      children.insert(std::lower_bound(children.begin(), children.end(), below, before), below);
    }
  }
  for (Cohort& cohort : cohorts_) {
    std::stable_sort(cohort.queues.begin(), cohort.queues.end(),
                     [this](const Candidate& a, const Candidate& b) { return Better(a, b); });
  }
}

// How `side`, the entry's ClusterQueue or a cohort above it, would stand with the entry in.
FairOrder::Candidate FairOrder::CandidateAt(int entry, NodeId side) {
  const FairEntry& e = entries_[entry];
  const quota::Trial trial(forest_, e.node);
  forest_.AddUsage(e.node, e.usage);
  return {entry, {forest_.DominantResourceShare(side), forest_.BorrowsAny(side, e.usage)}};
}

bool FairOrder::Better(const Candidate& a, const Candidate& b) const {
  const FairEntry &x = entries_[a.entry], &y = entries_[b.entry];
  if (gates_[Gate::kPrioritizePreemptorWorkloads] && x.is_preemptor != y.is_preemptor) return x.is_preemptor;
  if (gates_[Gate::kFairSharingPrioritizeNonBorrowing] && a.standing.borrows != b.standing.borrows) {
    return b.standing.borrows;
  }
  if (const int c = quota::CompareShares(a.standing.share, b.standing.share); c != 0) return c < 0;
  if (gates_[Gate::kPrioritySortingWithinCohort] && x.priority != y.priority) return x.priority > y.priority;
  return x.timestamp < y.timestamp;
}

const FairOrder::Candidate& FairOrder::Winner(NodeId node) {
  Cohort& cohort = cohorts_[cohort_index_.at(node)];
  if (!cohort.stale) return cohort.winner;
  cohort.stale = false;
  Candidate best;
  // Of equals the first stays: child cohorts by name, then ClusterQueues by name.
  const auto meet = [&](const Candidate& c) {
    if (best.entry < 0 || Better(c, best)) best = c;
  };
  for (const NodeId child : cohort.children) {
    if (const Candidate& winner = Winner(child); winner.entry >= 0) meet(winner);
  }
  while (cohort.next < cohort.queues.size() && taken_[cohort.queues[cohort.next].entry]) ++cohort.next;
  if (cohort.next < cohort.queues.size()) meet(cohort.queues[cohort.next]);
  cohort.winner = best.entry < 0 || forest_.parent(node) == kNoNode ? best : CandidateAt(best.entry, node);
  return cohort.winner;
}

int FairOrder::Pop() {
  while (next_ < static_cast<int>(entries_.size()) && taken_[next_]) ++next_;
  if (next_ == static_cast<int>(entries_.size())) return -1;
  const NodeId root = forest_.root(entries_[next_].node);
  const int winner = root == entries_[next_].node ? next_ : Winner(root).entry;
  taken_[winner] = 1;
  // What the winner takes is seen on its way to the root, and nowhere else.
  for (NodeId n = forest_.parent(entries_[winner].node); n != kNoNode; n = forest_.parent(n)) {
    cohorts_[cohort_index_.at(n)].stale = true;
  }
  return winner;
}

}  // namespace muster::scheduler
