#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/commands.h"
#include "sim/files/output_file.h"
#include "webhook/manifests/manifests.h"
#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/tls/certificates.h"
#include "webhook/tls/tls.h"

namespace muster::cli {
namespace {

constexpr absl::Duration kSelfSignedValidity = absl::Hours(24 * 365);

struct Flags {
  webhook::ManifestOptions options;
  std::vector<std::string> ignore_when_down;
  std::string config;
  std::string feature_gates;
  std::string output_dir;
  std::string client_ca;
  bool self_signed = false;
};

absl::Status WriteFiles(const std::vector<webhook::ManifestFile>& files, const std::string& folder) {
  for (const webhook::ManifestFile& file : files) {
    const std::filesystem::path path = std::filesystem::path(folder) / file.name;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);  // if it fails, so does writing
    const absl::Status s = sim::WriteFile(path.string(), webhook::ToText(file));
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status PrintManifests(Flags flags) {
  webhook::ManifestOptions& options = flags.options;
  if (!flags.config.empty()) {
    std::ifstream in(flags.config, std::ios::binary);
    options.configuration.assign(std::istreambuf_iterator<char>(in), {});
  } else {
    options.configuration = webhook::DefaultConfiguration();
  }
  absl::StatusOr<webhook::WebhookConfig> config = webhook::ParseWebhookConfig(
      options.configuration, flags.config.empty() ? "the built-in configuration" : flags.config);
  if (!config.ok()) return config.status();
  if (absl::Status status = webhook::ApplyFeatureGates(flags.feature_gates, &*config); !status.ok()) return status;
  webhook::KeyPair pair;
  if (flags.self_signed) {
    const std::string service = absl::StrCat(webhook::kWebhookService, ".", options.ns, ".svc");
    absl::StatusOr<webhook::KeyPair> made =
        webhook::MakeSelfSigned({service, service + ".cluster.local"}, absl::Now(), kSelfSignedValidity);
    if (!made.ok()) return made.status();
    pair = *std::move(made);
    options.certificate = &pair;
  }
  if (!flags.client_ca.empty()) {
    absl::StatusOr<webhook::ClientCheck> clients = webhook::ReadClientCheck(flags.client_ca, {});
    if (!clients.ok()) return clients.status();
    options.client_ca = clients->ca;
  }
  if (!options.client_names.empty() && flags.client_ca.empty() && !options.client_ca_from_cluster) {
    return absl::InvalidArgumentError("--client-name needs --client-ca or --client-ca-from-cluster");
  }
  options.ignore_when_down.insert(flags.ignore_when_down.begin(), flags.ignore_when_down.end());
  const webhook::CachedClusterState nothing;
  const webhook::Router router(*config, &nothing);
  absl::StatusOr<std::vector<webhook::ManifestFile>> files = webhook::MakeManifests(router.Routes(), options);
  if (!files.ok()) return files.status();
  if (options.certificate == nullptr && !options.cert_manager) {
    std::cerr << "note: no webhook configurations: nothing would be let through without a certificate that API servers "
                 "trust; --self-signed makes one, --cert-manager has one made\n";
  }
  if (flags.output_dir.empty()) {
    for (size_t i = 0; i < files->size(); ++i) std::cout << (i == 0 ? "" : "---\n") << webhook::ToText((*files)[i]);
    return absl::OkStatus();
  }
  return WriteFiles(webhook::KustomizeTree(*files, options), flags.output_dir);
}

}  // namespace

void AddWebhookManifests(CLI::App* webhook, int* exit_code) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = webhook->add_subcommand(
      "manifests", "Print the Kubernetes objects that run the webhook in a cluster and make API servers call it.");
  webhook::ManifestOptions& options = flags->options;
  command->add_option("--namespace", options.ns, "Where it runs (default: muster-system)");
  command->add_option("--kueue-namespace", options.kueue_namespace, "Where Kueue runs (default: kueue-system)");
  command->add_option("--image", options.image, "Container image (default: muster:latest)");
  command->add_option("--replicas", options.replicas, "Pods (default: 2)")->check(CLI::Range(1, 100));
  command
      ->add_option("--config", flags->config, "Kueue's manager Configuration: its frameworks are the ones called for")
      ->check(CLI::ExistingFile);
  command->add_option("--feature-gates", flags->feature_gates, "A=true,B=false");
  auto* self_signed = command->add_flag("--self-signed", flags->self_signed,
                                        "Make a CA and a certificate, valid for a year, and put them in");
  command->add_flag("--cert-manager", options.cert_manager, "Have cert-manager make and renew the certificate")
      ->excludes(self_signed);
  command->add_option("--ignore-when-down", flags->ignore_when_down,
                      "A resource, such as pods, that is let through while the webhook is down (default: none)");
  command->add_option("--api-server-cidr", options.api_server_cidrs,
                      "A network API servers call from: others do not reach the webhook (default: all do)");
  command->add_option("--metrics-namespace", options.metrics_namespaces,
                      "A namespace whose pods may read metrics (default: monitoring)");
  auto* client_ca = command->add_option("--client-ca", flags->client_ca,
                                        "The CA of the certificates API servers show: nobody else is answered");
  client_ca->check(CLI::ExistingFile);
  auto* from_cluster = command->add_flag("--client-ca-from-cluster", options.client_ca_from_cluster,
                                         "The CAs the cluster names for its clients instead");
  from_cluster->excludes(client_ca);
  command->add_option("--client-name", options.client_names, "… with this name in them");
  command->add_option("--output-dir", flags->output_dir,
                      "Write a tree for kustomize (base, overlays) instead of printing");
  command->callback([flags, exit_code] {
    if (absl::Status status = PrintManifests(*flags); !status.ok()) {
      std::cerr << "muster webhook manifests: " << status.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
