#include "kube/testing/managed_fields.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kube/testing/json_path.h"
#include "kube/testing/list_rules.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

json MergedAt(const ResourceType& type, const json& live, const json& config, const std::string& path);

// Items of both in the order of the writer; what only the object has keeps its place among its neighbours.
json MergedList(const ResourceType& type, const ListRule& rule, const json& live, const json& config,
                const std::string& path) {
  std::vector<std::string> old_names, new_names;
  for (const json& item : live) old_names.push_back(ElementOf(rule, item));
  for (const json& item : config) new_names.push_back(ElementOf(rule, item));
  const auto position = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) - names.begin();
  };
  json out = json::array();
  size_t left = 0, right = 0;
  while (left < old_names.size() || right < new_names.size()) {
    if (left < old_names.size()) {
      const bool shared = position(new_names, old_names[left]) < static_cast<ptrdiff_t>(new_names.size());
      const bool same = right < new_names.size() && old_names[left] == new_names[right];
      if (!shared) {
        out.push_back(live[left++]);
        continue;
      }
      if (!same) {  // comes, or came, where the writer has it
        ++left;
        continue;
      }
      ++left;
    }
    const ptrdiff_t old = position(old_names, new_names[right]);
    out.push_back(old < static_cast<ptrdiff_t>(old_names.size()) ? MergedAt(type, live[old], config[right], path + "[]")
                                                                 : config[right]);
    ++right;
  }
  return out;
}

json MergedAt(const ResourceType& type, const json& live, const json& config, const std::string& path) {
  if (live.is_object() && config.is_object()) {
    json out = live;
    for (const auto& [key, value] : config.items()) {
      const auto it = live.find(key);
      out[key] = it == live.end() ? value : MergedAt(type, *it, value, path.empty() ? key : path + "." + key);
    }
    return out;
  }
  if (live.is_array() && config.is_array()) {
    if (const ListRule* rule = ListRuleAt(type, path); rule != nullptr) {
      return MergedList(type, *rule, live, config, path);
    }
  }
  return config;
}

constexpr const char* kSystemFields[] = {"f:name",
                                         "f:namespace",
                                         "f:creationTimestamp",
                                         "f:uid",
                                         "f:generation",
                                         "f:managedFields",
                                         "f:selfLink",
                                         "f:resourceVersion",
                                         "f:deletionTimestamp",
                                         "f:clusterName",
                                         "f:deletionGracePeriodSeconds"};

}  // namespace

void KeepOwnable(const ResourceType& type, const std::string& subresource, FieldSet* fields) {
  fields->Erase({"f:apiVersion"});
  fields->Erase({"f:kind"});
  if (subresource == "status") {
    for (auto it = fields->children.begin(); it != fields->children.end();) {
      it = it->first == "f:status" ? std::next(it) : fields->children.erase(it);
    }
    return;
  }
  if (type.has_status) fields->Erase({"f:status"});
  for (const char* field : kSystemFields) fields->Erase({"f:metadata", field});
}

json Merged(const ResourceType& type, const json& live, const json& config) { return MergedAt(type, live, config, ""); }

ManagedFields::ManagedFields(const json& managed_fields) {
  if (!managed_fields.is_array()) return;
  for (const json& item : managed_fields) {
    const json* fields = Get(item, {"fieldsV1"});
    entries_.push_back({GetString(item, {"manager"}), GetString(item, {"operation"}), GetString(item, {"subresource"}),
                        GetString(item, {"time"}),
                        fields == nullptr || fields->empty() ? FieldSet() : FieldSet::FromJson(*fields)});
  }
}

json ManagedFields::ToJson(const ResourceType& type) const {
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries_) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) {
    return std::tie(a->operation, a->time, a->manager) < std::tie(b->operation, b->time, b->manager);
  });
  json out = json::array();
  for (const Entry* entry : sorted) {
    json item = {{"manager", entry->manager}, {"operation", entry->operation}, {"apiVersion", type.ApiVersion()},
                 {"time", entry->time},       {"fieldsType", "FieldsV1"},      {"fieldsV1", entry->fields.ToJson()}};
    if (!entry->subresource.empty()) item["subresource"] = entry->subresource;
    out.push_back(std::move(item));
  }
  return out;
}

ManagedFields::Entry& ManagedFields::EntryOf(const FieldWriter& writer, const char* operation) {
  for (Entry& entry : entries_) {
    if (entry.manager == writer.manager && entry.operation == operation && entry.subresource == writer.subresource) {
      return entry;
    }
  }
  entries_.push_back({writer.manager, operation, writer.subresource, writer.time, {}});
  return entries_.back();
}

void ManagedFields::DropEmpty() {
  entries_.erase(
      std::remove_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.fields.empty(); }),
      entries_.end());
}

void ManagedFields::Update(const ResourceType& type, const json& before, const json& after, const FieldWriter& writer) {
  FieldDifference difference = Compare(type, before, after);
  KeepOwnable(type, writer.subresource, &difference.changed);
  KeepOwnable(type, writer.subresource, &difference.removed);
  if (difference.changed.empty() && difference.removed.empty()) return;
  Entry& own = EntryOf(writer, "Update");
  const FieldSet before_write = own.fields;
  for (Entry& entry : entries_) {
    entry.fields.Subtract(difference.removed);
    if (&entry != &own) entry.fields.Subtract(difference.changed);
  }
  own.fields.UnionWith(difference.changed);
  if (!(own.fields == before_write)) own.time = writer.time;
  DropEmpty();
}

ManagedFields::Applied ManagedFields::Apply(const ResourceType& type, const json& live, const json& config,
                                            const FieldWriter& writer, bool force) {
  Applied applied;
  FieldSet wanted = FieldsOf(type, config);
  KeepOwnable(type, writer.subresource, &wanted);
  applied.object = Merged(type, live, config);

  FieldSet changed = Compare(type, live, applied.object).changed;
  KeepOwnable(type, writer.subresource, &changed);
  Entry& own = EntryOf(writer, "Apply");
  for (Entry& entry : entries_) {
    if (&entry == &own) continue;
    FieldSet contested = entry.fields;
    contested.IntersectWith(changed);
    if (contested.empty()) continue;
    if (!force) {
      for (const std::string& path : contested.Paths()) {
        applied.conflicts.push_back(absl::StrCat("conflict with \"", entry.manager, "\": ", path));
      }
    }
  }
  if (!applied.conflicts.empty()) {
    DropEmpty();
    return applied;
  }

  FieldSet dropped = own.fields;
  FieldSet kept = wanted;
  for (Entry& entry : entries_) {
    if (&entry == &own) continue;
    entry.fields.Subtract(changed);
    kept.UnionWith(entry.fields);
  }
  kept.AddContainers();
  dropped.Subtract(kept);
  RemoveFields(type, dropped, &applied.object);

  if (!(own.fields == wanted)) {
    own.fields = std::move(wanted);
    own.time = writer.time;
  }
  DropEmpty();
  return applied;
}

}  // namespace muster::kube::testing
