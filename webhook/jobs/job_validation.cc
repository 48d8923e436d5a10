#include "webhook/jobs/job_validation.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/admission_gates.h"
#include "api/label_syntax.h"
#include "api/vocabulary.h"
#include "webhook/go/go_text.h"
#include "webhook/jobs/job_defaults.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using api::FieldErrors;
using api::JsonPath;
using api::Quoted;
using nlohmann::json;

constexpr char kImmutable[] = "field is immutable";
constexpr size_t kMaxLabelLength = 63;

// "batch/v1, Kind=Job", as Go prints a GroupVersionKind.
std::string GroupVersionKind(const api::JobKind& kind) {
  return absl::StrCat(kind.group, "/", kind.version, ", Kind=", kind.kind);
}

void CheckPrebuiltWorkload(const Env& env, const api::JobKind& kind, const json& job, FieldErrors& errors) {
  const Identifier workload = PrebuiltWorkload(env, job);
  if (workload.name == nullptr) return;
  const MetadataPath path(workload.map, api::kPrebuiltWorkloadLabel);
  CheckName(path, *workload.name, errors);
  if (kind.Has(api::kPrebuiltWorkload)) return;
  errors.Forbidden(path, absl::StrCat("Is not supported for ", Quoted(GroupVersionKind(kind))));
}

void CheckMaxExecTime(const json& job, FieldErrors& errors) {
  const std::string* text = Label(job, api::kMaxExecTimeLabel);
  if (text == nullptr) return;
  const MetadataPath path("labels", api::kMaxExecTimeLabel);
  const absl::StatusOr<int64_t> seconds = GoAtoi(*text);
  if (!seconds.ok()) {
    const absl::string_view message = seconds.status().message();
    errors.Invalid(path, Quoted(*text), message);
  } else if (*seconds <= 0) {
    errors.Invalid(path, absl::StrCat(*seconds), "should be greater than 0");
  }
}

}  // namespace

bool IsSuspended(const api::JobKind& kind, const json& job) {
  const json* suspend = kind.suspend.empty() ? nullptr : api::At(job, kind.suspend);
  if (suspend == nullptr || *suspend != true) return false;
  // While Kueue stops a batch Job it is not yet held back.
  return kind.framework != "batch/job" || ValueOrEmpty(Annotation(job, api::kStoppingAnnotation)) != "true";
}

Identifier PrebuiltWorkload(const Env& env, const json& job) {
  Identifier workload = NamedBy(env, job, api::kPrebuiltWorkloadLabel);
  // A name that is too long for a label is taken from the annotation, whatever the gate says.
  const std::string* annotation = Annotation(job, api::kPrebuiltWorkloadLabel);
  if (annotation != nullptr && annotation->size() > kMaxLabelLength) workload = {annotation, "annotations"};
  return workload;
}

Identifier NamedBy(const Env& env, const json& object, absl::string_view key) {
  const std::string* annotation = Annotation(object, key);
  if (env.config.gates[Gate::kWorkloadIdentifierAnnotations] && !ValueOrEmpty(annotation).empty()) {
    return {annotation, "annotations"};
  }
  return {Label(object, key), "labels"};
}

void CheckName(const JsonPath& path, const std::string& name, FieldErrors& errors) {
  for (const std::string& error : api::CheckDns1123Subdomain(name)) errors.Invalid(path, Quoted(name), error);
}

void CheckNameLabel(const json& object, absl::string_view label, FieldErrors& errors) {
  if (const std::string* name = Label(object, label)) CheckName(MetadataPath("labels", label), *name, errors);
}

void CheckElasticity(const Env& env, const api::JobKind& kind, const json& job, FieldErrors& errors) {
  if (!IsElastic(env, job) || kind.Has(api::kElastic)) return;
  errors.Forbidden(MetadataPath("annotations", api::kElasticJobAnnotation),
                   absl::StrCat("elastic job is not supported for ", Quoted(GroupVersionKind(kind))));
}

void CheckGates(const Env& env, const json& job, FieldErrors& errors) {
  const std::string* gates = Annotation(job, api::kAdmissionGatedByAnnotation);
  if (gates == nullptr || !env.config.gates[Gate::kAdmissionGatedBy]) return;
  api::CheckAdmissionGates(MetadataPath("annotations", api::kAdmissionGatedByAnnotation), *gates, errors);
}

