// The pending workloads of one ClusterQueue: those to be looked at, in order, and those parked until something changes.
//
// Problem: after every change in a cohort tree all parked workloads of the tree become candidates again, and usually
// most of them are parked again one cycle later. Workloads that ask for the same thing (one equivalence) from one
// LocalQueue share a class; parking or waking a class swaps two ordered sets instead of moving its members. A
// workload's place is read off its class. Pop and single moves are O(log n), waking is O(classes) in the usual case.
//
// Source of the rules: Kueue, pkg/cache/queue/cluster_queue.go. StrictFIFO keeps its head in front until it is
// admitted; BestEffortFIFO parks what does not fit and goes on. A parked workload comes back when its cohort tree is
// notified. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_QUEUE_PENDING_QUEUE_H_
#define MUSTER_SCHEDULER_QUEUE_PENDING_QUEUE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "scheduler/decision.h"
#include "scheduler/ids.h"

namespace muster::scheduler {

// What orders a queue: higher priority, then earlier timestamp, then UID. The id is last so that the order is total
// even for objects without a UID. `uid` must outlive the key.
struct QueueKey {
  int64_t priority = 0;
  absl::Time timestamp;
  std::string_view uid;
  WorkloadId id = kNoId;

  friend bool operator<(const QueueKey& a, const QueueKey& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    if (a.timestamp != b.timestamp) return a.timestamp < b.timestamp;
    if (a.uid != b.uid) return a.uid < b.uid;
    return a.id < b.id;
  }
  friend bool operator==(const QueueKey&, const QueueKey&) = default;
};

// What puts a workload into a queue.
struct QueueItem {
  QueueKey key;
  int equivalence = -1;  // names the workloads that would get the same answer
  int local_queue = -1;  // interned
};

class PendingQueue {
 public:
  enum class Place { kAbsent, kHeap, kParked, kInflight };
  // Usage of a LocalQueue under admission fair sharing; a lower one goes first, before everything else.
  using LocalQueueUsage = std::function<double(int local_queue)>;

  PendingQueue() = default;
  PendingQueue(PendingQueue&&) = default;
  PendingQueue& operator=(PendingQueue&&) = default;

  Place PlaceOf(WorkloadId id) const;
  bool HeapEmpty() const { return heads_.empty(); }
  // In the heap, parked or in flight.
  int size() const { return static_cast<int>(entries_.size()); }

  // Puts the workload into the heap or among the parked, from wherever it is; this ends its flight. `held`: parked
  // until its own back-off ends, so that waking asks about it in particular.
  void PushHeap(const QueueItem& item);
  void Park(const QueueItem& item, bool held);
  // Forgets the workload, and the preemptor mark if it was its. Does nothing if absent.
  void Remove(WorkloadId id);

  // Starts a cycle for this queue: counts it, and takes the first of the heap (kNoId if there is none) in flight.
  // `usage` is null unless the queue shares by usage; then O(classes). REQUIRES: nothing is in flight.
  WorkloadId Pop(const LocalQueueUsage* usage = nullptr);

  // The preemptor waits for its victims: BestEffortFIFO keeps it in front ("sticky") until it is removed or another
  // takes the mark. An update of the object ends what IsPreemptor says, but not the stickiness.
  void SetPreemptor(WorkloadId id, int64_t generation, bool sticky);
  bool IsPreemptor(WorkloadId id, int64_t generation) const {
    return id != kNoId && id == preemptor_ && generation == preemptor_generation_;
  }

  // What SetPreemptor last said, as numbers that are equal when it is the same.
  std::array<int64_t, 3> PreemptorMark() const { return {preemptor_, preemptor_generation_, sticky_}; }

  // Wakes the parked whose LocalQueue passes `admissible` and, if held by a back-off, whose id passes `expired`. A
  // workload in flight that fails now goes back to the heap, not to the parked.
  void Reactivate(const std::function<bool(int local_queue)>& admissible,
                  const std::function<bool(WorkloadId)>& expired);
  bool ReactivatedSincePop() const { return reactivated_cycle_ >= pop_cycle_; }

  // Remembers that an equivalent workload cannot be admitted before the next re-activation, and why, and parks all of
  // them.
  void ParkEquivalent(int equivalence, PendingReason why);
  bool IsKnownInadmissible(int equivalence) const { return bulk_parked_.contains(equivalence); }
  // What was last given as the reason; nullopt when nothing is known of it.
  std::optional<PendingReason> WhyInadmissible(int equivalence) const;
  const absl::flat_hash_map<int, PendingReason>& KnownInadmissible() const { return bulk_parked_; }

  std::vector<WorkloadId> HeapInOrder(const LocalQueueUsage* usage = nullptr) const;
  std::vector<WorkloadId> Parked() const;   // by id
  std::vector<WorkloadId> Members() const;  // heap and parked, by id

 private:
  using Keys = absl::btree_set<QueueKey>;
  struct Class {
    int local_queue = -1;
    int members = 0;  // in heap, parked, held or in flight
    Keys heap, parked;
  };
  using ClassId = std::pair<int, int>;  // equivalence, local queue
  struct Entry {
    QueueKey key;
    ClassId class_id;
    Class* cls = nullptr;
    bool held = false;
  };
  struct Head {
    QueueKey key;
    Class* cls;
    friend bool operator<(const Head& a, const Head& b) { return a.key < b.key; }
  };
  Entry& EntryFor(const QueueItem& item);
  // Takes the entry out of the set it is in, or out of flight.
  void Detach(const Entry& entry);
  // The entry is no longer of its class.
  void Leave(const Entry& entry);
  void EraseFromHeap(Class* cls, const QueueKey& key);
  void InsertIntoHeap(Class* cls, const QueueKey& key);
  // The sticky preemptor if it is in the heap, else kNoId.
  WorkloadId StickyHead() const;
  WorkloadId First(const LocalQueueUsage* usage) const;

  std::map<ClassId, Class> classes_;
  absl::btree_set<Head> heads_;  // the first of every class with a heap
  absl::btree_set<WorkloadId> held_;
  absl::flat_hash_map<WorkloadId, Entry> entries_;
  absl::flat_hash_map<int, PendingReason> bulk_parked_;
  WorkloadId inflight_ = kNoId;
  WorkloadId preemptor_ = kNoId;
  int64_t preemptor_generation_ = 0;
  bool sticky_ = false;
  int64_t pop_cycle_ = 0;
  int64_t reactivated_cycle_ = -1;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_QUEUE_PENDING_QUEUE_H_
