// What the webhook is configured with: the part of Kueue's manager Configuration that decides answers.
#ifndef MUSTER_WEBHOOK_STATE_CONFIG_H_
#define MUSTER_WEBHOOK_STATE_CONFIG_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/feature_gates.h"
#include "api/meta.h"

namespace muster::webhook {

using api::Gate;
using WebhookGates = api::GatesOf<api::GateReader::kWebhook>;

// Thread-safety: value type.
struct WebhookConfig {
  std::string ns = "kueue-system";  // namespace the server runs in; never managed
  // integrations.frameworks; those of HyperPod (sagemaker.amazonaws.com/…) are Muster's own
  std::set<std::string> frameworks = {"batch/job"};
  std::set<std::string> external_frameworks;  // "Kind.version.group"
  bool manage_jobs_without_queue_name = false;
  api::LabelSelector managed_jobs_namespace_selector;  // LoadWebhookConfig and DefaultWebhookConfig fill it in
  // Muster's own gate among them, RequireQueueLabelOnPodTemplates, refuses a queue label that is on the parent but
  // missing on a pod template.
  WebhookGates gates;

  // For whoever serves. 0 and "" = not said.
  int port = 0;                   // webhook.port
  std::string cert_dir;           // webhook.certDir
  std::string metrics_bind;       // metrics.bindAddress
  std::string health_probe_bind;  // health.healthProbeBindAddress

  // What the file says and the webhook does not look at, as field paths, to tell the admin once.
  std::vector<std::string> ignored;
};

// Kueue's defaults: batch/job alone, every namespace but kube-system and the own one.
WebhookConfig DefaultWebhookConfig();

// Reads Kueue's manager Configuration (YAML or JSON; v1beta1 or v1beta2), over the defaults. Errors: InvalidArgument,
// one line per problem: unreadable fields, unknown frameworks, a selector that matches kube-system or the own
// namespace, unknown feature gates.
absl::StatusOr<WebhookConfig> LoadWebhookConfig(const std::string& path);
absl::StatusOr<WebhookConfig> ParseWebhookConfig(absl::string_view text, absl::string_view name = "");

// Applies "A=true,B=false", as --feature-gates is spelt. A gate of Kueue that no answer depends on is added to
// config->ignored. Errors: InvalidArgument for one that does not exist or a value that is no boolean.
absl::Status ApplyFeatureGates(absl::string_view gates, WebhookConfig* config);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_STATE_CONFIG_H_
