// Amounts of resources by dense id, as requests and placements carry them.
// Thread-safety: value types.
#ifndef MUSTER_SCHEDULER_BASE_RESOURCE_AMOUNT_H_
#define MUSTER_SCHEDULER_BASE_RESOURCE_AMOUNT_H_

#include "absl/container/inlined_vector.h"
#include "quota/amount.h"
#include "scheduler/ids.h"

namespace muster::scheduler {

// As Kueue counts it (quota/amount.h).
struct ResourceAmount {
  ResourceId resource = kNoId;
  quota::Amount amount = 0;
};

// What one pod asks for. Two resources without a heap allocation: most ask for CPU or GPU and memory.
using ResourceAmounts = absl::InlinedVector<ResourceAmount, 2>;

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_BASE_RESOURCE_AMOUNT_H_
