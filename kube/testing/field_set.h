// Sets of fields of an object: who owns what, and what two versions differ in.
//
// The form is that of managedFields (FieldsV1): a tree whose edges are "f:spec", `k:{"type":"Ready"}` and `v:"x"`.
// Source of the rules: sigs.k8s.io/structured-merge-diff. Here every container counts as a field of its own, also those
// that Go has as structs; only what is printed differs by it.
#ifndef MUSTER_KUBE_TESTING_FIELD_SET_H_
#define MUSTER_KUBE_TESTING_FIELD_SET_H_

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/resource_type.h"

namespace muster::kube::testing {

// Thread-safety: value type.
struct FieldSet {
  bool member = false;  // the field itself is in the set
  std::map<std::string, FieldSet> children;

  bool empty() const { return !member && children.empty(); }
  void UnionWith(const FieldSet& other);
  void Subtract(const FieldSet& other);
  void IntersectWith(const FieldSet& other);
  // Whatever has fields of the set below it is in the set, too.
  void AddContainers();
  // Forgets everything at and below `path`, edges as above.
  void Erase(const std::vector<std::string>& path);

  nlohmann::json ToJson() const;
  static FieldSet FromJson(const nlohmann::json& fields);
  // ".status.conditions[type="Ready"]": the first few, for messages.
  std::vector<std::string> Paths() const;

  friend bool operator==(const FieldSet&, const FieldSet&) = default;
};

// All fields of the object.
FieldSet FieldsOf(const ResourceType& type, const nlohmann::json& object);

struct FieldDifference {
  FieldSet changed;  // new, or of another value
  FieldSet removed;
};
FieldDifference Compare(const ResourceType& type, const nlohmann::json& before, const nlohmann::json& after);

// Takes the fields out of the object; containers that are fields of the set go with all that is left in them.
void RemoveFields(const ResourceType& type, const FieldSet& fields, nlohmann::json* object);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_FIELD_SET_H_
