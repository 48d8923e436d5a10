// Preemption by dominant resource shares: take from the ClusterQueue with the highest share, while the strategies say
// that this makes things fairer.
//
// Source: Kueue, pkg/scheduler/preemption/preemption.go (fairPreemptions) and preemption/fairsharing.
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "scheduler/preemption/search.h"

namespace muster::scheduler {
namespace {

using quota::CompareShares;
using quota::NodeId;
using quota::Share;

bool IsInfinite(const Share& s) { return s.Weighted() == std::numeric_limits<double>::infinity(); }

bool Holds(FairSharingStrategy strategy, const Share& preemptor_new, const Share& target_old, const Share& target_new) {
  return strategy == FairSharingStrategy::kLessThanOrEqualToFinalShare ? CompareShares(preemptor_new, target_new) <= 0
                                                                       : CompareShares(preemptor_new, target_old) < 0;
}

// Yields the ClusterQueue to take the next victim from: down from the root along the highest shares.
class Ordering {
 public:
  // Queues by node; every queue is the candidates of one ClusterQueue.
  Ordering(PreemptionSearch& base, std::map<NodeId, VictimQueue> queues) : base_(base), queues_(std::move(queues)) {
    for (NodeId n = base.node(); n != quota::kNoNode; n = base.forest().parent(n)) on_path_.insert(n);
  }

  // Null when nothing is left.
  VictimQueue* Next() {
    const quota::Forest& f = base_.forest();
    if (f.parent(base_.node()) == quota::kNoNode) return QueueAt(base_.node());
    const NodeId root = f.root(base_.node());
    while (pruned_.count(root) == 0) {
      if (VictimQueue* queue = NextUnder(root)) return queue;
    }
    return nullptr;
  }
  void Drop(const VictimQueue& queue) { pruned_.insert(queue.node()); }

 private:
  VictimQueue* QueueAt(NodeId n) {
    const auto it = queues_.find(n);
    return it == queues_.end() || it->second.empty() ? nullptr : &it->second;
  }

  // Which of two ClusterQueues of equal share goes first: the one whose first candidate would.
  bool GoesFirst(const VictimQueue& a, const VictimQueue& b) const {
    return GoesBefore({a.Peek(), a.cq(), {}, {}}, {b.Peek(), b.cq(), {}, {}}, base_.request().cq);
  }

  VictimQueue* NextUnder(NodeId cohort) {
    const quota::Forest& f = base_.forest();
    VictimQueue* queue = nullptr;
    NodeId child_cohort = quota::kNoNode;
    Share queue_share, cohort_share;
    for (const NodeId child : f.children(cohort)) {
      if (pruned_.count(child) > 0) continue;
      const bool own_side = on_path_.count(child) > 0;
      if (!f.is_cohort(child) && QueueAt(child) == nullptr) {
        pruned_.insert(child);
        continue;
      }
      const Share share = f.DominantResourceShare(child);
      if (!share.borrowing && !own_side) {
        pruned_.insert(child);
      } else if (f.is_cohort(child)) {
        // Kueue lets the last of equals in map order win; here children are in name order.
        if (child_cohort == quota::kNoNode || CompareShares(share, cohort_share) >= 0) {
          child_cohort = child;
          cohort_share = share;
        }
      } else {
        VictimQueue* candidate = QueueAt(child);
        const int order = queue == nullptr ? 1 : CompareShares(share, queue_share);
        if (order > 0 || (order == 0 && GoesFirst(*candidate, *queue))) {
          queue = candidate;
          queue_share = share;
        }
      }
    }
    if (queue == nullptr && child_cohort == quota::kNoNode) {
      pruned_.insert(cohort);
      return nullptr;
    }
    if (child_cohort != quota::kNoNode && (queue == nullptr || CompareShares(cohort_share, queue_share) >= 0)) {
      return NextUnder(child_cohort);
    }
    return queue;
  }

  PreemptionSearch& base_;
  std::map<NodeId, VictimQueue> queues_;
  std::set<NodeId> on_path_;
  std::set<NodeId> pruned_;
};

class Search {
 public:
  explicit Search(PreemptionSearch& base) : base_(base) {}

  std::vector<PreemptionTarget> Run(const std::vector<FairSharingStrategy>& strategies) {
    std::map<NodeId, VictimQueue> queues = CollectQueues();
    if (queues.empty() || strategies.empty()) return {};
    // The shares of the preemptor's side count it in. It is taken out again to ask whether it fits.
    base_.forest().AddUsage(base_.node(), base_.request().usage);
    bool fits = FirstPass(strategies[0], std::move(queues));
    if (!fits && strategies.size() > 1) fits = SecondPass(strategies[1]);
    if (!fits) return {};
    base_.forest().RemoveUsage(base_.node(), base_.request().usage);
    base_.FillBack(/*allow_borrowing=*/true, &targets_);
    return std::move(targets_);
  }

 private:
  std::map<NodeId, VictimQueue> CollectQueues() {
    std::map<NodeId, VictimQueue> out;
    const auto add = [&](ClusterQueueId cq) {
      VictimQueue queue = base_.QueueOf(cq);
      const NodeId node = queue.node();
      if (!queue.empty()) out.emplace(node, std::move(queue));
    };
    if (base_.rules().within_cluster_queue != PreemptionPolicy::kNever) add(base_.request().cq);
    const NodeId root = base_.forest().root(base_.node());
    if (root != base_.node() && base_.rules().reclaim_within_cohort != PreemptionPolicy::kNever) {
      AddBorrowersUnder(root, add);
    }
    return out;
  }

