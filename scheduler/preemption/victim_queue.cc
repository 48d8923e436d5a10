#include "scheduler/preemption/victim_queue.h"

#include <algorithm>
#include <utility>

namespace muster::scheduler {

bool VictimFilter::AllowsPriority(const WorkloadState& w) const {
  switch (rule) {
    case PreemptionPolicy::kUnset:
    case PreemptionPolicy::kNever:
      return false;
    case PreemptionPolicy::kLowerPriority:
      return priority > w.priority;
    case PreemptionPolicy::kLowerOrNewerEqualPriority:
      return priority > w.priority || (priority == w.priority && queue_timestamp < w.queue_timestamp);
    case PreemptionPolicy::kAny:
      return true;
  }
  return false;
}

bool VictimFilter::Allows(const WorkloadState& w) const {
  if (w.removed || !AllowsPriority(w)) return false;
  return std::any_of(w.usage.begin(), w.usage.end(),
                     [this](const quota::FrAmount& u) { return std::find(frs.begin(), frs.end(), u.fr) != frs.end(); });
}

bool VictimFilter::EndsAt(int64_t candidate_priority) const {
  switch (rule) {
    case PreemptionPolicy::kUnset:
    case PreemptionPolicy::kNever:
      return true;
    case PreemptionPolicy::kLowerPriority:
      return candidate_priority >= priority;
    case PreemptionPolicy::kLowerOrNewerEqualPriority:
      return candidate_priority > priority;
    case PreemptionPolicy::kAny:
      return false;
  }
  return false;
}

VictimQueue::VictimQueue(ClusterQueueId cq, quota::NodeId node, const Holders& holders,
                         const std::deque<WorkloadState>& workloads, const VictimFilter& filter)
    : cq_(cq), node_(node), holders_(&holders), workloads_(&workloads), filter_(&filter), at_(holders.begin()) {
  Settle();
}

VictimQueue::VictimQueue(ClusterQueueId cq, quota::NodeId node, std::vector<VictimKey> keys)
    : cq_(cq), node_(node), keys_(std::move(keys)) {
  Settle();
}

// Stops at the next that passes.
void VictimQueue::Settle() {
  head_ = nullptr;
  if (holders_ == nullptr) {
    if (next_ < keys_.size()) head_ = &keys_[next_];
    return;
  }
  for (; at_ != holders_->end(); ++at_) {
    if (!at_->evicted && filter_->EndsAt(at_->priority)) return;  // those behind are of no lower priority
    if (filter_->Allows((*workloads_)[at_->id])) {
      head_ = &*at_;
      return;
    }
  }
}

VictimKey VictimQueue::Pop() {
  const VictimKey out = *head_;
  if (holders_ == nullptr) {
    ++next_;
  } else {
    ++at_;
  }
  Settle();
  return out;
}

}  // namespace muster::scheduler
