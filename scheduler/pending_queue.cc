#include "scheduler/pending_queue.h"

#include <algorithm>

namespace muster::scheduler {

PendingQueue::Place PendingQueue::PlaceOf(WorkloadId id) const {
  if (id == inflight_ && id != kNoId) return Place::kInflight;
  const auto it = entries_.find(id);
  return it == entries_.end() ? Place::kAbsent : it->second.place;
}

void PendingQueue::Detach(WorkloadId id, const Entry& entry) {
  if (entry.place == Place::kHeap) {
    heap_.erase(entry.key);
    const auto it = heap_by_equivalence_.find(entry.equivalence);
    it->second.erase(id);
    if (it->second.empty()) heap_by_equivalence_.erase(it);
  } else if (entry.place == Place::kParked) {
    parked_.erase(id);
  }
}

void PendingQueue::PushHeap(const QueueKey& key, int equivalence) {
  Entry& e = entries_[key.id];
  Detach(key.id, e);
  e = {key, equivalence, Place::kHeap};
  heap_.insert(key);
  heap_by_equivalence_[equivalence].insert(key.id);
}

void PendingQueue::Park(const QueueKey& key, int equivalence) {
  Entry& e = entries_[key.id];
  Detach(key.id, e);
  e = {key, equivalence, Place::kParked};
  parked_.insert(key.id);
}

void PendingQueue::Remove(WorkloadId id) {
  if (id == inflight_) inflight_ = kNoId;
  if (id == preemptor_) preemptor_ = kNoId;
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  Detach(id, it->second);
  entries_.erase(it);
}

WorkloadId PendingQueue::Pop() {
  ++pop_cycle_;
  if (heap_.empty()) return kNoId;
  WorkloadId first = heap_.begin()->id;
  if (sticky_ && preemptor_ != kNoId && PlaceOf(preemptor_) == Place::kHeap) first = preemptor_;
  const auto it = entries_.find(first);
  Detach(first, it->second);
  entries_.erase(it);
  inflight_ = first;
  return first;
}

void PendingQueue::ClearInflight(WorkloadId id) {
  if (inflight_ == id) inflight_ = kNoId;
}

void PendingQueue::SetPreemptor(WorkloadId id, bool sticky) {
  preemptor_ = id;
  sticky_ = sticky;
}

void PendingQueue::MarkReactivated() {
  reactivated_cycle_ = pop_cycle_;
  bulk_parked_.clear();
}

std::vector<WorkloadId> PendingQueue::ParkEquivalent(int equivalence) {
  bulk_parked_.insert(equivalence);
  const auto it = heap_by_equivalence_.find(equivalence);
  if (it == heap_by_equivalence_.end()) return {};
  std::vector<WorkloadId> ids(it->second.begin(), it->second.end());
  std::sort(ids.begin(), ids.end());
  for (WorkloadId id : ids) Park(QueueKey(entries_.at(id).key), equivalence);
  return ids;
}

std::vector<WorkloadId> PendingQueue::HeapInOrder() const {
  std::vector<WorkloadId> out;
  const bool sticky_first = sticky_ && preemptor_ != kNoId && PlaceOf(preemptor_) == Place::kHeap;
  if (sticky_first) out.push_back(preemptor_);
  for (const QueueKey& k : heap_) {
    if (!sticky_first || k.id != preemptor_) out.push_back(k.id);
  }
  return out;
}

std::vector<WorkloadId> PendingQueue::Parked() const { return {parked_.begin(), parked_.end()}; }

}  // namespace muster::scheduler
