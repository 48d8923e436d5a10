// The API server that a command talks to.
#ifndef MUSTER_CLI_API_ENDPOINT_H_
#define MUSTER_CLI_API_ENDPOINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "kube/client/kubeconfig.h"

namespace muster::cli {

// Of a kubeconfig file and a context in it ("" = the current one); without a file, as a pod reaches it.
inline absl::StatusOr<kube::ApiEndpoint> EndpointOf(const std::string& kubeconfig, const std::string& context) {
  return kubeconfig.empty() ? kube::InClusterEndpoint() : kube::LoadKubeconfig(kubeconfig, context);
}

}  // namespace muster::cli

#endif  // MUSTER_CLI_API_ENDPOINT_H_
