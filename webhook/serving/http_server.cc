#include "webhook/serving/http_server.h"

#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

#include "webhook/serving/connection_loop.h"
#include "webhook/serving/listener.h"

namespace muster::webhook {

class HttpServer::Impl {
 public:
  Impl(const HttpServerOptions& options, Handler handler, int listener)
      : port_(BoundPort(listener)), loop_(options, std::move(handler), listener), thread_([this] { loop_.Run(); }) {}
  ~Impl() { Stop(absl::ZeroDuration()); }

  int port() const { return port_; }
  ConnectionLoop& loop() { return loop_; }
  bool Stop(absl::Duration patience) {
    std::lock_guard<std::mutex> lock(stop_mutex_);
    if (thread_.joinable()) {
      loop_.End(patience);
      thread_.join();
    }
    return !loop_.busy();
  }

 private:
  const int port_;
  ConnectionLoop loop_;
  std::mutex stop_mutex_;
  std::thread thread_;  // last: uses the loop
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options, Handler handler) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  absl::StatusOr<int> listener = ListenOn(options.address, options.port);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<HttpServer>(new HttpServer(std::make_unique<Impl>(options, std::move(handler), *listener)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return impl_->port(); }
HttpServerStats HttpServer::stats() const { return impl_->loop().stats(); }
void HttpServer::CloseConnectionsSoftly() { impl_->loop().Soften(); }
bool HttpServer::Stop(absl::Duration patience) { return impl_->Stop(patience); }

}  // namespace muster::webhook
