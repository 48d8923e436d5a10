// Resource transformations: what a pod asks for, in the resources that quotas are about (one MIG slice as credits,
// say).
//
// Every transformation whose input is requested adds its outputs, times the amount of the input and, if asked for,
// times that of another requested resource. Strategy Replace drops the input. Contributions to one output are summed,
// and a negative sum counts as nothing, before they join what is requested of that resource itself. Fractions are
// rounded up, as Kueue rounds quantities. Source: Kueue, resources.transformations of the Configuration. Pure.
#ifndef MUSTER_SCHEDULER_REQUESTS_TRANSFORM_REQUESTS_H_
#define MUSTER_SCHEDULER_REQUESTS_TRANSFORM_REQUESTS_H_

#include <vector>

#include "absl/types/span.h"
#include "scheduler/options.h"
#include "scheduler/requests/pod_requests.h"

namespace muster::scheduler {

// `requests` and the result are sorted by resource name. O(transformations * resources).
std::vector<NamedAmount> TransformRequests(std::vector<NamedAmount> requests,
                                           absl::Span<const RequestTransformation> transformations);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_REQUESTS_TRANSFORM_REQUESTS_H_
