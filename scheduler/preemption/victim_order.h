// Who holds quota in a ClusterQueue, in the order in which they would be preempted.
//
// Keeping holders in that order makes a search for victims cost what it looks at, not what there is to sort.
// Source of the rule: Kueue, preemption/common/ordering.go (CandidatesOrdering): already evicted first, then lower
// priority, then the one whose quota was reserved last, then UID. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_PREEMPTION_VICTIM_ORDER_H_
#define MUSTER_SCHEDULER_PREEMPTION_VICTIM_ORDER_H_

#include <cstdint>
#include <string_view>

#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "scheduler/ids.h"

namespace muster::scheduler {

struct VictimKey {
  bool evicted = false;
  int64_t priority = 0;
  absl::Time reserved_at;
  std::string_view uid;  // must outlive the key
  WorkloadId id = kNoId;

  friend bool operator<(const VictimKey& a, const VictimKey& b) {
    if (a.evicted != b.evicted) return a.evicted;
    if (a.priority != b.priority) return a.priority < b.priority;
    if (a.reserved_at != b.reserved_at) return a.reserved_at > b.reserved_at;
    if (a.uid != b.uid) return a.uid < b.uid;
    return a.id < b.id;
  }
};

// Kueue: CandidatesOrdering. Whether a is preempted before b, of which one or both may be of the preemptor's own
// ClusterQueue: the evicted first, then those of other ClusterQueues.
inline bool GoesBefore(const VictimKey& a, bool a_own, const VictimKey& b, bool b_own) {
  if (a.evicted != b.evicted) return a.evicted;
  if (a_own != b_own) return b_own;
  return a < b;
}

using Holders = absl::btree_set<VictimKey>;

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_PREEMPTION_VICTIM_ORDER_H_
