// Deployment, StatefulSet and LeaderWorkerSet: held back by their pods, and running once one of these is ready.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/jobs/workloads.h"
#include "api/vocabulary.h"
#include "webhook/go/go_types.h"
#include "webhook/jobs/job_defaults.h"
#include "webhook/jobs/job_validation.h"
#include "webhook/jobs/job_validators.h"
#include "webhook/jobs/owners.h"
#include "webhook/jobs/role_hash.h"
#include "webhook/jobs/topology_validation.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using api::FieldErrors;
using api::JsonPath;
using nlohmann::json;

constexpr char kImmutable[] = "field is immutable";

int64_t NumberAt(const json& object, absl::string_view pointer, int64_t fallback) {
  const json* number = api::At(object, pointer);
  return number != nullptr && number->is_number_integer() ? number->get<int64_t>() : fallback;
}

bool HasReadyReplicas(const json& object) { return NumberAt(object, "/status/readyReplicas", 0) > 0; }

// A queue may be chosen and changed until something runs, and never taken away.
void CheckQueueChange(const json& object, const json& old, FieldErrors& errors) {
  const bool removed = ValueOrEmpty(Label(object, api::kQueueNameLabel)).empty();
  if (HasReadyReplicas(old) || removed) CheckSameQueue(object, old, errors);
}

// The pod template at the pointer must keep its shape. A template that Go holds by value is there even when it is not
// written; one that is `optional` may come and go, which is a change as well.
void CheckTemplate(const json& object, const json& old, const std::string& pointer, bool optional, const JsonPath& path,
                   FieldErrors& errors) {
  static const json& nothing = *new json();
  const json* now = api::At(object, pointer);
  const json* before = api::At(old, pointer);
  if (optional && (now == nullptr) != (before == nullptr)) {
    return errors.Invalid(path, now == nullptr ? "null" : GoMarshal(kGoPodTemplateSpec, *now), kImmutable);
  }
  CheckSameShape(now == nullptr ? nothing : *now, before == nullptr ? nothing : *before, path.Field("spec"), errors);
}

// What a kind that marks its pods may not be when it is new. After a change the gates come last.
void CheckNewServingJob(const Env& env, const api::JobKind& kind, const json& object, const json* old,
                        FieldErrors& errors) {
  CheckNameLabel(object, api::kQueueNameLabel, errors);
  CheckElasticity(env, kind, object, errors);
  if (old == nullptr) CheckGates(env, object, errors);
}

void CheckChangedServingJob(const Env& env, const json& object, const json& old, FieldErrors& errors) {
  CheckQueueChange(object, old, errors);
  CheckPriorityClassChange(object, old, !HasReadyReplicas(old), errors);
  CheckGateChange(env, object, old, errors);
}

// Whether the Workload holds no quota and waits to be told to go on.
bool IsOnHold(const json& workload) {
  const json* conditions = api::At(workload, "/status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return false;
  for (const json& condition : *conditions) {
    if (ValueOrEmpty(StringField(condition, "type")) != "QuotaReserved") continue;
    return ValueOrEmpty(StringField(condition, "status")) == "False" &&
           ValueOrEmpty(StringField(condition, "reason")) == "OnHold";
  }
  return false;
}

// A StatefulSet that was scaled down starts again with a new Workload: the old one must be gone by then.
Failure CheckOldWorkload(const Env& env, const api::JobKind& kind, const json& old, const JsonPath& replicas,
                         FieldErrors& errors) {
  static const auto& none = *new json(json::object());
  const json* field = Field(old, "metadata");
  const json& metadata = field == nullptr ? none : *field;
  const std::string& name = ValueOrEmpty(StringField(metadata, "name"));
  const std::string* uid = StringField(metadata, "uid");
  const std::string* origin_uid = Annotation(old, api::kMultiKueueOriginUidAnnotation);
  // On a worker cluster the Workload has the name that it has on the manager.
  if (Label(old, api::kMultiKueueOriginLabel) != nullptr && origin_uid != nullptr) uid = origin_uid;
  // Workloads of older versions are named without the UID.
  for (const std::string& id : {ValueOrEmpty(uid), std::string()}) {
    const std::string workload_name = api::WorkloadName(kind, name, id);
    const absl::StatusOr<std::shared_ptr<const json>> workload = env.state.Lookup(
        {"kueue.x-k8s.io", "v1beta2", "Workload", ValueOrEmpty(StringField(metadata, "namespace")), workload_name});
    if (absl::IsNotFound(workload.status())) continue;
    if (!workload.ok()) return ReadFailure(absl::StrCat("the Workload ", workload_name), workload.status());
    if (!IsOnHold(**workload)) {
      errors.Forbidden(replicas, "workload from previous scale-down is still being deleted");
    }
    break;
  }
  return std::nullopt;
}

}  // namespace

