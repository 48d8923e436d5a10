// Muster's own webhook in front of a simulated API server, as Kueue's stands in front of a real one.
#ifndef MUSTER_KUBE_TESTING_WEBHOOK_ADMISSION_H_
#define MUSTER_KUBE_TESTING_WEBHOOK_ADMISSION_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "kube/testing/admission.h"
#include "kube/testing/api_server.h"
#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::kube::testing {

// What the webhook looks up, read from the server's store. Thread-compatible.
class ServerState : public webhook::ClusterState {
 public:
  explicit ServerState(const ApiServer* server) : server_(*server) {}

  bool Knows(webhook::FollowedKind) const override { return true; }
  std::shared_ptr<const api::StringMap> NamespaceLabels(absl::string_view ns) const override;
  bool HasLocalQueue(absl::string_view ns, absl::string_view name) const override;
  bool HasWorkloadPriorityClass(absl::string_view name) const override;
  bool UsesMultiKueue(absl::string_view ns, absl::string_view local_queue) const override;
  std::shared_ptr<const nlohmann::json> TrainingRuntime(absl::string_view ns, absl::string_view name) const override;
  absl::StatusOr<std::shared_ptr<const nlohmann::json>> Lookup(const webhook::ObjectRef& ref) const override;

 private:
  const ApiServer& server_;
};

// Namespaces kube-system and that of the webhook itself are left alone. Thread-compatible.
class WebhookAdmission : public Admission {
 public:
  // REQUIRES: `server` outlives this.
  WebhookAdmission(const webhook::WebhookConfig& config, const ApiServer* server);

  // Configured by a file, Kueue's Configuration. Errors: those of webhook::LoadWebhookConfig.
  static absl::StatusOr<std::unique_ptr<WebhookAdmission>> Load(const std::string& configuration,
                                                                const ApiServer* server);

  std::optional<Response> Mutate(const Review& review, nlohmann::json* object) override;
  std::optional<Response> Validate(const Review& review, const nlohmann::json& object) override;

 private:
  std::optional<Response> Ask(webhook::Route::Type route_type, const Review& review, const nlohmann::json& object,
                              nlohmann::json* patched) const;

  const std::string ns_;
  ServerState state_;
  webhook::Router router_;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_WEBHOOK_ADMISSION_H_
