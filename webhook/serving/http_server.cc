#include "webhook/serving/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "webhook/serving/http_exchange.h"
#include "webhook/serving/monotonic.h"
#include "webhook/serving/socket_stream.h"
#include "webhook/tls/openssl_ptr.h"

namespace muster::webhook {
namespace {

// Enough for JSON nested to its limit and for matching a path; the kernel only backs what is touched.
constexpr size_t kStackBytes = 1 << 20;
// Connections over the limit that are told so at a time; those over both are just closed.
constexpr int kMaxRefusals = 64;
// An idle connection is only closed for another when its client has not just been answered.
constexpr absl::Duration kMinIdle = absl::Seconds(1);
// How long a connection that was opened right before the end may take to ask its first question.
constexpr absl::Duration kFreshPatience = absl::Seconds(1);

absl::Status Unavailable(const HttpServerOptions& options, absl::string_view what, int error) {
  return absl::UnavailableError(absl::StrCat("cannot listen on ", options.address.empty() ? "*" : options.address, ":",
                                             options.port, ": ", what, ": ", std::strerror(error)));
}

int Bound(int fd, const sockaddr* address, socklen_t size) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  return bind(fd, address, size) == 0 && listen(fd, 1024) == 0 ? 0 : errno;
}

// A listening socket; the error of the last address that was tried otherwise.
absl::StatusOr<int> ListenOn(const HttpServerOptions& options) {
  constexpr int kFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (options.address.empty()) {
    // IPv6 with IPv4 inside; machines without IPv6 get IPv4 alone.
    if (const int fd = socket(AF_INET6, kFlags, 0); fd >= 0) {
      const int off = 0;
      setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
      sockaddr_in6 any = {};
      any.sin6_family = AF_INET6;
      any.sin6_port = htons(static_cast<uint16_t>(options.port));
      const int error = Bound(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any));
      if (error == 0) return fd;
      close(fd);
      if (error != EADDRNOTAVAIL && error != EAFNOSUPPORT) return Unavailable(options, "bind", error);
    }
  }
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = options.address.empty() ? AF_INET : AF_UNSPEC;
  addrinfo* found = nullptr;
  const std::string port = absl::StrCat(options.port);
  const int failed =
      getaddrinfo(options.address.empty() ? nullptr : options.address.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) {
    return absl::InvalidArgumentError(absl::StrCat(options.address, ": is no IP address to listen on"));
  }
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    const int fd = socket(a->ai_family, kFlags, 0);
    if (fd < 0) {
      error = errno;
      continue;
    }
    error = Bound(fd, a->ai_addr, a->ai_addrlen);
    if (error == 0) return fd;
    close(fd);
  }
  return Unavailable(options, "bind", error);
}

int BoundPort(int fd) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, Handler handler, int listener)
      : options_(std::move(options)),
        exchange_(options_, std::move(handler)),
        listener_(listener),
        wake_(eventfd(0, EFD_CLOEXEC)),
        port_(BoundPort(listener)),
        acceptor_([this] { AcceptLoop(); }) {}
  ~Impl() {
    Stop(absl::ZeroDuration());
    close(wake_);
  }

  int port() const { return port_; }
  void CloseConnectionsSoftly() { soft_ = true; }
  void Stop(absl::Duration patience);
  HttpServerStats stats() const;

 private:
  struct Connection {
    int fd;
    bool refuse;  // over the limit: one answer 429
    bool idle = false;
    bool ending = false;  // asked to end: no further request
    bool fresh = true;    // has not been answered yet
    absl::Time idle_since;
  };
  struct Start {
    Impl* self;
    uint64_t id;
    int fd;
    bool refuse;
  };

  void AcceptLoop();
  void Take(int fd);
  bool EvictIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndIdle(bool fresh_too) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(Connection* connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Serve(const Start& start);
  void ServeRequests(const Start& start, SocketStream* stream);
  // Both false when the connection is to end.
  bool SetIdle(uint64_t id);
  bool SetBusy(uint64_t id, bool* last);
  bool NoneLeft() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return connections_.empty(); }

  const HttpServerOptions options_;
  HttpExchange exchange_;
  const int listener_;
  const int wake_;
  const int port_;
  std::atomic<bool> soft_{false};

  mutable absl::Mutex mutex_;
  absl::btree_map<uint64_t, Connection> connections_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  int refusals_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  HttpServerStats stats_ ABSL_GUARDED_BY(mutex_);

  std::thread acceptor_;  // last: uses all of the above
};

