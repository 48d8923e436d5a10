// A connection as cpp-httplib wants to see it, with limits cpp-httplib does not have: a deadline for a whole request
// rather than for each byte, and a bound on its line and headers. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_SOCKET_STREAM_H_
#define MUSTER_WEBHOOK_SERVING_SOCKET_STREAM_H_

#include <httplib.h>

#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "webhook/tls/openssl_ptr.h"

namespace muster::webhook {

// Thread-compatible: one thread serves a connection.
class SocketStream : public httplib::Stream {
 public:
  enum class Wait { kReady, kClosed, kTimeout };

  // Neither owns nor closes the socket, which must not block. `ssl` null: plain text.
  SocketStream(int fd, SSL* ssl) : fd_(fd), ssl_(ssl) {}

  // The TLS handshake as a server. False when it failed or took too long.
  bool Accept(absl::Duration timeout);
  // Waits until a request begins, the peer is gone, or time is up.
  Wait AwaitRequest(absl::Duration timeout);
  // Starts a request: everything until the answer is written has to happen within `timeout`, and reading until
  // EndOfHeaders() is called takes at most `max_header_bytes`.
  void BeginRequest(absl::Duration timeout, size_t max_header_bytes);
  void EndOfHeaders() { header_budget_ = SIZE_MAX; }
  // Writes what write() collected, in one piece. False when the peer does not take it in time.
  bool Flush();
  // Says goodbye. With `linger`, input that is still coming is read and dropped for a moment, so that the last answer
  // is not lost to a reset.
  void Close(bool linger);

  bool headers_too_large() const { return header_budget_ == 0; }
  bool timed_out() const { return timed_out_; }

  // httplib::Stream.
  bool is_readable() const override;
  bool is_writable() const override { return true; }
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_; }

 private:
  // One read or write that does not block: > 0 bytes, 0 = closed, -1 = failed, or what to wait for (kWant…).
  int ReadSome(char* data, int size);
  int WriteSome(const char* data, int size);
  // Waits for `events` until the deadline. False when time is up or the socket broke.
  bool Await(short events, absl::Time deadline);

  const int fd_;
  SSL* const ssl_;
  absl::Time deadline_ = absl::InfiniteFuture();
  size_t header_budget_ = SIZE_MAX;
  bool timed_out_ = false;
  bool broken_ = false;
  std::string in_;  // read from the socket, not yet taken
  size_t in_pos_ = 0;
  std::string out_;  // written, not yet sent
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_SOCKET_STREAM_H_
