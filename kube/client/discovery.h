// Whether an API server serves a resource, by its own account.
#ifndef MUSTER_KUBE_CLIENT_DISCOVERY_H_
#define MUSTER_KUBE_CLIENT_DISCOVERY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kube/client/api_client.h"
#include "kube/client/waiting.h"

namespace muster::kube {

// One resource of a group, by its plural or by its kind; the other is "".
struct ResourceQuery {
  absl::string_view group;  // "" = core
  absl::string_view version;
  absl::string_view plural = {};
  absl::string_view kind = {};
  // A group that is served in other versions alone does not have it. Otherwise that is an error: somebody has to look.
  bool other_versions_lack_it = false;
};

// The plural of the resource ("jobs"), or nullopt when the API server does not serve it: only when a well-formed list of
// its groups, or of the resources of the group, has no such entry. Errors: whatever else was answered, such as a page of
// a load balancer, or a group that is served in other versions alone; nothing is known then. A refusal is an ApiError.
absl::StatusOr<std::optional<std::string>> Discover(ApiClient* client, const ResourceQuery& query, SteadyTime deadline);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_DISCOVERY_H_
