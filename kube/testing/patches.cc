#include "kube/testing/patches.h"

#include <string>

#include "kube/testing/list_rules.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

json StrategicAt(const ResourceType& type, const json& object, const json& patch, const std::string& path) {
  if (patch.is_object()) {
    json out = object.is_object() ? object : json::object();
    for (const auto& [key, value] : patch.items()) {
      if (value.is_null()) {
        out.erase(key);
      } else {
        const auto it = out.find(key);
        out[key] = StrategicAt(type, it == out.end() ? json() : *it, value, path.empty() ? key : path + "." + key);
      }
    }
    return out;
  }
  const ListRule* rule = patch.is_array() ? ListRuleAt(type, path) : nullptr;
  if (rule == nullptr) return patch;
  json out = object.is_array() ? object : json::array();
  for (const json& item : patch) {
    const std::string element = ElementOf(*rule, item);
    size_t at = 0;
    while (at < out.size() && ElementOf(*rule, out[at]) != element) ++at;
    if (item.is_object() && item.value("$patch", "") == "delete") {
      if (at < out.size()) out.erase(at);
    } else if (at < out.size()) {
      out[at] = StrategicAt(type, out[at], item, path + "[]");
    } else {
      out.push_back(item);
    }
  }
  return out;
}

}  // namespace

json MergePatched(const json& object, const json& patch) {
  json out = object;
  out.merge_patch(patch);
  return out;
}

json StrategicMergePatched(const ResourceType& type, const json& object, const json& patch) {
  return StrategicAt(type, object, patch, "");
}

}  // namespace muster::kube::testing
