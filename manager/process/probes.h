// Probes and metrics of a manager, in plain text.
#ifndef MUSTER_MANAGER_PROCESS_PROBES_H_
#define MUSTER_MANAGER_PROCESS_PROBES_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "webhook/serving/bind_address.h"
#include "webhook/serving/http_server.h"

namespace muster::manager {

struct ProbeOptions {
  std::optional<webhook::BindAddress> health;   // where probes are answered
  std::optional<webhook::BindAddress> metrics;  // where /metrics is; may be the same
  std::string readiness_path = "/readyz", liveness_path = "/healthz";
  std::function<bool(std::string* checks)> ready;
  std::function<std::string()> metrics_text;
};

// "" and "0": nowhere. Errors: InvalidArgument with `field` before it.
absl::StatusOr<std::optional<webhook::BindAddress>> ProbeAddress(absl::string_view field, const std::string& text);

// Thread-safe.
class Probes {
 public:
  // Errors: Unavailable for an address that cannot be had.
  static absl::StatusOr<std::unique_ptr<Probes>> Start(ProbeOptions options);

  // 0 when nothing is served there.
  int health_port() const { return health_ == nullptr ? 0 : health_->port(); }
  int metrics_port() const { return together_ ? health_port() : metrics_ == nullptr ? 0 : metrics_->port(); }

 private:
  explicit Probes(ProbeOptions options) : options_(std::move(options)) {}
  webhook::HttpResponse Answer(const webhook::HttpRequest& request, bool health, bool metrics) const;

  const ProbeOptions options_;
  bool together_ = false;  // both at one address
  std::unique_ptr<webhook::HttpServer> health_, metrics_;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_PROBES_H_
