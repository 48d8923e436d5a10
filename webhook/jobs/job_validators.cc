#include "webhook/jobs/job_validators.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "webhook/go/go_text.h"
#include "webhook/jobs/job_defaults.h"
#include "webhook/jobs/job_validation.h"
#include "webhook/jobs/topology_validation.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using api::FieldErrors;
using api::JsonPath;
using api::Quoted;
using nlohmann::json;

constexpr char kNilPointer[] = "invalid memory address or nil pointer dereference";

// The rules of a change, when it is one.
void CheckChange(const Env& env, const api::JobKind& kind, const json& job, const json* old, FieldErrors& errors) {
  if (old == nullptr) return;
  CheckChangedJob(env, kind, job, *old, IsSuspended(kind, job), IsSuspended(kind, *old), errors);
}

int64_t NumberAt(const json& job, absl::string_view pointer, int64_t fallback) {
  const json* number = api::At(job, pointer);
  return number != nullptr && number->is_number_integer() ? number->get<int64_t>() : fallback;
}

void CheckMinParallelism(const Env& env, const json& job, FieldErrors& errors) {
  const std::string* text = Annotation(job, api::kJobMinParallelismAnnotation);
  if (text == nullptr) return;
  const MetadataPath path("annotations", api::kJobMinParallelismAnnotation);
  const absl::StatusOr<int64_t> value = GoAtoi(*text);
  const json* spec = Field(job, "spec");
  const int32_t pods = spec == nullptr ? 1 : api::PodsOfJobSpec(*spec);
  // Kueue compares 32 bits of it.
  const int32_t least = value.ok() ? static_cast<int32_t>(*value) : 0;
  if (!value.ok()) {
    errors.Invalid(path, Quoted(*text), value.status().message());
  } else if (least >= pods || *value <= 0) {
    errors.Invalid(path, absl::StrCat(*value), absl::StrCat("should be between 0 and ", pods - 1));
  }
  if (IsElastic(env, job)) {
    errors.Invalid(path, Quoted(*text), "partial admission and elastic job cannot be used together");
  }
}

void CheckSyncCompletions(const json& job, FieldErrors& errors) {
  const std::string* text = Annotation(job, api::kJobCompletionsEqualParallelismAnnotation);
  if (text == nullptr) return;
  const MetadataPath path("annotations", api::kJobCompletionsEqualParallelismAnnotation);
  const absl::StatusOr<bool> enabled = GoParseBool(*text);
  if (!enabled.ok()) return errors.Invalid(path, Quoted(*text), enabled.status().message());
  if (!*enabled) return;
  const json* mode = api::At(job, "/spec/completionMode");
  if (mode == nullptr || *mode == "NonIndexed") {
    errors.Invalid(path, Quoted(*text), "should not be enabled for NonIndexed jobs");
  }
  const int64_t completions = NumberAt(job, "/spec/completions", 1);
  if (completions != NumberAt(job, "/spec/parallelism", 1)) {
    const JsonPath root;
    const JsonPath spec = root.Field("spec");
    const json* written = api::At(job, "/spec/completions");
    errors.Invalid(spec.Field("completions"),
                   written == nullptr || written->is_null() ? "null" : absl::StrCat(completions),
                   absl::StrCat("should be equal to parallelism when ", api::kJobCompletionsEqualParallelismAnnotation,
                                " annotation is true"));
  }
}

// Whether the job says how many pods it has at a time. The API server sees to it, and Kueue relies on that.
bool HasParallelism(const json& job) { return api::At(job, "/spec/parallelism") != nullptr; }

// Elastic jobs grow and shrink pod by pod: a place for all of them at once cannot be kept. Returns false when the job
// is refused for that, and nothing else is said of its topology.
bool CheckElasticTopology(const Env& env, const json& job, FieldErrors& errors) {
  if (!env.config.gates[Gate::kTopologyAwareScheduling] || !IsElastic(env, job)) return true;
  const json* pod_template = api::At(job, "/spec/template");
  if (pod_template == nullptr) return true;
  const JsonPath root;
  const JsonPath path = root.Field("spec.template.metadata.annotations");
  if (Annotation(*pod_template, api::kRequiredTopologyAnnotation) != nullptr) {
    errors.Forbidden(path.Field(api::kRequiredTopologyAnnotation),
                     "required topology is not supported with elastic jobs");
    return false;
  }
  if (Annotation(*pod_template, api::kPreferredTopologyAnnotation) != nullptr) {
    errors.Forbidden(path.Field(api::kPreferredTopologyAnnotation),
                     "preferred topology is not supported with elastic jobs");
    return false;
  }
  return true;
}

