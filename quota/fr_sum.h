// Sums of amounts per flavor-resource pair, as short unordered lists: a workload uses a handful of pairs.
#ifndef MUSTER_QUOTA_FR_SUM_H_
#define MUSTER_QUOTA_FR_SUM_H_

#include "absl/container/inlined_vector.h"
#include "quota/forest.h"

namespace muster::quota {

// What one workload uses. Two pairs without a heap allocation: most ask for CPU or GPU and memory.
using FrAmounts = absl::InlinedVector<FrAmount, 2>;

// Adds to the pair's entry, appending one if there is none (also for an amount of 0: it tells that the pair is used).
// O(size of the list).
inline void AddTo(FrAmounts* sum, FrAmount more) {
  for (FrAmount& a : *sum) {
    if (a.fr != more.fr) continue;
    a.amount = Add(a.amount, more.amount);
    return;
  }
  sum->push_back(more);
}

}  // namespace muster::quota

#endif  // MUSTER_QUOTA_FR_SUM_H_