void ValidateDeployment(const Env& env, const api::JobKind& kind, const json& object, const json* old,
                        Validation& out) {
  CheckNewServingJob(env, kind, object, old, out.errors);
  if (old != nullptr) CheckChangedServingJob(env, object, *old, out.errors);
}

void ValidateStatefulSet(const Env& env, const api::JobKind& kind, const json& object, const json* old,
                         Validation& out) {
  FieldErrors& errors = out.errors;
  CheckNewServingJob(env, kind, object, old, errors);
  if (old == nullptr) return;
  CheckChangedServingJob(env, object, *old, errors);
  bool managed = false;
  out.failure = ShouldBeSuspended(env, object, &managed);
  if (out.failure.has_value() || !managed || IsElastic(env, object) || BelongsToOther(kind, object)) return;
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  const JsonPath replicas_path = spec.Field("replicas");
  const int64_t replicas = NumberAt(object, "/spec/replicas", 1);
  const int64_t before = NumberAt(*old, "/spec/replicas", 1);
  CheckTemplate(object, *old, "/spec/template", /*optional=*/false, spec.Field("template"), errors);
  if (replicas != 0 && before != 0 && replicas != before) {
    errors.Invalid(replicas_path, absl::StrCat(replicas), kImmutable);
  }
  if (before == 0 && replicas > 0) {
    if (NumberAt(object, "/status/replicas", 0) > 0) {
      errors.Forbidden(replicas_path, "scaling down is still in progress");
    } else {
      out.failure = CheckOldWorkload(env, kind, *old, replicas_path, errors);
    }
  }
}

void ValidateLeaderWorkerSet(const Env& env, const api::JobKind& kind, const json& object, const json* old,
                             Validation& out) {
  FieldErrors& errors = out.errors;
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  CheckNameLabel(object, api::kQueueNameLabel, errors);
  const int64_t replicas = NumberAt(object, "/spec/replicas", 1);
  if (replicas < 0) {
    errors.Invalid(spec.Field("replicas"), absl::StrCat(replicas),
                   absl::StrCat("invalid LeaderWorkerSet replicas: must be >= 0, got ", replicas));
  }
  CheckElasticity(env, kind, object, errors);
  CheckGates(env, object, errors);
  CheckTopology(env, SubjectsOf(kind, object), {.grouping = true}, out);
  if (old == nullptr || out.failure.has_value()) return;
  CheckChangedServingJob(env, object, *old, errors);
  bool managed = false;
  out.failure = ShouldBeSuspended(env, object, &managed);
  if (!managed) return;
  const JsonPath group = spec.Field("leaderWorkerTemplate");
  const int64_t size = NumberAt(object, "/spec/leaderWorkerTemplate/size", 1);
  if (env.config.gates[Gate::kLWSImmutableGroupSize] && size != NumberAt(*old, "/spec/leaderWorkerTemplate/size", 1)) {
    errors.Invalid(group.Field("size"), absl::StrCat(size), kImmutable);
  }
  CheckTemplate(object, *old, "/spec/leaderWorkerTemplate/leaderTemplate", /*optional=*/true,
                group.Field("leaderTemplate"), errors);
  CheckTemplate(object, *old, "/spec/leaderWorkerTemplate/workerTemplate", /*optional=*/false,
                group.Field("workerTemplate"), errors);
}

}  // namespace muster::webhook
