#include "webhook/admission/answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "api/job_kinds.h"
#include "webhook/go/go_form.h"
#include "webhook/go/go_text.h"
#include "webhook/patch/json_access.h"
#include "webhook/patch/object_patch.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

// No object that is stored, in a mebibyte and a half, needs more.
constexpr size_t kMaxPatchBytes = size_t{9} << 18;

// As apimachinery's GroupVersionKind prints itself.
std::string VersionKind(absl::string_view api_version, absl::string_view kind) {
  return absl::StrCat(api_version.find('/') == absl::string_view::npos ? "/" : "", api_version, ", Kind=", kind);
}

constexpr absl::string_view kKueueKinds[] = {"AdmissionCheck",
                                             "ClusterQueue",
                                             "Cohort",
                                             "LocalQueue",
                                             "MultiKueueCluster",
                                             "MultiKueueConfig",
                                             "ProvisioningRequestConfig",
                                             "ResourceFlavor",
                                             "Topology",
                                             "Workload",
                                             "WorkloadPriorityClass"};
constexpr absl::string_view kCoreKinds[] = {"Binding",       "ConfigMap",        "Endpoints",
                                            "Event",         "LimitRange",       "Namespace",
                                            "Node",          "PersistentVolume", "PersistentVolumeClaim",
                                            "Pod",           "PodTemplate",      "ReplicationController",
                                            "ResourceQuota", "Secret",           "Service",
                                            "ServiceAccount"};
constexpr absl::string_view kAppsKinds[] = {"ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet",
                                            "StatefulSet"};
constexpr absl::string_view kBatchKinds[] = {"CronJob", "Job"};

struct RegisteredGroup {
  absl::string_view api_version;
  absl::Span<const absl::string_view> kinds;
};
constexpr RegisteredGroup kRegistered[] = {{"kueue.x-k8s.io/v1beta1", kKueueKinds},
                                           {"kueue.x-k8s.io/v1beta2", kKueueKinds},
                                           {"v1", kCoreKinds},
                                           {"apps/v1", kAppsKinds},
                                           {"batch/v1", kBatchKinds}};

// Whether Kueue's server knows the kind at all. Of API groups that have nothing to do with jobs every kind of
// Kubernetes' own counts as known.
bool IsRegistered(absl::string_view api_version, absl::string_view kind) {
  for (const RegisteredGroup& group : kRegistered) {
    if (group.api_version == api_version) {
      return std::find(group.kinds.begin(), group.kinds.end(), kind) != group.kinds.end();
    }
  }
  const size_t slash = api_version.find('/');
  const absl::string_view group = slash == absl::string_view::npos ? "" : api_version.substr(0, slash);
  bool is_job_group = false;
  for (const api::JobKind& job : api::JobKinds()) {
    if (job.group != group) continue;
    is_job_group = true;
    if (job.kind == kind && api_version.substr(slash + 1) == job.version) return true;
  }
  return !is_job_group && group != "kueue.x-k8s.io" && absl::EndsWith(group, ".k8s.io");
}

// Decodes what is in the request as the kind of the path. Failure: there is nothing, it is of another kind, or it does
// not fit the kind's type.
Failure CheckDecodes(const Handler& handler, const json& object) {
  if (object.is_null()) return AdmissionResponse::BadRequest("there is no content to decode");
  if (std::string error = VersionKindError(object); !error.empty()) {
    return AdmissionResponse::BadRequest(std::move(error));
  }
  const api::JobKind& kind = *handler.kind;
  const std::string expected_version =
      kind.group.empty() ? std::string(kind.version) : absl::StrCat(kind.group, "/", kind.version);
  const std::string& api_version = ValueOrEmpty(StringField(object, "apiVersion"));
  const std::string& object_kind = ValueOrEmpty(StringField(object, "kind"));
  const bool other_version = !api_version.empty() && api_version != expected_version;
  const bool other_kind = !object_kind.empty() && object_kind != StdView(kind.kind);
  if (other_version || other_kind) {
    const std::string& version = other_version ? api_version : expected_version;
    const std::string name = other_kind ? object_kind : std::string(kind.kind);
    if (!IsRegistered(version, name)) return AdmissionResponse::BadRequest(NotRegisteredError(version, name));
    return AdmissionResponse::BadRequest(
        absl::StrCat("unable to decode ", VersionKind(version, name), " into *", kind.version, ".", kind.kind));
  }
  std::string error = GoDecodeError(*handler.type, object);
  if (!error.empty()) return AdmissionResponse::BadRequest(std::move(error));
  return std::nullopt;
}

AdmissionResponse Mutate(const Env& env, const Handler& handler, AdmissionRequest& request) {
  if (request.operation == "DELETE") return AdmissionResponse::Allowed();
  if (Failure failure = CheckDecodes(handler, request.object)) return *std::move(failure);
  if (handler.mutate == nullptr) return AdmissionResponse::Allowed();
  ObjectPatch patch(&request.object, kMaxPatchBytes);
  if (Failure failure = handler.mutate(env, *handler.kind, patch)) return *std::move(failure);
  AdmissionResponse response = AdmissionResponse::Allowed();
  if ((patch.empty() && !patch.too_large()) || env.budget.SpentNow()) return response;
  AddGoRewriting(*handler.type, patch);
  if (patch.too_large()) {
    return AdmissionResponse::Denied(
        absl::StrCat("the changes to the object would be larger than ", kMaxPatchBytes,
                     " bytes; write its quantities in their canonical form (\"1\", not 1 or \"1000m\")"));
  }
  response.patch = patch.Take().dump(-1, ' ', false, json::error_handler_t::replace);
  return response;
}

AdmissionResponse Validate(const Env& env, const Handler& handler, const AdmissionRequest& request) {
  const bool update = request.operation == "UPDATE";
  if (request.operation == "CONNECT") return AdmissionResponse::Allowed();
  if (request.operation == "DELETE") {
    if (Failure failure = CheckDecodes(handler, request.old_object)) return *std::move(failure);
    return AdmissionResponse::Allowed();
  }
  if (!update && request.operation != "CREATE") {
    return AdmissionResponse::BadRequest(absl::StrCat("unknown operation \"", request.operation, "\""));
  }
  if (Failure failure = CheckDecodes(handler, request.object)) return *std::move(failure);
  if (update) {
    if (Failure failure = CheckDecodes(handler, request.old_object)) return *std::move(failure);
  }
  // Once the time is spent the answer is none, whatever it says.
  if (handler.validate == nullptr || env.budget.SpentNow()) return AdmissionResponse::Allowed();
  Validation validation;
  handler.validate(env, *handler.kind, request.object, update ? &request.old_object : nullptr, validation);
  if (!update && handler.also_on_create != nullptr) {
    handler.also_on_create(*handler.kind, request.object, validation.errors);
  }
  return ToResponse(std::move(validation));
}

}  // namespace

AdmissionResponse AnswerRequest(const Env& env, const Handler& handler, AdmissionRequest& request) {
  return handler.mutates ? Mutate(env, handler, request) : Validate(env, handler, request);
}

}  // namespace muster::webhook
