#include "kube/client/client_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/host_name_verification.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "webhook/tls/openssl_ptr.h"
#include "webhook/tls/tls.h"

namespace muster::kube {
namespace {

using webhook::BioPtr;
using webhook::EvpKeyPtr;
using webhook::OpenSslError;
using webhook::X509Ptr;

BioPtr BioOf(const std::string& pem) { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// All certificates of `pem` are trusted.
absl::Status Trust(const std::string& pem, SSL_CTX* context) {
  const BioPtr bio = BioOf(pem);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (X509Ptr certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store, certificate.get());
    ++count;
  }
  ERR_clear_error();
  return count == 0 ? absl::InvalidArgumentError("certificate authority: has no certificate") : absl::OkStatus();
}

// The certificate this client shows, with those between it and its CA.
absl::Status Present(const ApiEndpoint& endpoint, SSL_CTX* context) {
  const BioPtr certificates = BioOf(endpoint.client_certificate), key_bio = BioOf(endpoint.client_key);
  const X509Ptr own(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
  const EvpKeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (own == nullptr || key == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("client certificate: cannot be used with its key: ", OpenSslError()));
  }
  while (X509Ptr between{PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)}) {
    SSL_CTX_add1_chain_cert(context, between.get());
  }
  ERR_clear_error();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<boost::asio::ssl::context>> MakeClientTls(const ApiEndpoint& endpoint) {
  namespace ssl = boost::asio::ssl;
  if (!endpoint.tls) return nullptr;
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  boost::system::error_code ignored;
  if (endpoint.skip_verify) {
    context->set_verify_mode(ssl::verify_none, ignored);
  } else {
    context->set_verify_mode(ssl::verify_peer, ignored);
    context->set_verify_callback(ssl::host_name_verification(endpoint.host), ignored);
  }
  if (endpoint.ca.empty()) {
    SSL_CTX_set_default_verify_paths(native);
  } else if (absl::Status status = Trust(endpoint.ca, native); !status.ok()) {
    return status;
  }
  if (!endpoint.client_certificate.empty()) {
    if (absl::Status status = Present(endpoint, native); !status.ok()) return status;
  }
  return context;
}

}  // namespace muster::kube
