// Whether a job still asks for what its Workload says.
//
// Problem: this decides about restarts. A template that went through the API server twice must compare equal to itself,
// and one in which a container changed must not.
//
// Source of the rules: Kueue, pkg/util/equality; Kubernetes, equality.Semantic.
// Pure.
#ifndef MUSTER_MANAGER_JOBS_SAME_PODS_H_
#define MUSTER_MANAGER_JOBS_SAME_PODS_H_

#include <nlohmann/json.hpp>
#include <vector>

namespace muster::manager {

enum class Tolerations { kCompared, kIgnored };

// Whether the pod sets are the same, one by one: count, minimum count, containers, and tolerations unless those are
// ignored. Names, labels, node selectors and all else do not count. O(size).
bool SamePodSets(const std::vector<nlohmann::json>& a, const std::vector<nlohmann::json>& b, Tolerations tolerations);

// Whether two values stand for the same: absent is as good as empty, and 1 as good as 1000m where an amount is meant.
bool SameMeaning(const nlohmann::json& a, const nlohmann::json& b);

// Leaves of variables of a container that have the same name only the last, in the place of the first.
void DropRepeatedVariables(nlohmann::json* pod_template);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_SAME_PODS_H_
