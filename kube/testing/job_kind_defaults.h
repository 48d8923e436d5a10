// What the schemas of job kinds outside Kubernetes fill in.
#ifndef MUSTER_KUBE_TESTING_JOB_KIND_DEFAULTS_H_
#define MUSTER_KUBE_TESTING_JOB_KIND_DEFAULTS_H_

#include <nlohmann/json.hpp>

#include "kube/resource_type.h"

namespace muster::kube::testing {

// Does nothing for types that have no such defaults.
void SetJobKindDefaults(const ResourceType& type, nlohmann::json* object);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_JOB_KIND_DEFAULTS_H_
