// The condition PodsReady of a Workload: whether all pods of its job are ready.
//
// Source of the rules: Kueue, jobframework (generatePodsReadyCondition).
#ifndef MUSTER_MANAGER_JOBS_PODS_READY_H_
#define MUSTER_MANAGER_JOBS_PODS_READY_H_

#include <optional>

#include "absl/time/time.h"
#include "manager/jobs/job.h"

namespace muster::manager {

// The write that makes the condition say what is so; nullopt when it does. (Status and reason count; the message follows
// from them.)
std::optional<Step> UpdatePodsReady(const Job& job, const ReadWorkload& workload, absl::Time now);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_PODS_READY_H_