// One kind of error at a time: wrong annotations, those an elastic job may not have, slices larger than the job.
void CheckJobTopology(const Env& env, const api::JobKind& kind, const json& job, Validation& out) {
  const std::vector<TopologySubject> subjects = SubjectsOf(kind, job);
  FieldErrors errors;
  CheckTopologyAnnotations(env, subjects, errors);
  if (errors.empty() && CheckElasticTopology(env, job, errors)) {
    CheckSliceSizes(env, subjects, errors);
    const json* pod_template = api::At(job, "/spec/template");
    const bool sliced =
        pod_template != nullptr && (Annotation(*pod_template, api::kSliceSizeAnnotation) != nullptr ||
                                    Annotation(*pod_template, api::kSliceConstraintsAnnotation) != nullptr);
    const bool on = env.config.gates[Gate::kTopologyAwareScheduling];
    if (on && sliced && !HasParallelism(job)) out.failure = AdmissionResponse::Panicked(kNilPointer);
  }
  for (api::Problem& problem : errors.Take()) out.errors.Append(std::move(problem));
}

// Whether the job says that it completes as often as it has pods. What cannot be read says no.
bool SyncsCompletions(const json& job) {
  const std::string* text = Annotation(job, api::kJobCompletionsEqualParallelismAnnotation);
  return text != nullptr && GoParseBool(*text).value_or(false);
}

void CheckPartialAdmissionChange(const api::JobKind& kind, const json& job, const json& old, FieldErrors& errors) {
  // The field alone: a job that is being stopped may change.
  const json* suspend = api::At(old, kind.suspend);
  const bool was_suspended = suspend != nullptr && *suspend == true;
  if (!was_suspended && Annotation(old, api::kJobMinParallelismAnnotation) != nullptr &&
      NumberAt(job, "/spec/parallelism", 1) != NumberAt(old, "/spec/parallelism", 1)) {
    const JsonPath root;
    const JsonPath spec = root.Field("spec");
    errors.Forbidden(spec.Field("parallelism"),
                     "cannot change when partial admission is enabled and the job is not suspended");
  }
  if (!IsSuspended(kind, old) && !IsSuspended(kind, job) && SyncsCompletions(job) != SyncsCompletions(old)) {
    errors.Forbidden(MetadataPath("annotations", api::kJobCompletionsEqualParallelismAnnotation),
                     "field is immutable while the job is not suspended");
  }
}

}  // namespace

void ValidatePlainJob(const Env& env, const api::JobKind& kind, const json& job, const json* old, Validation& out) {
  if (old == nullptr) {
    CheckNewJob(env, kind, job, out.errors);
  } else {
    CheckChange(env, kind, job, old, out.errors);
  }
}

void ValidateTrainingJob(const Env& env, const api::JobKind& kind, const json& job, const json* old, Validation& out) {
  ValidatePlainJob(env, kind, job, old, out);
  CheckTopology(env, SubjectsOf(kind, job), {}, out);
}

void ValidateBatchJob(const Env& env, const api::JobKind& kind, const json& job, const json* old, Validation& out) {
  CheckNewJob(env, kind, job, out.errors);
  // Kueue itself starts a job with its least parallelism, which would not pass for a new one.
  const std::string* least = Annotation(job, api::kJobMinParallelismAnnotation);
  if (old == nullptr || ValueOrEmpty(least) != ValueOrEmpty(Annotation(*old, api::kJobMinParallelismAnnotation))) {
    CheckMinParallelism(env, job, out.errors);
    if (least != nullptr && !HasParallelism(job)) out.failure = AdmissionResponse::Panicked(kNilPointer);
  }
  CheckSyncCompletions(job, out.errors);
  CheckChange(env, kind, job, old, out.errors);
  if (old != nullptr) CheckPartialAdmissionChange(kind, job, *old, out.errors);
  CheckJobTopology(env, kind, job, out);
}

void ValidateJobSet(const Env& env, const api::JobKind& kind, const json& job, const json* old, Validation& out) {
  CheckChange(env, kind, job, old, out.errors);
  CheckNewJob(env, kind, job, out.errors);
  CheckTopology(env, SubjectsOf(kind, job), {.parse_first = true, .grouping = true}, out);
}

void ValidateMpiJob(const Env& env, const api::JobKind& kind, const json& job, const json* old, Validation& out) {
  CheckChange(env, kind, job, old, out.errors);
  CheckNewJob(env, kind, job, out.errors);
  CheckTopology(env, SubjectsOf(kind, job), {.parse_first = true, .grouping = true}, out);
  out.sort_by_field = true;
}

}  // namespace muster::webhook
