// The order in which the nominated workloads of a cycle are let in.
// Source of the rule: Kueue, pkg/scheduler/scheduler.go, entryOrdering.
#ifndef MUSTER_SCHEDULER_ORDER_ENTRY_ORDER_H_
#define MUSTER_SCHEDULER_ORDER_ENTRY_ORDER_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "scheduler/feature_gates.h"

namespace muster::scheduler {

struct EntryKey {
  int index = 0;             // the caller's; also the last tie-break, so pass entries in ClusterQueue name order
  bool holds_quota = false;  // second pass
  bool is_preemptor = false;
  int borrowing = 0;
  int64_t priority = 0;
  absl::Time timestamp;
};

// Second pass first, [PrioritizePreemptorWorkloads] preemptors, less borrowing, [PrioritySortingWithinCohort] higher
// priority, earlier timestamp. Kueue leaves further ties open; here `index` decides. O(n log n). Pure.
void SortClassically(const FeatureGates& gates, std::vector<EntryKey>* entries);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ORDER_ENTRY_ORDER_H_
