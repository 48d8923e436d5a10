// An object as an API server tells it, once it is known to be one; and what of it is kept in memory.
#ifndef MUSTER_KUBE_CLIENT_TOLD_OBJECT_H_
#define MUSTER_KUBE_CLIENT_TOLD_OBJECT_H_

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kube/resource_type.h"

namespace muster::kube {

struct ToldObject {
  std::string ns;  // "" for a cluster-scoped object
  std::string name;
  uint64_t version = 0;  // metadata.resourceVersion
  nlohmann::json value;  // what is kept of it
  int64_t bytes = 0;     // about what that takes in memory
};

// "team-a/q", "/cq": by this an object is known among those of its type.
std::string NameOf(const ToldObject& object);

// Makes of an object, which has apiVersion, kind and metadata, what is kept of it. Errors: InvalidArgument with the field.
using Keep = std::function<absl::Status(nlohmann::json* object)>;

// Keeps all but metadata.managedFields.
absl::Status KeepWhole(nlohmann::json* object);
// Keeps apiVersion, kind and metadata, but for managedFields.
absl::Status KeepMetadata(nlohmann::json* object);

// Errors: InvalidArgument with kind, name and field for what cannot be an object of the type: another kind, a name that
// no API server gives out, a version that is no number; and those of `keep`. O(size).
absl::StatusOr<ToldObject> ReadObject(const ResourceType& type, nlohmann::json object, const Keep& keep);

// A resourceVersion as every API server writes it, a number. Zero for anything else.
uint64_t ResourceVersionOf(const nlohmann::json& object);

// About what a value takes in memory. O(size).
int64_t BytesOf(const nlohmann::json& value);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_TOLD_OBJECT_H_
