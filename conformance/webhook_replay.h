// Compares answers of the webhook with recorded answers of Kueue's, by what they do to the object.
#ifndef MUSTER_CONFORMANCE_WEBHOOK_REPLAY_H_
#define MUSTER_CONFORMANCE_WEBHOOK_REPLAY_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::conformance {

// How Kueue was configured while a case was recorded. Errors: NotFound for a context nobody recorded.
absl::StatusOr<webhook::WebhookConfig> ConfigOfContext(absl::string_view context);
// What that context had besides the objects of the state file.
absl::Status AddObjectsOfContext(absl::string_view context, webhook::CachedClusterState& state);

// Whether a recorded case (a whole line) is about the order of the errors in the message: its path says "order".
bool IsAboutOrder(const nlohmann::json& recorded);
// The path a recorded case goes to; of one about order, that which validates the kind of its request.
std::string PathOf(const nlohmann::json& recorded);

// What the case relies on besides the objects of the state file: the controllers that its object names, which were in
// the cluster unless Kueue missed one (404). Of each there is what the reference says.
std::vector<nlohmann::json> OwnersOf(const nlohmann::json& recorded);

struct Strictness {
  // Objects are compared with what only re-encoding in Go changes: empty objects and lists, the status, numbers where
  // a quantity is meant.
  bool strict = false;
  // Messages are compared with the order of their errors.
  bool order = false;
};

// What differs between the recorded answer and the one given, as "allowed", "code", "reason", "message", "warnings",
// "object"; empty when they agree. `request` is the whole AdmissionReview or ConversionReview. Patches are compared by
// the object that results.
std::vector<std::string> Differences(const nlohmann::json& request, const nlohmann::json& want,
                                     const nlohmann::json& got, const Strictness& strictness);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_WEBHOOK_REPLAY_H_
