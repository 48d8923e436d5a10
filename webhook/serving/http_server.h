// An HTTP/1.1 server for many connections, none of which is trusted: Boost.Beast parses requests, TLS is OpenSSL's,
// connections, limits and time are kept here.
//
// One thread reads and writes all connections and never waits for one; a bounded pool of threads answers. What is held
// is what has arrived: bodies, what answering them costs, and answers until they are sent. When something is full, the
// connection that deserves its place least makes room; one whose request is being answered never does.
#ifndef MUSTER_WEBHOOK_SERVING_HTTP_SERVER_H_
#define MUSTER_WEBHOOK_SERVING_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "webhook/serving/http_message.h"
#include "webhook/serving/request_reader.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {

struct HttpServerOptions {
  std::string address;  // "" = all addresses of the machine, IPv6 too
  int port = 0;         // 0 = any free one
  // The certificate for the next connection; may return null, which ends the connection. Not set: plain text.
  std::function<std::shared_ptr<const ServingCertificate>()> certificate;
  // Looks at a request before any of its body is read; an answer here is the answer. Must be quick. May be unset.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> at_head;
  // Answers a small request at once, or not at all; then the handler does. Called by the thread all connections wait for,
  // so it must not wait for anything. May be unset.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> at_once;
  // Bytes that answering a request holds at most, besides its body. Must be quick. Not set: none.
  std::function<size_t(const HttpRequest&)> cost;

  // A connection over one of these takes the place of another; when all are busy, it gets one answer 429.
  int max_connections = 1024;
  int max_connections_per_address = 512;  // IPv6: per network of 64 bits
  // A request over these is answered 429 with Retry-After, which makes a kube-apiserver try again within its timeout.
  int max_in_flight = 256;                               // requests being answered
  size_t max_held_bytes = size_t{40} << 20;              // bodies that arrive or wait, answers that are not sent yet
  size_t max_held_bytes_per_address = size_t{28} << 20;  // of these
  size_t max_cost = size_t{112} << 20;                   // of the requests being answered; one over it is too_costly
  FramingLimits framing;                                 // larger heads: 431; larger bodies: body_too_large
  int workers = 0;                                       // that answer; 0 = as many as processors, 2 to 8

  absl::Duration handshake_timeout = absl::Seconds(5);
  absl::Duration fresh_timeout = absl::Seconds(30);  // from the handshake to the first byte of the first request
  absl::Duration header_timeout = absl::Seconds(5);  // from the first byte of a request to the end of its headers: 408
  absl::Duration request_timeout = absl::Seconds(10);  // from there to the end of its body: 408
  absl::Duration answer_timeout = absl::Seconds(10);   // from there to the answer: 503
  absl::Duration send_timeout = absl::Seconds(10);     // of the answer
  absl::Duration idle_timeout = absl::Seconds(180);    // longer than the 90 s after which Go's clients let go
  size_t min_bytes_per_second = 16 * 1024;             // of bodies and answers, after a second
};

// Counted since the start, but for `connections`, `in_flight` and `held_bytes`.
struct HttpServerStats {
  int64_t connections = 0;  // open now
  int64_t in_flight = 0;    // being answered now
  int64_t held_bytes = 0;   // bodies, costs and answers now
  int64_t accepted = 0;
  int64_t refused_connections = 0;  // over a limit, or without a certificate
  int64_t evicted_connections = 0;  // that made room
  int64_t failed_handshakes = 0;
  int64_t overloaded = 0;  // answered 429
  int64_t late = 0;        // answered 503, since the answer took too long
  int64_t malformed = 0;   // answered 400, 408 or 431 before a handler saw them
};

// Thread-safe.
class HttpServer {
 public:
  // Called by many threads at a time. What it throws is answered 503.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // Binds and starts to serve. Errors: Unavailable with the address and port when they cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpServerOptions options, Handler handler);
  // Stop(ZeroDuration()) when it was not called; then waits for handlers that are still running.
  ~HttpServer();

  int port() const;
  HttpServerStats stats() const;

  // From now on every answer ends its connection ("Connection: close"), so that clients move on to another replica.
  // New connections are still taken: this is for the time in which the endpoints of a Service learn of the end.
  void CloseConnectionsSoftly();
  // Takes no new connections, ends idle ones and waits at most `patience` for the requests being answered. False when
  // handlers are still running then.
  bool Stop(absl::Duration patience);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_HTTP_SERVER_H_
