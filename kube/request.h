// What is asked of an API server, and what it answers, as values: whoever decides what to write needs no connection.
#ifndef MUSTER_KUBE_REQUEST_H_
#define MUSTER_KUBE_REQUEST_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kube/object.h"
#include "kube/resource_type.h"

namespace muster::kube {

enum class Verb : uint8_t {
  kGet,
  kCreate,          // POST
  kUpdate,          // PUT: the whole object; refused when its resourceVersion is not the latest
  kMergePatch,      // RFC 7386; refused when the patch has a metadata.resourceVersion that is not the latest
  kStrategicPatch,  // lists merged by their keys; events only
  kApply,           // server-side apply: the fields that `field_manager` wants to own, and no other of its
  kDelete,
};

struct Request {
  Verb verb = Verb::kGet;
  ObjectKey key;                   // name "" for kCreate
  std::string subresource = {};    // "" or "status"
  std::string field_manager = {};  // "" = by who the client is
  bool force = false;              // kApply: takes fields from other managers
  bool dry_run = false;
  // kDelete: "Background", "Foreground", "Orphan" or "" for the type's default.
  std::string propagation = {};
  nlohmann::json body = nullptr;  // null for kGet; options for kDelete, or null

  friend bool operator==(const Request&, const Request&) = default;
};

struct Response {
  int code = 0;           // HTTP's; 0 = there was no answer
  std::string reason;     // of a failure: "NotFound", "Conflict", "AlreadyExists", "Invalid", ...
  std::string message;    // of a failure
  nlohmann::json object;  // of a success

  bool ok() const { return code >= 200 && code < 300; }
  bool not_found() const { return code == 404; }
  bool conflict() const { return code == 409 && reason == "Conflict"; }
  bool already_exists() const { return code == 409 && reason == "AlreadyExists"; }
};

// How a request goes over the wire.
struct HttpForm {
  std::string method;
  std::string path;          // with query
  std::string content_type;  // "" without body
  std::string body;
};
HttpForm ToHttp(const Request& request);
// The reverse. Errors: InvalidArgument for paths, types or bodies that are none of these.
absl::StatusOr<Request> FromHttp(absl::string_view method, absl::string_view path, absl::string_view content_type,
                                 absl::string_view body);

// "PATCH workloads/status g/a (apply kueue-admission, forced)": for logs and tests.
std::string Summary(const Request& request);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_REQUEST_H_
