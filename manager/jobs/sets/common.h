// What the two kinds of sets share. Internal to manager/jobs/sets.
#ifndef MUSTER_MANAGER_JOBS_SETS_COMMON_H_
#define MUSTER_MANAGER_JOBS_SETS_COMMON_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "api/job_kinds.h"
#include "kube/object.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

const api::JobKind& StatefulSetKind();
const api::JobKind& LeaderWorkerSetKind();

// "statefulset-kueue-controller".
std::string RecorderOf(const api::JobKind& kind);
// The uid that names of Workloads are made of: that of the set, or of the one it is a copy of.
std::string OwnerUid(const kube::Object& set);
bool IsRemoteCopy(const kube::Object& set);

// Whether the pod is of a revision that an update replaces. Its gates would keep it from being deleted in order.
bool IsOutdated(const kube::Object* stateful_set, const kube::Object& pod);
// Takes off both gates. Returns whether any was there.
bool Ungate(nlohmann::json* pod);
// Names the group in a pod, and the Workload made beforehand.
void JoinGroup(const std::string& workload, nlohmann::json* pod);

// A Workload of a set, owned by it with others: one that belongs to the group.
nlohmann::json NewGroupWorkload(const World& world, const api::JobKind& kind, const kube::Object& set,
                                const std::string& name, std::vector<nlohmann::json> pod_sets);
// Marks whose Workload it is.
void NameOwner(const api::JobKind& kind, const kube::Object& set, nlohmann::json* workload);
// Asks for the Workload, with its priority. Errors: NotFound for a priority class that is gone.
absl::Status Create(const World& world, const api::JobKind& kind, const kube::Object& set, nlohmann::json workload,
                    bool exists_is_fine, Plan* plan);
EventNote GateUpdated(const api::JobKind& kind, const kube::Object& set);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_SETS_COMMON_H_
