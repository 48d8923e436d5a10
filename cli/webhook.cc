#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/commands.h"
#include "cli/end_signals.h"
#include "kube/client/kubeconfig.h"
#include "webhook/base/log.h"
#include "webhook/live/cluster_client_ca.h"
#include "webhook/live/live_cluster_state.h"
#include "webhook/manifests/manifests.h"
#include "webhook/router.h"
#include "webhook/serving/bind_address.h"
#include "webhook/serving/webhook_server.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/tls/certificates.h"
#include "webhook/tls/tls.h"

namespace muster::cli {
namespace {

using webhook::LogLevel;

constexpr char kDefaultCertDir[] = "/tmp/k8s-webhook-server/serving-certs";  // Kueue's
constexpr int kDefaultPort = 9443;
constexpr absl::Duration kSelfSignedValidity = absl::Hours(24 * 365);

struct Flags {
  int port = -1;
  std::string port_file;
  std::string address;
  std::string health_port;
  std::string config;
  std::string feature_gates;
  bool require_queue_label = false;
  std::string cert_dir;
  std::string cert_check_interval = "1s";
  bool self_signed = false;
  std::vector<std::string> dns_names;
  std::string ca_file;
  std::string client_ca;
  bool client_ca_from_cluster = false;
  std::vector<std::string> client_names;
  std::vector<std::string> state;
  std::string kubeconfig;
  std::string context;
  int max_connections = 1024;
  int max_per_address = 0;
  bool probes_on_webhook_port = false;
  int max_in_flight = 256;
  std::string max_staleness = "5m";
  std::string shutdown_delay = "5s";
  std::string shutdown_patience = "15s";
  std::string log_level = "info";
};

void Fail(const absl::Status& status, int* exit_code) {
  std::cerr << "muster webhook: " << status.message() << "\n";
  *exit_code = 1;
}

absl::StatusOr<absl::Duration> ParseDuration(const char* flag, const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, " ", text, ": is no duration such as 5s or 1m30s"));
  }
  return duration;
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

// What is asked of the API server.
struct FromCluster {
  std::unique_ptr<webhook::LiveClusterState> state;
  std::unique_ptr<webhook::ClusterClientCa> client_ca;  // null unless it is wanted

  std::vector<kube::CacheFigures> figures() const {
    std::vector<kube::CacheFigures> all = state->figures();
    if (client_ca != nullptr) all.push_back(client_ca->figures());
    return all;
  }
};

absl::StatusOr<FromCluster> FollowCluster(const Flags& flags, const webhook::WebhookConfig& config,
                                          const webhook::Log* log) {
  absl::StatusOr<absl::Duration> max_staleness = ParseDuration("--max-staleness", flags.max_staleness);
  if (!max_staleness.ok()) return max_staleness.status();
  const absl::StatusOr<kube::ApiEndpoint> endpoint =
      flags.kubeconfig.empty() ? kube::InClusterEndpoint() : kube::LoadKubeconfig(flags.kubeconfig, flags.context);
  if (!endpoint.ok()) return endpoint.status();
  FromCluster followed;
  if (flags.client_ca_from_cluster) {
    webhook::ClusterClientCaOptions options;
    options.max_staleness = *max_staleness;
    options.seed = std::random_device{}();
    auto client_ca = webhook::ClusterClientCa::Start(*endpoint, options, log);
    if (!client_ca.ok()) return client_ca.status();
    followed.client_ca = *std::move(client_ca);
  }
  webhook::LiveStateOptions options;
  options.training_runtimes = config.frameworks.count("trainer.kubeflow.org/trainjob") > 0;
  options.reflector.max_staleness = *max_staleness;
  options.reflector.seed = std::random_device{}();
  auto state = webhook::LiveClusterState::Start(*endpoint, options, log);
  if (!state.ok()) return state.status();
  followed.state = *std::move(state);
  return followed;
}

// Who may connect: whoever the file or the cluster names, or anyone.
webhook::CertificateSource::Clients ClientsOf(const Flags& flags, const webhook::ClusterClientCa* from_cluster) {
  if (from_cluster == nullptr) {
    return [file = flags.client_ca, names = flags.client_names] { return webhook::ReadClientCheck(file, names); };
  }
  return [from_cluster, names = flags.client_names]() -> absl::StatusOr<webhook::ClientCheck> {
    absl::StatusOr<std::string> bundle = from_cluster->Bundle();
    if (!bundle.ok()) return bundle.status();
    return webhook::ClientCheck{*std::move(bundle), names};
  };
}

// The CA of a pair made on the spot goes to a file, or to standard output.
absl::StatusOr<webhook::KeyPair> MakeOwnPair(const Flags& flags) {
  std::vector<std::string> names = flags.dns_names;
  const std::string service = absl::StrCat(webhook::kWebhookService, ".", webhook::ManifestOptions().ns, ".svc");
  for (const std::string& name :
       {service, service + ".cluster.local", std::string("localhost"), std::string("127.0.0.1"), std::string("::1")}) {
    names.push_back(name);
  }
  absl::StatusOr<webhook::KeyPair> pair = webhook::MakeSelfSigned(names, absl::Now(), kSelfSignedValidity);
  if (!pair.ok()) return pair;
  if (flags.ca_file.empty()) {
    std::cout << pair->ca << std::flush;
  } else {
    std::ofstream out(flags.ca_file, std::ios::trunc);
    out << pair->ca << std::flush;
    if (!out) return absl::UnavailableError(absl::StrCat(flags.ca_file, ": the CA cannot be written"));
  }
  return pair;
}

