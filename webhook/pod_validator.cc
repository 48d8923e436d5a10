// Pods, alone and in groups.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "webhook/go_text.h"
#include "webhook/job_validation.h"
#include "webhook/job_validators.h"
#include "webhook/json_access.h"
#include "webhook/owners.h"
#include "webhook/topology_validation.h"
#include "webhook/vocabulary.h"

namespace muster::webhook {
namespace {

using api::FieldErrors;
using api::Quoted;
using nlohmann::json;

// A group is named by a label or, newer, an annotation.
const std::string& GroupOf(const json& pod) {
  const std::string* name = Annotation(pod, kPodGroupName);
  return ValueOrEmpty(name != nullptr ? name : Label(pod, kPodGroupName));
}

// A pod is held back as long as it is gated, and counts as such when it is done.
bool IsPodSuspended(const json& pod) {
  const json* status = Field(pod, "status");
  const std::string& phase = status == nullptr ? ValueOrEmpty(nullptr) : ValueOrEmpty(StringField(*status, "phase"));
  if (phase == "Succeeded" || phase == "Failed") return true;
  const json* gates = api::At(pod, "/spec/schedulingGates");
  return gates != nullptr && gates->is_array() && std::any_of(gates->begin(), gates->end(), [](const json& gate) {
           return ValueOrEmpty(StringField(gate, "name")) == kAdmissionGate;
         });
}

void CheckGroup(const json& pod, FieldErrors& errors) {
  const std::string* total = Annotation(pod, kPodGroupTotalCount);
  const std::string& group = GroupOf(pod);
  const std::string both =
      absl::StrCat("both the '", kPodGroupTotalCount, "' annotation and the '", kPodGroupName, "' label should be set");
  if (group.empty()) {
    if (total != nullptr) errors.Required(MetadataPath("labels", kPodGroupName), both);
    return;
  }
  CheckNameLabel(pod, kPodGroupName, errors);
  const MetadataPath path("annotations", kPodGroupTotalCount);
  if (total == nullptr) return errors.Required(path, both);
  const absl::StatusOr<int64_t> count = GoAtoi(*total);
  if (!count.ok()) {
    errors.Invalid(path, Quoted(*total), count.status().message());
  } else if (*count < 1) {
    errors.Invalid(path, Quoted(*total),
                   absl::StrCat("incorrect annotation value '", kPodGroupTotalCount, "=", *total,
                                "': group total count should be greater than zero"));
  }
}

void CheckPrebuiltGroup(const json& pod, FieldErrors& errors) {
  const std::string* annotation = Annotation(pod, kPrebuiltWorkloadName);
  const std::string* workload = annotation != nullptr ? annotation : Label(pod, kPrebuiltWorkloadName);
  const std::string& group = GroupOf(pod);
  if (workload == nullptr || group.empty() || *workload == group) return;
  const char* map = annotation != nullptr ? "annotations" : "labels";
  errors.Invalid(MetadataPath(map, kPrebuiltWorkloadName), Quoted(*workload),
                 "prebuilt workload and pod group should be equal");
}

bool IsUnretriable(const json& pod) { return ValueOrEmpty(Annotation(pod, kRetriableInGroup)) == "false"; }

}  // namespace

void ValidatePod(const Env& env, const api::JobKind& kind, const json& pod, const json* old, Validation& out) {
  FieldErrors& errors = out.errors;
  if (old == nullptr) {
    CheckNewJob(env, kind, pod, errors);
  } else {
    CheckChangedJob(env, kind, pod, *old, IsPodSuspended(pod), IsPodSuspended(*old), errors);
  }
  const std::string* managed = Label(pod, kManaged);
  if (managed != nullptr && *managed != "true") {
    errors.Forbidden(MetadataPath("labels", kManaged), "managed label value can only be 'true'");
  }
  CheckGroup(pod, errors);
  CheckTopology(env, {{"main", "metadata.annotations", api::At(pod, "/metadata/annotations"), 1, /*has_count=*/false}},
                {}, out);
  CheckPrebuiltGroup(pod, errors);
  if (old != nullptr) {
    const std::string& group = GroupOf(pod);
    if (!group.empty() && IsUnretriable(*old) && !IsUnretriable(pod)) {
      errors.Forbidden(MetadataPath("annotations", kRetriableInGroup),
                       "unretriable pod group can't be converted to retriable");
    }
    if (!GroupOf(*old).empty() && group != GroupOf(*old)) {
      errors.Invalid(MetadataPath("labels", kPodGroupName), Quoted(group), "field is immutable");
    }
  }
  const bool by_parent = old != nullptr && Annotation(pod, kPodSuspendingParent) != nullptr;
  if (managed != nullptr && *managed == "true" && !by_parent && IsOwnerManaged(env, pod)) {
    out.warnings.push_back(
        absl::StrCat("pod owner is managed by kueue, label '", kManaged, "=true' might lead to unexpected behaviour"));
  }
}

}  // namespace muster::webhook
