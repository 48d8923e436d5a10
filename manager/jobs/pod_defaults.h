// What Kubernetes fills in when a pod template says nothing.
//
// Problem: most templates come from the API server, which has done this. Those inside an object that it does not look
// into have not been; a Workload made of them would be compared with another made of the same, and has to say the same as
// one that Kueue made.
//
// Source of the rules: Kubernetes, pkg/apis/core/v1/defaults.go.
// Pure.
#ifndef MUSTER_MANAGER_JOBS_POD_DEFAULTS_H_
#define MUSTER_MANAGER_JOBS_POD_DEFAULTS_H_

#include <nlohmann/json.hpp>

namespace muster::manager {

// Containers, ports, probes, policies, and the pod's own. Volumes stay as they are: nothing compares them. O(size).
void DefaultPodTemplate(nlohmann::json* pod_template);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_POD_DEFAULTS_H_
