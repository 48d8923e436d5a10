#include "sim/files/digest.h"

#include <openssl/evp.h>

#include <exception>
#include <fstream>
#include <istream>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "sim/files/input.h"

namespace muster::sim {
namespace {

absl::StatusOr<std::string> Sha256OfStream(std::istream* in, const std::string& path) {
  Sha256 digest;
  std::vector<char> block(1 << 16);
  // Boost's decompressors throw at broken data, through the stream's buffer.
  try {
    while (*in) {
      in->read(block.data(), static_cast<std::streamsize>(block.size()));
      digest.Add(absl::string_view(block.data(), static_cast<size_t>(in->gcount())));
    }
  } catch (const std::exception& e) {
    return absl::DataLossError(absl::StrCat(path, " cannot be read to its end: ", e.what(), "; fetch it again"));
  }
  if (in->bad()) return absl::DataLossError(absl::StrCat(path, " cannot be read to its end; fetch it again"));
  return digest.Finish();
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
  void Start() { MUSTER_CHECK(EVP_DigestInit_ex(evp, EVP_sha256(), nullptr) == 1, "SHA-256 is there"); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { context_->Start(); }
Sha256::~Sha256() = default;

void Sha256::Add(absl::string_view bytes) { EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()); }

std::string Sha256::Finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_->evp, digest, &size);
  context_->Start();
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

std::string Sha256Of(absl::string_view bytes) {
  Sha256 digest;
  digest.Add(bytes);
  return digest.Finish();
}

absl::StatusOr<std::string> Sha256OfFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot open ", path, "; check the path and its permissions"));
  return Sha256OfStream(&in, path);
}

absl::StatusOr<std::string> Sha256OfContents(const std::string& path) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
  if (!in.ok()) return in.status();
  return Sha256OfStream(in->get(), path);
}

}  // namespace muster::sim
