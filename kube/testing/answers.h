// What an API server says when it refuses, in its words.
#ifndef MUSTER_KUBE_TESTING_ANSWERS_H_
#define MUSTER_KUBE_TESTING_ANSWERS_H_

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kube/object.h"
#include "kube/request.h"

namespace muster::kube::testing {

// "jobs.batch", "pods".
inline std::string Resource(const ResourceType& type) {
  return type.group.empty() ? std::string(type.plural) : absl::StrCat(type.plural, ".", type.group);
}

inline Response Refusal(int code, absl::string_view reason, std::string message) {
  Response response;
  response.code = code;
  response.reason = std::string(reason);
  response.message = std::move(message);
  return response;
}

inline Response NotFound(const ObjectKey& key) {
  return Refusal(404, "NotFound", absl::StrCat(Resource(*key.type), " \"", key.name, "\" not found"));
}

inline Response AlreadyExists(const ObjectKey& key) {
  return Refusal(409, "AlreadyExists", absl::StrCat(Resource(*key.type), " \"", key.name, "\" already exists"));
}

inline Response Conflict(const ObjectKey& key, absl::string_view why) {
  return Refusal(409, "Conflict",
                 absl::StrCat("Operation cannot be fulfilled on ", Resource(*key.type), " \"", key.name, "\": ", why));
}

inline Response Modified(const ObjectKey& key) {
  return Conflict(key, "the object has been modified; please apply your changes to the latest version and try again");
}

// `what` names the field: "spec.template: Invalid value: ...: field is immutable".
inline Response Invalid(const ObjectKey& key, absl::string_view what) {
  const ResourceType& type = *key.type;
  const std::string kind = type.group.empty() ? std::string(type.kind) : absl::StrCat(type.kind, ".", type.group);
  return Refusal(422, "Invalid", absl::StrCat(kind, " \"", key.name, "\" is invalid: ", what));
}

inline Response BadRequest(std::string message) { return Refusal(400, "BadRequest", std::move(message)); }

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_ANSWERS_H_