void HttpServer::Impl::AcceptLoop() {
  bool stop = false;
  while (!stop) {
    pollfd p[2] = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (poll(p, 2, -1) < 0 && errno != EINTR) break;
    stop = (p[1].revents & POLLIN) != 0;
    // Whoever got into the queue before the end is still served.
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        Take(fd);
        continue;
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        absl::MutexLock lock(&mutex_);
        ++stats_.refused_connections;
        EvictIdle();
        mutex_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Milliseconds(20));
      }
      break;
    }
  }
  close(listener_);
}

void HttpServer::Impl::Take(int fd) {
  const int on = 1;
  // Without it an answer waits for the peer's delayed acknowledgement: 40 ms.
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  // A peer that vanished without a word (node lost) is noticed while the connection is idle.
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));

  auto start = std::make_unique<Impl::Start>();
  {
    absl::MutexLock lock(&mutex_);
    ++stats_.accepted;
    const bool full = static_cast<int>(connections_.size()) - refusals_ >= options_.max_connections;
    const bool refuse = full && !EvictIdle();
    if (refuse && refusals_ >= kMaxRefusals) {
      ++stats_.refused_connections;
      close(fd);
      return;
    }
    if (refuse) ++refusals_;
    *start = {this, next_id_++, fd, refuse};
    connections_[start->id] = {.fd = fd, .refuse = refuse, .idle_since = MonotonicNow()};
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int failed = pthread_create(
      &thread, &attributes,
      [](void* arg) -> void* {
        std::unique_ptr<Impl::Start> start(static_cast<Impl::Start*>(arg));
        start->self->Serve(*start);
        return nullptr;
      },
      start.get());
  pthread_attr_destroy(&attributes);
  if (failed == 0) {
    start.release();  // the thread's
    return;
  }
  absl::MutexLock lock(&mutex_);
  ++stats_.refused_connections;
  if (start->refuse) --refusals_;
  connections_.erase(start->id);
  close(fd);
}

// The connection that has been idle for longest makes room; it is counted as gone at once.
bool HttpServer::Impl::EvictIdle() {
  Connection* oldest = nullptr;
  for (auto& [id, connection] : connections_) {
    if (!connection.idle || connection.ending) continue;
    if (oldest == nullptr || connection.idle_since < oldest->idle_since) oldest = &connection;
  }
  if (oldest == nullptr || MonotonicNow() - oldest->idle_since < kMinIdle) return false;
  ++stats_.evicted_connections;
  End(oldest);
  return true;
}

void HttpServer::Impl::EndIdle(bool fresh_too) {
  for (auto& [id, connection] : connections_) {
    if (connection.idle && !connection.ending && (fresh_too || !connection.fresh)) End(&connection);
  }
}

// Ends the reading side: the thread wakes up, serves what has already arrived, and goes.
void HttpServer::Impl::End(Connection* connection) {
  connection->ending = true;
  shutdown(connection->fd, SHUT_RD);
}

