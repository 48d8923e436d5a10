// The fields that Kueue's Configuration has.
#ifndef MUSTER_MANAGER_PROCESS_CONFIGURATION_FIELDS_H_
#define MUSTER_MANAGER_PROCESS_CONFIGURATION_FIELDS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace muster::manager {

// The paths of the fields in a Configuration that Kueue does not know ("integrations.framework"), in the order of their
// names; of its v1beta1 and v1beta2 together. O(size).
std::vector<std::string> UnknownFields(const nlohmann::json& configuration);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_CONFIGURATION_FIELDS_H_
