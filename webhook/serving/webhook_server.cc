#include "webhook/serving/webhook_server.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kube/client/cache_figures.h"
#include "webhook/base/log.h"
#include "webhook/serving/answer_cost.h"
#include "webhook/serving/monotonic.h"

namespace muster::webhook {
namespace {

HttpResponse Text(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse NotFound() {
  HttpResponse response = Text(404, "404 page not found\n");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

const char* OutcomeText(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAllowed:
      return "allowed";
    case Outcome::kDenied:
      return "denied";
    case Outcome::kNotUnderstood:
      return "not understood";
    case Outcome::kNotAnswered:
      return "not answered";
  }
  return "";
}

constexpr char kHealthz[] = "/healthz";
constexpr char kReadyz[] = "/readyz";
constexpr char kMetrics[] = "/metrics";

}  // namespace

absl::StatusOr<std::unique_ptr<WebhookServer>> WebhookServer::Start(WebhookServerOptions options, const Router* router,
                                                                    const CertificateSource* certificates,
                                                                    Caches caches, const Log* log) {
  std::unique_ptr<WebhookServer> server(
      new WebhookServer(std::move(options), router, certificates, std::move(caches), log));
  // The metrics read the server's figures, and the server writes to the metrics: nobody asks before both are there.
  WebhookServer* self = server.get();
  self->metrics_ = std::make_unique<Metrics>(
      router->Routes(),
      Metrics::Sources{[self] { return self->https_ == nullptr ? HttpServerStats() : self->https_->stats(); },
                       certificates, self->caches_});
  if (self->options_.health) {
    auto started = HttpServer::Start(
        self->Health(), [self](const HttpRequest& request) { return self->Probe(request).value_or(NotFound()); });
    if (!started.ok()) return started.status();
    self->health_ = *std::move(started);
  }
  auto started = HttpServer::Start(self->Https(), [self](const HttpRequest& request) { return self->Review(request); });
  if (!started.ok()) return started.status();
  self->https_ = *std::move(started);
  return server;
}

HttpServerOptions WebhookServer::Https() {
  HttpServerOptions options = options_.https;
  options.certificate = [this] { return certificates_->Current(); };
  options.framing.max_body_bytes = kMaxBodyBytes;
  options.at_head = [this](const HttpRequest& request) { return AtHead(request); };
  options.at_once = [this](const HttpRequest& request) { return ReviewAtOnce(request); };
  options.cost = [](const HttpRequest& request) { return AnswerCost(request.body); };
  return options;
}

// Who asks here asks briefly: a connection that does not get on goes after a second, the oldest one for a new one.
HttpServerOptions WebhookServer::Health() const {
  HttpServerOptions options;
  options.address = options_.health->address.empty() ? options_.https.address : options_.health->address;
  options.port = options_.health->port;
  options.max_connections = 64;
  options.max_connections_per_address = 64;
  options.max_held_bytes = options.max_held_bytes_per_address = size_t{4} << 20;
  options.framing.max_header_bytes = 4096;
  options.framing.max_body_bytes = 0;
  options.workers = 1;
  options.fresh_timeout = options.header_timeout = options.request_timeout = absl::Seconds(1);
  options.idle_timeout = absl::Seconds(90);
  options.at_head = [](const HttpRequest& request) -> std::optional<HttpResponse> {
    if (request.path == kReadyz || request.path == kMetrics) return std::nullopt;
    return request.path == kHealthz ? Text(200, "ok\n") : NotFound();
  };
  return options;
}

// On the thread that serves all connections: what needs no work.
std::optional<HttpResponse> WebhookServer::AtHead(const HttpRequest& request) {
  if (request.path == kHealthz) return Text(200, "ok\n");
  if (metrics_->IsRoute(request.path)) return std::nullopt;
  if (options_.probes_on_https && (request.path == kReadyz || request.path == kMetrics)) return std::nullopt;
  HttpAnswer answer;
  answer.status = answer.code = 404;
  metrics_->Observe(request.path, answer, absl::ZeroDuration());
  return NotFound();
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

bool WebhookServer::Stop(absl::Duration patience) {
  draining_ = true;
  const bool https_idle = https_ == nullptr || https_->Stop(patience);
  const bool health_idle = health_ == nullptr || health_->Stop(absl::ZeroDuration());
  return https_idle && health_idle;
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
  if (caches_) check("caches", kube::CacheProblems(caches_()));
  check("shutdown", draining_ ? "shutting down" : "");
  return ready;
}

std::optional<HttpResponse> WebhookServer::Probe(const HttpRequest& request) const {
  if (request.path == kHealthz) return Text(200, "ok\n");
  if (request.path == kReadyz) {
    std::string checks;
    const bool ready = Ready(&checks);
    return Text(ready ? 200 : 503, absl::StrCat(checks, ready ? "ready\n" : "not ready\n"));
  }
  if (request.path == kMetrics) {
    HttpResponse response = Text(200, metrics_->Text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  }
  return std::nullopt;
}

HttpAnswer WebhookServer::Answer(const HttpRequest& request) const {
  if (request.body_too_large) return Router::TooLarge();
  if (request.too_costly) {
    return Router::Refusal(413, absl::StrCat("the request holds too many values; answering it would take over ",
                                             options_.https.max_cost >> 20, " MiB of memory"));
  }
  return router_->Answer(request.path, request.content_type, request.body);
}

HttpResponse WebhookServer::Review(const HttpRequest& request) {
  const absl::Time start = MonotonicNow();
  if (std::optional<HttpResponse> probe = Probe(request)) return *std::move(probe);
  return Finish(request, Answer(request), start);
}

// Whatever needs a lookup, and all that is no review, is left to the workers.
std::optional<HttpResponse> WebhookServer::ReviewAtOnce(const HttpRequest& request) {
  if (!metrics_->IsRoute(request.path)) return std::nullopt;
  const absl::Time start = MonotonicNow();
  std::optional<HttpAnswer> answer = router_->AnswerNow(request.path, request.content_type, request.body);
  if (!answer) return std::nullopt;
  return Finish(request, *std::move(answer), start);
}

HttpResponse WebhookServer::Finish(const HttpRequest& request, HttpAnswer answer, absl::Time start) {
  const absl::Duration took = MonotonicNow() - start;
  metrics_->Observe(request.path, answer, took);
  LogReview(request, answer, took);
  HttpResponse response = Text(answer.status, std::move(answer.body));
  response.content_type = std::move(answer.content_type);
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
  // What is wrong with the object is its owner's business; what is wrong with the request, or here, is the operator's.
  const Outcome outcome = OutcomeOf(answer);
  LogLevel level = LogLevel::kWarn;
  if (outcome == Outcome::kAllowed) level = LogLevel::kDebug;
  if (outcome == Outcome::kDenied) level = LogLevel::kInfo;
  if (took > options_.slow) level = LogLevel::kWarn;
  if (!log_->enabled(level)) return;
  int64_t dropped = 0;
  const bool may = MayLog(MonotonicNow(), &dropped);
  if (dropped > 0) log_->Write(LogLevel::kWarn, "too many requests to log each", {{"notLogged", dropped}});
  if (!may) return;
  log_->Write(level, OutcomeText(outcome),
              {{"path", request.path},
               {"uid", answer.uid.substr(0, 64)},
               {"operation", answer.operation.substr(0, 16)},
               {"code", answer.code},
               {"requestBytes", request.body.size()},
               {"milliseconds", absl::ToDoubleMilliseconds(took)},
               {"remote", request.remote}});
}

}  // namespace muster::webhook
