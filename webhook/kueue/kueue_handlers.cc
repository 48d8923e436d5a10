#include "webhook/kueue/kueue_handlers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/defaulting.h"
#include "api/job_kinds.h"
#include "api/problem.h"
#include "api/validation.h"
#include "api/vocabulary.h"
#include "webhook/go/go_types.h"
#include "webhook/patch/object_patch.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

api::ValidationOptions OptionsOf(const api::FeatureGates& gates) {
  api::ValidationOptions options;
  options.rules = api::ValidationOptions::Rules::kWebhook;
  options.gates = gates;
  return options;
}

// The typed object, as Go has it, or what cannot be read of it. Unknown fields and missing ones are no errors here: the
// API server has held the object against its schema, or will.
std::optional<api::Decoded> Read(const api::JobKind& kind, const json& object, Validation& out) {
  json copy = GoRewritten(GoTypeOf(kind.group, kind.kind), object);
  copy["apiVersion"] = absl::StrCat(kind.group, "/", kind.version);
  copy["kind"] = std::string(kind.kind);
  api::DecodeResult result = api::Decode(std::move(copy));
  for (const api::Problem& problem : result.problems) {
    if (problem.severity != api::Severity::kError || problem.rule == "Required") continue;
    out.failure = AdmissionResponse::BadRequest(api::ToFieldError(problem));
    return std::nullopt;
  }
  if (!result.decoded.has_value()) out.failure = AdmissionResponse::BadRequest("the object cannot be read");
  return std::move(result.decoded);
}

// nullptr = no struct.
const GoStruct* TypeOf(api::ShownStruct shown) {
  switch (shown) {
    case api::ShownStruct::kNone:
      return nullptr;
    case api::ShownStruct::kPodSet:
      return &kGoPodSet;
    case api::ShownStruct::kAdmission:
      return &kGoAdmission;
    case api::ShownStruct::kPodSetUpdate:
      return &kGoPodSetUpdate;
    case api::ShownStruct::kPreemption:
      return &kGoPreemption;
    case api::ShownStruct::kConcurrentAdmissionPolicy:
      return &kGoConcurrentAdmissionPolicy;
    case api::ShownStruct::kTaint:
      return &kGoTaint;
  }
  return nullptr;
}

// Where Kueue shows a whole struct, or a list of them, it does so in the order of Go.
void ShowInGoOrder(const json& object, api::Problem& problem) {
  const GoStruct* type = TypeOf(problem.shown);
  if (type == nullptr) return;
  json parsed;
  const json* value = &parsed;
  if (problem.shown_at.empty()) {
    parsed = json::parse(problem.value, nullptr, /*allow_exceptions=*/false);
  } else {
    value = api::At(object, problem.shown_at);
  }
  if (value != nullptr && value->is_structured()) problem.value = GoMarshal(*type, *value);
}

// ClusterQueue and ResourceFlavor: the finalizer.
Failure DefaultFinalizer(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  (void)env;
  (void)kind;
  const json* finalizers = api::At(patch.object(), "/metadata/finalizers");
  const bool there =
      finalizers != nullptr && finalizers->is_array() &&
      std::find(finalizers->begin(), finalizers->end(), api::kResourceInUseFinalizer) != finalizers->end();
  if (!there) patch.Append("/metadata/finalizers", api::kResourceInUseFinalizer);
  return std::nullopt;
}

// Without partial admission no pod set has a minimum.
Failure DefaultWorkload(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  (void)kind;
  if (env.config.gates[Gate::kPartialAdmission]) return std::nullopt;
  const json* pod_sets = api::At(patch.object(), "/spec/podSets");
  const size_t count = pod_sets != nullptr && pod_sets->is_array() ? pod_sets->size() : 0;
  for (size_t i = 0; i < count && !env.budget.Spent(); ++i) {
    patch.Remove(absl::StrCat("/spec/podSets/", i, "/minCount"));
  }
  return std::nullopt;
}

void ValidateKueueObject(const Env& env, const api::JobKind& kind, const json& object, const json* old,
                         Validation& out) {
  const std::optional<api::Decoded> now = Read(kind, object, out);
  if (!now.has_value() || env.budget.SpentNow()) return;
  const api::ValidationOptions options = OptionsOf(env.config.gates);
  std::vector<api::Problem> problems;
  if (old == nullptr) {
    problems = api::Validate(now->object, options);
  } else {
    const std::optional<api::Decoded> before = Read(kind, *old, out);
    if (!before.has_value() || env.budget.SpentNow()) return;
    problems = api::ValidateUpdate(*now, *before, options);
  }
  for (api::Problem& problem : problems) {
    if (env.budget.Spent()) return;
    ShowInGoOrder(object, problem);
    out.errors.Append(std::move(problem));
  }
}

constexpr KueueHandlers kRows[] = {
    {"ClusterQueue", "clusterqueues", &DefaultFinalizer, &ValidateKueueObject},
    {"Cohort", "cohorts", nullptr, &ValidateKueueObject},
    {"ResourceFlavor", "resourceflavors", &DefaultFinalizer, &ValidateKueueObject},
    {"Workload", "workloads", &DefaultWorkload, &ValidateKueueObject, /*validates_status=*/true},
};

}  // namespace

absl::Span<const KueueHandlers> AllKueueHandlers() { return kRows; }

}  // namespace muster::webhook
