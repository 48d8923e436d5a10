// The Workloads that belong to a job, found, compared and made.
//
// Source of the rules: Kueue, jobframework (FindMatchingWorkloads, EquivalentToWorkload, ConstructWorkload).
#ifndef MUSTER_MANAGER_JOBS_WORKLOADS_OF_JOB_H_
#define MUSTER_MANAGER_JOBS_WORKLOADS_OF_JOB_H_

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/status/statusor.h"
#include "manager/jobs/job.h"

namespace muster::manager {

// Reads a Workload. Errors: InvalidArgument for what the API server should not have let in.
absl::StatusOr<ReadWorkload> Read(const World& world, const kube::ObjectPtr& workload);

// All that name it as an owner (by kind and name; the uid is for FitsWorkload), by name.
absl::StatusOr<std::vector<ReadWorkload>> WorkloadsOwnedBy(const World& world, const api::JobKind& kind,
                                                           absl::string_view ns, absl::string_view name);
// Those that are not finished, oldest first.
absl::StatusOr<std::vector<ReadWorkload>> UnfinishedWorkloads(const World& world, const kube::Object& job);
absl::StatusOr<std::vector<ReadWorkload>> UnfinishedWorkloads(const World& world, const api::JobKind& kind,
                                                              absl::string_view ns, absl::string_view name);
// The last of them that holds quota and is not on its way out; null for none.
const ReadWorkload* LatestReserved(const std::vector<ReadWorkload>& workloads);

// Whether the pod sets are what the Workload says; of one that holds quota, with what starting it puts in.
bool SameAsWorkload(const World& world, const std::vector<nlohmann::json>& pod_sets, const ReadWorkload& workload,
                    bool suspended);

// An object of kind Workload with what all of them have: annotations, finalizer, queue, pod sets.
nlohmann::json NewWorkload(const kube::Object& job, const std::string& name, std::vector<nlohmann::json> pod_sets);
// Copies the labels that the configuration says.
void CopyLabels(const World& world, const kube::Object& job, nlohmann::json* workload);
// Labels it with the uid of its job.
void SetJobUid(const kube::Object& job, nlohmann::json* workload);
// An owner reference to the object.
nlohmann::json OwnerReferenceTo(const kube::Object& owner, bool controller);
// Copies the annotation that gates admission from the job; returns whether that changed the Workload.
bool CopyAdmissionGate(const World& world, const kube::Object& job, nlohmann::json* workload);

// The writes that take a Workload away: its finalizer, then itself. Returns whether a deletion is asked for.
bool DeleteWorkload(const kube::Object& workload, Plan* plan);
// Takes off the finalizer, if it has it.
void ReleaseWorkload(const kube::Object& workload, Plan* plan);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_WORKLOADS_OF_JOB_H_
