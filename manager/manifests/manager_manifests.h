// What a cluster needs to run the manager, as Kubernetes objects. The files in deploy/manager/ are these at their defaults.
#ifndef MUSTER_MANAGER_MANIFESTS_MANAGER_MANIFESTS_H_
#define MUSTER_MANAGER_MANIFESTS_MANAGER_MANIFESTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/manifests/manifests.h"

namespace muster::manager {

struct ManagerManifestOptions {
  std::string ns = "kueue-system";  // of the manager and its Lease: Kueue's, so that the two never govern side by side
  std::string image = "muster:latest";
  int replicas = 2;
  // Kueue's manager Configuration as text, for the ConfigMap; "" = DefaultManagerConfiguration().
  std::string configuration;
  // Who reads metrics: pods of these namespaces. A kubelet's probes need no rule.
  std::vector<std::string> metrics_namespaces = {"monitoring"};
};

// The frameworks that Kueue's own release enables, as far as Muster manages them.
std::string DefaultManagerConfiguration();

// The manager alone: webhooks are served by another Deployment (deploy/), so that they are up while it changes hands.
// Errors: those of ParseProcessConfiguration.
absl::StatusOr<std::vector<webhook::ManifestFile>> MakeManagerManifests(const ManagerManifestOptions& options);

// kustomization.yaml over the files.
webhook::ManifestFile KustomizationOf(const std::vector<webhook::ManifestFile>& files);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_MANIFESTS_MANAGER_MANIFESTS_H_
