// An HTTP/1.1 server for many connections that are mostly idle: cpp-httplib reads requests and writes answers, TLS is
// OpenSSL's, connections are kept here.
//
// Every connection has a thread, which sleeps in the kernel while the connection is idle. (cpp-httplib's own loop parks
// a worker of a fixed pool on every connection and wakes it up a hundred times a second.)
#ifndef MUSTER_WEBHOOK_SERVING_HTTP_SERVER_H_
#define MUSTER_WEBHOOK_SERVING_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {

struct HttpRequest {
  std::string method;
  std::string path;          // without query
  std::string content_type;  // as it was sent; "" = not sent
  std::string body;
  bool body_too_large = false;  // body is empty then
  std::string remote;           // address of the peer
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool close = false;  // end the connection after this answer
};

struct HttpServerOptions {
  std::string address;  // "" = all addresses of the machine, IPv6 too
  int port = 0;         // 0 = any free one
  // The certificate for the next connection; may return null, which ends the connection. Not set: plain text.
  std::function<std::shared_ptr<const ServingCertificate>()> certificate;

  // Behaviour at the edges. A connection over the limit takes the place of the one that has been idle for longest; when
  // none is, it gets one answer 429 and is closed. A request over the others is answered 429 with Retry-After, which
  // makes a kube-apiserver try again within the timeout of its call.
  int max_connections = 1024;
  int max_in_flight = 256;                         // requests being answered
  size_t max_in_flight_bytes = size_t{128} << 20;  // their bodies; a single body is always taken
  size_t max_body_bytes = 7 * 1024 * 1024;         // larger ones arrive with body_too_large
  size_t max_header_bytes = 16 * 1024;             // request line and headers: 431
  absl::Duration handshake_timeout = absl::Seconds(5);
  absl::Duration request_timeout =
      absl::Seconds(10);                             // from the first byte of a request to the last of its answer: 408
  absl::Duration idle_timeout = absl::Seconds(180);  // longer than the 90 s after which Go's clients let go
};

// Counted since the start, but for `connections` and `in_flight`.
struct HttpServerStats {
  int64_t connections = 0;  // open now
  int64_t in_flight = 0;    // being answered now
  int64_t accepted = 0;
  int64_t refused_connections = 0;  // over max_connections, or without a certificate
  int64_t evicted_connections = 0;  // idle ones that made room
  int64_t failed_handshakes = 0;
  int64_t overloaded = 0;  // answered 429
  int64_t malformed = 0;   // answered 400, 408 or 431 before a handler saw them
};

// Thread-safe.
class HttpServer {
 public:
  // Called by many threads at a time; must not throw.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // Binds and starts to serve. Errors: Unavailable with the address and port when they cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpServerOptions options, Handler handler);
  // Stop(ZeroDuration()) when it was not called.
  ~HttpServer();

  int port() const;
  HttpServerStats stats() const;

  // From now on every answer ends its connection ("Connection: close"), so that clients move on to another replica.
  // New connections are still taken: this is for the time in which the endpoints of a Service learn of the end.
  void CloseConnectionsSoftly();
  // Takes no new connections, ends idle ones and waits at most `patience` for the requests being answered.
  void Stop(absl::Duration patience);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_HTTP_SERVER_H_
