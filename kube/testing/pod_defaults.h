// What Kubernetes fills in where users describe pods.
#ifndef MUSTER_KUBE_TESTING_POD_DEFAULTS_H_
#define MUSTER_KUBE_TESTING_POD_DEFAULTS_H_

#include <nlohmann/json.hpp>

namespace muster::kube::testing {

// A PodSpec; `of_pod`: of a Pod, not of a template.
void SetPodSpecDefaults(bool of_pod, nlohmann::json* spec);

// A PodTemplateSpec, of kinds that are built into Kubernetes.
void SetPodTemplateDefaults(nlohmann::json* pod_template);

// Takes out members that are empty and that Go's types leave out: {"labels": {}}.
void DropEmptyMembers(nlohmann::json* object, std::initializer_list<const char*> keys);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_POD_DEFAULTS_H_
