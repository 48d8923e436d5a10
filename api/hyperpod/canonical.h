// Holds a JSON value of any spelling against a shape, and brings it to the spelling and the types of the API model.
// Internal to api/hyperpod.
#ifndef MUSTER_API_HYPERPOD_CANONICAL_H_
#define MUSTER_API_HYPERPOD_CANONICAL_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "api/hyperpod/shapes.h"
#include "api/problem.h"

namespace muster::hyperpod {

// The value with the model's member names and types. What breaks a rule is reported to `problems` (path, value,
// message, rule) and left out. Values that only CloudFormation or a shell could fill in ({"Ref": …}, "$ARN") are left
// out with a warning, and count as given. O(size).
nlohmann::json Canonical(const nlohmann::json& value, const Shape& shape, absl::string_view path,
                         std::vector<api::Problem>* problems);

// Whether the object has the member, in any spelling; and the value, or nullptr.
const nlohmann::json* FindMember(const nlohmann::json& object, absl::string_view name);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_CANONICAL_H_
