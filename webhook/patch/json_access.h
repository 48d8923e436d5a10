// Looking into JSON that came from outside: nothing here throws, and what has another shape counts as absent.
#ifndef MUSTER_WEBHOOK_PATCH_JSON_ACCESS_H_
#define MUSTER_WEBHOOK_PATCH_JSON_ACCESS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace muster::webhook {

inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

// The field of an object, or nullptr when it is absent or null (which means the same in Kubernetes).
inline const nlohmann::json* Field(const nlohmann::json& object, absl::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(StdView(name));
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

inline const std::string* StringField(const nlohmann::json& object, absl::string_view name) {
  const nlohmann::json* value = Field(object, name);
  return value != nullptr && value->is_string() ? &value->get_ref<const std::string&>() : nullptr;
}

inline bool BoolField(const nlohmann::json& object, absl::string_view name) {
  const nlohmann::json* value = Field(object, name);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

// metadata.labels[key] and metadata.annotations[key] of an object or pod template; nullptr when absent.
inline const std::string* MetadataEntry(const nlohmann::json& object, absl::string_view map, absl::string_view key) {
  const nlohmann::json* metadata = Field(object, "metadata");
  if (metadata == nullptr) return nullptr;
  const nlohmann::json* entries = Field(*metadata, map);
  return entries == nullptr ? nullptr : StringField(*entries, key);
}
inline const std::string* Label(const nlohmann::json& object, absl::string_view key) {
  return MetadataEntry(object, "labels", key);
}
inline const std::string* Annotation(const nlohmann::json& object, absl::string_view key) {
  return MetadataEntry(object, "annotations", key);
}
// The value, or "".
inline const std::string& ValueOrEmpty(const std::string* text) {
  static const auto& empty = *new std::string();
  return text == nullptr ? empty : *text;
}

// As Go's JSON errors name it: "string", "number", "bool", "array", "object".
inline const char* JsonTypeName(const nlohmann::json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "bool";
  if (value.is_array()) return "array";
  if (value.is_object()) return "object";
  return value.is_null() ? "null" : "number";
}

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_PATCH_JSON_ACCESS_H_
