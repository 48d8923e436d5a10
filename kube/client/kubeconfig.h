// Where the API server is and how to be let in: a kubeconfig file, or what Kubernetes puts into a pod.
#ifndef MUSTER_KUBE_CLIENT_KUBECONFIG_H_
#define MUSTER_KUBE_CLIENT_KUBECONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::kube {

struct ApiEndpoint {
  bool tls = true;
  std::string host;  // IPv6 addresses without brackets
  int port = 443;
  std::string base_path;  // "" or "/k8s/clusters/c-1"

  std::string ca;  // PEM; "" = the machine's own
  bool skip_verify = false;

  // At most one way to be let in. A token file is read again for every request: Kubernetes renews it.
  std::string token;
  std::string token_file;
  std::string client_certificate;  // PEM, with its key
  std::string client_key;

  // Who asks, as a User-Agent: "kueue/v0.19 (linux/amd64)"; "" = not said. What stands before the slash is the field
  // manager of writes that name none.
  std::string user_agent;
};

// Reads `path` and takes `context`, or the current one when that is "". Paths in it are relative to its folder. Errors:
// NotFound (the file or the context), InvalidArgument with the field; Unimplemented for ways to be let in that run a
// program (exec, auth-provider) with what to do instead.
absl::StatusOr<ApiEndpoint> LoadKubeconfig(const std::string& path, absl::string_view context = "");

// From the environment (KUBERNETES_SERVICE_HOST, …_PORT) and the service account in `folder`. Errors: NotFound outside
// of a pod.
absl::StatusOr<ApiEndpoint> InClusterEndpoint(
    const std::string& folder = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_KUBECONFIG_H_
