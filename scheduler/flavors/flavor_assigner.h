// Choosing flavors for the pod sets of one workload, all or nothing.
//
// Problem: for each resource group of the ClusterQueue, find the first flavor (in declared order) that the pods may run
// on and that has the quota, or the best compromise: room after borrowing, or after preempting. All resources of a
// group get the same flavor; pod sets of one pod-set group get the same flavors. Complexity: O(pod sets * flavors *
// resources * cohort depth), plus what the oracle costs. Source of the rules: Kueue, pkg/scheduler/flavorassigner.
#ifndef MUSTER_SCHEDULER_FLAVORS_FLAVOR_ASSIGNER_H_
#define MUSTER_SCHEDULER_FLAVORS_FLAVOR_ASSIGNER_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "quota/forest.h"
#include "scheduler/declared/declared.h"
#include "scheduler/flavors/assignment.h"
#include "scheduler/options.h"
#include "scheduler/workload/workload_state.h"

namespace muster::scheduler {

class TopologyStep;

// Whether a is strictly better than b. preemption_over_borrowing: the ClusterQueue would rather preempt than borrow.
bool IsPreferred(RatedMode a, RatedMode b, bool preemption_over_borrowing);
// Whether a flavor rated so leaves hope for a better one further down the list.
bool ShouldTryNextFlavor(RatedMode rated, const ClusterQueueRules& rules);
// Whether scanning must start over (Kueue: lastAssignmentOutdated). Equivalence -1 = unknown.
bool IsOutdated(const ScanProgress& last, int64_t cluster_queue_generation, int64_t cycle, int equivalence,
                bool preserve_scan_progress);
// Tries smaller and smaller gangs between count and min_count, in proportion, by binary search over how many pods to
// give up; `fits(counts)` says whether the counts would do. Returns whether some reduced counts did; the last
// successful call's counts are the answer. O(log pods) calls.
template <typename Fits>
bool SearchReducedCounts(absl::Span<const int32_t> full, absl::Span<const int32_t> least, Fits fits) {
  int64_t total = 0;
  for (size_t i = 0; i < full.size(); ++i) total += full[i] - least[i];
  if (total == 0) return false;  // nothing to give up
  std::vector<int32_t> counts(full.size());
  int64_t low = 0, high = total + 1, last_good = -1;
  while (low < high) {
    const int64_t mid = low + (high - low) / 2;
    for (size_t i = 0; i < full.size(); ++i) {
      counts[i] = full[i] - static_cast<int32_t>((full[i] - least[i]) * mid / total);
    }
    if (fits(absl::MakeConstSpan(counts))) {
      last_good = mid;
      high = mid;
    } else {
      low = mid + 1;
    }
  }
  return low == last_good;
}

// Answers whether preemption could make room; see preemption policies.
class PreemptionOracle {
 public:
  virtual ~PreemptionOracle() = default;
  // mode is kNoCandidates, kPreempt or kReclaim; borrow is the level after the victims would be gone.
  virtual RatedMode Ask(const WorkloadState& workload, ClusterQueueId cq, quota::FrId fr, quota::Amount amount) = 0;
};

// Nobody may be preempted.
class NoPreemptionOracle : public PreemptionOracle {
 public:
  explicit NoPreemptionOracle(const Declared& declared) : declared_(declared) {}
  RatedMode Ask(const WorkloadState&, ClusterQueueId cq, quota::FrId fr, quota::Amount amount) override {
    return {FitMode::kNoCandidates, declared_.forest().FindHeight(declared_.NodeOf(cq), fr, amount).height};
  }

 private:
  const Declared& declared_;
};

// Why nothing fits: for every pod set that is refused, per resource group the mildest refusal among the flavors that do
// not fit, over groups and pod sets the worst; kNoMatchingFlavor for a pod set for which no flavor was looked at. kNone
// unless the assignment is kNoFit (Kueue: resolveNoFitReason).
PendingReason ResolveNoFitReason(const ClusterQueueState& queue, const Assignment& assignment);

class FlavorAssigner {
 public:
  // All references must outlive the assigner.
  // `topology` may be null: then topology is not looked at.
  FlavorAssigner(const Declared& declared, const EngineOptions& options, PreemptionOracle& oracle,
                 TopologyStep* topology = nullptr)
      : declared_(declared), options_(options), oracle_(oracle), topology_(topology) {}

  // `counts` has one entry per pod set. `progress` and `pins` may be null. `replaced`, if not null, is the slice of the
  // same elastic job that goes when this workload is let in: its flavors have to be kept, and only what is asked beyond
  // it counts as usage. Does not change usage.
  // REQUIRES: the ClusterQueue takes part in the forest.
  Assignment Assign(const WorkloadState& workload, ClusterQueueId cq, absl::Span<const int32_t> counts,
                    const ScanProgress* progress, const FlavorPins* pins = nullptr,
                    const WorkloadState* replaced = nullptr) {
    Assignment out;
    Assign(workload, cq, counts, progress, pins, replaced, &out);
    return out;
  }
  // The same, without moving it. REQUIRES: *out is as it was made.
  void Assign(const WorkloadState& workload, ClusterQueueId cq, absl::Span<const int32_t> counts,
              const ScanProgress* progress, const FlavorPins* pins, const WorkloadState* replaced, Assignment* out);

 private:
  struct GroupScan;
  void Keep(const WorkloadState& workload, Assignment* out) const;
  void AssignGroup(const WorkloadState& workload, ClusterQueueId cq, absl::Span<const int> members,
                   const ScanProgress* progress, const FlavorPins* pins, const WorkloadState* replaced,
                   Assignment* out);
  GroupScan FindFlavor(const WorkloadState& workload, ClusterQueueId cq, int resource_group,
                       absl::Span<const int> members, absl::Span<const ResourceAmount> requests, ResourceId trigger,
                       int start, const FlavorPins* pins, const WorkloadState* replaced, Assignment* so_far);
  RatedMode FitsQuota(const WorkloadState& workload, ClusterQueueId cq, FlavorId flavor, ResourceId resource,
                      quota::Amount assumed, quota::Amount request, std::vector<FlavorReason>* reasons,
                      PendingReason* why);
  quota::Amount AssumedUsage(const Assignment& so_far, quota::FrId fr) const;

  const Declared& declared_;
  const EngineOptions& options_;
  PreemptionOracle& oracle_;
  TopologyStep* topology_;
};

// The mode an entry shows for a flavor's fit.
Mode ToMode(FitMode mode);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_FLAVORS_FLAVOR_ASSIGNER_H_
