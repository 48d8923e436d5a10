#include "cli/webhook_service.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "webhook/manifests/manifests.h"
#include "webhook/tls/tls.h"

namespace muster::cli {
namespace {

using webhook::LogLevel;

constexpr char kDefaultCertDir[] = "/tmp/k8s-webhook-server/serving-certs";  // Kueue's
constexpr int kDefaultPort = 9443;
constexpr absl::Duration kSelfSignedValidity = absl::Hours(24 * 365);

// Who may connect: whoever the file or the cluster names, or anyone.
webhook::CertificateSource::Clients ClientsOf(const WebhookFlags& flags, const webhook::ClusterClientCa* from_cluster) {
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
absl::StatusOr<webhook::KeyPair> MakeOwnPair(const WebhookFlags& flags) {
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
absl::StatusOr<std::unique_ptr<webhook::CertificateSource>> OpenCertificates(const WebhookFlags& flags,
                                                                             const webhook::WebhookConfig& config,
                                                                             const webhook::ClusterClientCa* client_ca,
                                                                             const webhook::Log* log) {
  const auto report = [log](const absl::Status& status, const webhook::ServingCertificate* taken) {
    ReportCertificate(*log, status, taken);
  };
  webhook::CertificateSource::Clients clients = ClientsOf(flags, client_ca);
  const absl::StatusOr<webhook::ClientCheck> now = clients();
  if (client_ca == nullptr && !now.ok() && flags.self_signed) return now.status();
  absl::StatusOr<absl::Duration> interval = ParseDurationFlag("--cert-check-interval", flags.cert_check_interval);
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

// A connection is a file to the system.
void AllowFiles() {
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDurationFlag(const char* flag, const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, " ", text, ": is no duration such as 5s or 1m30s"));
  }
  return duration;
}

absl::StatusOr<std::unique_ptr<WebhookService>> WebhookService::Start(
    const WebhookFlags& flags, const webhook::WebhookConfig& config, const kube::ApiEndpoint* endpoint,
    const webhook::ClusterState* state, std::optional<webhook::BindAddress> health, const webhook::Log* log) {
  if (!flags.client_names.empty() && flags.client_ca.empty() && !flags.client_ca_from_cluster) {
    return absl::InvalidArgumentError("--client-name needs --client-ca or --client-ca-from-cluster");
  }
  const absl::StatusOr<absl::Duration> max_staleness = ParseDurationFlag("--max-staleness", flags.max_staleness);
  if (!max_staleness.ok()) return max_staleness.status();
  std::unique_ptr<WebhookService> service(new WebhookService);
  service->log_ = log;
  if (flags.client_ca_from_cluster) {
    webhook::ClusterClientCaOptions options;
    options.max_staleness = *max_staleness;
    options.seed = std::random_device{}();
    auto client_ca = webhook::ClusterClientCa::Start(*endpoint, options, log);
    if (!client_ca.ok()) return client_ca.status();
    service->client_ca_ = *std::move(client_ca);
  }
  if (state == nullptr) {
    webhook::LiveStateOptions options;
    options.training_runtimes = config.frameworks.count("trainer.kubeflow.org/trainjob") > 0;
    options.reflector.max_staleness = *max_staleness;
    options.reflector.seed = std::random_device{}();
    auto live = webhook::LiveClusterState::Start(*endpoint, options, log);
    if (!live.ok()) return live.status();
    service->live_ = *std::move(live);
    state = service->live_.get();
  }
  auto certificates = OpenCertificates(flags, config, service->client_ca_.get(), log);
  if (!certificates.ok()) return certificates.status();
  service->certificates_ = *std::move(certificates);

  webhook::WebhookServerOptions options;
  options.https.address = flags.address;
  options.https.port = flags.port >= 0 ? flags.port : config.port > 0 ? config.port : kDefaultPort;
  options.https.max_connections = flags.max_connections;
  options.https.max_in_flight = flags.max_in_flight;
  options.https.max_connections_per_address =
      flags.max_per_address > 0 ? flags.max_per_address : std::max(1, flags.max_connections / 2);
  options.probes_on_https = flags.probes_on_webhook_port;
  options.health = std::move(health);
  AllowFiles();
  service->router_ = std::make_unique<webhook::Router>(config, state);
  webhook::WebhookServer::Caches caches;
  if (service->live_ != nullptr) caches = [self = service.get()] { return self->CachesNow(); };
  auto server =
      webhook::WebhookServer::Start(options, service->router_.get(), service->certificates_.get(), caches, log);
  if (!server.ok()) return server.status();
  service->server_ = *std::move(server);
  return service;
}

absl::Status WebhookService::Announce(const WebhookFlags& flags) const {
  log_->Write(LogLevel::kInfo, "serving", {{"port", server_->port()}, {"healthPort", server_->health_port()}});
  if (flags.port_file.empty()) return absl::OkStatus();
  std::ofstream out(flags.port_file, std::ios::trunc);
  out << server_->port() << "\n" << std::flush;
  if (!out) return absl::UnavailableError(absl::StrCat(flags.port_file, ": the port cannot be written"));
  return absl::OkStatus();
}

std::vector<kube::CacheFigures> WebhookService::CachesNow() const {
  std::vector<kube::CacheFigures> all = live_->figures();
  if (client_ca_ != nullptr) all.push_back(client_ca_->figures());
  return all;
}

void WebhookService::LookAtCertificate() {
  log_->Write(LogLevel::kInfo, "looking at the certificate");
  certificates_->LookSoon();
}

CLI::Option* AddWebhookOptions(CLI::App* command, WebhookFlags* flags, bool prefixed) {
  const std::string p = prefixed ? "--webhook-" : "--";
  command
      ->add_option(p + "port", flags->port, "Port of the webhooks; 0 takes a free one (default: of the config, 9443)")
      ->check(CLI::Range(0, 65535));
  command->add_option(p + "port-file", flags->port_file,
                      absl::StrCat("Write the port here once it is served; for ", p, "port 0"));
  command->add_option(p + "bind-address", flags->address, "IP address to listen on (default: all)");
  command->add_flag("--probes-on-webhook-port", flags->probes_on_webhook_port,
                    "Answer /readyz and /metrics on the port of the webhooks, too");
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
  return from_cluster;
}

}  // namespace muster::cli
