// A client that shows a certificate, for tests. Test-only.
#ifndef MUSTER_WEBHOOK_SERVING_IDENTIFIED_CLIENT_H_
#define MUSTER_WEBHOOK_SERVING_IDENTIFIED_CLIENT_H_

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string>

#include "webhook/serving/raw_client.h"
#include "webhook/tls/openssl_ptr.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {

// The first 1000 bytes of the answer to a GET on a connection of its own, with the certificate of `identity` (null:
// without one). "" when the connection does not come about.
inline std::string AskAs(const KeyPair* identity, int port) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (identity != nullptr) {
    BioPtr certificate(BIO_new_mem_buf(identity->certificate.data(), static_cast<int>(identity->certificate.size())));
    BioPtr key(BIO_new_mem_buf(identity->key.data(), static_cast<int>(identity->key.size())));
    X509Ptr x(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
    EvpKeyPtr k(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr));
    SSL_CTX_use_certificate(context, x.get());
    SSL_CTX_use_PrivateKey(context, k.get());
  }
  RawClient tcp(port, /*tls=*/false);
  SslPtr ssl(SSL_new(context));
  SSL_set_fd(ssl.get(), tcp.fd());
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
  char answer[1000];
  int n = 0;
  // With TLS 1.3 the client learns only from the first read that it was refused.
  if (SSL_connect(ssl.get()) == 1 && SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())) > 0) {
    n = SSL_read(ssl.get(), answer, sizeof(answer));
  }
  SSL_CTX_free(context);
  return std::string(answer, static_cast<size_t>(std::max(n, 0)));
}

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_IDENTIFIED_CLIENT_H_
