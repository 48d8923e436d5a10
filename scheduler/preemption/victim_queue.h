// Candidates for preemption of one ClusterQueue, one after the other, in the order in which they would go.
//
// Reads Holders lazily: what is never looked at costs nothing. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_PREEMPTION_VICTIM_QUEUE_H_
#define MUSTER_SCHEDULER_PREEMPTION_VICTIM_QUEUE_H_

#include <deque>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "quota/forest.h"
#include "scheduler/declared/declared.h"
#include "scheduler/ids.h"
#include "scheduler/preemption/victim_order.h"
#include "scheduler/workload/workload_state.h"

namespace muster::scheduler {

// Who may be a victim: uses one of `frs` and is below the preemptor by `rule` (Kueue: SatisfiesPreemptionPolicy).
struct VictimFilter {
  PreemptionPolicy rule = PreemptionPolicy::kNever;
  int64_t priority = 0;        // of the preemptor
  absl::Time queue_timestamp;  // of the preemptor
  absl::Span<const quota::FrId> frs;

  bool AllowsPriority(const WorkloadState& w) const;
  bool Allows(const WorkloadState& w) const;
  // Whether nobody of this priority or above can pass.
  bool EndsAt(int64_t candidate_priority) const;
};

class VictimQueue {
 public:
  // Over `holders`, which must outlive the queue and not change, as must `filter`.
  VictimQueue(ClusterQueueId cq, quota::NodeId node, const Holders& holders, const std::deque<WorkloadState>& workloads,
              const VictimFilter& filter);
  // Over exactly these, in this order.
  VictimQueue(ClusterQueueId cq, quota::NodeId node, std::vector<VictimKey> keys);

  VictimQueue(VictimQueue&&) = default;
  VictimQueue& operator=(VictimQueue&&) = default;

  ClusterQueueId cq() const { return cq_; }
  quota::NodeId node() const { return node_; }
  bool empty() const { return head_ == nullptr; }
  // REQUIRES: !empty().
  const VictimKey& Peek() const { return *head_; }
  VictimKey Pop();

 private:
  void Settle();

  ClusterQueueId cq_;
  quota::NodeId node_;
  const Holders* holders_ = nullptr;
  const std::deque<WorkloadState>* workloads_ = nullptr;
  const VictimFilter* filter_ = nullptr;
  Holders::const_iterator at_;
  std::vector<VictimKey> keys_;
  size_t next_ = 0;
  const VictimKey* head_ = nullptr;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_PREEMPTION_VICTIM_QUEUE_H_
