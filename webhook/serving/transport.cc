#include "webhook/serving/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace muster::webhook {
namespace {

using Status = Transport::Status;

Transport::Result FromSocket(ssize_t n, Status want) {
  if (n > 0) return {Status::kDone, static_cast<size_t>(n)};
  if (n == 0) return {Status::kClosed};
  return {errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? want : Status::kFailed};
}

}  // namespace

Transport::Transport(OwnedFd fd, SSL_CTX* context) : fd_(std::move(fd)), tls_(context != nullptr) {
  if (!tls_) return;
  ssl_.reset(SSL_new(context));
  if (ssl_ != nullptr && SSL_set_fd(ssl_.get(), fd_.get()) != 1) ssl_.reset();
  ERR_clear_error();
}

Transport::Result Transport::FromTls(int n) {
  if (n > 0) return {Status::kDone, static_cast<size_t>(n)};
  const int error = SSL_get_error(ssl_.get(), n);
  if (error == SSL_ERROR_WANT_READ) return {Status::kWantRead};
  if (error == SSL_ERROR_WANT_WRITE) return {Status::kWantWrite};
  if (error == SSL_ERROR_ZERO_RETURN) return {Status::kClosed};
  ERR_clear_error();  // a later call on this thread must not see it
  return {Status::kFailed};
}

Transport::Result Transport::Handshake() { return tls_ ? FromTls(SSL_accept(ssl_.get())) : Result{Status::kDone}; }

Transport::Result Transport::Read(char* data, size_t size) {
  if (tls_) return FromTls(SSL_read(ssl_.get(), data, static_cast<int>(std::min(size, kRecord))));
  return FromSocket(recv(fd_.get(), data, size, 0), Status::kWantRead);
}

Transport::Result Transport::Write(absl::string_view bytes) {
  const size_t size = std::min(bytes.size(), kRecord);
  if (tls_) return FromTls(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(size)));
  return FromSocket(send(fd_.get(), bytes.data(), size, MSG_NOSIGNAL), Status::kWantWrite);
}

Transport::Result Transport::Drop() {
  char drop[kRecord];
  return FromSocket(recv(fd_.get(), drop, sizeof(drop), 0), Status::kWantRead);
}

void Transport::EndWriting() {
  if (tls_ && SSL_is_init_finished(ssl_.get())) {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  shutdown(fd_.get(), SHUT_WR);
}

}  // namespace muster::webhook
