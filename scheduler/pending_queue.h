// The workloads waiting in one ClusterQueue: those to be looked at, in order, and those parked until something changes.
//
// Source of the rules: Kueue, pkg/cache/queue/cluster_queue.go. StrictFIFO keeps its head in front until it is
// admitted; BestEffortFIFO parks what does not fit and goes on. A parked workload comes back when its cohort tree is
// notified. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_PENDING_QUEUE_H_
#define MUSTER_SCHEDULER_PENDING_QUEUE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "scheduler/ids.h"

namespace muster::scheduler {

// What orders a queue: higher priority, then earlier timestamp, then UID. The id is last so that the order is total
// even for objects without a UID.
struct QueueKey {
  int64_t priority = 0;
  absl::Time timestamp;
  std::string uid;
  WorkloadId id = kNoId;

  friend bool operator<(const QueueKey& a, const QueueKey& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    if (a.timestamp != b.timestamp) return a.timestamp < b.timestamp;
    if (a.uid != b.uid) return a.uid < b.uid;
    return a.id < b.id;
  }
  friend bool operator==(const QueueKey&, const QueueKey&) = default;
};

class PendingQueue {
 public:
  enum class Place { kAbsent, kHeap, kParked, kInflight };

  Place PlaceOf(WorkloadId id) const;
  bool HeapEmpty() const { return heap_.empty(); }
  int size() const { return static_cast<int>(heap_.size() + parked_.size()) + (inflight_ == kNoId ? 0 : 1); }

  // Puts the workload into the heap or among the parked, from wherever it is. `equivalence` names the class of
  // workloads that would get the same answer.
  void PushHeap(const QueueKey& key, int equivalence);
  void Park(const QueueKey& key, int equivalence);
  // Forgets the workload, and the preemptor mark if it was its. Does nothing if absent.
  void Remove(WorkloadId id);

  // Starts a cycle for this queue: counts it, and takes the first of the heap (kNoId if there is none) in flight.
  WorkloadId Pop();
  WorkloadId inflight() const { return inflight_; }
  // Ends the flight without putting the workload anywhere.
  void ClearInflight(WorkloadId id);

  // The preemptor waits for its victims: BestEffortFIFO keeps it in front ("sticky").
  void SetPreemptor(WorkloadId id, bool sticky);
  bool IsPreemptor(WorkloadId id) const { return id != kNoId && id == preemptor_; }

  // Re-activation happened at this cycle: a workload in flight that fails now goes back to the heap, not to the parked.
  void MarkReactivated();
  bool ReactivatedSincePop() const { return reactivated_cycle_ >= pop_cycle_; }

  // Remembers that an equivalent workload cannot be admitted before the next re-activation, and parks all of them.
  // Returns those it parked, by id.
  std::vector<WorkloadId> ParkEquivalent(int equivalence);
  bool IsKnownInadmissible(int equivalence) const { return bulk_parked_.contains(equivalence); }

  std::vector<WorkloadId> HeapInOrder() const;
  std::vector<WorkloadId> Parked() const;  // by id
  const QueueKey& KeyOf(WorkloadId id) const { return entries_.at(id).key; }

 private:
  struct Entry {
    QueueKey key;
    int equivalence = -1;
    Place place = Place::kAbsent;
  };
  void Detach(WorkloadId id, const Entry& entry);

  absl::btree_set<QueueKey> heap_;
  absl::flat_hash_map<int, absl::flat_hash_set<WorkloadId>> heap_by_equivalence_;
  absl::btree_set<WorkloadId> parked_;
  absl::flat_hash_map<WorkloadId, Entry> entries_;
  absl::flat_hash_set<int> bulk_parked_;
  WorkloadId inflight_ = kNoId;
  WorkloadId preemptor_ = kNoId;
  bool sticky_ = false;
  int64_t pop_cycle_ = 0;
  int64_t reactivated_cycle_ = -1;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_PENDING_QUEUE_H_
