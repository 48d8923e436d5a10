// Patches of the two kinds that Kubernetes has besides server-side apply.
#ifndef MUSTER_KUBE_TESTING_PATCHES_H_
#define MUSTER_KUBE_TESTING_PATCHES_H_

#include <nlohmann/json.hpp>

#include "kube/resource_type.h"

namespace muster::kube::testing {

// RFC 7386.
nlohmann::json MergePatched(const nlohmann::json& object, const nlohmann::json& patch);

// As a merge patch, but lists with keys are merged by them; an item with {"$patch": "delete"} is taken out.
nlohmann::json StrategicMergePatched(const ResourceType& type, const nlohmann::json& object,
                                     const nlohmann::json& patch);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_PATCHES_H_
