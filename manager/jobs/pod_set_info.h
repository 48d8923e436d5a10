// What is put into pod templates when a job starts, and what they are put back to when it stops.
//
// Problem: a template may say already what is to be put in. The same again is fine; something else under the same key is
// an error that no retry mends.
//
// Source of the rules: Kueue, pkg/podset.
// Pure.
#ifndef MUSTER_MANAGER_JOBS_POD_SET_INFO_H_
#define MUSTER_MANAGER_JOBS_POD_SET_INFO_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/kueue.h"
#include "kube/object.h"
#include "manager/world.h"

namespace muster::manager {

struct PodSetInfo {
  std::string name;
  int32_t count = 0;
  api::StringMap annotations, labels, node_selector;
  std::vector<nlohmann::json> tolerations, scheduling_gates;
};

// Adds `more` to `info`; tolerations and gates that are there already are not added again. Errors: FailedPrecondition, in
// Kueue's words, for a key with another value; `info` is as it was then.
absl::Status Merge(const PodSetInfo& more, PodSetInfo* info);

// Puts `info` into a pod template. Errors: as Merge; the template is as it was then.
absl::Status MergeIntoTemplate(const PodSetInfo& info, nlohmann::json* pod_template);
// Takes from a pod template all that is not in `info`, and puts in what is.
void RestoreTemplate(const PodSetInfo& info, nlohmann::json* pod_template);

// What a pod set of a Workload says: what its job is put back to.
PodSetInfo InfoOfPodSet(const nlohmann::json& pod_set);
std::vector<PodSetInfo> InfosOfPodSets(const kube::Object& workload);

// What the assignment of a pod set alone says: node labels and tolerations of its flavors, and that its pods wait for
// their place in a topology. Errors: NotFound for a flavor that is gone.
absl::StatusOr<PodSetInfo> InfoOfAssignment(const World& world, const api::PodSetAssignment& assignment,
                                            const api::PodSet& pod_set);

// What the pods of an admitted Workload get: node labels and tolerations of their flavors, labels that lead back to queue
// and pod set, the gate of topology, and what admission checks ask for; by pod set, in the order of the admission. Errors:
// FailedPrecondition as Merge; NotFound for a flavor that is gone.
absl::StatusOr<std::vector<PodSetInfo>> InfosOfAdmission(const World& world, const kube::Object& workload,
                                                         const api::Workload& typed);

// The error when a job has another number of pod sets than its Workload.
absl::Status WrongNumberOfPodSets(size_t want, size_t got);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_POD_SET_INFO_H_
