#include "manager/provisioning/names.h"

#include <openssl/evp.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace muster::manager {
namespace {

// What a name may have, less the hash and the dash before it.
constexpr size_t kHash = 5;
constexpr size_t kMostBeforeHash = 252 - kHash;

std::string Limited(std::string name) {
  if (name.size() <= kMostBeforeHash) return name;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(name.data(), name.size(), digest, &size, EVP_sha1(), nullptr);
  const std::string hash =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size)).substr(0, kHash);
  return absl::StrCat(name.substr(0, kMostBeforeHash), "-", hash);
}

}  // namespace

std::string ProvisioningRequestName(absl::string_view workload, absl::string_view check, int32_t attempt) {
  return Limited(absl::StrCat(workload, "-", check, "-", attempt));
}

std::string PodTemplateName(absl::string_view request, absl::string_view pod_set) {
  return Limited(absl::StrCat("ppt-", request, "-", pod_set));
}

std::optional<int32_t> AttemptOf(absl::string_view request, absl::string_view workload, absl::string_view check) {
  if (!absl::ConsumePrefix(&request, Limited(absl::StrCat(workload, "-", check, "-")))) return std::nullopt;
  const bool digits =
      !request.empty() && std::all_of(request.begin(), request.end(), [](char c) { return '0' <= c && c <= '9'; });
  if (!digits) return std::nullopt;
  int32_t attempt = 0;
  return absl::SimpleAtoi(request, &attempt) ? attempt : 1;
}

}  // namespace muster::manager
