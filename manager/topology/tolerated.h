// Whether pods tolerate the taints of a node that they are on.
//
// Source of the rules: Kueue, pkg/controller/tas/node_controller.go (classifyTaints).
// Pure.
#ifndef MUSTER_MANAGER_TOPOLOGY_TOLERATED_H_
#define MUSTER_MANAGER_TOPOLOGY_TOLERATED_H_

#include <vector>

#include "api/core.h"

namespace muster::manager {

// kForAWhile: by a toleration that ends (tolerationSeconds).
enum class Tolerance { kAlways, kForAWhile, kNever };

// Whether there is a taint that keeps pods away or drives them out.
bool HasSchedulingTaint(const std::vector<api::Taint>& taints);

// The least of what any of the pod sets tolerates of any such taint; each pod set with all its tolerations. O(taints x
// tolerations).
Tolerance ToleranceOf(const std::vector<api::Taint>& taints, const std::vector<std::vector<api::Toleration>>& pod_sets);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_TOPOLOGY_TOLERATED_H_
