// A client that can misbehave, for tests: bytes over TCP, with or without TLS. Test-only.
#ifndef MUSTER_WEBHOOK_SERVING_RAW_CLIENT_H_
#define MUSTER_WEBHOOK_SERVING_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "webhook/tls/openssl_ptr.h"

namespace muster::webhook {

// Thread-compatible. All reads give up after ten seconds, or what SetPatience says.
class RawClient {
 public:
  // Connects to 127.0.0.1, from 127.0.0.`from` (0 = whatever the system takes). With `tls`, any certificate will do:
  // what is tested is the server.
  explicit RawClient(int port, bool tls = true, int from = 0) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    timeval patience = {10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (from != 0) {
      sockaddr_in source = {};
      source.sin_family = AF_INET;
      source.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~uint32_t{0xff}) + static_cast<uint32_t>(from));
      bind(fd_, reinterpret_cast<sockaddr*>(&source), sizeof(source));
    }
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    if (!connected_ || !tls) return;
    static SSL_CTX* context = [] {
      SSL_CTX* made = SSL_CTX_new(TLS_client_method());
      SSL_CTX_set_options(made, SSL_OP_IGNORE_UNEXPECTED_EOF);
      return made;
    }();
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), fd_);
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  ~RawClient() { Reset(); }

  bool connected() const { return connected_; }
  // How long reading and writing wait from now on.
  void SetPatience(int milliseconds) const {
    const timeval patience = {milliseconds / 1000, milliseconds % 1000 * 1000};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }
  SSL* ssl() const { return ssl_.get(); }
  int fd() const { return fd_; }
  // The serial number of the server's certificate.
  std::string Serial() const {
    X509Ptr peer(SSL_get1_peer_certificate(ssl_.get()));
    BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(peer.get()), nullptr);
    char* hex = BN_bn2hex(number);
    std::string text = hex;
    OPENSSL_free(hex);
    BN_free(number);
    return text;
  }
  void Reset() {
    ssl_.reset();
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  bool Send(absl::string_view bytes) {
    size_t done = 0;
    while (done < bytes.size()) {
      const int left = static_cast<int>(bytes.size() - done);
      const int n = ssl_ != nullptr ? SSL_write(ssl_.get(), bytes.data() + done, left)
                                    : static_cast<int>(send(fd_, bytes.data() + done, left, MSG_NOSIGNAL));
      if (n <= 0) return false;
      done += static_cast<size_t>(n);
    }
    return true;
  }

  // One answer with its body, by Content-Length; "" when the connection ended first. Interim answers (100) are read as
  // answers of their own.
  std::string ReadAnswer() {
    size_t end;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return "";
    }
    end += 4;
    const absl::string_view head(in_.data(), end);
    size_t body = 0;
    if (const size_t at = head.find("Content-Length: "); at != absl::string_view::npos) {
      body = std::strtoul(in_.c_str() + at + 16, nullptr, 10);
    }
    while (in_.size() < end + body) {
      if (!Fill()) return "";
    }
    std::string answer = in_.substr(0, end + body);
    in_.erase(0, end + body);
    return answer;
  }

  // Whether the server ends the connection (after what it still sends) within ten seconds.
  bool AwaitEnd() {
    while (Fill()) {
    }
    return ended_;
  }

  std::string Ask(absl::string_view method, absl::string_view path, absl::string_view body = "",
                  absl::string_view headers = "Content-Type: application/json\r\n") {
    const std::string length = body.empty() ? "" : absl::StrCat("Content-Length: ", body.size(), "\r\n");
    if (!Send(absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: muster\r\n", headers, length, "\r\n", body)))
      return "";
    return ReadAnswer();
  }

 private:
  bool Fill() {
    char chunk[16384];
    const int n = ssl_ != nullptr ? SSL_read(ssl_.get(), chunk, sizeof(chunk))
                                  : static_cast<int>(recv(fd_, chunk, sizeof(chunk), 0));
    if (n <= 0) {
      ended_ = n == 0 || errno != EAGAIN;
      return false;
    }
    in_.append(chunk, static_cast<size_t>(n));
    return true;
  }

  int fd_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  SslPtr ssl_;
  std::string in_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_RAW_CLIENT_H_
