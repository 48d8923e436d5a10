// A socket that does not block, in plain text or with TLS. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_TRANSPORT_H_
#define MUSTER_WEBHOOK_SERVING_TRANSPORT_H_

#include <openssl/ossl_typ.h>

#include <cstddef>
#include <memory>

#include "absl/strings/string_view.h"
#include "webhook/serving/owned_fd.h"
#include "webhook/tls/openssl_ptr.h"

namespace muster::webhook {

// Thread-compatible.
class Transport {
 public:
  // What became of one step.
  enum class Status { kDone, kWantRead, kWantWrite, kClosed, kFailed };
  struct Result {
    Status status;
    size_t bytes = 0;  // with kDone
  };
  // One TLS record; a read of as much leaves nothing behind in OpenSSL.
  static constexpr size_t kRecord = 16 * 1024;

  // `context` null: plain text.
  Transport(OwnedFd fd, SSL_CTX* context);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // False when there was no memory for TLS.
  bool ok() const { return !tls_ || ssl_ != nullptr; }
  bool tls() const { return tls_; }
  // One step of the handshake as a server.
  Result Handshake();
  // REQUIRES: size >= kRecord.
  Result Read(char* data, size_t size);
  Result Write(absl::string_view bytes);
  // Reads below TLS and drops it.
  Result Drop();
  // Says that nothing more is sent.
  void EndWriting();

 private:
  Result FromTls(int n);

  const OwnedFd fd_;
  const bool tls_;
  SslPtr ssl_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_TRANSPORT_H_