void ReportCertificate(const webhook::Log& log, const absl::Status& status, const webhook::ServingCertificate* taken) {
  if (taken != nullptr) {
    log.Write(LogLevel::kInfo, "certificate taken",
              {{"serial", taken->serial},
               {"names", taken->names},
               {"notAfter", absl::FormatTime(absl::RFC3339_sec, taken->not_after, absl::UTCTimeZone())}});
  } else if (absl::IsPermissionDenied(status)) {
    log.Write(LogLevel::kError, "no new connection is taken", {{"error", std::string(status.message())}});
  } else {
    log.Write(LogLevel::kError, "certificate refused; the one before stays in use",
              {{"error", std::string(status.message())}});
  }
}

// `client_ca` may be null; otherwise it outlives what is returned.
absl::StatusOr<std::unique_ptr<webhook::CertificateSource>> OpenCertificates(const Flags& flags,
                                                                             const webhook::WebhookConfig& config,
                                                                             const webhook::ClusterClientCa* client_ca,
                                                                             const webhook::Log* log) {
  const auto report = [log](const absl::Status& status, const webhook::ServingCertificate* taken) {
    ReportCertificate(*log, status, taken);
  };
  webhook::CertificateSource::Clients clients = ClientsOf(flags, client_ca);
  const absl::StatusOr<webhook::ClientCheck> now = clients();
  if (client_ca == nullptr && !now.ok() && flags.self_signed) return now.status();
  absl::StatusOr<absl::Duration> interval = ParseDuration("--cert-check-interval", flags.cert_check_interval);
  if (!interval.ok()) return interval.status();
  *interval = std::max(*interval, absl::Milliseconds(10));
  if (flags.self_signed) {
    absl::StatusOr<webhook::KeyPair> pair = MakeOwnPair(flags);
    if (!pair.ok()) return pair.status();
    const auto usable = webhook::MakeServingCertificate(*pair, absl::Now(), now.ok() ? *now : webhook::ClientCheck());
    if (!usable.ok()) return usable.status();
    return webhook::CertificateSource::Follow([pair = *pair] { return pair; }, std::move(clients), *interval, report);
  }
  std::string folder = flags.cert_dir.empty() ? config.cert_dir : flags.cert_dir;
  if (folder.empty()) folder = kDefaultCertDir;
  if (!std::ifstream(folder + "/.")) {
    return absl::NotFoundError(absl::StrCat(
        folder,
        ": no such folder; give --cert-dir with tls.crt and tls.key in it, or --self-signed to try things out"));
  }
  return webhook::CertificateSource::Follow([folder] { return webhook::ReadKeyPair(folder); }, std::move(clients),
                                            *interval, report);
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

// A connection is a file to the system.
void AllowFiles() {
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

absl::Status Serve(const Flags& flags) {
  EndSignals signals;  // before any thread
  if (!flags.client_names.empty() && flags.client_ca.empty() && !flags.client_ca_from_cluster) {
    return absl::InvalidArgumentError("--client-name needs --client-ca or --client-ca-from-cluster");
  }
  absl::StatusOr<LogLevel> level = webhook::ParseLogLevel(flags.log_level);
  if (!level.ok()) return level.status();
  absl::StatusOr<absl::Duration> delay = ParseDuration("--shutdown-delay", flags.shutdown_delay);
  if (!delay.ok()) return delay.status();
  absl::StatusOr<absl::Duration> patience = ParseDuration("--shutdown-patience", flags.shutdown_patience);
  if (!patience.ok()) return patience.status();
  absl::StatusOr<webhook::WebhookConfig> config = ReadConfig(flags);
  if (!config.ok()) return config.status();

  const webhook::Log log(*level);
  if (!config->ignored.empty()) {
    log.Write(LogLevel::kInfo, "settings that do not concern the webhook", {{"ignored", config->ignored}});
  }
  std::unique_ptr<webhook::CachedClusterState> from_files;
  FromCluster live;
  if (flags.state.empty()) {
    auto followed = FollowCluster(flags, *config, &log);
    if (!followed.ok()) return followed.status();
    live = *std::move(followed);
  } else {
    auto loaded = webhook::LoadClusterState(flags.state);
    if (!loaded.ok()) return loaded.status();
    from_files = *std::move(loaded);
  }
  const webhook::ClusterState* state = from_files.get();
  if (live.state != nullptr) state = live.state.get();
  auto certificates = OpenCertificates(flags, *config, live.client_ca.get(), &log);
  if (!certificates.ok()) return certificates.status();

  webhook::WebhookServerOptions options;
  options.https.address = flags.address;
  options.https.port = flags.port >= 0 ? flags.port : config->port > 0 ? config->port : kDefaultPort;
  options.https.max_connections = flags.max_connections;
  options.https.max_in_flight = flags.max_in_flight;
  options.https.max_connections_per_address =
      flags.max_per_address > 0 ? flags.max_per_address : std::max(1, flags.max_connections / 2);
  options.probes_on_https = flags.probes_on_webhook_port;
  auto health = HealthAddress(flags, *config);
  if (!health.ok()) return health.status();
  options.health = *health;
  AllowFiles();
  const webhook::Router router(*config, state);
  webhook::WebhookServer::Caches caches;
  if (live.state != nullptr) caches = [&live] { return live.figures(); };
  auto server = webhook::WebhookServer::Start(options, &router, certificates->get(), caches, &log);
  if (!server.ok()) return server.status();
  signals.BeginServing(*delay + *patience, [&certificates, &log] {
    log.Write(LogLevel::kInfo, "looking at the certificate");
    (*certificates)->LookSoon();
  });
  log.Write(LogLevel::kInfo, "serving", {{"port", (*server)->port()}, {"healthPort", (*server)->health_port()}});
  if (!flags.port_file.empty()) {
    std::ofstream out(flags.port_file, std::ios::trunc);
    out << (*server)->port() << "\n" << std::flush;
    if (!out) return absl::UnavailableError(absl::StrCat(flags.port_file, ": the port cannot be written"));
  }

  signals.Await();
  // While the endpoints of the Service learn of it, everything is answered, and clients are sent on to other replicas.
  log.Write(LogLevel::kInfo, "shutting down", {{"delay", flags.shutdown_delay}});
  (*server)->StartDrain();
  signals.Await(*delay);
  if (!(*server)->Stop(*patience)) {
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
  command->add_option("--port", flags->port, "Port of the webhooks; 0 takes a free one (default: of the config, 9443)")
      ->check(CLI::Range(0, 65535));
  command->add_option("--port-file", flags->port_file, "Write the port here once it is served; for --port 0");
  command->add_option("--bind-address", flags->address, "IP address to listen on (default: all)");
  command->add_option("--health-port", flags->health_port,
                      "Serve /healthz, /readyz and /metrics in plain text here: 8081, 127.0.0.1:8081 (default: of the "
                      "config)");
  command->add_flag("--probes-on-webhook-port", flags->probes_on_webhook_port,
                    "Answer /readyz and /metrics on the port of the webhooks, too");
  command->add_option("--config", flags->config, "Kueue's manager Configuration")->check(CLI::ExistingFile);
  command->add_option("--feature-gates", flags->feature_gates, "A=true,B=false: Kueue's gates, over the config's");
  command->add_flag("--require-queue-label-on-pod-templates", flags->require_queue_label,
                    "Refuse jobs whose queue label is missing on a pod template (beyond Kueue)");
  auto* cert_dir = command->add_option(
      "--cert-dir", flags->cert_dir,
      absl::StrCat("Folder with tls.crt and tls.key, taken again when they change (default: of the config, ",
                   kDefaultCertDir, ")"));
  command->add_option("--cert-check-interval", flags->cert_check_interval,
                      "How often they are looked at (default: 1s)");
  auto* self_signed = command->add_flag("--self-signed", flags->self_signed,
                                        "Make a CA and a certificate now; print the CA's on standard output");
  self_signed->excludes(cert_dir);
  command->add_option("--dns-name", flags->dns_names, "A further name or IP address in it")->needs(self_signed);
  command->add_option("--ca-file", flags->ca_file, "Write the CA's certificate here instead")->needs(self_signed);
  auto* client_ca =
      command->add_option("--client-ca", flags->client_ca,
                          "Answer only clients with a certificate of a CA in this file, taken again when it changes");
  client_ca->check(CLI::ExistingFile);
  auto* from_cluster =
      command->add_flag("--client-ca-from-cluster", flags->client_ca_from_cluster,
                        "The same with the CAs the cluster names in ConfigMap extension-apiserver-authentication");
  from_cluster->excludes(client_ca);
  command->add_option("--client-name", flags->client_names,
                      "… and with this common name or DNS name; may be given more than once");
  auto* state = command->add_option("--state", flags->state,
                                    "Files or folders with what the cluster holds, instead of asking its API server");
  state->check(CLI::ExistingPath)->excludes(from_cluster);
  command->add_option("--kubeconfig", flags->kubeconfig, "How to reach the API server (default: as a pod does)")
      ->check(CLI::ExistingFile)
      ->excludes(state);
  command->add_option("--context", flags->context, "Context of the kubeconfig (default: the current one)");
  command->add_option("--max-staleness", flags->max_staleness,
                      "Not ready when the API server has said nothing about a kind for this long (default: 5m)");
  command->add_option("--max-connections", flags->max_connections, "Connections at a time (default: 1024)")
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("--max-connections-per-address", flags->max_per_address,
                   "Of them, from one client address (default: half)")
      ->check(CLI::Range(1, 100000));
  command->add_option("--max-in-flight", flags->max_in_flight, "Requests at a time (default: 256)")
      ->check(CLI::Range(1, 100000));
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
