// StatefulSets and LeaderWorkerSets: what makes pods that ask for quota in groups.
//
// Problem: the Workload of such a group is there before its pods are, and outlives all of them. It is made of the set, and
// the pods, which the sets' own controllers make, are told which group they are of; from then on they are a pod group
// whose Workload was made beforehand.
//
// Source of the rules: Kueue, pkg/controller/jobs/statefulset and leaderworkerset.
// Pure.
#ifndef MUSTER_MANAGER_JOBS_SETS_SETS_H_
#define MUSTER_MANAGER_JOBS_SETS_SETS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

// The Workload of a StatefulSet, on hold while it has no replicas; pods that an update is to delete are let go.
Plan ReconcileStatefulSet(const World& world, absl::string_view ns, absl::string_view name, absl::Time now);
// A pod of a StatefulSet is told its group.
Plan ReconcilePodOfStatefulSet(const World& world, absl::string_view ns, absl::string_view name);
// The Workloads of a LeaderWorkerSet, one for each of its groups; its pods are told theirs. O(pods of the namespace).
Plan ReconcileLeaderWorkerSet(const World& world, absl::string_view ns, absl::string_view name);

// What to look at, and after what time, when an object changed. `before`: null for one that is new; `after`: for one that
// is gone. REQUIRES: not both.
struct LookAt {
  enum class Reconciler { kStatefulSet, kPodOfStatefulSet, kLeaderWorkerSet };
  Reconciler reconciler;
  kube::ObjectKey key;
  absl::Duration after;

  friend bool operator==(const LookAt&, const LookAt&) = default;
};
std::vector<LookAt> SetsToLookAt(const World& world, const kube::ObjectPtr& before, const kube::ObjectPtr& after);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_SETS_SETS_H_
