// A patch laid over part of an object as Kubernetes does it: lists of named things are merged item by item.
//
// Source of the rules: Kubernetes, strategic merge patches without directives; apimachinery, pkg/util/strategicpatch.
// Pure. Internal to manager/jobs.
#ifndef MUSTER_MANAGER_JOBS_STRATEGIC_MERGE_H_
#define MUSTER_MANAGER_JOBS_STRATEGIC_MERGE_H_

#include <nlohmann/json.hpp>

#include "absl/status/status.h"

namespace muster::manager {

// Lays a patch over what is in JobSets, Jobs and pod templates. Objects are merged; of lists those of containers,
// volumes and the like by name, what is new in them before what stays, others are replaced. Null and empty lists say
// nothing. Errors: InvalidArgument for an item that does not say which one it is; the object is in between then. O(size;
// in lists by name items squared).
absl::Status StrategicMerge(const nlohmann::json& patch, nlohmann::json* object);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_STRATEGIC_MERGE_H_
