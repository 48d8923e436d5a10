// Who has to make room so that a workload fits.
//
// Problem: given what a workload would use and the flavor-resource pairs it lacks, find a small set of quota holders
// that may be preempted for it and whose going makes it fit. Candidates are taken in a fixed order until it fits, then
// given back one by one where it still fits without them. Classical: own ClusterQueue by priority, other ClusterQueues
// of the cohort tree that borrow (optionally while borrowing oneself). Fair sharing: from the ClusterQueue with the
// highest share, as long as the strategies hold. Usage is changed in place under an undo mark and is as before
// afterwards. Cost: what is looked at, each step O(depth * pairs), plus O(ClusterQueues of the tree) per search.
// Source of the rules: Kueue, pkg/scheduler/preemption. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_PREEMPTION_VICTIM_SEARCH_H_
#define MUSTER_SCHEDULER_PREEMPTION_VICTIM_SEARCH_H_

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "quota/forest.h"
#include "scheduler/decision.h"
#include "scheduler/declared/declared.h"
#include "scheduler/flavors/flavor_assigner.h"
#include "scheduler/options.h"
#include "scheduler/preemption/victim_order.h"
#include "scheduler/preemption/victim_queue.h"
#include "scheduler/workload/workload_state.h"

namespace muster::scheduler {

// Who asks, and for what.
struct PreemptionRequest {
  ClusterQueueId cq = kNoId;
  int64_t priority = 0;
  absl::Time queue_timestamp;
  quota::FrAmounts usage;                   // all it would use; no zero amounts
  absl::InlinedVector<quota::FrId, 2> frs;  // the pairs it cannot have without preemption
  friend bool operator==(const PreemptionRequest&, const PreemptionRequest&) = default;
};

// Capacity besides quota (topology) that victims give back. Marks nest, as those of the forest do.
class OtherCapacity {
 public:
  virtual ~OtherCapacity() = default;
  virtual void Mark() = 0;
  virtual void Rollback() = 0;
  virtual void Remove(WorkloadId victim) = 0;
  virtual void Restore(WorkloadId victim) = 0;
  virtual bool Fits() = 0;
};

// Where holders of quota are found. Everything must outlive the Preemptor.
struct HoldersView {
  Declared* declared = nullptr;
  const std::deque<WorkloadState>* workloads = nullptr;
  const std::vector<Holders>* by_queue = nullptr;  // by ClusterQueueId
  const std::vector<uint8_t>* active = nullptr;    // by ClusterQueueId; others are out of reach
  const EngineOptions* options = nullptr;
  // What the LocalQueue of a workload used, where its ClusterQueue orders by that; null when admission fair sharing is
  // off.
  std::function<std::optional<double>(WorkloadId)> local_queue_usage;
};

class VictimSearch : public PreemptionOracle {
 public:
  explicit VictimSearch(HoldersView view);

  // The victims, in no order that means anything; empty if no set of them helps. `other` may be null.
  std::vector<PreemptionTarget> FindTargets(const PreemptionRequest& request, OtherCapacity* other = nullptr);

  // Whether preemption could make room for this one pair, and what would still be borrowed afterwards.
  RatedMode Ask(const WorkloadState& workload, ClusterQueueId cq, quota::FrId fr, quota::Amount amount) override;

  // A workload that lacks one pair asks the same twice: for its rating, then for its victims. The last answer is kept
  // until usage or holders may have changed, which the caller has to tell.
  void Forget() { last_.reset(); }

 private:
  HoldersView view_;
  struct Answer {
    PreemptionRequest request;
    std::vector<PreemptionTarget> targets;
  };
  std::optional<Answer> last_;  // without other capacity
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_PREEMPTION_VICTIM_SEARCH_H_
