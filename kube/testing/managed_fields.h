// Who owns which fields of an object, and what server-side apply makes of it.
//
// Source of the rules: sigs.k8s.io/structured-merge-diff (merge.Updater) and apimachinery's managedfields.
#ifndef MUSTER_KUBE_TESTING_MANAGED_FIELDS_H_
#define MUSTER_KUBE_TESTING_MANAGED_FIELDS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/resource_type.h"
#include "kube/testing/field_set.h"

namespace muster::kube::testing {

// Who writes, and where.
struct FieldWriter {
  std::string manager;
  std::string subresource;  // "" or "status"
  std::string time;         // as objects have it

  friend bool operator==(const FieldWriter&, const FieldWriter&) = default;
};

// metadata.managedFields. Thread-safety: value type.
class ManagedFields {
 public:
  ManagedFields() = default;
  explicit ManagedFields(const nlohmann::json& managed_fields);
  nlohmann::json ToJson(const ResourceType& type) const;

  // The object was written as a whole, or patched: what changed belongs to the writer alone.
  void Update(const ResourceType& type, const nlohmann::json& before, const nlohmann::json& after,
              const FieldWriter& writer);

  // The object with what the writer applies: its fields set, those it owned before and does not apply any more taken
  // away unless somebody else owns them. Fields of other managers that would change are `conflicts`, unless forced;
  // then nothing is changed.
  struct Applied {
    nlohmann::json object;
    std::vector<std::string> conflicts;  // "conflict with \"m\": .status.x"
  };
  Applied Apply(const ResourceType& type, const nlohmann::json& live, const nlohmann::json& config,
                const FieldWriter& writer, bool force);

 private:
  struct Entry {
    std::string manager, operation, subresource, time;
    FieldSet fields;
  };
  Entry& EntryOf(const FieldWriter& writer, const char* operation);
  void DropEmpty();
  std::vector<Entry> entries_;
};

// The fields that a write to the subresource can own: without those that identify the object, or that only the server
// sets; for "status" nothing but the status.
void KeepOwnable(const ResourceType& type, const std::string& subresource, FieldSet* fields);

// `config` laid over `live`: members set, lists merged by their keys, other lists replaced.
nlohmann::json Merged(const ResourceType& type, const nlohmann::json& live, const nlohmann::json& config);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_MANAGED_FIELDS_H_
