// One pod set of a Workload from what a job says about it. Internal to api/jobs.
#ifndef MUSTER_API_JOBS_POD_SET_H_
#define MUSTER_API_JOBS_POD_SET_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "api/job_kinds.h"
#include "api/kueue.h"

namespace muster::api {

// What the annotations of a pod template ask of the topology. nullopt when they ask nothing and the kind has no pod
// index. Errors: InvalidArgument naming the annotation.
absl::StatusOr<std::optional<TopologyRequest>> TopologyRequestOf(const StringMap& annotations, const JobKind& kind);

// The pod set of `view`, whose pod template is that of the view. Errors: with the field path.
absl::StatusOr<PodSet> PodSetOf(const PodSetView& view, const JobKind& kind, const nlohmann::json& job);

// The pod of a RayJob that submits it, when the job does not describe it (KubeRay's default).
PodTemplateSpec DefaultRaySubmitter();

}  // namespace muster::api

#endif  // MUSTER_API_JOBS_POD_SET_H_
