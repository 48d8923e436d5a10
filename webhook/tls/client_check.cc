#include "webhook/tls/client_check.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::webhook {
namespace {

using Names = std::vector<std::string>;

// What a context keeps: the names, freed with it.
int NamesIndex() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* names, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Names*>(names); });
  return index;
}

bool IsOneOf(const Names& names, const ASN1_STRING* text) {
  const absl::string_view name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<size_t>(ASN1_STRING_length(text)));
  return std::any_of(names.begin(), names.end(), [name](const std::string& allowed) { return name == allowed; });
}

bool HasOneOf(const Names& names, X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    if (IsOneOf(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)))) return true;
  }
  GeneralNamesPtr others(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; others != nullptr && i < sk_GENERAL_NAME_num(others.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(others.get(), i);
    if (name->type == GEN_DNS && IsOneOf(names, name->d.dNSName)) return true;
  }
  return false;
}

// Called for every certificate of a client's chain, after OpenSSL's own checks.
int CheckName(int well, X509_STORE_CTX* chain) {
  if (well == 0 || X509_STORE_CTX_get_error_depth(chain) > 0) return well;
  const SSL* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* names = static_cast<Names*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), NamesIndex()));
  if (names->empty() || HasOneOf(*names, X509_STORE_CTX_get_current_cert(chain))) return 1;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

}  // namespace

bool RequireClients(SSL_CTX* context, const std::vector<X509Ptr>& cas, const Names& names) {
  auto kept = std::make_unique<Names>(names);
  if (SSL_CTX_set_ex_data(context, NamesIndex(), kept.get()) != 1) return false;
  kept.release();  // the context's
  for (const X509Ptr& ca : cas) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get()) != 1) return false;
    if (SSL_CTX_add_client_CA(context, ca.get()) != 1) return false;
  }
  // A session is resumed in the context it began in, so by who was checked against the same CAs and names.
  static constexpr unsigned char kSessions[] = "muster-webhook";
  if (SSL_CTX_set_session_id_context(context, kSessions, sizeof(kSessions) - 1) != 1) return false;
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_verify_depth(context, 8);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, CheckName);
  return true;
}

}  // namespace muster::webhook
