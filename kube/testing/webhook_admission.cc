#include "kube/testing/webhook_admission.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "kube/testing/answers.h"
#include "kube/testing/json_path.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

constexpr char kKueue[] = "kueue.x-k8s.io";
constexpr char kTrainer[] = "trainer.kubeflow.org";

ObjectPtr Named(const ApiServer& server, const char* group, const char* kind, absl::string_view ns,
                absl::string_view name) {
  return server.Find({&TypeOf(group, kind), std::string(ns), std::string(name)});
}

std::shared_ptr<const json> ValueOf(const ObjectPtr& object) {
  return object == nullptr ? nullptr : std::shared_ptr<const json>(object, &object->value());
}

bool Contains(const std::vector<std::string>& list, absl::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

std::shared_ptr<const api::StringMap> ServerState::NamespaceLabels(absl::string_view ns) const {
  const ObjectPtr object = Named(server_, "", "Namespace", "", ns);
  if (object == nullptr) return nullptr;
  auto labels = std::make_shared<api::StringMap>();
  if (const json* map = object->At("/metadata/labels"); map != nullptr) {
    for (const auto& [key, value] : map->items()) labels->emplace(key, value.get<std::string>());
  }
  return labels;
}

bool ServerState::HasLocalQueue(absl::string_view ns, absl::string_view name) const {
  return Named(server_, kKueue, "LocalQueue", ns, name) != nullptr;
}

bool ServerState::HasWorkloadPriorityClass(absl::string_view name) const {
  return Named(server_, kKueue, "WorkloadPriorityClass", "", name) != nullptr;
}

bool ServerState::UsesMultiKueue(absl::string_view ns, absl::string_view local_queue) const {
  const ObjectPtr queue = Named(server_, kKueue, "LocalQueue", ns, local_queue);
  if (queue == nullptr) return false;
  const ObjectPtr cluster_queue = Named(server_, kKueue, "ClusterQueue", "", queue->StringAt("/spec/clusterQueue"));
  if (cluster_queue == nullptr) return false;
  const json* checks = cluster_queue->At("/spec/admissionChecksStrategy/admissionChecks");
  if (checks == nullptr) return false;
  return std::any_of(checks->begin(), checks->end(), [&](const json& each) {
    const ObjectPtr check = Named(server_, kKueue, "AdmissionCheck", "", GetString(each, {"name"}));
    return check != nullptr && check->StringAt("/spec/controllerName") == api::kMultiKueueController;
  });
}

std::shared_ptr<const json> ServerState::TrainingRuntime(absl::string_view ns, absl::string_view name) const {
  return ValueOf(Named(server_, kTrainer, ns.empty() ? "ClusterTrainingRuntime" : "TrainingRuntime", ns, name));
}

absl::StatusOr<std::shared_ptr<const json>> ServerState::Lookup(const webhook::ObjectRef& ref) const {
  const ResourceType* type = FindByKind(ref.group, ref.kind);
  const ObjectPtr object = type == nullptr ? nullptr : server_.Find({type, std::string(ref.ns), std::string(ref.name)});
  if (object == nullptr) {
    absl::Status status = absl::NotFoundError(absl::StrCat(ref.kind, " ", ref.ns, "/", ref.name, ": not found"));
    webhook::SetApiError({404, "NotFound"}, &status);
    return status;
  }
  return ValueOf(object);
}

WebhookAdmission::WebhookAdmission(const webhook::WebhookConfig& config, const ApiServer* server)
    : ns_(config.ns), state_(server), router_(config, &state_) {}

absl::StatusOr<std::unique_ptr<WebhookAdmission>> WebhookAdmission::Load(const std::string& configuration,
                                                                         const ApiServer* server) {
  const absl::StatusOr<webhook::WebhookConfig> config = webhook::LoadWebhookConfig(configuration);
  if (!config.ok()) return config.status();
  return std::make_unique<WebhookAdmission>(*config, server);
}

std::optional<Response> WebhookAdmission::Ask(webhook::Route::Type route_type, const Review& review, const json& object,
                                              json* patched) const {
  const ResourceType& type = *review.key.type;
  if (review.key.ns == "kube-system" || (!review.key.ns.empty() && review.key.ns == ns_)) return std::nullopt;
  const std::string operation = review.old == nullptr ? "CREATE" : "UPDATE";
  std::string resource(type.plural);
  if (!review.subresource.empty()) absl::StrAppend(&resource, "/", review.subresource);
  for (const webhook::Route& route : router_.Routes()) {
    if (route.type != route_type || route.group != type.group || !Contains(route.resources, resource) ||
        !Contains(route.operations, operation)) {
      continue;
    }
    const std::string group(type.group), version(type.version);
    const json kind = {{"group", group}, {"version", version}, {"kind", std::string(type.kind)}};
    const json names = {{"group", group}, {"version", version}, {"resource", std::string(type.plural)}};
    const json request = {{"uid", "1"},
                          {"kind", kind},
                          {"resource", names},
                          {"requestKind", kind},
                          {"requestResource", names},
                          {"subResource", std::string(review.subresource)},
                          {"name", review.key.name},
                          {"namespace", review.key.ns},
                          {"operation", operation},
                          {"object", object},
                          {"oldObject", review.old == nullptr ? json() : *review.old},
                          {"dryRun", review.dry_run}};
    const json body = {{"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"request", request}};
    const webhook::HttpAnswer answer = router_.Answer(route.path, "application/json", body.dump());
    const json parsed = json::parse(answer.body, nullptr, false);
    const json* response = parsed.is_object() ? Get(parsed, {"response"}) : nullptr;
    if (response == nullptr) {
      return Refusal(500, "InternalError", absl::StrCat("failed calling webhook \"", route.name, "\""));
    }
    if (!GetBool(*response, {"allowed"})) {
      const int64_t code = GetInt(*response, {"status", "code"}, 403);
      const std::string reason = GetString(*response, {"status", "reason"});
      return Refusal(static_cast<int>(code), reason.empty() ? "Forbidden" : reason,
                     absl::StrCat("admission webhook \"", route.name,
                                  "\" denied the request: ", GetString(*response, {"status", "message"})));
    }
    std::string patch;
    if (patched != nullptr && absl::Base64Unescape(GetString(*response, {"patch"}), &patch) && !patch.empty()) {
      try {
        *patched = patched->patch(json::parse(patch));
      } catch (const json::exception& e) {
        return Refusal(500, "InternalError", absl::StrCat("patch of webhook \"", route.name, "\": ", e.what()));
      }
    }
  }
  return std::nullopt;
}

std::optional<Response> WebhookAdmission::Mutate(const Review& review, json* object) {
  const json before = *object;
  return Ask(webhook::Route::Type::kMutate, review, before, object);
}

std::optional<Response> WebhookAdmission::Validate(const Review& review, const json& object) {
  return Ask(webhook::Route::Type::kValidate, review, object, nullptr);
}

}  // namespace muster::kube::testing
