// Elastic jobs: a job that grows while it runs gets a second Workload, which takes the place of the first once there is
// quota for it; one that shrinks keeps its Workload.
//
//   Workload j-1 (3 pods, admitted)  <- replaced by -  Workload j-2 (5 pods, pending)
//
// Source of the rules: Kueue, pkg/workloadslicing.
#ifndef MUSTER_MANAGER_JOBS_SLICES_H_
#define MUSTER_MANAGER_JOBS_SLICES_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "manager/jobs/ensure_workload.h"

namespace muster::manager {

// The slice that stands for the job now; no Workload in it when a new one is to be made. nullopt when the job changed in
// more than its number of pods: then it is a job like any other.
std::optional<Ensured> EnsureSlice(const Job& job, absl::Time now, Plan* plan);

// What a new slice says about the chain it belongs to. Errors: FailedPrecondition when there is more than one before it.
absl::Status NameSlice(const Job& job, nlohmann::json* workload);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_SLICES_H_
