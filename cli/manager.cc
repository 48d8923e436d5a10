#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/api_endpoint.h"
#include "cli/commands.h"
#include "cli/end_signals.h"
#include "cli/webhook_service.h"
#include "kube/client/kubeconfig.h"
#include "manager/process/configuration.h"
#include "manager/process/probes.h"
#include "manager/process/process.h"
#include "webhook/base/log.h"
#include "webhook/state/config.h"

namespace muster::cli {
namespace {

using webhook::LogLevel;

constexpr char kNamespaceFile[] = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
// The part before the slash is the field manager of writes that name none: it has to be Kueue's.
constexpr char kUserAgent[] = "kueue/v0.19 (muster)";

struct Flags {
  WebhookFlags webhook;
  bool no_webhook = false;
  std::string config;
  std::string feature_gates;
  std::string kubeconfig;
  std::string context;
  std::optional<bool> leader_elect;
  std::string lease_duration, renew_deadline, retry_period, lease_name, lease_namespace;
  std::string metrics_address;
  std::string health_address;
  std::string identity;
  std::string shutdown_patience = "15s";
  std::string log_level = "info";
};

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "muster";
}

// As Kueue's: host and something that no other process has.
std::string NewIdentity() {
  std::random_device random;
  return absl::StrFormat("%s_%08x-%04x-4%03x-a%03x-%08x%04x", HostName(), random(), random() & 0xffff, random() & 0xfff,
                         random() & 0xfff, random(), random() & 0xffff);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return text;
}

absl::Status ApplyTimes(const Flags& flags, kube::ElectionOptions* election) {
  const struct {
    const char* flag;
    const std::string& text;
    absl::Duration* out;
  } times[] = {{"--leader-elect-lease-duration", flags.lease_duration, &election->lease_duration},
               {"--leader-elect-renew-deadline", flags.renew_deadline, &election->renew_deadline},
               {"--leader-elect-retry-period", flags.retry_period, &election->retry_period}};
  for (const auto& time : times) {
    if (time.text.empty()) continue;
    absl::StatusOr<absl::Duration> duration = ParseDurationFlag(time.flag, time.text);
    if (!duration.ok()) return duration.status();
    *time.out = *duration;
  }
  return absl::OkStatus();
}

// The file, with what the flags say over it.
absl::StatusOr<manager::ProcessConfiguration> Configure(const Flags& flags) {
  std::string text;
  if (!flags.config.empty()) {
    absl::StatusOr<std::string> read = ReadFile(flags.config);
    if (!read.ok()) return read.status();
    text = *std::move(read);
  }
  const absl::StatusOr<std::string> own = ReadFile(kNamespaceFile);
  absl::StatusOr<manager::ProcessConfiguration> configuration = manager::ParseProcessConfiguration(
      {text, flags.config, own.ok() ? std::string(absl::StripAsciiWhitespace(*own)) : "", flags.feature_gates});
  if (!configuration.ok()) return configuration;
  if (flags.leader_elect.has_value()) configuration->leader_elect = *flags.leader_elect;
  if (absl::Status status = ApplyTimes(flags, &configuration->election); !status.ok()) return status;
  if (!flags.lease_name.empty()) configuration->election.name = flags.lease_name;
  if (!flags.lease_namespace.empty()) configuration->election.ns = flags.lease_namespace;
  if (!flags.metrics_address.empty()) configuration->metrics_bind = flags.metrics_address;
  if (!flags.health_address.empty()) configuration->health_bind = flags.health_address;
  return configuration;
}

manager::ProcessOptions OptionsOf(const Flags& flags, const manager::ProcessConfiguration& configuration) {
  manager::ProcessOptions options;
  options.manager = configuration.manager;
  options.leader_election = configuration.leader_elect;
  options.election = configuration.election;
  options.election.identity = flags.identity.empty() ? NewIdentity() : flags.identity;
  options.budget = configuration.budget;
  options.budget.seed = options.seed = std::random_device{}();
  options.metrics.leader_election = configuration.leader_elect;
  options.metrics.cluster_queue_resources = configuration.cluster_queue_resources;
  options.metrics.local_queues = configuration.local_queue_metrics;
  options.metrics.lease = configuration.election.name;
  options.metrics.version = "muster";
  options.instance = HostName();
  return options;
}

absl::Status Run(const Flags& flags) {
  EndSignals signals;  // before any thread
  absl::StatusOr<LogLevel> level = webhook::ParseLogLevel(flags.log_level);
  if (!level.ok()) return level.status();
  absl::StatusOr<absl::Duration> patience = ParseDurationFlag("--shutdown-patience", flags.shutdown_patience);
  if (!patience.ok()) return patience.status();
  absl::StatusOr<manager::ProcessConfiguration> configuration = Configure(flags);
  if (!configuration.ok()) return configuration.status();
  const auto health = manager::ProbeAddress("health.healthProbeBindAddress", configuration->health_bind);
  if (!health.ok()) return health.status();
  const auto metrics = manager::ProbeAddress("metrics.bindAddress", configuration->metrics_bind);
  if (!metrics.ok()) return metrics.status();
  absl::StatusOr<kube::ApiEndpoint> endpoint = EndpointOf(flags.kubeconfig, flags.context);
  if (!endpoint.ok()) return endpoint.status();
  endpoint->user_agent = kUserAgent;

  const webhook::Log log(*level);
  for (const std::string& what : configuration->not_here) {
    log.Write(LogLevel::kInfo, "not in Muster", {{"what", what}});
  }
  std::unique_ptr<WebhookService> webhooks;
  if (!flags.no_webhook) {
    auto service =
        WebhookService::Start(flags.webhook, configuration->manager.webhook, &*endpoint, nullptr, std::nullopt, &log);
    if (!service.ok()) return service.status();
    webhooks = *std::move(service);
  }
  // Another replica may lead already: what is under way here is worth nothing any more, and must not be waited for.
  const auto on_end = [&log](const absl::Status& status) {
    std::cerr << "muster manager: " << status.message() << std::endl;
    absl::SleepFor(absl::Milliseconds(50));  // for the log
    _exit(1);
  };
  auto process = manager::ManagerProcess::Start(*endpoint, OptionsOf(flags, *configuration), on_end, &log);
  if (!process.ok()) return process.status();
  manager::ProbeOptions probing;
  probing.health = *health;
  probing.metrics = *metrics;
  probing.readiness_path = configuration->readiness_path;
  probing.liveness_path = configuration->liveness_path;
  probing.ready = [&](std::string* checks) {
    const bool manager_ready = (*process)->Ready(checks);
    return (webhooks == nullptr || webhooks->server().Ready(checks)) && manager_ready;
  };
  probing.metrics_text = [&] {
    std::string text = (*process)->MetricsText();
    if (webhooks != nullptr) absl::StrAppend(&text, webhooks->server().MetricsText(/*process=*/false));
    return text;
  };
  auto probes = manager::Probes::Start(std::move(probing));
  if (!probes.ok()) return probes.status();
  signals.BeginServing(*patience + configuration->election.renew_deadline, [&webhooks] {
    if (webhooks != nullptr) webhooks->LookAtCertificate();
  });
  log.Write(LogLevel::kInfo, "managing",
            {{"healthPort", (*probes)->health_port()},
             {"metricsPort", (*probes)->metrics_port()},
             {"namespace", configuration->manager.webhook.ns}});
  if (webhooks != nullptr) {
    if (absl::Status status = webhooks->Announce(flags.webhook); !status.ok()) return status;
  }

  signals.Await();
  log.Write(LogLevel::kInfo, "shutting down", {{"patience", flags.shutdown_patience}});
  if (webhooks != nullptr) webhooks->StartDrain();
  const bool answered = (*process)->Stop(*patience);
  if (!answered) log.Write(LogLevel::kWarn, "stopped while writes were not answered");
  const bool idle = webhooks == nullptr || webhooks->Stop(*patience);
  log.Write(LogLevel::kInfo, "stopped");
  if (!idle) {
    absl::SleepFor(absl::Milliseconds(50));  // for the log
    _exit(0);
  }
  return absl::OkStatus();
}

}  // namespace

