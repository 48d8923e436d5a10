// Where in an object a value is: "spec.resourceGroups[0].flavors[gpu].resources[nvidia.com/gpu].nominalQuota".
//
// Steps are names, and after a list's name one in brackets: an index, the `name` (or, without names, the text) of an
// element, or * for all. A member whose name has dots is in brackets with quotes: metadata.labels["example.com/team"].
#ifndef MUSTER_SIM_SWEEP_OBJECT_PATH_H_
#define MUSTER_SIM_SWEEP_OBJECT_PATH_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::sim {

// Sets what the path leads to; null takes it out. Members on the way that are missing are made, elements of lists are
// not. Errors: InvalidArgument for what is no path, NotFound for an element that is not there, with those that are.
absl::Status SetAt(absl::string_view path, const nlohmann::json& value, nlohmann::json* object);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SWEEP_OBJECT_PATH_H_
