// What one pod asks for, and whether it may ask for it.
//
// Source of the rules: Kubernetes' resource.PodRequests (init containers, sidecars, overhead, pod-level resources) and
// Kueue's pkg/workload/resources.go (defaults from LimitRanges, RuntimeClass overhead, limits standing in for
// requests).
#ifndef MUSTER_SCHEDULER_REQUESTS_POD_REQUESTS_H_
#define MUSTER_SCHEDULER_REQUESTS_POD_REQUESTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/core.h"
#include "quota/amount.h"

namespace muster::scheduler {

// One resource of one pod; a list of them is sorted by name.
struct NamedAmount {
  std::string resource;
  quota::Amount amount = 0;
  friend bool operator==(const NamedAmount&, const NamedAmount&) = default;
};

// The amount as the engine counts it (quota/amount.h); what does not fit int64 is unlimited.
quota::Amount AmountOf(absl::string_view resource, const api::Quantity& quantity);

// Fills in what admission would: overhead from the RuntimeClass (may be null), container defaults from the namespace's
// LimitRanges, and limits where a request is missing. O(containers * resources).
void AdjustResources(absl::Span<const api::LimitRange* const> limit_ranges, const api::RuntimeClass* runtime_class,
                     api::PodSpec* spec);

// What one pod requests in total, sorted by resource name. REQUIRES: adjusted spec.
std::vector<NamedAmount> PodRequests(const api::PodSpec& spec);

// "" if every request is within its limit, otherwise the problem and its place.
std::string CheckRequestsWithinLimits(const api::PodSpec& spec, absl::string_view path);
// "" if the pod satisfies the minimum and maximum of every LimitRange, otherwise the problem.
std::string CheckLimitRanges(absl::Span<const api::LimitRange* const> limit_ranges, const api::PodSpec& spec,
                             absl::string_view path);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_REQUESTS_POD_REQUESTS_H_
