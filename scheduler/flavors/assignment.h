// What flavor assignment comes to for one workload.
// Thread-safety: value types.
#ifndef MUSTER_SCHEDULER_FLAVORS_ASSIGNMENT_H_
#define MUSTER_SCHEDULER_FLAVORS_ASSIGNMENT_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "quota/fr_sum.h"
#include "scheduler/base/resource_amount.h"
#include "scheduler/decision.h"
#include "scheduler/workload/workload_state.h"

namespace muster::scheduler {

// How well one flavor serves one request, worse first.
enum class FitMode : uint8_t { kNoFit, kNoCandidates, kPreempt, kReclaim, kFit };

struct RatedMode {
  FitMode mode = FitMode::kNoFit;
  int borrow = 0;
};

struct Assignment {
  Mode mode = Mode::kNoFit;
  int borrowing = 0;
  std::vector<PodSetDecision> pod_sets;
  absl::InlinedVector<ResourceAmounts, 1> requests;  // per pod set, totals
  quota::FrAmounts usage;                            // all pod sets together
  TriedFlavors last_tried;
  // What the scans for groups of pod sets met (Kueue: FlavorAssignmentAttempts). A scan is named by the first pod set of
  // its group.
  struct NoFit {
    int scan = 0;
    FlavorId flavor = kNoId;
    PendingReason reason = PendingReason::kNone;
  };
  absl::InlinedVector<NoFit, 2> no_fit;       // flavors that do not fit, and why
  absl::InlinedVector<uint8_t, 8> attempted;  // by scan: whether any flavor was looked at
  absl::InlinedVector<int, 2> scan_of;        // by pod set
  // Why nothing fits, as condition QuotaReserved gives it.
  PendingReason no_fit_reason = PendingReason::kNone;
};

// The flavors an earlier assignment chose, by pod set: only these are tried again (Kueue: nomination mapping).
using FlavorPins = std::vector<std::vector<std::pair<ResourceId, FlavorId>>>;

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_FLAVORS_ASSIGNMENT_H_
