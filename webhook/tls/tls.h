// What the server shows to clients: a certificate with its key, checked, as something to make TLS connections with.
#ifndef MUSTER_WEBHOOK_TLS_TLS_H_
#define MUSTER_WEBHOOK_TLS_TLS_H_

#include <openssl/ossl_typ.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace muster::webhook {

// PEM texts, as Kubernetes keeps them in a Secret of type kubernetes.io/tls.
struct KeyPair {
  std::string certificate;  // tls.crt: the serving certificate first, then those that signed it
  std::string key;          // tls.key, not encrypted
  std::string ca;           // ca.crt; "" = not known
};

// Who may connect: clients with a certificate that one of the CAs signed, and, where there are names, with one of them
// as common name or DNS name.
struct ClientCheck {
  std::string ca;  // PEM; "" = anyone, without a certificate
  std::vector<std::string> names;
};

// A pair that passed all checks. Thread-safe: immutable, and a context may serve any number of connections.
struct ServingCertificate {
  std::shared_ptr<SSL_CTX> context;  // TLS 1.2 and up, HTTP/1.1 alone by ALPN
  absl::Time not_before;
  absl::Time not_after;
  std::string serial;              // hexadecimal
  std::vector<std::string> names;  // DNS names and addresses it is for
};

// Checks the pair and makes a context of it. Errors (InvalidArgument, saying which file and what to do): unreadable
// PEM, a key that is not the certificate's, a certificate that is not yet or no longer valid at `now`, one that is not
// for servers, one that does not verify against `ca` when there is one, and CAs of clients that cannot be read.
absl::StatusOr<ServingCertificate> MakeServingCertificate(const KeyPair& pair, absl::Time now,
                                                          const ClientCheck& clients = {});

// Whether `pem` holds certificates, one or more, and nothing that cannot be read. Errors: InvalidArgument that names
// `what` it is.
absl::Status CheckCaBundle(const std::string& pem, absl::string_view what);

// A CA made on the spot and a serving certificate it signed, for tests and for clusters without cert-manager. `names`:
// DNS names and IP addresses. ECDSA P-256; the CA's key is thrown away. Errors: InvalidArgument without a name,
// Internal when OpenSSL fails.
absl::StatusOr<KeyPair> MakeSelfSigned(const std::vector<std::string>& names, absl::Time now, absl::Duration validity);

// The same for a client with this common name.
absl::StatusOr<KeyPair> MakeClientIdentity(const std::string& name, absl::Time now, absl::Duration validity);

// What OpenSSL has to say about the last failure of this thread; empties its queue.
std::string OpenSslError();

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_TLS_TLS_H_
