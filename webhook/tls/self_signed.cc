#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "webhook/tls/openssl_ptr.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

struct Extension {
  int nid;
  std::string value;
};

bool SetName(X509_NAME* name, const char* common_name) {
  return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("muster"), -1, -1,
                                    0) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name), -1,
                                    -1, 0) == 1;
}

bool SetRandomSerial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  bytes[0] |= 0x40;
  BIGNUM* number = BN_bin2bn(bytes, sizeof(bytes), nullptr);
  const bool ok = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return ok;
}

// A certificate for `key`, signed by `issuer` (itself when null).
X509Ptr MakeCertificate(EVP_PKEY* key, const char* common_name, X509* issuer, EVP_PKEY* issuer_key, absl::Time from,
                        absl::Time to, const std::vector<Extension>& extensions) {
  X509Ptr certificate(X509_new());
  X509* x = certificate.get();
  if (x == nullptr || X509_set_version(x, 2) != 1 || !SetRandomSerial(x) || X509_set_pubkey(x, key) != 1)
    return nullptr;
  if (!SetName(X509_get_subject_name(x), common_name)) return nullptr;
  if (X509_set_issuer_name(x, X509_get_subject_name(issuer == nullptr ? x : issuer)) != 1) return nullptr;
  ASN1_TIME_set(X509_getm_notBefore(x), absl::ToTimeT(from));
  ASN1_TIME_set(X509_getm_notAfter(x), absl::ToTimeT(to));
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer == nullptr ? x : issuer, x, nullptr, nullptr, 0);
  for (const Extension& extension : extensions) {
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value.c_str());
    const bool ok = made != nullptr && X509_add_ext(x, made, -1) == 1;
    X509_EXTENSION_free(made);
    if (!ok) return nullptr;
  }
  if (X509_sign(x, issuer_key, EVP_sha256()) == 0) return nullptr;
  return certificate;
}

std::string ToString(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string ToPem(X509* certificate) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return ToString(bio.get());
}

std::string ToPem(EVP_PKEY* key) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return ToString(bio.get());
}

// "DNS:localhost,IP:127.0.0.1". Empty for a name that could break out of its place in the list.
std::string AlternativeNames(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-*") !=
                            std::string::npos) {
      return "";
    }
    unsigned char address[sizeof(in6_addr)];
    const bool ip = inet_pton(AF_INET, name.c_str(), address) == 1 || inet_pton(AF_INET6, name.c_str(), address) == 1;
    absl::StrAppend(&list, list.empty() ? "" : ",", ip ? "IP:" : "DNS:", name);
  }
  return list;
}

// A CA, and a pair that it signed for `usage`.
absl::StatusOr<KeyPair> MakePair(const char* ca_name, const char* name, const char* usage,
                                 const std::string& alternatives, absl::Time now, absl::Duration validity) {
  EvpKeyPtr ca_key(EVP_EC_gen("P-256")), key(EVP_EC_gen("P-256"));
  if (ca_key == nullptr || key == nullptr) return absl::InternalError(absl::StrCat("making keys: ", OpenSslError()));
  const absl::Time from = now - absl::Minutes(5);  // clocks of a cluster differ a little
  X509Ptr ca = MakeCertificate(ca_key.get(), ca_name, nullptr, ca_key.get(), from, now + validity,
                               {{NID_basic_constraints, "critical,CA:TRUE"},
                                {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                {NID_subject_key_identifier, "hash"}});
  if (ca == nullptr) return absl::InternalError(absl::StrCat("making the CA: ", OpenSslError()));
  std::vector<Extension> extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                                       {NID_key_usage, "critical,digitalSignature"},
                                       {NID_ext_key_usage, usage},
                                       {NID_subject_key_identifier, "hash"},
                                       {NID_authority_key_identifier, "keyid"}};
  if (!alternatives.empty()) extensions.push_back({NID_subject_alt_name, alternatives});
  X509Ptr leaf = MakeCertificate(key.get(), name, ca.get(), ca_key.get(), from, now + validity, extensions);
  if (leaf == nullptr) return absl::InternalError(absl::StrCat("making the certificate: ", OpenSslError()));
  return KeyPair{ToPem(leaf.get()), ToPem(key.get()), ToPem(ca.get())};
}

}  // namespace

absl::StatusOr<KeyPair> MakeSelfSigned(const std::vector<std::string>& names, absl::Time now, absl::Duration validity) {
  const std::string alternatives = AlternativeNames(names);
  if (alternatives.empty()) {
    return absl::InvalidArgumentError("a serving certificate needs DNS names or IP addresses, and nothing else");
  }
  return MakePair("muster-webhook-ca", "muster-webhook", "serverAuth", alternatives, now, validity);
}

absl::StatusOr<KeyPair> MakeClientIdentity(const std::string& name, absl::Time now, absl::Duration validity) {
  return MakePair("muster-client-ca", name.c_str(), "clientAuth", "", now, validity);
}

}  // namespace muster::webhook
