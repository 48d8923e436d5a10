#include "scheduler/order/fair_order.h"

#include <algorithm>
#include <utility>

#include "quota/trial.h"

namespace muster::scheduler {

using quota::kNoNode;
using quota::NodeId;

FairOrder::FairOrder(quota::Forest& forest, const FeatureGates& gates, std::vector<FairEntry> entries)
    : forest_(forest), gates_(gates), entries_(std::move(entries)), taken_(entries_.size()) {
  const int n = static_cast<int>(entries_.size());
  absl::flat_hash_map<NodeId, int> entry_of;
  entry_of.reserve(n);
  for (int i = 0; i < n; ++i) {
    const auto [it, inserted] = entry_of.try_emplace(entries_[i].node, i);
    if (!inserted) taken_[std::exchange(it->second, i)] = 1;
  }
  cohort_of_.assign(n, -1);
  int last = -1;  // neighbours are often in one cohort
  for (int i = 0; i < n; ++i) {
    const NodeId node = forest_.parent(entries_[i].node);
    if (node == kNoNode || taken_[i]) continue;
    if (last < 0 || cohorts_[last].node != node) last = Enter(node);
    cohort_of_[i] = last;
    cohorts_[last].queues.push_back(InItsQueue(i));
  }
  for (Cohort& cohort : cohorts_) {
    std::stable_sort(cohort.queues.begin(), cohort.queues.end(),
                     [this](const Candidate& a, const Candidate& b) { return Better(a, b); });
  }
}

// Where the cohort is in cohorts_; if it is new it gets there, below those above it.
int FairOrder::Enter(NodeId node) {
  const int index = static_cast<int>(cohorts_.size());
  if (const auto [it, fresh] = cohort_index_.try_emplace(node, index); !fresh) return it->second;
  cohorts_.emplace_back().node = node;
  const NodeId above = forest_.parent(node);
  if (above == kNoNode) return index;
  const int parent = Enter(above);
  cohorts_[index].parent = parent;
  std::vector<int>& children = cohorts_[parent].children;
  const auto before = [this](int a, int b) {  // by name
    return forest_.order(cohorts_[a].node) < forest_.order(cohorts_[b].node);
  };
  children.insert(std::lower_bound(children.begin(), children.end(), index, before), index);
  return index;
}

// How the entry's own ClusterQueue would stand with it in: that uses what it used, and what the entry asks for. Nearly
// always it borrows nothing, and nothing has to be tried.
FairOrder::Candidate FairOrder::InItsQueue(int entry) {
  const FairEntry& e = entries_[entry];
  const quota::Share share = forest_.DominantResourceShare(e.node, e.usage);
  return share.borrowing ? Tried(entry, e.node) : Candidate{entry, false, share};
}

// How `side`, the entry's ClusterQueue or a cohort above it, would.
FairOrder::Candidate FairOrder::Tried(int entry, NodeId side) {
  const FairEntry& e = entries_[entry];
  const quota::Trial trial(forest_, side);
  forest_.AddUsage(e.node, e.usage);
  return {entry, forest_.BorrowsAny(side, e.usage), forest_.DominantResourceShare(side)};
}

bool FairOrder::Better(const Candidate& a, const Candidate& b) const {
  const FairEntry &x = entries_[a.entry], &y = entries_[b.entry];
  if (gates_[Gate::kPrioritizePreemptorWorkloads] && x.is_preemptor != y.is_preemptor) return x.is_preemptor;
  if (gates_[Gate::kFairSharingPrioritizeNonBorrowing] && a.borrows != b.borrows) return b.borrows;
  if (a.share.borrowing || b.share.borrowing) {  // else both are 0
    if (const int c = quota::CompareShares(a.share, b.share); c != 0) return c < 0;
  }
  if (gates_[Gate::kPrioritySortingWithinCohort] && x.priority != y.priority) return x.priority > y.priority;
  return x.timestamp < y.timestamp;
}

const FairOrder::Candidate& FairOrder::Winner(int index) {
  Cohort& cohort = cohorts_[index];
  if (!cohort.stale) return cohort.winner;
  cohort.stale = false;
  Candidate best;
  // Of equals the first stays: child cohorts by name, then ClusterQueues by name.
  const auto meet = [&](const Candidate& c) {
    if (best.entry < 0 || Better(c, best)) best = c;
  };
  for (const int child : cohort.children) {
    if (const Candidate& winner = Winner(child); winner.entry >= 0) meet(winner);
  }
  while (cohort.next < cohort.queues.size() && taken_[cohort.queues[cohort.next].entry]) ++cohort.next;
  if (cohort.next < cohort.queues.size()) meet(cohort.queues[cohort.next]);
  cohort.winner = best.entry < 0 || cohort.parent < 0 ? best : Tried(best.entry, cohort.node);
  return cohort.winner;
}

int FairOrder::Pop() {
  while (next_ < static_cast<int>(entries_.size()) && taken_[next_]) ++next_;
  if (next_ == static_cast<int>(entries_.size())) return -1;
  int winner = next_;
  if (int root = cohort_of_[next_]; root >= 0) {
    while (cohorts_[root].parent >= 0) root = cohorts_[root].parent;
    winner = Winner(root).entry;
  }
  taken_[winner] = 1;
  // What the winner takes is seen on its way to the root, and nowhere else.
  for (int i = cohort_of_[winner]; i >= 0; i = cohorts_[i].parent) cohorts_[i].stale = true;
  return winner;
}

}  // namespace muster::scheduler
