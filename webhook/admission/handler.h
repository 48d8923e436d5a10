// What a handler of one kind is given, and what it gives back.
#ifndef MUSTER_WEBHOOK_ADMISSION_HANDLER_H_
#define MUSTER_WEBHOOK_ADMISSION_HANDLER_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/field_errors.h"
#include "api/job_kinds.h"
#include "webhook/admission/response.h"
#include "webhook/base/processor_budget.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::webhook {

class ObjectPatch;
struct GoStruct;

// What handlers are given besides the request, whose answer it outlives.
struct Env {
  const WebhookConfig& config;
  const ClusterState& state;
  const ProcessorBudget& budget;  // once it is spent, whatever is answered is not given
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

// A path's share of one kind: it sets something, or it checks something. Exactly one of `mutate` and `validate` is set,
// or neither: then everything that decodes is allowed as it is. Thread-safety: value type.
struct Handler {
  const api::JobKind* kind = nullptr;  // also for Kueue's own kinds, of which it has the names alone
  const GoStruct* type = nullptr;      // what objects have to decode as
  bool mutates = false;                // which of the two the path is for
  MutateFn mutate = nullptr;
  ValidateFn validate = nullptr;
  // One more rule for new objects; nullptr = none.
  void (*also_on_create)(const api::JobKind& kind, const nlohmann::json& object, api::FieldErrors& errors) = nullptr;
};

// Denies with the errors as Kubernetes prints a list of them, or allows.
AdmissionResponse ToResponse(Validation validation);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_ADMISSION_HANDLER_H_
