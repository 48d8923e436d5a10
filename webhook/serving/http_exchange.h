// One request and its answer on a connection: cpp-httplib's reading and writing of HTTP with the limits and habits of
// HttpServer. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_HTTP_EXCHANGE_H_
#define MUSTER_WEBHOOK_SERVING_HTTP_EXCHANGE_H_

#include <httplib.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "webhook/serving/http_server.h"
#include "webhook/serving/socket_stream.h"

namespace muster::webhook {

// Thread-safe: any number of connections may be served at a time, each by one thread.
class HttpExchange : private httplib::Server {
 public:
  enum class Outcome {
    kKeepAlive,
    kClose,
    kLinger,  // close, but the peer may still be sending
  };

  HttpExchange(const HttpServerOptions& options, HttpServer::Handler handler);

  // Reads one request from `stream` and answers it. `last`: tell the peer that the connection ends; `refuse`: with 429.
  Outcome Serve(SocketStream* stream, bool last, bool refuse);

  int64_t in_flight() const { return in_flight_; }
  int64_t overloaded() const { return overloaded_; }
  int64_t malformed() const { return malformed_; }

 private:
  struct Current;
  class InFlight;

  HandlerResponse BeforeRouting(const httplib::Request& req, httplib::Response& res);
  void WithContent(const httplib::Request& req, httplib::Response& res, const httplib::ContentReader& reader);
  void AfterRouting(const httplib::Request& req, httplib::Response& res);
  void Answer(const httplib::Request& req, std::string body, bool too_large, httplib::Response* res);
  void AnswerOverload(httplib::Response* res);

  const HttpServerOptions options_;
  const HttpServer::Handler handler_;
  std::atomic<int64_t> in_flight_{0};
  std::atomic<size_t> in_flight_bytes_{0};
  std::atomic<int64_t> overloaded_{0};
  std::atomic<int64_t> malformed_{0};
  // What the callbacks of cpp-httplib need to know and are not told; set while Serve runs.
  static thread_local Current* current_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_HTTP_EXCHANGE_H_
