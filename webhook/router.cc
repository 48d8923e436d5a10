#include "webhook/router.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "api/job_kinds.h"
#include "api/problem.h"
#include "webhook/conversion.h"
#include "webhook/go_text.h"
#include "webhook/handlers.h"
#include "webhook/job_validators.h"
#include "webhook/json_access.h"
#include "webhook/review.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kTextPlain[] = "text/plain; charset=utf-8";

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
  ObjectPatch patch(&request.object);
  if (Failure failure = handler.mutate(env, *handler.kind, patch)) return *std::move(failure);
  AdmissionResponse response = AdmissionResponse::Allowed();
  if (patch.empty()) return response;
  AddGoRewriting(*handler.type, patch);
  response.patch = patch.Take();
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
  if (handler.validate == nullptr) return AdmissionResponse::Allowed();
  Validation validation;
  handler.validate(env, *handler.kind, request.object, update ? &request.old_object : nullptr, validation);
  if (env.config.gates[Gate::kRequireQueueLabelOnPodTemplates] && !update) {
    CheckQueueLabelOnTemplates(*handler.kind, request.object, validation.errors);
  }
  return ToResponse(std::move(validation));
}

}  // namespace

AdmissionResponse ToResponse(Validation validation) {
  if (validation.failure.has_value()) return *std::move(validation.failure);
  std::vector<api::Problem> problems = validation.errors.Take();
  if (validation.sort_by_field) {
    std::stable_sort(problems.begin(), problems.end(),
                     [](const api::Problem& a, const api::Problem& b) { return a.path < b.path; });
  }
  // Kubernetes says the same thing once.
  std::vector<std::string> messages;
  for (const api::Problem& problem : problems) {
    std::string message = api::ToFieldError(problem);
    if (std::find(messages.begin(), messages.end(), message) == messages.end()) messages.push_back(std::move(message));
  }
  AdmissionResponse response = AdmissionResponse::Allowed();
  if (messages.size() == 1) response = AdmissionResponse::Denied(std::move(messages.front()));
  if (messages.size() > 1) response = AdmissionResponse::Denied(absl::StrCat("[", absl::StrJoin(messages, ", "), "]"));
  response.warnings = std::move(validation.warnings);
  return response;
}

class Router::Impl {
 public:
  Impl(WebhookConfig config, const ClusterState* state)
      : config_(std::move(config)), env_{config_, *state}, handlers_(MakeHandlers(config_)) {
    for (const Handler& handler : handlers_) {
      routes_.push_back(handler.route);
      by_path_.emplace(handler.route.path, &handler);
    }
  }

  const std::vector<Route>& routes() const { return routes_; }
  const Env& env() const { return env_; }
  const Handler* Find(absl::string_view path) const {
    const auto it = by_path_.find(path);
    return it == by_path_.end() ? nullptr : it->second;
  }

 private:
  const WebhookConfig config_;
  const Env env_;
  const std::vector<Handler> handlers_;
  std::vector<Route> routes_;
  absl::flat_hash_map<std::string, const Handler*> by_path_;
};

Router::Router(WebhookConfig config, const ClusterState* state)
    : impl_(std::make_unique<Impl>(std::move(config), state)) {}
Router::~Router() = default;

const std::vector<Route>& Router::Routes() const { return impl_->routes(); }

HttpAnswer Router::TooLarge() {
  constexpr int kTooLarge = 413;
  AdmissionResponse response;
  response.code = kTooLarge;
  response.message = absl::StrCat("request entity is too large; limit is ", kMaxBodyBytes, " bytes");
  HttpAnswer answer;
  answer.content_type = kTextPlain;
  answer.body = WriteReview({}, response);
  answer.code = kTooLarge;
  return answer;
}

HttpAnswer Router::Answer(absl::string_view path, absl::string_view content_type, absl::string_view body) const {
  constexpr int kNotFound = 404;
  HttpAnswer answer;
  answer.content_type = kTextPlain;
  const Handler* handler = impl_->Find(path);
  if (handler == nullptr) {
    answer.status = answer.code = kNotFound;
    answer.body = "404 page not found\n";
    return answer;
  }
  if (body.size() >= kMaxBodyBytes) return TooLarge();
  if (handler->route.type == Route::Type::kConvert) return AnswerConversion(body);
  AdmissionRequest request;
  AdmissionResponse response;
  if (ParseReview(content_type, body, &request, &response)) {
    const bool mutate = handler->route.type == Route::Type::kMutate;
    response = mutate ? Mutate(impl_->env(), *handler, request) : Validate(impl_->env(), *handler, request);
  }
  answer.body = WriteReview(request, response);
  answer.code = response.code;
  answer.allowed = response.allowed;
  answer.uid = std::move(request.uid);
  answer.operation = std::move(request.operation);
  return answer;
}

}  // namespace muster::webhook