void CheckGateChange(const Env& env, const json& job, const json& old, FieldErrors& errors) {
  if (!env.config.gates[Gate::kAdmissionGatedBy]) return;
  api::CheckAdmissionGateChange(MetadataPath("annotations", api::kAdmissionGatedByAnnotation),
                                ValueOrEmpty(Annotation(job, api::kAdmissionGatedByAnnotation)),
                                ValueOrEmpty(Annotation(old, api::kAdmissionGatedByAnnotation)), errors);
  CheckGates(env, job, errors);
}

void CheckNewJob(const Env& env, const api::JobKind& kind, const json& job, FieldErrors& errors) {
  CheckNameLabel(job, api::kQueueNameLabel, errors);
  CheckPrebuiltWorkload(env, kind, job, errors);
  CheckMaxExecTime(job, errors);
  CheckElasticity(env, kind, job, errors);
  CheckGates(env, job, errors);
}

void CheckSameQueue(const json& job, const json& old, FieldErrors& errors) {
  const std::string& queue = ValueOrEmpty(Label(job, api::kQueueNameLabel));
  if (queue != ValueOrEmpty(Label(old, api::kQueueNameLabel))) {
    errors.Invalid(MetadataPath("labels", api::kQueueNameLabel), Quoted(queue), kImmutable);
  }
}

void CheckPriorityClassChange(const json& job, const json& old, bool suspended, FieldErrors& errors) {
  const std::string& now = ValueOrEmpty(Label(job, api::kPriorityClassLabel));
  const std::string& before = ValueOrEmpty(Label(old, api::kPriorityClassLabel));
  const MetadataPath path("labels", api::kPriorityClassLabel);
  if (!suspended && before.empty() && !now.empty()) {
    errors.Invalid(path, Quoted(now), "WorkloadPriorityClass cannot be added to a non-suspended workload");
  }
  if (!before.empty() && now.empty()) {
    errors.Invalid(path, Quoted(now), "WorkloadPriorityClass cannot be removed from a workload");
  }
}

void CheckChangedJob(const Env& env, const api::JobKind& kind, const json& job, const json& old, bool suspended,
                     bool was_suspended, FieldErrors& errors) {
  if (!suspended) CheckSameQueue(job, old, errors);
  const std::string& queue = ValueOrEmpty(Label(job, api::kQueueNameLabel));
  if (queue.empty() && !ValueOrEmpty(Label(old, api::kQueueNameLabel)).empty()) {
    const json* metadata = Field(old, "metadata");
    const std::string& ns = metadata == nullptr ? queue : ValueOrEmpty(StringField(*metadata, "namespace"));
    if (env.state.HasLocalQueue(ns, api::kDefaultName)) {
      errors.Invalid(MetadataPath("labels", api::kQueueNameLabel), Quoted(""),
                     "queue-name must not be empty in namespace with default queue");
    }
  }
  if (suspended || IsElastic(env, old)) {
    CheckPrebuiltWorkload(env, kind, job, errors);
  } else {
    const Identifier workload = PrebuiltWorkload(env, job);
    const std::string& name = ValueOrEmpty(workload.name);
    if (name != ValueOrEmpty(PrebuiltWorkload(env, old).name)) {
      errors.Invalid(MetadataPath(workload.map, api::kPrebuiltWorkloadLabel), Quoted(name), kImmutable);
    }
  }
  if (!suspended || !was_suspended) {
    const std::string& seconds = ValueOrEmpty(Label(job, api::kMaxExecTimeLabel));
    if (seconds != ValueOrEmpty(Label(old, api::kMaxExecTimeLabel))) {
      errors.Invalid(MetadataPath("labels", api::kMaxExecTimeLabel), Quoted(seconds), kImmutable);
    }
  }
  CheckPriorityClassChange(job, old, suspended, errors);
  if (IsElastic(env, job) != IsElastic(env, old)) {
    errors.Invalid(MetadataPath("annotations", api::kElasticJobAnnotation), IsElastic(env, job) ? "true" : "false",
                   kImmutable);
  }
  CheckGateChange(env, job, old, errors);
}

}  // namespace muster::webhook
