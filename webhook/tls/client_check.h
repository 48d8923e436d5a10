// Asking clients for a certificate. Internal to webhook/tls/.
#ifndef MUSTER_WEBHOOK_TLS_CLIENT_CHECK_H_
#define MUSTER_WEBHOOK_TLS_CLIENT_CHECK_H_

#include <openssl/ossl_typ.h>

#include <vector>

#include "webhook/tls/openssl_ptr.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {

// Has `context` refuse the handshake of clients that do not pass. False when OpenSSL fails.
bool RequireClients(SSL_CTX* context, const std::vector<X509Ptr>& cas, const std::vector<std::string>& names);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_TLS_CLIENT_CHECK_H_
