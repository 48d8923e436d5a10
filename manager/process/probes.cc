#include "manager/process/probes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "webhook/serving/http_message.h"

namespace muster::manager {
namespace {

using webhook::BindAddress;
using webhook::HttpRequest;
using webhook::HttpResponse;

HttpResponse Text(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

// Who asks here asks briefly.
webhook::HttpServerOptions ServerAt(const BindAddress& address) {
  webhook::HttpServerOptions options;
  options.address = address.address;
  options.port = address.port;
  options.max_connections = options.max_connections_per_address = 64;
  options.max_held_bytes = options.max_held_bytes_per_address = size_t{64} << 20;  // metrics of many queues
  options.framing.max_header_bytes = 8192;
  options.framing.max_body_bytes = 0;
  options.workers = 2;
  options.fresh_timeout = options.header_timeout = options.request_timeout = absl::Seconds(1);
  options.idle_timeout = absl::Seconds(90);
  return options;
}

}  // namespace

absl::StatusOr<std::optional<BindAddress>> ProbeAddress(absl::string_view field, const std::string& text) {
  if (text.empty() || text == "0") return std::nullopt;
  absl::StatusOr<BindAddress> address = webhook::ParseBindAddress(text);
  if (!address.ok()) return absl::InvalidArgumentError(absl::StrCat(field, ": ", address.status().message()));
  return *std::move(address);
}

absl::StatusOr<std::unique_ptr<Probes>> Probes::Start(ProbeOptions options) {
  std::unique_ptr<Probes> probes(new Probes(std::move(options)));
  Probes* const self = probes.get();
  const ProbeOptions& o = self->options_;
  self->together_ = o.health.has_value() && o.metrics.has_value() && o.health->port != 0 &&
                    o.health->port == o.metrics->port && o.health->address == o.metrics->address;
  if (o.health.has_value()) {
    auto started = webhook::HttpServer::Start(ServerAt(*o.health), [self](const HttpRequest& request) {
      return self->Answer(request, true, self->together_);
    });
    if (!started.ok()) return started.status();
    self->health_ = *std::move(started);
  }
  if (o.metrics.has_value() && !self->together_) {
    auto started = webhook::HttpServer::Start(
        ServerAt(*o.metrics), [self](const HttpRequest& request) { return self->Answer(request, false, true); });
    if (!started.ok()) return started.status();
    self->metrics_ = *std::move(started);
  }
  return probes;
}

HttpResponse Probes::Answer(const HttpRequest& request, bool health, bool metrics) const {
  if (health && request.path == options_.liveness_path) return Text(200, "ok\n");
  if (health && request.path == options_.readiness_path) {
    std::string checks;
    const bool ready = options_.ready(&checks);
    return Text(ready ? 200 : 503, absl::StrCat(checks, ready ? "ready\n" : "not ready\n"));
  }
  if (metrics && request.path == "/metrics") {
    HttpResponse response = Text(200, options_.metrics_text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  }
  return Text(404, "404 page not found\n");
}

}  // namespace muster::manager
