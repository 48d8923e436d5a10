// What the webhook tells Prometheus. Requests are counted under the names of controller-runtime, so that dashboards
// made for Kueue's webhook keep working; the rest is named muster_webhook_….
#ifndef MUSTER_WEBHOOK_SERVING_METRICS_H_
#define MUSTER_WEBHOOK_SERVING_METRICS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/client/cache_figures.h"
#include "webhook/router.h"
#include "webhook/serving/http_server.h"
#include "webhook/tls/certificates.h"

namespace muster::webhook {

// Thread-safe.
class Metrics {
 public:
  // Where figures come from that are only read when somebody asks. Any may be unset.
  struct Sources {
    std::function<HttpServerStats()> server;
    const CertificateSource* certificates = nullptr;  // outlives the metrics
    std::function<std::vector<kube::CacheFigures>()> caches;
  };

  // `routes`: the paths that are counted by name; all others are one. (A client cannot make series.)
  Metrics(const std::vector<Route>& routes, Sources sources);
  ~Metrics();

  // A request that was answered. O(log paths).
  void Observe(absl::string_view path, const HttpAnswer& answer, absl::Duration took);
  // Whether the path is one of `routes`.
  bool IsRoute(absl::string_view path) const;

  // The text exposition format. `process`: with what is about the process as a whole.
  std::string Text(bool process = true) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_METRICS_H_
