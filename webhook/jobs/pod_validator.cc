// Pods, alone and in groups.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "webhook/go/go_text.h"
#include "webhook/jobs/job_validation.h"
#include "webhook/jobs/job_validators.h"
#include "webhook/jobs/owners.h"
#include "webhook/jobs/topology_validation.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using api::FieldErrors;
using api::Quoted;
using nlohmann::json;

Identifier GroupOf(const Env& env, const json& pod) { return NamedBy(env, pod, api::kPodGroupNameLabel); }

// A pod is held back as long as it is gated, and counts as such when it is done.
bool IsPodSuspended(const json& pod) {
  const json* status = Field(pod, "status");
  const std::string& phase = status == nullptr ? ValueOrEmpty(nullptr) : ValueOrEmpty(StringField(*status, "phase"));
  if (phase == "Succeeded" || phase == "Failed") return true;
  const json* gates = api::At(pod, "/spec/schedulingGates");
  return gates != nullptr && gates->is_array() && std::any_of(gates->begin(), gates->end(), [](const json& gate) {
           return ValueOrEmpty(StringField(gate, "name")) == api::kAdmissionSchedulingGate;
         });
}

void CheckGroup(const Env& env, const json& pod, FieldErrors& errors) {
  const std::string* total = Annotation(pod, api::kPodGroupTotalCountAnnotation);
  const Identifier group = GroupOf(env, pod);
  const bool by_label = absl::string_view(group.map) == "labels";
  const std::string both =
      absl::StrCat("both the '", api::kPodGroupTotalCountAnnotation, "' annotation and the '", api::kPodGroupNameLabel,
                   by_label ? "' label should be set" : "' annotation should be set");
  const MetadataPath group_path(group.map, api::kPodGroupNameLabel);
  if (ValueOrEmpty(group.name).empty()) {
    if (total != nullptr) errors.Required(group_path, both);
    return;
  }
  CheckName(group_path, *group.name, errors);
  const MetadataPath path("annotations", api::kPodGroupTotalCountAnnotation);
  if (total == nullptr) return errors.Required(path, both);
  const absl::StatusOr<int64_t> count = GoAtoi(*total);
  if (!count.ok()) {
    errors.Invalid(path, Quoted(*total), count.status().message());
  } else if (*count < 1) {
    errors.Invalid(path, Quoted(*total),
                   absl::StrCat("incorrect annotation value '", api::kPodGroupTotalCountAnnotation, "=", *total,
                                "': group total count should be greater than zero"));
  }
}

void CheckPrebuiltGroup(const Env& env, const json& pod, FieldErrors& errors) {
  const Identifier workload = PrebuiltWorkload(env, pod);
  const std::string& name = ValueOrEmpty(workload.name);
  const std::string& group = ValueOrEmpty(GroupOf(env, pod).name);
  if (name.empty() || group.empty() || name == group) return;
  errors.Invalid(MetadataPath(workload.map, api::kPrebuiltWorkloadLabel), Quoted(name),
                 "prebuilt workload and pod group should be equal");
}

bool IsUnretriable(const json& pod) {
  return ValueOrEmpty(Annotation(pod, api::kRetriableInGroupAnnotation)) == "false";
}

}  // namespace

void ValidatePod(const Env& env, const api::JobKind& kind, const json& pod, const json* old, Validation& out) {
  FieldErrors& errors = out.errors;
  if (old == nullptr) {
    CheckNewJob(env, kind, pod, errors);
  } else {
    CheckChangedJob(env, kind, pod, *old, IsPodSuspended(pod), IsPodSuspended(*old), errors);
  }
  const std::string* managed = Label(pod, api::kManagedLabel);
  if (managed != nullptr && *managed != "true") {
    errors.Forbidden(MetadataPath("labels", api::kManagedLabel), "managed label value can only be 'true'");
  }
  CheckGroup(env, pod, errors);
  CheckTopology(env, {{"main", "metadata.annotations", api::At(pod, "/metadata/annotations"), 1, /*has_count=*/false}},
                {}, out);
  CheckPrebuiltGroup(env, pod, errors);
  if (old != nullptr) {
    const Identifier named = GroupOf(env, pod);
    const std::string& group = ValueOrEmpty(named.name);
    const std::string& old_group = ValueOrEmpty(GroupOf(env, *old).name);
    if (!group.empty() && IsUnretriable(*old) && !IsUnretriable(pod)) {
      errors.Forbidden(MetadataPath("annotations", api::kRetriableInGroupAnnotation),
                       "unretriable pod group can't be converted to retriable");
    }
    if (!old_group.empty() && group != old_group) {
      errors.Invalid(MetadataPath(named.map, api::kPodGroupNameLabel), Quoted(group), "field is immutable");
    }
  }
  const bool by_parent = old != nullptr && Annotation(pod, api::kPodSuspendingParentAnnotation) != nullptr;
  if (managed != nullptr && *managed == "true" && !by_parent && IsOwnerManaged(env, pod)) {
    out.warnings.push_back(absl::StrCat("pod owner is managed by kueue, label '", api::kManagedLabel,
                                        "=true' might lead to unexpected behaviour"));
  }
}

}  // namespace muster::webhook
