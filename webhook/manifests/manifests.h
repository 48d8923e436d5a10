// What a cluster needs to run the webhook, as Kubernetes objects. The files in deploy/ are these at their defaults.
//
// Invariant: no webhook that stops what it is called for while nobody answers (failurePolicy Fail) without a CA that an
// API server can trust: without `certificate` and `cert_manager` there are no webhook configurations at all.
#ifndef MUSTER_WEBHOOK_MANIFESTS_MANIFESTS_H_
#define MUSTER_WEBHOOK_MANIFESTS_MANIFESTS_H_

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/router.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {

struct ManifestOptions {
  std::string ns = "muster-system";
  std::string kueue_namespace = "kueue-system";  // where Kueue's manager runs: left alone, too
  std::string image = "muster:latest";
  int replicas = 2;
  // Kueue's manager Configuration as text, for the ConfigMap; "" = DefaultConfiguration().
  std::string configuration;
  // A pair for the Secret, whose CA goes into the webhook configurations. Without one the Secret is somebody else's, and
  // so are the configurations unless cert-manager fills in the CA.
  const KeyPair* certificate = nullptr;
  // cert-manager puts the CA in; with its Issuer and Certificate.
  bool cert_manager = false;
  // Who reaches the webhook's port: the networks API servers call from; none = everybody, since they are not known.
  std::vector<std::string> api_server_cidrs;
  // Who reads metrics: pods of these namespaces. A kubelet's probes need no rule.
  std::vector<std::string> metrics_namespaces = {"monitoring"};
  // PEM of the CA that signs the certificates API servers show; "" = they show none. And the names in them.
  std::string client_ca;
  std::vector<std::string> client_names;
  // Instead of `client_ca`: the CAs the cluster itself names in kube-system/extension-apiserver-authentication.
  bool client_ca_from_cluster = false;
  // Resources ("pods") that are let through while the webhook is down. See docs/webhook.md.
  std::set<std::string> ignore_when_down;
};

// The frameworks that Kueue's own release enables.
std::string DefaultConfiguration();

struct ManifestFile {
  std::string name;   // "deployment.yaml"; in a tree with its folder: "base/deployment.yaml"
  std::string about;  // a comment at its top; may have lines
  std::vector<nlohmann::json> objects;
};

// `routes` of a Router with the same configuration; those that are not enabled are left out: what would be allowed
// anyway need not wait for an answer. Errors: InvalidArgument for a name in ignore_when_down that no route has.
absl::StatusOr<std::vector<ManifestFile>> MakeManifests(const std::vector<Route>& routes,
                                                        const ManifestOptions& options);

// The file's text: comment and objects as YAML documents.
std::string ToText(const ManifestFile& file);
// The files as a tree for kustomize: `base` runs the webhook and can stop nothing; what makes API servers call it is in
// `overlays/self-signed` or `overlays/cert-manager`, on top of the base, with the certificate. The tree itself is the base.
std::vector<ManifestFile> KustomizeTree(const std::vector<ManifestFile>& files, const ManifestOptions& options);

// Names the manifests use, and `muster webhook --self-signed` for its certificate.
inline constexpr char kWebhookService[] = "muster-webhook-service";
inline constexpr char kCertificateSecret[] = "muster-webhook-server-cert";

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_MANIFESTS_MANIFESTS_H_
