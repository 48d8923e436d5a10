#include "webhook/serving/webhook_server.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "webhook/base/log.h"
#include "webhook/live/cache_figures.h"

namespace muster::webhook {
namespace {

HttpResponse Text(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WebhookServer>> WebhookServer::Start(WebhookServerOptions options, const Router* router,
                                                                    const CertificateSource* certificates,
                                                                    Caches caches, const Log* log) {
  options.https.certificate = [certificates] { return certificates->Current(); };
  options.https.max_body_bytes = kMaxBodyBytes;
  std::unique_ptr<WebhookServer> server(
      new WebhookServer(std::move(options), router, certificates, std::move(caches), log));
  // The metrics read the server's figures, and the server writes to the metrics: nobody asks before both are there.
  WebhookServer* self = server.get();
  self->metrics_ = std::make_unique<Metrics>(
      router->Routes(),
      Metrics::Sources{[self] { return self->https_ == nullptr ? HttpServerStats() : self->https_->stats(); },
                       certificates, self->caches_});
  if (self->options_.health_port) {
    HttpServerOptions health;
    health.address = self->options_.https.address;
    health.port = *self->options_.health_port;
    health.max_connections = 64;
    health.max_body_bytes = 0;
    auto started = HttpServer::Start(health, [self](const HttpRequest& request) {
      return self->Probe(request).value_or(Text(404, "404 page not found\n"));
    });
    if (!started.ok()) return started.status();
    self->health_ = *std::move(started);
  }
  auto started =
      HttpServer::Start(self->options_.https, [self](const HttpRequest& request) { return self->Review(request); });
  if (!started.ok()) return started.status();
  self->https_ = *std::move(started);
  return server;
}

WebhookServer::WebhookServer(WebhookServerOptions options, const Router* router, const CertificateSource* certificates,
                             Caches caches, const Log* log)
    : options_(std::move(options)),
      router_(router),
      certificates_(certificates),
      caches_(std::move(caches)),
      log_(log) {}

WebhookServer::~WebhookServer() { Stop(absl::ZeroDuration()); }

void WebhookServer::StartDrain() {
  draining_ = true;
  https_->CloseConnectionsSoftly();
}

void WebhookServer::Stop(absl::Duration patience) {
  draining_ = true;
  if (https_ != nullptr) https_->Stop(patience);
  if (health_ != nullptr) health_->Stop(absl::ZeroDuration());
}

bool WebhookServer::Ready(std::string* checks) const {
  bool ready = true;
  auto check = [&](absl::string_view name, absl::string_view problem) {
    absl::StrAppend(checks, problem.empty() ? "[+]" : "[-]", name, problem.empty() ? " ok" : ": ", problem, "\n");
    if (!problem.empty()) ready = false;
  };
  const std::shared_ptr<const ServingCertificate> certificate = certificates_->Current();
  if (certificate == nullptr) {
    check("certificate", "there is none; see the log for what is wrong with the files");
  } else if (absl::Now() >= certificate->not_after) {
    check("certificate", absl::StrCat("expired at ", absl::FormatTime(certificate->not_after, absl::UTCTimeZone())));
  } else {
    check("certificate", "");
  }
  if (caches_) check("caches", CacheProblems(caches_()));
  check("shutdown", draining_ ? "shutting down" : "");
  return ready;
}

std::optional<HttpResponse> WebhookServer::Probe(const HttpRequest& request) const {
  if (request.path == "/healthz") return Text(200, "ok\n");
  if (request.path == "/readyz") {
    std::string checks;
    const bool ready = Ready(&checks);
    return Text(ready ? 200 : 503, absl::StrCat(checks, ready ? "ready\n" : "not ready\n"));
  }
  if (request.path == "/metrics") {
    HttpResponse response = Text(200, metrics_->Text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  }
  return std::nullopt;
}

HttpResponse WebhookServer::Review(const HttpRequest& request) {
  const absl::Time start = absl::Now();
  if (std::optional<HttpResponse> probe = Probe(request)) return *std::move(probe);
  HttpAnswer answer = request.body_too_large && metrics_->IsRoute(request.path)
                          ? Router::TooLarge()
                          : router_->Answer(request.path, request.content_type, request.body);
  const absl::Duration took = absl::Now() - start;
  metrics_->Observe(request.path, answer, took);
  LogReview(request, answer, took);
  HttpResponse response = Text(answer.status, std::move(answer.body));
  response.content_type = std::move(answer.content_type);
  if (answer.status == 404) response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

bool WebhookServer::MayLog(absl::Time now, int64_t* dropped) {
  const int64_t second = absl::ToUnixSeconds(now);
  absl::MutexLock lock(&log_mutex_);
  if (second != log_second_) {
    *dropped = std::max<int64_t>(0, log_lines_ - options_.max_log_lines);
    log_second_ = second;
    log_lines_ = 0;
  }
  return ++log_lines_ <= options_.max_log_lines;
}

// Nothing of the object: names, labels and commands are for those who may read it.
void WebhookServer::LogReview(const HttpRequest& request, const HttpAnswer& answer, absl::Duration took) {
  LogLevel level = LogLevel::kDebug;
  if (!answer.allowed) level = answer.code == 403 ? LogLevel::kInfo : LogLevel::kWarn;
  if (took > options_.slow) level = LogLevel::kWarn;
  if (!log_->enabled(level)) return;
  int64_t dropped = 0;
  const bool may = MayLog(absl::Now(), &dropped);
  if (dropped > 0) log_->Write(LogLevel::kWarn, "too many requests to log each", {{"notLogged", dropped}});
  if (!may) return;
  log_->Write(level,
              answer.allowed       ? "allowed"
              : answer.code == 403 ? "denied"
                                   : "not understood",
              {{"path", request.path},
               {"uid", answer.uid.substr(0, 64)},
               {"operation", answer.operation.substr(0, 16)},
               {"code", answer.code},
               {"requestBytes", request.body.size()},
               {"milliseconds", absl::ToDoubleMilliseconds(took)},
               {"remote", request.remote}});
}

}  // namespace muster::webhook
