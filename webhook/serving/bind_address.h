// Where a port is opened: "8081", ":8081", "127.0.0.1:8081", "[::1]:8081".
#ifndef MUSTER_WEBHOOK_SERVING_BIND_ADDRESS_H_
#define MUSTER_WEBHOOK_SERVING_BIND_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::webhook {

struct BindAddress {
  std::string address;  // "" = all, or what the caller has as a default
  int port = 0;         // 0 = any free one
};

// Errors: InvalidArgument.
absl::StatusOr<BindAddress> ParseBindAddress(absl::string_view text);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_BIND_ADDRESS_H_
