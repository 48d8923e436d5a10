#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/api_endpoint.h"
#include "cli/commands.h"
#include "cli/end_signals.h"
#include "cli/webhook_service.h"
#include "kube/client/kubeconfig.h"
#include "webhook/base/log.h"
#include "webhook/serving/bind_address.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::cli {
namespace {

using webhook::LogLevel;

struct Flags {
  WebhookFlags serving;
  std::string health_port;
  std::string config;
  std::string feature_gates;
  bool require_queue_label = false;
  std::vector<std::string> state;
  std::string kubeconfig;
  std::string context;
  std::string shutdown_delay = "5s";
  std::string shutdown_patience = "15s";
  std::string log_level = "info";
};

void Fail(const absl::Status& status, int* exit_code) {
  std::cerr << "muster webhook: " << status.message() << "\n";
  *exit_code = 1;
}

absl::StatusOr<webhook::WebhookConfig> ReadConfig(const Flags& flags) {
  absl::StatusOr<webhook::WebhookConfig> config =
      flags.config.empty() ? webhook::DefaultWebhookConfig() : webhook::LoadWebhookConfig(flags.config);
  if (!config.ok()) return config;
  if (flags.require_queue_label) config->gates.Set(webhook::Gate::kRequireQueueLabelOnPodTemplates, true);
  if (flags.feature_gates.empty()) return config;
  if (absl::Status status = webhook::ApplyFeatureGates(flags.feature_gates, &*config); !status.ok()) return status;
  return config;
}

// Where probes and metrics are served: what the flag says, or Kueue's Configuration (":8081"; "" and "0" are none).
absl::StatusOr<std::optional<webhook::BindAddress>> HealthAddress(const Flags& flags,
                                                                  const webhook::WebhookConfig& config) {
  if (flags.health_port.empty() && !absl::StrContains(config.health_probe_bind, ":")) return std::nullopt;
  const std::string& text = flags.health_port.empty() ? config.health_probe_bind : flags.health_port;
  absl::StatusOr<webhook::BindAddress> address = webhook::ParseBindAddress(text);
  if (address.ok()) return *address;
  const char* const where = flags.health_port.empty() ? "health.healthProbeBindAddress " : "--health-port ";
  return absl::InvalidArgumentError(absl::StrCat(where, address.status().message()));
}

absl::Status Serve(const Flags& flags) {
  EndSignals signals;  // before any thread
  absl::StatusOr<LogLevel> level = webhook::ParseLogLevel(flags.log_level);
  if (!level.ok()) return level.status();
  absl::StatusOr<absl::Duration> delay = ParseDurationFlag("--shutdown-delay", flags.shutdown_delay);
  if (!delay.ok()) return delay.status();
  absl::StatusOr<absl::Duration> patience = ParseDurationFlag("--shutdown-patience", flags.shutdown_patience);
  if (!patience.ok()) return patience.status();
  absl::StatusOr<webhook::WebhookConfig> config = ReadConfig(flags);
  if (!config.ok()) return config.status();

  const webhook::Log log(*level);
  if (!config->ignored.empty()) {
    log.Write(LogLevel::kInfo, "settings that do not concern the webhook", {{"ignored", config->ignored}});
  }
  std::unique_ptr<webhook::CachedClusterState> from_files;
  absl::StatusOr<kube::ApiEndpoint> endpoint = kube::ApiEndpoint();
  if (flags.state.empty()) {
    endpoint = EndpointOf(flags.kubeconfig, flags.context);
    if (!endpoint.ok()) {
      const char* const instead = flags.kubeconfig.empty() ? "; --state FILE works without an API server" : "";
      return absl::Status(endpoint.status().code(), absl::StrCat(endpoint.status().message(), instead));
    }
  } else {
    auto loaded = webhook::LoadClusterState(flags.state);
    if (!loaded.ok()) return loaded.status();
    from_files = *std::move(loaded);
  }
  auto health = HealthAddress(flags, *config);
  if (!health.ok()) return health.status();
  auto service = WebhookService::Start(flags.serving, *config, &*endpoint, from_files.get(), *health, &log);
  if (!service.ok()) return service.status();
  signals.BeginServing(*delay + *patience, [&service] { (*service)->LookAtCertificate(); });
  if (absl::Status status = (*service)->Announce(flags.serving); !status.ok()) return status;

  signals.Await();
  // While the endpoints of the Service learn of it, everything is answered, and clients are sent on to other replicas.
  log.Write(LogLevel::kInfo, "shutting down", {{"delay", flags.shutdown_delay}});
  (*service)->StartDrain();
  signals.Await(*delay);
  if (!(*service)->Stop(*patience)) {
    // They use what would be torn down next.
    log.Write(LogLevel::kWarn, "stopped while requests were being answered");
    absl::SleepFor(absl::Milliseconds(50));  // for the log
    _exit(0);
  }
  log.Write(LogLevel::kInfo, "stopped");
  return absl::OkStatus();
}

}  // namespace

void AddWebhook(CLI::App* app, int* exit_code) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app->add_subcommand("webhook", "Serve Kueue's admission and conversion webhooks over HTTPS, answer for answer.");
  auto* from_cluster = AddWebhookOptions(command, &flags->serving, /*prefixed=*/false);
  command->add_option("--health-port", flags->health_port,
                      "Serve /healthz, /readyz and /metrics in plain text here: 8081, 127.0.0.1:8081 (default: of the "
                      "config)");
  command->add_option("--config", flags->config, "Kueue's manager Configuration")->check(CLI::ExistingFile);
  command->add_option("--feature-gates", flags->feature_gates, "A=true,B=false: Kueue's gates, over the config's");
  command->add_flag("--require-queue-label-on-pod-templates", flags->require_queue_label,
                    "Refuse jobs whose queue label is missing on a pod template (beyond Kueue)");
  auto* state = command->add_option("--state", flags->state,
                                    "Files or folders with what the cluster holds, instead of asking its API server");
  state->check(CLI::ExistingPath)->excludes(from_cluster);
  command->add_option("--kubeconfig", flags->kubeconfig, "How to reach the API server (default: as a pod does)")
      ->check(CLI::ExistingFile)
      ->excludes(state);
  command->add_option("--context", flags->context, "Context of the kubeconfig (default: the current one)");
  command->add_option("--shutdown-delay", flags->shutdown_delay,
                      "After SIGTERM, keep answering this long while clients move on (default: 5s)");
  command->add_option("--shutdown-patience", flags->shutdown_patience,
                      "Then wait at most this long for requests being answered (default: 15s)");
  command->add_option("--log-level", flags->log_level, "debug, info, warn or error (default: info)");
  AddWebhookManifests(command, exit_code);
  command->callback([command, flags, exit_code] {
    if (!command->get_subcommands().empty()) return;
    if (absl::Status status = Serve(*flags); !status.ok()) Fail(status, exit_code);
  });
}

}  // namespace muster::cli
