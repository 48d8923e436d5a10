// Whether the pods of a workload may ask for what they ask for.
//
// Source of the rules: Kueue's pkg/workload/resources.go (ValidateResources, ValidateLimitRange) and
// pkg/util/limitrange. Problems of all pod sets are told at once, in the words of the API server's field errors: one
// alone, several as "[a, b]". Amounts are compared in the engine's units (milli for cpu, whole ones for the rest).
#ifndef MUSTER_SCHEDULER_REQUESTS_RESOURCE_VALIDATION_H_
#define MUSTER_SCHEDULER_REQUESTS_RESOURCE_VALIDATION_H_

#include <string>

#include "absl/types/span.h"
#include "api/core.h"

namespace muster::scheduler {

// "" if no container, and no pod as a whole, requests more than its own limit; otherwise the problems. The specs are
// those of the workload's pod sets, in order. REQUIRES: adjusted specs. O(containers * resources).
std::string CheckRequestsWithinLimits(absl::Span<const api::PodSpec* const> pod_sets);

// "" if every container and every pod is within what the namespace's LimitRanges taken together allow: the lowest
// maximum and the highest minimum of each resource. Ratios, and limits on other things than containers and pods, are
// not looked at, as in Kueue. REQUIRES: adjusted specs. O(limit ranges + containers * resources).
std::string CheckLimitRanges(absl::Span<const api::LimitRange* const> limit_ranges,
                             absl::Span<const api::PodSpec* const> pod_sets);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_REQUESTS_RESOURCE_VALIDATION_H_
