#include "webhook/testing/fuzz_router.h"

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "api/job_kinds.h"
#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

struct World {
  World() {
    WebhookConfig config = DefaultWebhookConfig();
    for (const api::JobKind& kind : api::JobKinds()) config.frameworks.insert(std::string(kind.framework));
    config.gates.Set(Gate::kSparkApplicationIntegration, true);
    config.gates.Set(Gate::kConcurrentAdmission, true);
    config.gates.Set(Gate::kPriorityBoost, true);
    config.gates.Set(Gate::kPartialAdmission, false);
    config.gates.Set(Gate::kRequireQueueLabelOnPodTemplates, true);
    for (const char* object : {
             R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})",
             R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "LocalQueue",
                 "metadata": {"name": "default", "namespace": "a"}})",
             R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "WorkloadPriorityClass",
                 "metadata": {"name": "default"}})",
             R"({"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": "ClusterTrainingRuntime",
                 "metadata": {"name": "torch"},
                 "spec": {"template": {"spec": {"replicatedJobs": [{"name": "node"}]}}}})",
         }) {
      if (!state.Upsert(json::parse(object)).ok()) std::abort();
    }
    router = std::make_unique<Router>(std::move(config), &state);
  }

  CachedClusterState state;
  std::unique_ptr<Router> router;
};

void Require(bool holds, const char* what, absl::string_view path, const std::string& answer) {
  if (holds) return;
  std::fprintf(stderr, "%s: %s: %s\n", std::string(path).c_str(), what, answer.c_str());
  std::abort();
}

}  // namespace

void AskWithFuzzedInput(unsigned char choice, absl::string_view body) {
  static World& world = *new World();
  const std::vector<Route>& routes = world.router->Routes();
  const Route& route = routes[choice % routes.size()];
  const HttpAnswer answer = world.router->Answer(route.path, "application/json", body);
  const json request = json::parse(body.begin(), body.end(), nullptr, false);
  if (route.type == Route::Type::kConvert) {
    if (answer.status == 200) Require(json::accept(answer.body), "no JSON", route.path, answer.body);
    return;
  }
  Require(answer.status == 200, "status", route.path, answer.body);
  const json review = json::parse(answer.body, nullptr, false);
  Require(!review.is_discarded() && review.contains("response"), "no review", route.path, answer.body);
  const json& response = review["response"];
  Require(response["allowed"] == answer.allowed, "allowed differs", route.path, answer.body);
  Require(answer.allowed == (response["status"]["code"] == 200), "code", route.path, answer.body);
  if (answer.allowed) Require(!request.is_discarded(), "allowed what is no JSON", route.path, answer.body);
  if (!response.contains("patch")) return;
  std::string patch;
  Require(absl::Base64Unescape(response["patch"].get<std::string>(), &patch), "not base64", route.path, answer.body);
  try {
    const json patched = request["request"]["object"].patch(json::parse(patch));
    Require(patched.is_object(), "patched to nothing", route.path, patch);
  } catch (const json::exception& e) {
    Require(false, e.what(), route.path, patch);
  }
}

}  // namespace muster::webhook
