#include "kube/testing/field_set.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "kube/testing/list_rules.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

std::string Below(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

bool IsGranular(const json& value) { return value.is_object() && !value.empty(); }

FieldSet Fields(const ResourceType& type, const json& value, const std::string& path) {
  FieldSet set;
  set.member = !path.empty();
  if (IsGranular(value)) {
    for (const auto& [key, item] : value.items()) {
      if (!item.is_null()) set.children.emplace("f:" + key, Fields(type, item, Below(path, key)));
    }
  } else if (value.is_array()) {
    if (const ListRule* rule = ListRuleAt(type, path); rule != nullptr) {
      for (const json& item : value) set.children.emplace(ElementOf(*rule, item), Fields(type, item, path + "[]"));
    }
  }
  return set;
}

using Items = std::vector<std::pair<std::string, const json*>>;

// The parts of a value that are fields of their own; false when it is one field.
bool Split(const ResourceType& type, const json& value, const std::string& path, Items* items) {
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      if (!item.is_null()) items->emplace_back("f:" + key, &item);
    }
    return true;
  }
  const ListRule* rule = value.is_array() ? ListRuleAt(type, path) : nullptr;
  if (rule == nullptr) return false;
  for (const json& item : value) items->emplace_back(ElementOf(*rule, item), &item);
  return true;
}

std::string PathOf(const std::string& path, const std::string& edge) {
  return edge.rfind("f:", 0) == 0 ? Below(path, edge.substr(2)) : path + "[]";
}

const json* Find(const Items& items, const std::string& edge) {
  for (const auto& [name, value] : items) {
    if (name == edge) return value;
  }
  return nullptr;
}

void CompareAt(const ResourceType& type, const json& before, const json& after, const std::string& path,
               FieldSet* changed, FieldSet* removed) {
  Items old_items, new_items;
  const bool old_split = Split(type, before, path, &old_items);
  const bool new_split = Split(type, after, path, &new_items);
  if (!old_split || !new_split) {
    if (before == after) return;
    changed->UnionWith(Fields(type, after, path));
    return;
  }
  for (const auto& [edge, value] : new_items) {
    const json* old = Find(old_items, edge);
    FieldSet below_changed, below_removed;
    if (old == nullptr) {
      below_changed = Fields(type, *value, PathOf(path, edge));
    } else {
      CompareAt(type, *old, *value, PathOf(path, edge), &below_changed, &below_removed);
    }
    if (!below_changed.empty()) changed->children[edge] = std::move(below_changed);
    if (!below_removed.empty()) removed->children[edge] = std::move(below_removed);
  }
  for (const auto& [edge, value] : old_items) {
    if (Find(new_items, edge) == nullptr) removed->children[edge] = Fields(type, *value, PathOf(path, edge));
  }
}

void RemoveAt(const ResourceType& type, const FieldSet& fields, const std::string& path, json* value) {
  for (const auto& [edge, below] : fields.children) {
    if (edge.rfind("f:", 0) == 0) {
      if (!value->is_object()) continue;
      const auto it = value->find(edge.substr(2));
      if (it == value->end()) continue;
      if (below.member) {
        value->erase(it);
      } else {
        RemoveAt(type, below, PathOf(path, edge), &*it);
      }
      continue;
    }
    const ListRule* rule = value->is_array() ? ListRuleAt(type, path) : nullptr;
    if (rule == nullptr) continue;
    for (auto it = value->begin(); it != value->end();) {
      if (ElementOf(*rule, *it) != edge) {
        ++it;
      } else if (below.member) {
        it = value->erase(it);
      } else {
        RemoveAt(type, below, PathOf(path, edge), &*it);
        ++it;
      }
    }
  }
}

void AddPaths(const FieldSet& set, const std::string& path, std::vector<std::string>* paths) {
  if (set.member && set.children.empty()) paths->push_back(path);
  for (const auto& [edge, below] : set.children) {
    AddPaths(below, absl::StrCat(path, edge[0] == 'f' ? "." : "", edge[0] == 'f' ? edge.substr(2) : "[" + edge + "]"),
             paths);
  }
}

}  // namespace

void FieldSet::UnionWith(const FieldSet& other) {
  member = member || other.member;
  for (const auto& [edge, below] : other.children) children[edge].UnionWith(below);
}

void FieldSet::Subtract(const FieldSet& other) {
  if (other.member) member = false;
  for (const auto& [edge, below] : other.children) {
    const auto it = children.find(edge);
    if (it == children.end()) continue;
    it->second.Subtract(below);
    if (it->second.empty()) children.erase(it);
  }
}

void FieldSet::IntersectWith(const FieldSet& other) {
  member = member && other.member;
  for (auto it = children.begin(); it != children.end();) {
    const auto found = other.children.find(it->first);
    if (found != other.children.end()) it->second.IntersectWith(found->second);
    it = found == other.children.end() || it->second.empty() ? children.erase(it) : std::next(it);
  }
}

void FieldSet::AddContainers() {
  if (!children.empty()) member = true;
  for (auto& [edge, below] : children) below.AddContainers();
}

void FieldSet::Erase(const std::vector<std::string>& path) {
  if (path.empty()) return;
  const auto it = children.find(path.front());
  if (it == children.end()) return;
  if (path.size() == 1) {
    children.erase(it);
    return;
  }
  it->second.Erase({path.begin() + 1, path.end()});
  if (it->second.children.empty()) children.erase(it);
}

json FieldSet::ToJson() const {
  json out = json::object();
  if (member && !children.empty()) out["."] = json::object();
  for (const auto& [edge, below] : children) out[edge] = below.ToJson();
  return out;
}

FieldSet FieldSet::FromJson(const json& fields) {
  FieldSet set;
  if (!fields.is_object() || fields.empty()) {
    set.member = true;
    return set;
  }
  for (const auto& [edge, below] : fields.items()) {
    if (edge == ".") {
      set.member = true;
    } else {
      set.children.emplace(edge, FromJson(below));
    }
  }
  return set;
}

std::vector<std::string> FieldSet::Paths() const {
  std::vector<std::string> paths;
  AddPaths(*this, "", &paths);
  return paths;
}

FieldSet FieldsOf(const ResourceType& type, const json& object) { return Fields(type, object, ""); }

FieldDifference Compare(const ResourceType& type, const json& before, const json& after) {
  FieldDifference difference;
  CompareAt(type, before, after, "", &difference.changed, &difference.removed);
  return difference;
}

void RemoveFields(const ResourceType& type, const FieldSet& fields, json* object) {
  RemoveAt(type, fields, "", object);
}

}  // namespace muster::kube::testing
