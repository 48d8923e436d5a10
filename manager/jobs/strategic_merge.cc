#include "manager/jobs/strategic_merge.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// By which member the items of a list are told apart; null for lists that are replaced.
const char* MergeKeyOf(const std::string& field) {
  static constexpr std::pair<absl::string_view, const char*> kKeys[] = {
      {"replicatedJobs", "name"},  {"containers", "name"},
      {"initContainers", "name"},  {"env", "name"},
      {"volumes", "name"},         {"imagePullSecrets", "name"},
      {"schedulingGates", "name"}, {"resourceClaims", "name"},
      {"claims", "name"},          {"volumeMounts", "mountPath"},
      {"ports", "containerPort"},  {"volumeDevices", "devicePath"},
      {"hostAliases", "ip"},       {"topologySpreadConstraints", "topologyKey"}};
  for (const auto& [name, key] : kKeys) {
    if (name == field) return key;
  }
  return nullptr;
}

json* Find(json* list, const char* key, const json& value) {
  for (json& item : *list) {
    const auto it = item.find(key);
    if (it != item.end() && *it == value) return &item;
  }
  return nullptr;
}

absl::Status HasKeys(const json& list, const std::string& field, const char* key) {
  for (const json& item : list) {
    if (!item.is_object() || !item.contains(key)) {
      return absl::InvalidArgumentError(absl::StrCat(field, ": an item has no ", key));
    }
  }
  return absl::OkStatus();
}

// Items of the patch keep their order, and so do the others; one of the patch stands before all others that do not stand
// before it already.
json InOrder(json merged, const json& patch, const json& before, const char* key) {
  json others = json::array(), patched = json::array();
  for (const json& item : patch) patched.push_back(*Find(&merged, key, item[key]));
  for (json& item : merged) {
    if (Find(&patched, key, item[key]) == nullptr) others.push_back(std::move(item));
  }
  const auto place = [&](const json& item) {
    const auto it = std::find_if(before.begin(), before.end(), [&](const json& old) { return old[key] == item[key]; });
    return it == before.end() ? -1 : it - before.begin();
  };
  json out = json::array();
  size_t next = 0;
  for (json& item : patched) {
    for (const auto at = place(item); next < others.size() && at >= 0 && place(others[next]) < at; ++next) {
      out.push_back(std::move(others[next]));
    }
    out.push_back(std::move(item));
  }
  for (; next < others.size(); ++next) out.push_back(std::move(others[next]));
  return out;
}

absl::Status MergeList(const json& patch, const std::string& field, const char* key, json* list) {
  if (absl::Status status = HasKeys(patch, field, key); !status.ok()) return status;
  if (absl::Status status = HasKeys(*list, field, key); !status.ok()) return status;
  const json before = *list;
  for (const json& item : patch) {
    if (json* known = Find(list, key, item[key])) {
      if (absl::Status status = StrategicMerge(item, known); !status.ok()) return status;
    } else {
      list->push_back(item);
    }
  }
  *list = InOrder(std::move(*list), patch, before, key);
  return absl::OkStatus();
}

bool SaysNothing(const json& value) { return value.is_null() || (value.is_array() && value.empty()); }

}  // namespace

absl::Status StrategicMerge(const json& patch, json* object) {
  if (!patch.is_object() || !object->is_object()) return absl::InvalidArgumentError("a patch is laid over an object");
  for (const auto& [field, value] : patch.items()) {
    if (SaysNothing(value)) continue;
    json& at = (*object)[field];
    const char* key = value.is_array() && at.is_array() ? MergeKeyOf(field) : nullptr;
    absl::Status status;
    if (key != nullptr) {
      status = MergeList(value, field, key, &at);
    } else if (value.is_object() && at.is_object()) {
      status = StrategicMerge(value, &at);
    } else {
      at = value;
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace muster::manager
