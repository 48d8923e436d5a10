// What a handler of one kind is given, and what it gives back. Internal to webhook/.
#ifndef MUSTER_WEBHOOK_HANDLER_H_
#define MUSTER_WEBHOOK_HANDLER_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/field_errors.h"
#include "api/job_kinds.h"
#include "webhook/cluster_state.h"
#include "webhook/config.h"
#include "webhook/object_patch.h"
#include "webhook/review.h"

namespace muster::webhook {

// What all handlers share. Outlives every request.
struct Env {
  const WebhookConfig& config;
  const ClusterState& state;
};

// A failure that is the whole answer: an API error, or a text that is no field error. nullopt = none.
using Failure = std::optional<AdmissionResponse>;

// Field errors in the order they were found, or a failure, and warnings for the user.
struct Validation {
  api::FieldErrors errors;
  std::vector<std::string> warnings;
  Failure failure;
  bool sort_by_field = false;  // the errors are reported in the order of their paths
};

// Changes a new or changed object through the patch.
using MutateFn = Failure (*)(const Env& env, const api::JobKind& kind, ObjectPatch& patch);
// `old` is nullptr on CREATE.
using ValidateFn = void (*)(const Env& env, const api::JobKind& kind, const nlohmann::json& object,
                            const nlohmann::json* old, Validation& out);

// Denies with the errors as Kubernetes prints a list of them, or allows.
AdmissionResponse ToResponse(Validation validation);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_HANDLER_H_
