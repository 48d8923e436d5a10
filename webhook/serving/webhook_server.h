// `muster webhook` without its command line: the router behind HTTPS, with probes, metrics, log and an end.
#ifndef MUSTER_WEBHOOK_SERVING_WEBHOOK_SERVER_H_
#define MUSTER_WEBHOOK_SERVING_WEBHOOK_SERVER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "webhook/router.h"
#include "webhook/serving/bind_address.h"
#include "webhook/serving/http_server.h"
#include "webhook/serving/metrics.h"
#include "webhook/tls/certificates.h"

namespace muster::webhook {

class Log;

struct WebhookServerOptions {
  HttpServerOptions https;                 // Start sets `certificate` and what looks at requests
  std::optional<BindAddress> health;       // probes and metrics, in plain text; "" = the address of `https`
  bool probes_on_https = false;            // /readyz and /metrics there, too; /healthz always is
  absl::Duration slow = absl::Seconds(1);  // an answer that takes longer is logged as a warning
  int max_log_lines = 100;                 // of requests, a second; those over it are counted
};

// Thread-safe.
class WebhookServer {
 public:
  // Figures of the objects answers depend on; ready when all are synced. Not set: they are not followed.
  using Caches = std::function<std::vector<kube::CacheFigures>()>;

  // Starts to serve. All arguments outlive the server. Errors: those of HttpServer::Start.
  static absl::StatusOr<std::unique_ptr<WebhookServer>> Start(WebhookServerOptions options, const Router* router,
                                                              const CertificateSource* certificates, Caches caches,
                                                              const Log* log);
  ~WebhookServer();

  int port() const { return https_->port(); }
  int health_port() const { return health_ == nullptr ? 0 : health_->port(); }

  // The checks behind /readyz, one a line: "[+]certificate ok", "[-]caches not synced: …". True when all are well.
  bool Ready(std::string* checks) const;
  std::string MetricsText(bool process = true) const { return metrics_->Text(process); }

  // From now on not ready, and every answer ends its connection; everything is still answered.
  void StartDrain();
  // Ends, and waits at most `patience` for requests being answered. False when some still are: the destructor would
  // wait for them.
  bool Stop(absl::Duration patience);

 private:
  WebhookServer(WebhookServerOptions options, const Router* router, const CertificateSource* certificates,
                Caches caches, const Log* log);
  HttpServerOptions Https();
  HttpServerOptions Health() const;
  std::optional<HttpResponse> AtHead(const HttpRequest& request);
  HttpResponse Review(const HttpRequest& request);
  std::optional<HttpResponse> ReviewAtOnce(const HttpRequest& request);
  HttpResponse Finish(const HttpRequest& request, HttpAnswer answer, absl::Time start);
  HttpAnswer Answer(const HttpRequest& request) const;
  std::optional<HttpResponse> Probe(const HttpRequest& request) const;
  void LogReview(const HttpRequest& request, const HttpAnswer& answer, absl::Duration took);
  // Whether one more line may be written this second; *dropped: how many were not in the last one.
  bool MayLog(absl::Time now, int64_t* dropped);

  const WebhookServerOptions options_;
  const Router* const router_;
  const CertificateSource* const certificates_;
  const Caches caches_;
  const Log* const log_;
  std::atomic<bool> draining_{false};
  absl::Mutex log_mutex_;
  int64_t log_second_ ABSL_GUARDED_BY(log_mutex_) = 0;
  int64_t log_lines_ ABSL_GUARDED_BY(log_mutex_) = 0;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<HttpServer> https_;
  std::unique_ptr<HttpServer> health_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_WEBHOOK_SERVER_H_
