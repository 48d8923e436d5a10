#include "scheduler/order/entry_order.h"

#include <algorithm>

namespace muster::scheduler {

void SortClassically(const FeatureGates& gates, std::vector<EntryKey>* entries) {
  const bool preemptors_first = gates[Gate::kPrioritizePreemptorWorkloads];
  const bool by_priority = gates[Gate::kPrioritySortingWithinCohort];
  std::sort(entries->begin(), entries->end(), [=](const EntryKey& a, const EntryKey& b) {
    if (a.holds_quota != b.holds_quota) return a.holds_quota;
    if (preemptors_first && a.is_preemptor != b.is_preemptor) return a.is_preemptor;
    if (a.borrowing != b.borrowing) return a.borrowing < b.borrowing;
    if (by_priority && a.priority != b.priority) return a.priority > b.priority;
    if (a.timestamp != b.timestamp) return a.timestamp < b.timestamp;
    return a.index < b.index;
  });
}

}  // namespace muster::scheduler
