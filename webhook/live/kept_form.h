// What of an object that the API server sent is kept in memory.
#ifndef MUSTER_WEBHOOK_LIVE_KEPT_FORM_H_
#define MUSTER_WEBHOOK_LIVE_KEPT_FORM_H_

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "kube/client/told_object.h"
#include "webhook/live/resource.h"

namespace muster::webhook {

// Keeps apiVersion, kind, namespace, name and the fields of the resource. Errors: InvalidArgument for fields of another
// type. O(what is kept), plus a search for each field. `resource` outlives what is returned.
kube::Keep KeptFieldsOf(const Resource& resource);

// The same for an object that is known by its metadata alone, such as an owner: namespace, name, uid, labels and
// ownerReferences. What is missing is left out. Errors: InvalidArgument for fields of another type.
absl::StatusOr<nlohmann::json> KeptMetadata(const nlohmann::json& object);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_KEPT_FORM_H_
