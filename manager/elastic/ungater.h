// Takes the gate of elastic jobs off as many pods as were admitted.
//
// Problem: an elastic job makes more pods at once when it grows, before there is quota for them. Its pods are made with
// the gate kueue.x-k8s.io/elastic-job, and lose it as its Workloads (slices) are admitted. Pods belong to the chain of
// slices, not to one of them; the slice that holds quota now says how many may run.
//
// There is no book of pods whose gate is being taken off: a plan is carried out before the next is made, and what it wrote
// is known by then.
//
// Source of the rules: kueue-manager.md, "Elastic ungater"; Kueue, pkg/controller/elasticjobs.
// Pure.
#ifndef MUSTER_MANAGER_ELASTIC_UNGATER_H_
#define MUSTER_MANAGER_ELASTIC_UNGATER_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

// A step for each pod that may run now. The Workload is a slice; if it is not the one that counts any more, that one is
// taken. Errors: InvalidArgument for what cannot be read, FailedPrecondition for checks that contradict each other. O(pods
// log pods).
Plan UngateElastic(const World& world, absl::string_view ns, absl::string_view name);

struct ElasticLook {
  kube::ObjectKey key;  // of a Workload
  absl::Duration after;

  friend bool operator==(const ElasticLook&, const ElasticLook&) = default;
};
// What to look at when an object changed. `before`: null for one that is new; `after`: for one that is gone. REQUIRES: not
// both. O(slices of its job).
std::vector<ElasticLook> ElasticToLookAt(const World& world, const kube::ObjectPtr& before,
                                         const kube::ObjectPtr& after);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_ELASTIC_UNGATER_H_
