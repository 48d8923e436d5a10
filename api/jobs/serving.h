// The endpoints of HyperPod's inference operator: InferenceEndpointConfig and JumpStartModel. Internal to api/jobs.
#ifndef MUSTER_API_JOBS_SERVING_H_
#define MUSTER_API_JOBS_SERVING_H_

#include <vector>

#include "absl/status/statusor.h"
#include "api/jobs/common.h"

namespace muster::api {

bool IsServingKind(const JobKind& kind);

// The pod set of one replica. The operator makes a Deployment of an endpoint; what its pods ask for follows from
// spec.worker.resources, or for a JumpStartModel from spec.server: all accelerators of the instance type, or one
// partition of the type it names. REQUIRES: IsServingKind(*job.kind). Errors: InvalidArgument with the field path.
absl::StatusOr<std::vector<PodSet>> ServingPodSets(const JobSource& job);

}  // namespace muster::api

#endif  // MUSTER_API_JOBS_SERVING_H_
