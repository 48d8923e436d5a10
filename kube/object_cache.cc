#include "kube/object_cache.h"

#include <utility>

#include "base/check.h"

namespace muster::kube {

void ObjectCache::AddIndex(const std::string& name, const ResourceType& type, Extract extract) {
  MUSTER_CHECK(objects_.empty());
  const bool is_new = indexes_.emplace(name, Index{&type, std::move(extract), {}}).second;
  MUSTER_CHECK(is_new, name);
}

void ObjectCache::Unindex(const Object& object) {
  for (auto& [name, index] : indexes_) {
    if (index.type != object.key().type) continue;
    for (const std::string& value : index.extract(object)) {
      const auto it = index.keys.find(value);
      if (it == index.keys.end()) continue;
      it->second.erase(object.key());
      if (it->second.empty()) index.keys.erase(it);
    }
  }
}

void ObjectCache::Put(ObjectPtr object) {
  ObjectPtr& slot = objects_[object->key()];
  if (slot != nullptr) {
    Unindex(*slot);
  } else {
    by_type_[object->key().type].insert(object->key());
  }
  slot = std::move(object);
  for (auto& [name, index] : indexes_) {
    if (index.type != slot->key().type) continue;
    for (std::string& value : index.extract(*slot)) index.keys[std::move(value)].insert(slot->key());
  }
}

void ObjectCache::Remove(const ObjectKey& key) {
  const auto it = objects_.find(key);
  if (it == objects_.end()) return;
  Unindex(*it->second);
  by_type_[key.type].erase(key);
  objects_.erase(it);
}

ObjectPtr ObjectCache::Find(const ObjectKey& key) const {
  const auto it = objects_.find(key);
  return it == objects_.end() ? nullptr : it->second;
}

ObjectPtr ObjectCache::Find(const ResourceType& type, absl::string_view ns, absl::string_view name) const {
  return Find(ObjectKey{&type, std::string(ns), std::string(name)});
}

std::vector<ObjectPtr> ObjectCache::List(const ResourceType& type) const {
  std::vector<ObjectPtr> list;
  const auto it = by_type_.find(&type);
  if (it == by_type_.end()) return list;
  list.reserve(it->second.size());
  for (const ObjectKey& key : it->second) list.push_back(Find(key));
  return list;
}

std::vector<ObjectPtr> ObjectCache::List(const ResourceType& type, absl::string_view ns) const {
  std::vector<ObjectPtr> list;
  const auto it = by_type_.find(&type);
  if (it == by_type_.end()) return list;
  for (auto at = it->second.lower_bound(ObjectKey{&type, std::string(ns), ""}); at != it->second.end() && at->ns == ns;
       ++at) {
    list.push_back(Find(*at));
  }
  return list;
}

std::vector<ObjectKey> ObjectCache::LookupKeys(const std::string& index, const std::string& value) const {
  const auto it = indexes_.find(index);
  MUSTER_CHECK(it != indexes_.end(), index);
  const auto found = it->second.keys.find(value);
  if (found == it->second.keys.end()) return {};
  return std::vector<ObjectKey>(found->second.begin(), found->second.end());
}

std::vector<ObjectPtr> ObjectCache::Lookup(const std::string& index, const std::string& value) const {
  std::vector<ObjectPtr> list;
  for (const ObjectKey& key : LookupKeys(index, value)) list.push_back(Find(key));
  return list;
}

}  // namespace muster::kube
