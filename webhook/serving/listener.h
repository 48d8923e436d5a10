// Sockets to listen on. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_LISTENER_H_
#define MUSTER_WEBHOOK_SERVING_LISTENER_H_

#include <string>

#include "absl/status/statusor.h"

namespace muster::webhook {

// A listening socket that does not block, on an IP address ("" = all) and port (0 = any free one). Errors:
// InvalidArgument for what is no address, Unavailable with the address and port when they cannot be had.
absl::StatusOr<int> ListenOn(const std::string& address, int port);

// The port a socket is bound to.
int BoundPort(int fd);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_LISTENER_H_
