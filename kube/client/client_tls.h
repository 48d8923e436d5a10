// TLS as a client of an API server.
#ifndef MUSTER_KUBE_CLIENT_CLIENT_TLS_H_
#define MUSTER_KUBE_CLIENT_CLIENT_TLS_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "absl/status/statusor.h"
#include "kube/client/kubeconfig.h"

namespace muster::kube {

// TLS 1.2 or later, the server's certificate verified for the host of the endpoint. nullptr for an endpoint without
// TLS. Errors: InvalidArgument for certificates or keys that cannot be used.
absl::StatusOr<std::unique_ptr<boost::asio::ssl::context>> MakeClientTls(const ApiEndpoint& endpoint);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_CLIENT_TLS_H_
