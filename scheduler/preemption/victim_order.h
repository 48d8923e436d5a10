// Who holds quota in a ClusterQueue, in the order in which they would be preempted.
//
// Keeping holders in that order makes a search for victims cost what it looks at, not what there is to sort.
// Source of the rule: Kueue, preemption/common/ordering.go (CandidatesOrdering): already evicted first, then those of
// other ClusterQueues than the preemptor's, then, of one ClusterQueue under admission fair sharing, those of the
// LocalQueue that used more, then lower priority, then the one whose quota was reserved last, then UID.
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_PREEMPTION_VICTIM_ORDER_H_
#define MUSTER_SCHEDULER_PREEMPTION_VICTIM_ORDER_H_

#include <cstdint>
#include <optional>
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

// A candidate among those of several ClusterQueues.
struct VictimCandidate {
  VictimKey key;
  ClusterQueueId cq = kNoId;
  std::string_view local_queue;  // its name; what names it must outlive the candidate
  std::optional<double> used;    // what that LocalQueue used, where it counts
};

// Kueue: CandidatesOrdering. Whether a goes before b for a preemptor of ClusterQueue `own`. Usage is compared between
// LocalQueues of one ClusterQueue, told apart by name alone.
inline bool GoesBefore(const VictimCandidate& a, const VictimCandidate& b, ClusterQueueId own) {
  if (a.key.evicted != b.key.evicted) return a.key.evicted;
  if ((a.cq == own) != (b.cq == own)) return b.cq == own;
  if (a.cq == b.cq && a.local_queue != b.local_queue && a.used.has_value() && b.used.has_value() &&
      *a.used != *b.used) {
    return *a.used > *b.used;
  }
  return a.key < b.key;
}

using Holders = absl::btree_set<VictimKey>;

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_PREEMPTION_VICTIM_ORDER_H_
