#include "webhook/kueue_handlers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "api/codec.h"
#include "api/defaulting.h"
#include "api/validation.h"
#include "api/vocabulary.h"
#include "webhook/go_types.h"
#include "webhook/json_access.h"

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

// Where Kueue shows a whole struct, or a list of them, it does so in the order of Go. The rules of api/ give the value
// as plain JSON, or leave it to be taken from the object.
struct ShownStruct {
  absl::string_view path;    // how the path of the error begins
  absl::string_view ending;  // and how it ends
  const GoStruct& type;
};
const ShownStruct kShownStructs[] = {
    {"spec.podSets", "", kGoPodSet},
    {"status.admission", "", kGoAdmission},
    {"status.admissionChecks[", ".podSetUpdates", kGoPodSetUpdate},
    {"spec.concurrentAdmissionPolicy", "", kGoConcurrentAdmissionPolicy},
    {"spec.preemption", "", kGoPreemption},
    {"spec.nodeTaints[", "]", kGoTaint},
};

bool IsShown(const ShownStruct& shown, absl::string_view path) {
  if (!absl::StartsWith(path, shown.path) || !absl::EndsWith(path, shown.ending)) return false;
  if (!shown.ending.empty() || path.size() == shown.path.size()) return true;
  // "spec.podSets.0": Kueue prints the index with a point.
  const absl::string_view rest = path.substr(shown.path.size());
  return rest.size() > 1 && rest[0] == '.' && std::all_of(rest.begin() + 1, rest.end(), absl::ascii_isdigit);
}

void RewriteValue(api::Problem& problem, const json& object) {
  const bool duplicate = problem.rule == "Duplicate";
  if (!duplicate && problem.rule != "Invalid") return;
  for (const ShownStruct& shown : kShownStructs) {
    if (!IsShown(shown, problem.path)) continue;
    json value;
    if (problem.value.empty() || duplicate) {
      const std::string pointer = absl::StrReplaceAll(problem.path, {{".", "/"}, {"[", "/"}, {"]", ""}});
      if (const json* found = api::At(object, absl::StrCat("/", pointer))) value = *found;
    } else {
      value = json::parse(problem.value, nullptr, false);
    }
    if (value.is_structured()) problem.value = GoMarshal(shown.type, value);
    return;
  }
}

}  // namespace

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

Failure DefaultWorkload(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  (void)kind;
  if (env.config.gates[Gate::kPartialAdmission]) return std::nullopt;
  const json* pod_sets = api::At(patch.object(), "/spec/podSets");
  const size_t count = pod_sets != nullptr && pod_sets->is_array() ? pod_sets->size() : 0;
  for (size_t i = 0; i < count; ++i) patch.Remove(absl::StrCat("/spec/podSets/", i, "/minCount"));
  return std::nullopt;
}

void ValidateKueueObject(const Env& env, const api::JobKind& kind, const json& object, const json* old,
                         Validation& out) {
  const std::optional<api::Decoded> now = Read(kind, object, out);
  if (!now.has_value()) return;
  const api::ValidationOptions options = OptionsOf(env.config.gates);
  std::vector<api::Problem> problems;
  if (old == nullptr) {
    problems = api::Validate(now->object, options);
  } else {
    const std::optional<api::Decoded> before = Read(kind, *old, out);
    if (!before.has_value()) return;
    problems = api::ValidateUpdate(*now, *before, options);
  }
  for (api::Problem& problem : problems) {
    RewriteValue(problem, object);
    out.errors.Append(std::move(problem));
  }
}

}  // namespace muster::webhook
