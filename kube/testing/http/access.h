// What a request is to access control: a verb and a resource.
#ifndef MUSTER_KUBE_TESTING_HTTP_ACCESS_H_
#define MUSTER_KUBE_TESTING_HTTP_ACCESS_H_

#include <string>
#include <tuple>

#include "kube/request.h"

namespace muster::kube::testing {

// As rules of RBAC name it.
struct Access {
  std::string verb;      // "get", "list", "watch", "create", "update", "patch", "delete"
  std::string group;     // "" = the core group
  std::string resource;  // "workloads", "workloads/status"
  std::string ns = {};   // "" = all, or none
  std::string name = {};

  std::string Text() const { return verb + " " + resource + (group.empty() ? "" : "." + group); }
  friend bool operator==(const Access&, const Access&) = default;
  friend bool operator<(const Access& a, const Access& b) {
    return std::tie(a.group, a.resource, a.verb, a.ns, a.name) < std::tie(b.group, b.resource, b.verb, b.ns, b.name);
  }
};

inline Access AccessOf(const Request& request) {
  const char* verb = "patch";
  if (request.verb == Verb::kGet) verb = "get";
  if (request.verb == Verb::kCreate) verb = "create";
  if (request.verb == Verb::kUpdate) verb = "update";
  if (request.verb == Verb::kDelete) verb = "delete";
  Access access{verb, std::string(request.key.type->group), std::string(request.key.type->plural), request.key.ns,
                request.key.name};
  if (!request.subresource.empty()) access.resource += "/" + request.subresource;
  return access;
}

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_HTTP_ACCESS_H_