void AddManager(CLI::App* app, int* exit_code) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app->add_subcommand(
      "manager", "Govern a cluster as Kueue's manager does: queue jobs, admit, preempt and start them.");
  command->add_option("--config", flags->config, "Kueue's manager Configuration (default: Kueue's defaults)")
      ->check(CLI::ExistingFile);
  command->add_option("--feature-gates", flags->feature_gates,
                      "A=true,B=false: Kueue's gates; the config must then have none");
  command->add_option("--kubeconfig", flags->kubeconfig, "How to reach the API server (default: as a pod does)")
      ->check(CLI::ExistingFile);
  command->add_option("--context", flags->context, "Context of the kubeconfig (default: the current one)");
  command->add_option("--leader-elect", flags->leader_elect,
                      "Whether replicas elect one that works: true or false (default: of the config, true)");
  command->add_option("--leader-elect-lease-duration", flags->lease_duration, "(default: of the config, 15s)");
  command->add_option("--leader-elect-renew-deadline", flags->renew_deadline, "(default: of the config, 10s)");
  command->add_option("--leader-elect-retry-period", flags->retry_period, "(default: of the config, 2s)");
  command->add_option("--leader-elect-resource-name", flags->lease_name,
                      "Name of the Lease (default: of the config, Kueue's)");
  command->add_option("--leader-elect-resource-namespace", flags->lease_namespace,
                      "Where it is (default: of the config, the own namespace)");
  command->add_option("--leader-elect-identity", flags->identity,
                      "Who this replica is in the Lease (default: host and a random part)");
  command->add_option("--metrics-bind-address", flags->metrics_address,
                      "Serve /metrics in plain text here; 0: nowhere (default: of the config, :8080)");
  command->add_option("--health-probe-bind-address", flags->health_address,
                      "Serve /healthz and /readyz here; 0: nowhere (default: of the config, :8081)");
  command->add_option("--shutdown-patience", flags->shutdown_patience,
                      "After SIGTERM, wait at most this long for writes under way (default: 15s)");
  command->add_option("--log-level", flags->log_level, "debug, info, warn or error (default: info)");
  auto* no_webhook =
      command->add_flag("--no-webhook", flags->no_webhook, "Serve no webhooks here: `muster webhook` or Kueue's do");
  AddWebhookOptions(command, &flags->webhook, /*prefixed=*/true)->excludes(no_webhook);
  AddManagerManifests(command, exit_code);
  command->callback([command, flags, exit_code] {
    if (!command->get_subcommands().empty()) return;
    if (absl::Status status = Run(*flags); !status.ok()) {
      std::cerr << "muster manager: " << status.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
