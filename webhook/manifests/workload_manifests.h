// The objects that make the webhook run: one function each. Internal to webhook/manifests/.
#ifndef MUSTER_WEBHOOK_MANIFESTS_WORKLOAD_MANIFESTS_H_
#define MUSTER_WEBHOOK_MANIFESTS_WORKLOAD_MANIFESTS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "webhook/manifests/manifests.h"

namespace muster::webhook {

// apiVersion, kind and metadata with the labels all objects have; no namespace when `ns` is "".
nlohmann::json Object(const std::string& api_version, const std::string& kind, const std::string& ns,
                      const std::string& name);

nlohmann::json NamespaceObject(const ManifestOptions& options);
nlohmann::json ConfigMapObject(const ManifestOptions& options);
nlohmann::json ClientCaObject(const ManifestOptions& options);  // REQUIRES: options.client_ca
nlohmann::json SecretObject(const ManifestOptions& options);    // REQUIRES: options.certificate
std::vector<nlohmann::json> CertManagerObjects(const ManifestOptions& options);
nlohmann::json DeploymentObject(const ManifestOptions& options);
nlohmann::json ServiceObject(const ManifestOptions& options);
nlohmann::json DisruptionBudgetObject(const ManifestOptions& options);
nlohmann::json NetworkPolicyObject(const ManifestOptions& options);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_MANIFESTS_WORKLOAD_MANIFESTS_H_
