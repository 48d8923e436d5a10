// Kueue's webhooks behind HTTPS, as commands serve them: certificates, what is known of the cluster, and the server.
#ifndef MUSTER_CLI_WEBHOOK_SERVICE_H_
#define MUSTER_CLI_WEBHOOK_SERVICE_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kube/client/cache_figures.h"
#include "kube/client/kubeconfig.h"
#include "webhook/base/log.h"
#include "webhook/live/cluster_client_ca.h"
#include "webhook/live/live_cluster_state.h"
#include "webhook/router.h"
#include "webhook/serving/bind_address.h"
#include "webhook/serving/webhook_server.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/tls/certificates.h"

namespace muster::cli {

struct WebhookFlags {
  int port = -1;
  std::string port_file;
  std::string address;
  std::string cert_dir;
  std::string cert_check_interval = "1s";
  bool self_signed = false;
  std::vector<std::string> dns_names;
  std::string ca_file;
  std::string client_ca;
  bool client_ca_from_cluster = false;
  std::vector<std::string> client_names;
  int max_connections = 1024;
  int max_per_address = 0;
  bool probes_on_webhook_port = false;
  int max_in_flight = 256;
  std::string max_staleness = "5m";
};

// Adds an option for each, with `--webhook-` before those that would mean something else by themselves if `prefixed`.
// Returns the one for --client-ca-from-cluster.
CLI::Option* AddWebhookOptions(CLI::App* command, WebhookFlags* flags, bool prefixed);

// "5s" of --flag. Errors: InvalidArgument.
absl::StatusOr<absl::Duration> ParseDurationFlag(const char* flag, const std::string& text);

// Thread-safe.
class WebhookService {
 public:
  // Starts to serve. What is known of the cluster comes from `state`, or, when that is null, from the API server at
  // `endpoint`. `health`: where probes and metrics are served by the webhook itself. All arguments outlive the service.
  // Errors: of settings and files, and of addresses that cannot be had.
  static absl::StatusOr<std::unique_ptr<WebhookService>> Start(
      const WebhookFlags& flags, const webhook::WebhookConfig& config, const kube::ApiEndpoint* endpoint,
      const webhook::ClusterState* state, std::optional<webhook::BindAddress> health, const webhook::Log* log);

  // Says in the log, and in the file if there is one, where it serves.
  absl::Status Announce(const WebhookFlags& flags) const;

  const webhook::WebhookServer& server() const { return *server_; }
  // Looks at the files of the certificate now.
  void LookAtCertificate();
  void StartDrain() { server_->StartDrain(); }
  bool Stop(absl::Duration patience) { return server_->Stop(patience); }

 private:
  WebhookService() = default;
  std::vector<kube::CacheFigures> CachesNow() const;

  const webhook::Log* log_ = nullptr;
  std::unique_ptr<webhook::LiveClusterState> live_;      // null when it comes from files
  std::unique_ptr<webhook::ClusterClientCa> client_ca_;  // null unless it is wanted
  std::unique_ptr<webhook::CertificateSource> certificates_;
  std::unique_ptr<webhook::Router> router_;
  std::unique_ptr<webhook::WebhookServer> server_;  // last
};

}  // namespace muster::cli

#endif  // MUSTER_CLI_WEBHOOK_SERVICE_H_
