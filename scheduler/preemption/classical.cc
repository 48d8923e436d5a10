// Classical preemption: own queue by priority, and what others in the cohort tree borrow.
//
// Source: Kueue, pkg/scheduler/preemption/preemption.go and preemption/classical.
#include <algorithm>

#include "scheduler/preemption/search.h"

namespace muster::scheduler {
namespace {

// Candidates of other ClusterQueues go before those of the own; and if the preemptor's subtree up to some cohort has
// the quota for it, those found above that cohort ("hierarchy") go before those found below ("priority").
enum List { kHierarchy, kPriority, kSameQueue, kNumLists };

// What may be done about a candidate.
enum class Variant {
  kWithinQueue,
  kHierarchicalReclaim,
  kReclaimWithoutBorrowing,  // only if the preemptor then stays within nominal quota
  kReclaimWhileBorrowing,
};

struct Source {
  ClusterQueueId cq;
  quota::NodeId lowest_common;  // cohort; kNoNode in the own queue
  List list;
};

class Search {
 public:
  explicit Search(PreemptionSearch& base) : base_(base) { CollectSources(); }

  std::vector<PreemptionTarget> Run();

 private:
  struct Cursor {
    VictimQueue queue;
    const Source* source;
  };

  void CollectSources();
  void CollectUnder(quota::NodeId cohort, quota::NodeId skip, quota::NodeId lowest_common, List list);
  std::vector<Cursor> Open(List list) const;
  bool HasCandidates(List list) const;
  Variant VariantOf(const Source& source, const WorkloadState& candidate) const;
  bool StillWorthTaking(const Source& source, Variant variant, bool allow_borrowing);
  // Takes candidates until it fits. Returns false (with usage changed) if it never does.
  bool Attempt(bool allow_borrowing, std::vector<PreemptionTarget>* targets);
  bool StrictlyUnderNominal() const;

