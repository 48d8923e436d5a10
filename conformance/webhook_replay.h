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

// What differs between the recorded answer and the one given, as "allowed", "code", "reason", "message", "warnings",
// "object"; empty when they agree. `request` is the whole AdmissionReview or ConversionReview. Patches are compared by
// the object that results. Unless `strict`, values that only re-encoding in Go changes are not held against an answer:
// empty objects and lists, the status, numbers where a quantity is meant.
std::vector<std::string> Differences(const nlohmann::json& request, const nlohmann::json& want,
                                     const nlohmann::json& got, bool strict);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_WEBHOOK_REPLAY_H_
