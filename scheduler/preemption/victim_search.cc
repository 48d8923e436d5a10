#include "scheduler/preemption/victim_search.h"

#include <algorithm>
#include <map>
#include <utility>

#include "scheduler/preemption/search.h"

namespace muster::scheduler {

PreemptionSearch::PreemptionSearch(const HoldersView& view, const PreemptionRequest& request, OtherCapacity* other)
    : view_(view), request_(request), other_(other), node_(view.declared->NodeOf(request.cq)) {
  within_ = {rules().within_cluster_queue, request.priority, request.queue_timestamp, request.frs};
  across_ = {rules().reclaim_within_cohort, request.priority, request.queue_timestamp, request.frs};
}

VictimQueue PreemptionSearch::QueueOf(ClusterQueueId cq) const {
  const VictimFilter& filter = cq == request_.cq ? within_ : across_;
  const quota::NodeId node = view_.declared->NodeOf(cq);
  VictimQueue queue(cq, node, (*view_.by_queue)[cq], *view_.workloads, filter);
  if (!view_.local_queue_usage) return queue;
  std::vector<VictimCandidate> candidates;
  bool several_names = false;
  while (!queue.empty()) {
    const WorkloadState& w = workload(queue.Peek().id);
    const std::string_view name = view_.declared->LocalQueueName(w.local_queue);
    several_names = several_names || (!candidates.empty() && candidates[0].local_queue != name);
    candidates.push_back({{}, cq, name, view_.local_queue_usage(queue.Peek().id)});
    candidates.back().key = queue.Pop();
  }
  if (several_names) {
    // Two LocalQueues of one name in different namespaces are not compared by usage, which may leave no order at all;
    // Kueue then ends where the order of a Go map leads it. Here the first of such a name speaks for all.
    std::map<std::string_view, std::optional<double>> used_of;
    for (VictimCandidate& c : candidates) c.used = used_of.try_emplace(c.local_queue, c.used).first->second;
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&](const VictimCandidate& a, const VictimCandidate& b) { return GoesBefore(a, b, request_.cq); });
  }
  std::vector<VictimKey> sorted;
  for (const VictimCandidate& c : candidates) sorted.push_back(c.key);
  return VictimQueue(cq, node, std::move(sorted));
}

void PreemptionSearch::Remove(WorkloadId victim) {
  const WorkloadState& w = workload(victim);
  forest().RemoveUsage(view_.declared->NodeOf(w.cq), w.usage);
  if (other_ != nullptr) other_->Remove(victim);
}

void PreemptionSearch::Restore(WorkloadId victim) {
  const WorkloadState& w = workload(victim);
  forest().AddUsage(view_.declared->NodeOf(w.cq), w.usage);
  if (other_ != nullptr) other_->Restore(victim);
}

bool PreemptionSearch::Fits(bool allow_borrowing) {
  const quota::Forest& f = forest();
  for (const quota::FrAmount& u : request_.usage) {
    if (!allow_borrowing && f.BorrowingWith(node_, u.fr, u.amount)) return false;
    if (u.amount > f.AvailableClipped(node_, u.fr)) return false;
  }
  return other_ == nullptr || other_->Fits();
}

void PreemptionSearch::FillBack(bool allow_borrowing, std::vector<PreemptionTarget>* targets) {
  // The last one made it fit, so it stays.
  for (int i = static_cast<int>(targets->size()) - 2; i >= 0; --i) {
    Restore((*targets)[i].workload);
    if (Fits(allow_borrowing)) {
      (*targets)[i] = targets->back();
      targets->pop_back();
    } else {
      Remove((*targets)[i].workload);
    }
  }
}

VictimSearch::VictimSearch(HoldersView view) : view_(std::move(view)) {}

std::vector<PreemptionTarget> VictimSearch::FindTargets(const PreemptionRequest& request, OtherCapacity* other) {
  if (other == nullptr && last_.has_value() && last_->request == request) return last_->targets;
  PreemptionSearch search(view_, request, other);
  const PreemptionSearch::Trial trial(search);
  std::vector<PreemptionTarget> targets = view_.options->fair_sharing.has_value()
                                              ? SearchByShares(search, *view_.options->fair_sharing)
                                              : SearchClassically(search);
  if (other == nullptr) last_ = {request, targets};
  return targets;
}

RatedMode VictimSearch::Ask(const WorkloadState& workload, ClusterQueueId cq, quota::FrId fr, quota::Amount amount) {
  quota::Forest& forest = view_.declared->forest();
  const quota::NodeId node = view_.declared->NodeOf(cq);
  const PreemptionRequest request{cq, workload.priority, workload.queue_timestamp, {{fr, amount}}, {fr}};
  const std::vector<PreemptionTarget> targets = FindTargets(request);
  if (targets.empty()) return {FitMode::kNoCandidates, forest.FindHeight(node, fr, amount).height};
  const quota::Trial trial(forest, node);
  bool own = false;
  for (const PreemptionTarget& t : targets) {
    const WorkloadState& victim = (*view_.workloads)[t.workload];
    own = own || victim.cq == cq;
    forest.RemoveUsage(view_.declared->NodeOf(victim.cq), victim.usage);
  }
  return {own ? FitMode::kPreempt : FitMode::kReclaim, forest.FindHeight(node, fr, amount).height};
}

}  // namespace muster::scheduler