  PreemptionSearch& base_;
  std::vector<Source> sources_;
};

void Search::CollectUnder(quota::NodeId cohort, quota::NodeId skip, quota::NodeId lowest_common, List list) {
  const quota::Forest& f = base_.forest();
  if (!f.AnyChildOverNominal(cohort, base_.request().frs)) return;
  for (const quota::NodeId child : f.children(cohort)) {
    if (child == skip || f.IsWithinNominal(child, base_.request().frs)) continue;
    if (f.is_cohort(child)) {
      CollectUnder(child, quota::kNoNode, lowest_common, list);
      continue;
    }
    const ClusterQueueId cq = base_.view().declared->ClusterQueueAt(child);
    if ((*base_.view().active)[cq]) sources_.push_back({cq, lowest_common, list});
  }
}

void Search::CollectSources() {
  const quota::Forest& f = base_.forest();
  const ClusterQueueRules& rules = base_.rules();
  if (rules.within_cluster_queue != PreemptionPolicy::kNever) {
    sources_.push_back({base_.request().cq, quota::kNoNode, kSameQueue});
  }
  if (f.parent(base_.node()) == quota::kNoNode || rules.reclaim_within_cohort == PreemptionPolicy::kNever) return;
  std::vector<quota::FrAmount> rest, next;
  bool advantage = f.FitsInQuota(base_.node(), base_.request().usage, &rest);
  quota::NodeId below = base_.node();
  for (quota::NodeId c = f.parent(below); c != quota::kNoNode; below = c, c = f.parent(c)) {
    CollectUnder(c, below, c, advantage ? kHierarchy : kPriority);
    advantage = f.FitsInQuota(c, rest, &next) || advantage;
    std::swap(rest, next);
  }
}

std::vector<Search::Cursor> Search::Open(List list) const {
  std::vector<Cursor> out;
  for (const Source& s : sources_) {
    if (s.list != list) continue;
    VictimQueue queue = base_.QueueOf(s.cq);
    if (!queue.empty()) out.push_back({std::move(queue), &s});
  }
  return out;
}

bool Search::HasCandidates(List list) const {
  return std::any_of(sources_.begin(), sources_.end(),
                     [&](const Source& s) { return s.list == list && !base_.QueueOf(s.cq).empty(); });
}

Variant Search::VariantOf(const Source& source, const WorkloadState& candidate) const {
  if (source.list == kSameQueue) return Variant::kWithinQueue;
  if (source.list == kHierarchy) return Variant::kHierarchicalReclaim;
  const ClusterQueueRules& rules = base_.rules();
  if (!rules.borrow_within_cohort || candidate.priority >= base_.request().priority) {
    return Variant::kReclaimWithoutBorrowing;
  }
  if (rules.max_priority_threshold.has_value() && candidate.priority > *rules.max_priority_threshold) {
    return Variant::kReclaimWithoutBorrowing;
  }
  return Variant::kReclaimWhileBorrowing;
}

bool Search::StillWorthTaking(const Source& source, Variant variant, bool allow_borrowing) {
  if (source.list == kSameQueue) return true;
  if (allow_borrowing && variant == Variant::kReclaimWithoutBorrowing) return false;
  const quota::Forest& f = base_.forest();
  // Who does not borrow (any more) has nothing that is the preemptor's.
  for (quota::NodeId n = base_.view().declared->NodeOf(source.cq); n != source.lowest_common; n = f.parent(n)) {
    if (f.IsWithinNominal(n, base_.request().frs)) return false;
  }
  return true;
}

bool Search::StrictlyUnderNominal() const {
  const quota::Forest& f = base_.forest();
  return std::all_of(base_.request().frs.begin(), base_.request().frs.end(),
                     [&](quota::FrId fr) { return f.usage(base_.node(), fr) < f.nominal(base_.node(), fr); });
}

bool Search::Attempt(bool allow_borrowing, std::vector<PreemptionTarget>* targets) {
  constexpr PreemptionReason kReasons[] = {PreemptionReason::kInClusterQueue, PreemptionReason::kInCohortReclamation,
                                           PreemptionReason::kInCohortReclamation,
                                           PreemptionReason::kInCohortReclaimWhileBorrowing};
  const auto later = [](const Cursor* a, const Cursor* b) { return b->queue.Peek() < a->queue.Peek(); };
  std::vector<Cursor> opened[kNumLists];
  std::vector<Cursor*> lists[kNumLists];  // heaps
  for (int l = 0; l < kNumLists; ++l) {
    opened[l] = Open(static_cast<List>(l));
    for (Cursor& cursor : opened[l]) lists[l].push_back(&cursor);
    std::make_heap(lists[l].begin(), lists[l].end(), later);
  }
  for (const bool evicted : {true, false}) {
    for (std::vector<Cursor*>& list : lists) {
      while (!list.empty() && list.front()->queue.Peek().evicted == evicted) {
        std::pop_heap(list.begin(), list.end(), later);
        Cursor& cursor = *list.back();
        const Source& source = *cursor.source;
        const WorkloadId id = cursor.queue.Pop().id;
        if (cursor.queue.empty()) {
          list.pop_back();
        } else {
          std::push_heap(list.begin(), list.end(), later);
        }
        const Variant variant = VariantOf(source, base_.workload(id));
        if (!StillWorthTaking(source, variant, allow_borrowing)) continue;
        base_.Remove(id);
        targets->push_back({id, kReasons[static_cast<int>(variant)]});
        if (base_.Fits(allow_borrowing)) return true;
      }
    }
  }
  return false;
}

std::vector<PreemptionTarget> Search::Run() {
  const bool hierarchy = HasCandidates(kHierarchy);
  const bool priority = HasCandidates(kPriority);
  const bool may_borrow = base_.rules().borrow_within_cohort;
  std::vector<bool> attempts;  // allow borrowing?
  if ((!hierarchy && !priority) || (!may_borrow && !StrictlyUnderNominal())) {
    attempts = {true};
  } else if (!may_borrow && !hierarchy) {
    attempts = {false, true};
  } else {
    attempts = {true, false};
  }
  for (const bool allow_borrowing : attempts) {
    std::vector<PreemptionTarget> targets;
    const PreemptionSearch::Trial trial(base_);
    if (!Attempt(allow_borrowing, &targets)) continue;
    base_.FillBack(allow_borrowing, &targets);
    return targets;
  }
  return {};
}

}  // namespace

std::vector<PreemptionTarget> SearchClassically(PreemptionSearch& search) { return Search(search).Run(); }

}  // namespace muster::scheduler
