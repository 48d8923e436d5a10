// Fields of a job's manifest that its kind does not have: a misspelt `parallelism` would be one pod, silently.
#ifndef MUSTER_API_JOBS_UNKNOWN_FIELDS_H_
#define MUSTER_API_JOBS_UNKNOWN_FIELDS_H_

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "api/problem.h"

namespace muster::api {

// The fields nobody knows, of the objects that say how many pods there are, and of the pod templates. An error where
// the field is a slip away from one there is, a warning otherwise (a later version of the kind may have it). The
// problems have object and path, no source. Empty for kinds that are no job. O(size).
std::vector<Problem> UnknownJobFields(const nlohmann::json& manifest);

}  // namespace muster::api

#endif  // MUSTER_API_JOBS_UNKNOWN_FIELDS_H_
