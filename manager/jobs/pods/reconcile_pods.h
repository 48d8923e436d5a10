// Pods that ask for quota themselves: single ones, and groups that start together.
//
// Source of the rules: Kueue, pkg/controller/jobs/pod.
// Pure.
#ifndef MUSTER_MANAGER_JOBS_PODS_RECONCILE_PODS_H_
#define MUSTER_MANAGER_JOBS_PODS_RECONCILE_PODS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

// A single pod, whether it is there or not. A pod of a group is none.
Plan ReconcilePod(const World& world, absl::string_view ns, absl::string_view name, absl::Time now);
// All pods of a group; there may be none any more. O(pods).
Plan ReconcilePodGroup(const World& world, absl::string_view ns, absl::string_view group, absl::Time now);

// A key for one or the other: a group has "group/" before its namespace.
kube::ObjectKey PodGroupKey(absl::string_view ns, absl::string_view group);
Plan ReconcilePods(const World& world, const kube::ObjectKey& key, absl::Time now);

// Keys to look at when a pod or a Workload was added, changed or deleted.
std::vector<kube::ObjectKey> PodsToLookAt(const World& world, const kube::Object& changed);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_PODS_RECONCILE_PODS_H_
