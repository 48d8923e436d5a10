// What an API server says it serves.
#ifndef MUSTER_KUBE_TESTING_HTTP_DISCOVERY_DOCUMENTS_H_
#define MUSTER_KUBE_TESTING_HTTP_DISCOVERY_DOCUMENTS_H_

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "kube/resource_type.h"

namespace muster::kube::testing {

// The document at "/api", "/apis", "/api/v1", "/apis/GROUP/VERSION" or "/version"; null when there is none there.
nlohmann::json DiscoveryDocument(const std::string& path, const std::set<const ResourceType*>& not_installed);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_HTTP_DISCOVERY_DOCUMENTS_H_