void HttpServer::Impl::Serve(const Impl::Start& start) {
  std::shared_ptr<const ServingCertificate> certificate;
  SslPtr ssl;
  bool ready = true;
  if (options_.certificate) {
    certificate = options_.certificate();
    if (certificate != nullptr) ssl.reset(SSL_new(certificate->context.get()));
    ready = ssl != nullptr && SSL_set_fd(ssl.get(), start.fd) == 1;
  }
  const bool have_certificate = ready;
  SocketStream stream(start.fd, ssl.get());
  if (ready) {
    ready = stream.Accept(options_.handshake_timeout);
    if (ready) ServeRequests(start, &stream);
  }
  ssl.reset();

  absl::MutexLock lock(&mutex_);
  if (!have_certificate) ++stats_.refused_connections;
  if (have_certificate && !ready) ++stats_.failed_handshakes;
  if (start.refuse) --refusals_;
  connections_.erase(start.id);
  close(start.fd);  // under the lock: nobody shuts down a number that is already another's
}

void HttpServer::Impl::ServeRequests(const Impl::Start& start, SocketStream* stream) {
  using Outcome = HttpExchange::Outcome;
  Outcome outcome = Outcome::kKeepAlive;
  const absl::Duration patience = start.refuse ? absl::Seconds(2) : options_.idle_timeout;
  while (outcome == Outcome::kKeepAlive) {
    if (!SetIdle(start.id) && !stream->is_readable()) break;
    if (stream->AwaitRequest(patience) != SocketStream::Wait::kReady) break;
    bool last = false;
    SetBusy(start.id, &last);
    outcome = exchange_.Serve(stream, last || start.refuse || soft_, start.refuse);
  }
  stream->Close(outcome == Outcome::kLinger);
}

bool HttpServer::Impl::SetIdle(uint64_t id) {
  absl::MutexLock lock(&mutex_);
  Connection& connection = connections_.at(id);
  connection.idle = true;
  connection.idle_since = MonotonicNow();
  if (stopping_ && !connection.fresh && !connection.ending) End(&connection);
  return !connection.ending;
}

bool HttpServer::Impl::SetBusy(uint64_t id, bool* last) {
  absl::MutexLock lock(&mutex_);
  Connection& connection = connections_.at(id);
  connection.idle = connection.fresh = false;
  *last = connection.ending || stopping_;
  return !*last;
}

void HttpServer::Impl::Stop(absl::Duration patience) {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  soft_ = true;
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof(one)) < 0) return;  // an eventfd takes it
  acceptor_.join();
  const absl::Time deadline = MonotonicNow() + patience;
  absl::MutexLock lock(&mutex_);
  EndIdle(/*fresh_too=*/false);
  // Who has just come is about to ask, and would not try again.
  if (mutex_.AwaitWithTimeout(absl::Condition(this, &Impl::NoneLeft), std::min(patience, kFreshPatience))) return;
  EndIdle(/*fresh_too=*/true);
  if (mutex_.AwaitWithTimeout(absl::Condition(this, &Impl::NoneLeft), deadline - MonotonicNow())) return;
  for (auto& [id, connection] : connections_) shutdown(connection.fd, SHUT_RDWR);
  mutex_.Await(absl::Condition(this, &Impl::NoneLeft));  // a handler is waited for: it uses what is torn down next
}

HttpServerStats HttpServer::Impl::stats() const {
  absl::MutexLock lock(&mutex_);
  HttpServerStats stats = stats_;
  stats.connections = static_cast<int64_t>(connections_.size());
  stats.in_flight = exchange_.in_flight();
  stats.overloaded = exchange_.overloaded();
  stats.malformed = exchange_.malformed();
  return stats;
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options, Handler handler) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  absl::StatusOr<int> listener = ListenOn(options);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<HttpServer>(
      new HttpServer(std::make_unique<Impl>(std::move(options), std::move(handler), *listener)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return impl_->port(); }
HttpServerStats HttpServer::stats() const { return impl_->stats(); }
void HttpServer::CloseConnectionsSoftly() { impl_->CloseConnectionsSoftly(); }
void HttpServer::Stop(absl::Duration patience) { impl_->Stop(patience); }

}  // namespace muster::webhook
