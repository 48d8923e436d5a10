#include "webhook/tls/tls.h"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstring>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "webhook/tls/client_check.h"
#include "webhook/tls/openssl_ptr.h"

namespace muster::webhook {
namespace {

BioPtr ReadBio(const std::string& text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// A key with a passphrase would otherwise make OpenSSL ask on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(const std::string& pem, absl::string_view file) {
  BioPtr bio = ReadBio(pem);
  std::vector<X509Ptr> chain;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) {
    chain.emplace_back(certificate);
  }
  const unsigned long end = ERR_peek_last_error();
  const bool clean = ERR_GET_LIB(end) == ERR_LIB_PEM && ERR_GET_REASON(end) == PEM_R_NO_START_LINE;
  const std::string reason = clean ? "" : OpenSslError();
  ERR_clear_error();
  if (!clean) return absl::InvalidArgumentError(absl::StrCat(file, ": cannot be read as PEM: ", reason));
  if (chain.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": has no certificate (-----BEGIN CERTIFICATE-----)"));
  }
  return chain;
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm tm = {};
  ASN1_TIME_to_tm(time, &tm);
  return absl::FromTM(tm, absl::UTCTimeZone());
}

std::vector<std::string> SubjectNames(X509* certificate) {
  std::vector<std::string> names;
  GeneralNamesPtr list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list != nullptr && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
    if (name->type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                         ASN1_STRING_length(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      char text[INET6_ADDRSTRLEN] = "";
      const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
      inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof(text));
      names.emplace_back(text);
    }
  }
  return names;
}

std::string Serial(X509* certificate) {
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
  char* hex = number == nullptr ? nullptr : BN_bn2hex(number);
  std::string text = hex == nullptr ? "" : hex;
  OPENSSL_free(hex);
  BN_free(number);
  return text;
}

// Whether the chain leads to `ca` at `now`, for a server.
absl::Status VerifyAgainst(const std::vector<X509Ptr>& chain, const std::string& ca, absl::Time now) {
  absl::StatusOr<std::vector<X509Ptr>> roots = ReadCertificates(ca, "ca.crt");
  if (!roots.ok()) return roots.status();
  X509StorePtr store(X509_STORE_new());
  for (const X509Ptr& root : *roots) X509_STORE_add_cert(store.get(), root.get());
  STACK_OF(X509)* others = sk_X509_new_null();
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(others, chain[i].get());
  X509StoreCtxPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), chain[0].get(), others);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  X509_STORE_CTX_set_time(context.get(), 0, absl::ToTimeT(now));
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
  const bool ok = X509_verify_cert(context.get()) == 1;
  const char* reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  sk_X509_free(others);
  ERR_clear_error();
  if (ok) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("tls.crt: does not verify against ca.crt: ", reason,
                                                 "; the API server would refuse it with that CA bundle"));
}

absl::Status CheckLeaf(X509* leaf, absl::Time now) {
  const absl::Time not_before = ToTime(X509_get0_notBefore(leaf)), not_after = ToTime(X509_get0_notAfter(leaf));
  if (now < not_before) {
    return absl::InvalidArgumentError(absl::StrCat("tls.crt: not valid before ", absl::FormatTime(not_before),
                                                   "; check the clocks of this machine and of the issuer"));
  }
  if (now >= not_after) {
    return absl::InvalidArgumentError(
        absl::StrCat("tls.crt: expired at ", absl::FormatTime(not_after), "; issue a new one"));
  }
  if (X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("tls.crt: is not for servers; its extended key usage must hold serverAuth");
  }
  return absl::OkStatus();
}

int SelectHttp11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                 void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  if (SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, kHttp11, sizeof(kHttp11) - 1, in, in_size) ==
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;  // a client that offers HTTP/2 alone falls back or gives up by itself
}

std::shared_ptr<SSL_CTX> NewContext() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Forward secrecy and authenticated encryption alone for TLS 1.2; TLS 1.3 knows nothing else.
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  // An idle connection keeps no buffers.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // The API server resumes by tickets; a cache here would only grow.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context.get(), SelectHttp11, nullptr);
  return context;
}

}  // namespace

std::string OpenSslError() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    char line[256];
    ERR_error_string_n(code, line, sizeof(line));
    text = line;  // the last one is the outermost
  }
  return text.empty() ? "no reason given" : text;
}

absl::Status CheckCaBundle(const std::string& pem, absl::string_view what) {
  ERR_clear_error();
  return ReadCertificates(pem, what).status();
}

absl::StatusOr<ServingCertificate> MakeServingCertificate(const KeyPair& pair, absl::Time now,
                                                          const ClientCheck& clients) {
  ERR_clear_error();
  absl::StatusOr<std::vector<X509Ptr>> chain = ReadCertificates(pair.certificate, "tls.crt");
  if (!chain.ok()) return chain.status();
  X509* leaf = chain->front().get();
  BioPtr key_bio = ReadBio(pair.key);
  EvpKeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("tls.key: no private key without passphrase: ", OpenSslError()));
  }
  if (X509_check_private_key(leaf, key.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        "tls.key: is not the key of the certificate in tls.crt; both must be written from one pair");
  }
  if (absl::Status status = CheckLeaf(leaf, now); !status.ok()) return status;
  if (!pair.ca.empty()) {
    if (absl::Status status = VerifyAgainst(*chain, pair.ca, now); !status.ok()) return status;
  }

  ServingCertificate made;
  made.context = NewContext();
  bool ok = made.context != nullptr && SSL_CTX_use_certificate(made.context.get(), leaf) == 1 &&
            SSL_CTX_use_PrivateKey(made.context.get(), key.get()) == 1;
  for (size_t i = 1; ok && i < chain->size(); ++i) {
    ok = SSL_CTX_add1_chain_cert(made.context.get(), (*chain)[i].get()) == 1;
  }
  if (!ok)
    return absl::InvalidArgumentError(absl::StrCat("tls.crt and tls.key: OpenSSL refuses them: ", OpenSslError()));
  if (!clients.ca.empty()) {
    absl::StatusOr<std::vector<X509Ptr>> cas = ReadCertificates(clients.ca, "the clients' CA");
    if (!cas.ok()) return cas.status();
    if (!RequireClients(made.context.get(), *cas, clients.names)) {
      return absl::InvalidArgumentError(absl::StrCat("the clients' CA: OpenSSL refuses it: ", OpenSslError()));
    }
  }
  made.not_before = ToTime(X509_get0_notBefore(leaf));
  made.not_after = ToTime(X509_get0_notAfter(leaf));
  made.serial = Serial(leaf);
  made.names = SubjectNames(leaf);
  return made;
}

}  // namespace muster::webhook
