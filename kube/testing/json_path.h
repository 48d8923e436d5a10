// Reading and writing inside JSON objects by member names, without caring whether what is on the way exists.
#ifndef MUSTER_KUBE_TESTING_JSON_PATH_H_
#define MUSTER_KUBE_TESTING_JSON_PATH_H_

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::kube::testing {

// The member, or nullptr when there is none, or it is null.
inline const nlohmann::json* Get(const nlohmann::json& value, std::initializer_list<const char*> path) {
  const nlohmann::json* at = &value;
  for (const char* key : path) {
    if (!at->is_object()) return nullptr;
    const auto it = at->find(key);
    if (it == at->end() || it->is_null()) return nullptr;
    at = &*it;
  }
  return at;
}

// "" unless there is a string.
inline std::string GetString(const nlohmann::json& value, std::initializer_list<const char*> path) {
  const nlohmann::json* at = Get(value, path);
  return at != nullptr && at->is_string() ? at->get<std::string>() : std::string();
}

// `fallback` unless there is a whole number.
inline int64_t GetInt(const nlohmann::json& value, std::initializer_list<const char*> path, int64_t fallback = 0) {
  const nlohmann::json* at = Get(value, path);
  return at != nullptr && at->is_number_integer() ? at->get<int64_t>() : fallback;
}

inline bool GetBool(const nlohmann::json& value, std::initializer_list<const char*> path) {
  const nlohmann::json* at = Get(value, path);
  return at != nullptr && at->is_boolean() && at->get<bool>();
}

// The object there; what is on the way and no object becomes one.
inline nlohmann::json& ObjectAt(nlohmann::json& value, std::initializer_list<const char*> path) {
  nlohmann::json* at = &value;
  if (!at->is_object()) *at = nlohmann::json::object();
  for (const char* key : path) {
    at = &(*at)[key];
    if (!at->is_object()) *at = nlohmann::json::object();
  }
  return *at;
}

// Sets a member that is absent or null.
inline void SetDefault(nlohmann::json& object, const char* key, nlohmann::json value) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) object[key] = std::move(value);
}

inline void EraseMember(nlohmann::json& object, const char* key) {
  if (object.is_object()) object.erase(key);
}

// Without members that are null, at any depth.
inline nlohmann::json WithoutNulls(const nlohmann::json& value) {
  if (value.is_object()) {
    nlohmann::json out = nlohmann::json::object();
    for (const auto& [key, item] : value.items()) {
      if (!item.is_null()) out.emplace(key, WithoutNulls(item));
    }
    return out;
  }
  if (value.is_array()) {
    nlohmann::json out = nlohmann::json::array();
    for (const nlohmann::json& item : value) out.push_back(WithoutNulls(item));
    return out;
  }
  return value;
}

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_JSON_PATH_H_
