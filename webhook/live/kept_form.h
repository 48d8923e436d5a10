// What of an object that the API server sent is kept in memory.
#ifndef MUSTER_WEBHOOK_LIVE_KEPT_FORM_H_
#define MUSTER_WEBHOOK_LIVE_KEPT_FORM_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "webhook/live/resource.h"

namespace muster::webhook {

struct KeptObject {
  std::string ns;  // "" for a cluster-scoped object
  std::string name;
  uint64_t version = 0;  // metadata.resourceVersion
  nlohmann::json form;   // apiVersion, kind, namespace, name and the fields of the resource
  int64_t bytes = 0;     // about what it takes in memory
};

// "team-a/q", "/cq": by this an object is known among those of its resource.
std::string NameOf(const KeptObject& object);

// The object without anything that is not kept. Errors: InvalidArgument with kind, name and field for what cannot be an
// object of the resource: another kind, a name that no API server gives out, a field of another type, a version that is
// no number. O(what is kept), plus a search for each field.
absl::StatusOr<KeptObject> KeptForm(const Resource& resource, const nlohmann::json& object);

// The same for an object that is known by its metadata alone, such as an owner: namespace, name, uid, labels and
// ownerReferences. What is missing is left out. Errors: InvalidArgument for fields of another type.
absl::StatusOr<nlohmann::json> KeptMetadata(const nlohmann::json& object);

// A name that the API server gave out can be put into a path; others cannot.
bool IsPathSegment(absl::string_view text);

// A resourceVersion as every API server writes it, a number. Zero for anything else.
uint64_t ResourceVersionOf(const nlohmann::json& object);

// About what a value takes in memory. O(size).
int64_t BytesOf(const nlohmann::json& value);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_KEPT_FORM_H_
