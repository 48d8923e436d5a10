// The objects of a cluster as they were last told, with indexes: what reconcilers read.
//
//   cache.AddIndex("pods by node", pod_type, [](const Object& pod) { return std::vector<std::string>{...}; });
//   cache.Put(object);
//   for (const ObjectPtr& pod : cache.Lookup("pods by node", "n1")) ...
//
// Lists are in the order of namespace and name, the same in every run. Thread-compatible.
#ifndef MUSTER_KUBE_OBJECT_CACHE_H_
#define MUSTER_KUBE_OBJECT_CACHE_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "kube/object.h"

namespace muster::kube {

class ObjectCache {
 public:
  // The values under which an object is found; of any number, empty for none.
  using Extract = std::function<std::vector<std::string>(const Object&)>;

  // REQUIRES: nothing was put in yet; no index of that name.
  void AddIndex(const std::string& name, const ResourceType& type, Extract extract);

  // Takes the place of what had the same key. O(log objects).
  void Put(ObjectPtr object);
  // Nothing happens if it is not there.
  void Remove(const ObjectKey& key);

  // The object, or null. O(1).
  ObjectPtr Find(const ObjectKey& key) const;
  ObjectPtr Find(const ResourceType& type, absl::string_view ns, absl::string_view name) const;
  // All of a type; all of a type in a namespace. O(what is listed).
  std::vector<ObjectPtr> List(const ResourceType& type) const;
  std::vector<ObjectPtr> List(const ResourceType& type, absl::string_view ns) const;
  // Those with that value. REQUIRES: there is such an index.
  std::vector<ObjectPtr> Lookup(const std::string& index, const std::string& value) const;
  std::vector<ObjectKey> LookupKeys(const std::string& index, const std::string& value) const;

  size_t size() const { return objects_.size(); }

 private:
  struct Index {
    const ResourceType* type;
    Extract extract;
    absl::flat_hash_map<std::string, std::set<ObjectKey>> keys;
  };
  void Unindex(const Object& object);

  absl::flat_hash_map<ObjectKey, ObjectPtr> objects_;
  std::map<const ResourceType*, std::set<ObjectKey>> by_type_;
  std::map<std::string, Index> indexes_;
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_OBJECT_CACHE_H_
