// Values out of objects, whatever shape these have.
#ifndef MUSTER_MANAGER_JOBS_READ_H_
#define MUSTER_MANAGER_JOBS_READ_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "api/job_kinds.h"

namespace muster::manager {

// What is at a JSON pointer without escapes, or the fallback when it is absent or of another type.
inline std::string TextAt(const nlohmann::json& value, absl::string_view pointer, absl::string_view fallback = "") {
  const nlohmann::json* found = api::At(value, pointer);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string(fallback);
}
inline int64_t IntAt(const nlohmann::json& value, absl::string_view pointer, int64_t fallback = 0) {
  const nlohmann::json* found = api::At(value, pointer);
  return found != nullptr && found->is_number_integer() ? found->get<int64_t>() : fallback;
}
inline bool BoolAt(const nlohmann::json& value, absl::string_view pointer, bool fallback = false) {
  const nlohmann::json* found = api::At(value, pointer);
  return found != nullptr && found->is_boolean() ? found->get<bool>() : fallback;
}
// An empty list when there is none.
inline const nlohmann::json& ListAt(const nlohmann::json& value, absl::string_view pointer) {
  static const nlohmann::json& none = *new nlohmann::json(nlohmann::json::array());
  const nlohmann::json* found = api::At(value, pointer);
  return found != nullptr && found->is_array() ? *found : none;
}

// The condition of that type, or null: an item of status.conditions.
inline const nlohmann::json* ConditionOf(const nlohmann::json& object, absl::string_view type) {
  for (const nlohmann::json& each : ListAt(object, "/status/conditions")) {
    if (TextAt(each, "/type") == type) return &each;
  }
  return nullptr;
}
inline bool HasTrueCondition(const nlohmann::json& object, absl::string_view type) {
  const nlohmann::json* condition = ConditionOf(object, type);
  return condition != nullptr && TextAt(*condition, "/status") == "True";
}

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_READ_H_
