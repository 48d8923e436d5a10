// Whether pods of a pod set may run on the nodes a ResourceFlavor stands for: taints, node selector, node affinity.
// Source of the rules: Kueue, flavorassigner.checkFlavorForPodSets.
#ifndef MUSTER_SCHEDULER_FLAVORS_FLAVOR_MATCH_H_
#define MUSTER_SCHEDULER_FLAVORS_FLAVOR_MATCH_H_

#include <optional>

#include "api/core.h"
#include "api/kueue.h"
#include "scheduler/decision.h"

namespace muster::scheduler {

// nullopt if the pods may use the flavor, otherwise why not (the flavor id is left for the caller to fill in). Only
// NoSchedule and NoExecute taints count; selectors and affinity are looked at only for the label keys the flavor itself
// defines, because the rest is decided by the nodes later. Pure. O(taints * tolerations + terms).
std::optional<FlavorReason> MatchFlavor(const api::ResourceFlavor& flavor, const api::PodSpec& pod);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_FLAVORS_FLAVOR_MATCH_H_