  template <typename Add>
  void AddBorrowersUnder(NodeId cohort, const Add& add) {
    const quota::Forest& f = base_.forest();
    const auto& frs = base_.request().frs;
    // Most of the time nobody borrows: then its ClusterQueues need not be asked one by one.
    const bool any = f.AnyChildOverNominal(cohort, frs);
    for (const NodeId child : f.children(cohort)) {
      if (f.is_cohort(child)) {
        AddBorrowersUnder(child, add);
        continue;
      }
      if (!any || child == base_.node()) continue;
      if (!std::any_of(frs.begin(), frs.end(), [&](quota::FrId fr) { return f.BorrowingWith(child, fr, 0); })) continue;
      const ClusterQueueId cq = base_.view().declared->ClusterQueueAt(child);
      if ((*base_.view().active)[cq]) add(cq);
    }
  }

  // Takes the victim. Returns whether the preemptor fits now.
  bool Take(const VictimKey& victim, PreemptionReason reason) {
    base_.Remove(victim.id);
    targets_.push_back({victim.id, reason});
    base_.forest().RemoveUsage(base_.node(), base_.request().usage);
    const bool fits = base_.Fits(/*allow_borrowing=*/true);
    base_.forest().AddUsage(base_.node(), base_.request().usage);
    return fits;
  }

  // The children of the lowest common cohort on either side.
  std::pair<NodeId, NodeId> AlmostCommon(NodeId target) const {
    const quota::Forest& f = base_.forest();
    NodeId a = base_.node(), b = target;
    while (f.parent(a) != f.parent(b)) {
      if (f.depth(a) >= f.depth(b)) {
        a = f.parent(a);
      } else {
        b = f.parent(b);
      }
    }
    return {a, b};
  }

  Share ShareWithout(NodeId target_side, const VictimKey& victim) {
    quota::Forest& f = base_.forest();
    const WorkloadState& w = base_.workload(victim.id);
    const quota::Trial trial(f, target_side);
    f.RemoveUsage(base_.view().declared->NodeOf(w.cq), w.usage);
    return f.DominantResourceShare(target_side);
  }

  bool FirstPass(FairSharingStrategy strategy, std::map<NodeId, VictimQueue> queues) {
    const quota::Forest& f = base_.forest();
    Ordering ordering(base_, std::move(queues));
    // Asked before anybody goes: who has to preempt in its own queue to come within nominal has no claim on others'.
    const bool within_nominal = base_.view().options->gates[Gate::kFairSharingPreemptWithinNominal] &&
                                f.IsWithinNominal(base_.node(), base_.request().frs);
    while (VictimQueue* queue = ordering.Next()) {
      if (queue->node() == base_.node()) {
        if (Take(queue->Pop(), PreemptionReason::kInClusterQueue)) return true;
        continue;
      }
      if (within_nominal) {
        if (Take(queue->Pop(), PreemptionReason::kInCohortReclamation)) return true;
        continue;
      }
      const auto [own_side, target_side] = AlmostCommon(queue->node());
      const Share own = f.DominantResourceShare(own_side), target = f.DominantResourceShare(target_side);
      const bool hopeless = IsInfinite(own) && !IsInfinite(target);
      while (!queue->empty()) {
        const VictimKey victim = queue->Pop();
        if (hopeless || !Holds(strategy, own, target, ShareWithout(target_side, victim))) {
          retry_.push_back(victim);
          continue;
        }
        if (Take(victim, PreemptionReason::kInCohortFairSharing)) return true;
        break;  // shares have changed: choose the queue again
      }
    }
    return false;
  }

  // Those the first strategy would not take, at most one per ClusterQueue.
  bool SecondPass(FairSharingStrategy strategy) {
    const quota::Forest& f = base_.forest();
    std::map<NodeId, std::pair<ClusterQueueId, std::vector<VictimKey>>> retry;
    for (const VictimKey& victim : retry_) {
      const ClusterQueueId cq = base_.workload(victim.id).cq;
      auto& entry = retry[base_.view().declared->NodeOf(cq)];
      entry.first = cq;
      entry.second.push_back(victim);
    }
    std::map<NodeId, VictimQueue> queues;
    for (auto& [node, entry] : retry) queues.emplace(node, VictimQueue(entry.first, node, std::move(entry.second)));
    Ordering ordering(base_, std::move(queues));
    while (VictimQueue* queue = ordering.Next()) {
      const auto [own_side, target_side] = AlmostCommon(queue->node());
      const Share own = f.DominantResourceShare(own_side), target = f.DominantResourceShare(target_side);
      if (Holds(strategy, own, target, Share())) {
        if (Take(queue->Pop(), PreemptionReason::kInCohortFairSharing)) return true;
      }
      ordering.Drop(*queue);
    }
    return false;
  }

  PreemptionSearch& base_;
  std::vector<PreemptionTarget> targets_;
  std::vector<VictimKey> retry_;
};

}  // namespace

std::vector<PreemptionTarget> SearchByShares(PreemptionSearch& search,
                                             const std::vector<FairSharingStrategy>& strategies) {
  return Search(search).Run(strategies);
}

}  // namespace muster::scheduler
