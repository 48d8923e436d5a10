// One Workload for a job: found, made to fit, or to be made.
//
// Source of the rules: Kueue, jobframework (ensureOneWorkload).
#ifndef MUSTER_MANAGER_JOBS_ENSURE_WORKLOAD_H_
#define MUSTER_MANAGER_JOBS_ENSURE_WORKLOAD_H_

#include <optional>

#include "absl/time/time.h"
#include "manager/jobs/job.h"
#include "manager/plan.h"

namespace muster::manager {

struct Ensured {
  // The Workload of the job; nullopt when there is none yet.
  std::optional<ReadWorkload> workload;
  // Something has to be written before the pass can go on, or has gone wrong; see the plan.
  bool wait = false;
};

Ensured EnsureOneWorkload(Job& job, absl::Time now, Plan* plan);

// Gives a new Workload the priority its job asks for. Errors: NotFound for a class that is gone.
absl::Status SetPriority(const Job& job, nlohmann::json* workload, Plan* plan);

// Asks for the Workload of a job that has none.
void CreateWorkload(const Job& job, Plan* plan);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_ENSURE_WORKLOAD_H_
