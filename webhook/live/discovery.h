// Whether an API server serves a resource, by its own account.
#ifndef MUSTER_WEBHOOK_LIVE_DISCOVERY_H_
#define MUSTER_WEBHOOK_LIVE_DISCOVERY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "webhook/live/api_client.h"
#include "webhook/live/waiting.h"

namespace muster::webhook {

// One resource of a group, by its plural or by its kind; the other is "".
struct ResourceQuery {
  absl::string_view group;  // "" = core
  absl::string_view version;
  absl::string_view plural = {};
  absl::string_view kind = {};
};

// The plural of the resource ("jobs"), or nullopt when the API server does not serve it: only when a well-formed list of
// its groups, or of the resources of the group, has no such entry. Errors: whatever else was answered, such as a page of
// a load balancer, or a group that is served in other versions alone; nothing is known then. A refusal is an ApiError.
absl::StatusOr<std::optional<std::string>> Discover(ApiClient* client, const ResourceQuery& query, SteadyTime deadline);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_DISCOVERY_H_
