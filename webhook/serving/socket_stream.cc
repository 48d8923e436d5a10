#include "webhook/serving/socket_stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "webhook/serving/monotonic.h"

namespace muster::webhook {
namespace {

constexpr int kWantRead = -2;
constexpr int kWantWrite = -3;
// One TLS record.
constexpr size_t kChunk = 16 * 1024;
// An answer that grows past this is sent before it is complete.
constexpr size_t kMaxOut = 256 * 1024;

int PlainResult(ssize_t n, int want) {
  if (n >= 0) return static_cast<int>(n);
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? want : -1;
}

int TlsResult(SSL* ssl, int n) {
  if (n > 0) return n;
  switch (SSL_get_error(ssl, n)) {
    case SSL_ERROR_WANT_READ:
      return kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      ERR_clear_error();  // a later call on this thread must not see it
      return -1;
  }
}

}  // namespace

int SocketStream::ReadSome(char* data, int size) {
  if (ssl_ == nullptr) return PlainResult(recv(fd_, data, size, 0), kWantRead);
  return TlsResult(ssl_, SSL_read(ssl_, data, size));
}

int SocketStream::WriteSome(const char* data, int size) {
  if (ssl_ == nullptr) return PlainResult(send(fd_, data, size, MSG_NOSIGNAL), kWantWrite);
  return TlsResult(ssl_, SSL_write(ssl_, data, size));
}

bool SocketStream::Await(short events, absl::Time deadline) {
  while (true) {
    const absl::Duration left = deadline - MonotonicNow();
    if (left <= absl::ZeroDuration()) {
      timed_out_ = true;
      return false;
    }
    pollfd p = {fd_, events, 0};
    const int ms = static_cast<int>(std::min<int64_t>(INT_MAX, absl::ToInt64Milliseconds(left) + 1));
    const int n = poll(&p, 1, ms);
    if (n > 0) return true;  // an error of the socket shows at the next read or write
    if (n < 0 && errno != EINTR) return false;
  }
}

bool SocketStream::Accept(absl::Duration timeout) {
  if (ssl_ == nullptr) return true;
  const absl::Time deadline = MonotonicNow() + timeout;
  while (true) {
    const int n = TlsResult(ssl_, SSL_accept(ssl_));
    if (n > 0) return true;
    if (n != kWantRead && n != kWantWrite) break;
    if (!Await(n == kWantRead ? POLLIN : POLLOUT, deadline)) break;
  }
  broken_ = true;
  return false;
}

SocketStream::Wait SocketStream::AwaitRequest(absl::Duration timeout) {
  timed_out_ = false;
  if (in_pos_ < in_.size() || (ssl_ != nullptr && SSL_pending(ssl_) > 0)) return Wait::kReady;
  std::string().swap(in_);  // an idle connection keeps no buffers
  std::string().swap(out_);
  in_pos_ = 0;
  if (!Await(POLLIN, MonotonicNow() + timeout)) return timed_out_ ? Wait::kTimeout : Wait::kClosed;
  // A peer that went away is also readable.
  if (char byte; ssl_ == nullptr && recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) return Wait::kClosed;
  return Wait::kReady;
}

void SocketStream::BeginRequest(absl::Duration timeout, size_t max_header_bytes) {
  deadline_ = MonotonicNow() + timeout;
  header_budget_ = max_header_bytes;
  timed_out_ = false;
}

bool SocketStream::is_readable() const { return in_pos_ < in_.size() || (ssl_ != nullptr && SSL_pending(ssl_) > 0); }

// cpp-httplib reads lines byte by byte; the buffer keeps that away from the socket.
ssize_t SocketStream::read(char* data, size_t size) {
  if (broken_ || header_budget_ == 0) return -1;
  if (in_pos_ == in_.size()) {
    if (!out_.empty() && !Flush()) return -1;  // "100 Continue": the peer waits for it
    in_.resize(kChunk);
    in_pos_ = 0;
    int n;
    while ((n = ReadSome(in_.data(), static_cast<int>(kChunk))) < -1) {
      if (!Await(n == kWantRead ? POLLIN : POLLOUT, deadline_)) n = -1;
      if (n == -1) break;
    }
    in_.resize(n > 0 ? static_cast<size_t>(n) : 0);
    if (n <= 0) {
      broken_ = true;
      return n;
    }
    if (MonotonicNow() > deadline_) {  // bytes that drip in never let Await see the end
      timed_out_ = broken_ = true;
      return -1;
    }
  }
  const size_t n = std::min({size, in_.size() - in_pos_, header_budget_});
  std::memcpy(data, in_.data() + in_pos_, n);
  in_pos_ += n;
  if (header_budget_ != SIZE_MAX) header_budget_ -= n;
  return static_cast<ssize_t>(n);
}

ssize_t SocketStream::write(const char* data, size_t size) {
  out_.append(data, size);
  if (out_.size() > kMaxOut && !Flush()) return -1;
  return static_cast<ssize_t>(size);
}

bool SocketStream::Flush() {
  size_t done = 0;
  // What could not be read in time, or was too much, is still answered.
  const absl::Time deadline = std::max(deadline_, MonotonicNow() + absl::Seconds(1));
  while (done < out_.size()) {
    const int n = WriteSome(out_.data() + done, static_cast<int>(std::min<size_t>(out_.size() - done, INT_MAX)));
    if (n > 0) {
      done += static_cast<size_t>(n);
    } else if ((n != kWantRead && n != kWantWrite) || !Await(n == kWantRead ? POLLIN : POLLOUT, deadline)) {
      broken_ = true;
      return false;
    }
  }
  out_.clear();
  return true;
}

void SocketStream::Close(bool linger) {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_)) {
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  shutdown(fd_, SHUT_WR);
  if (!linger) return;
  // Below TLS, since what comes now is not looked at.
  const absl::Time deadline = MonotonicNow() + absl::Milliseconds(500);
  char drop[4096];
  ssize_t n = 1;
  while (n != 0 && Await(POLLIN, deadline)) {
    n = recv(fd_, drop, sizeof(drop), MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return;
  }
}

namespace {

void ToText(const sockaddr_storage& address, std::string* ip, int* port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    *port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    *port = ntohs(v6.sin6_port);
  }
  *ip = text;
  if (ip->rfind("::ffff:", 0) == 0) ip->erase(0, 7);  // IPv4 on a socket for both
}

}  // namespace

void SocketStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  if (getpeername(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0) ToText(address, &ip, &port);
}

void SocketStream::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0) ToText(address, &ip, &port);
}

}  // namespace muster::webhook
