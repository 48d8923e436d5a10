// What one pod asks for.
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

// Fills in what admission would: overhead from the RuntimeClass (may be null), the namespace's LimitRanges' defaults
// for containers and for pods with resources of their own, and limits where a request is missing. O(containers *
// resources).
void AdjustResources(absl::Span<const api::LimitRange* const> limit_ranges, const api::RuntimeClass* runtime_class,
                     api::PodSpec* spec);

// What one pod requests in total, sorted by resource name. REQUIRES: adjusted spec.
std::vector<NamedAmount> PodRequests(const api::PodSpec& spec);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_REQUESTS_POD_REQUESTS_H_
