// The steps by which any job and its Workload are kept in line.
//
// Problem: a user's job, its Workload and the pods of the job are three objects that change at any time and for reasons of
// their own. Each pass looks at what is there, and asks for the next thing that brings them together: a Workload for a
// job, pods for an admitted Workload, no pods for an evicted one.
//
// One pass asks for one thing at a time: the change that comes of it starts the next pass. A pass over what is in order
// asks for nothing.
//
// Source of the rules: Kueue, jobframework (ReconcileGenericJob).
// Pure.
#ifndef MUSTER_MANAGER_JOBS_RECONCILE_H_
#define MUSTER_MANAGER_JOBS_RECONCILE_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/job_kinds.h"
#include "manager/jobs/job.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

// A job that is one object, by its key, whether it is there or not. Nothing is asked for of kinds that are reconciled in
// another way. O(size of job and Workloads).
Plan ReconcileJob(const World& world, const api::JobKind& kind, absl::string_view ns, absl::string_view name,
                  absl::Time now);

// A job that is there and is not being deleted.
Plan ReconcileLoaded(Job& job, absl::Time now);

// What is left to do for the Workloads of a job that is gone: they are finished, and may go.
void FinalizeWorkloads(const std::vector<ReadWorkload>& workloads, absl::Time now, Plan* plan);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_RECONCILE_H_
