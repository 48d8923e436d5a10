#include "webhook/tls/certificates.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::webhook {
namespace {

constexpr size_t kMaxFile = 1 << 20;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::string text(kMaxFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxFile) return absl::InvalidArgumentError(absl::StrCat(path, ": larger than 1 MiB"));
  return text;
}

}  // namespace

absl::StatusOr<KeyPair> ReadKeyPair(const std::string& folder) {
  absl::StatusOr<std::string> certificate = ReadFile(folder + "/tls.crt");
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key = ReadFile(folder + "/tls.key");
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> ca = ReadFile(folder + "/ca.crt");
  if (!ca.ok() && !absl::IsNotFound(ca.status())) return ca.status();
  return KeyPair{*std::move(certificate), *std::move(key), ca.ok() ? *std::move(ca) : ""};
}

std::unique_ptr<CertificateSource> CertificateSource::Watch(std::string folder, absl::Duration interval,
                                                            Report report) {
  std::unique_ptr<CertificateSource> source(new CertificateSource);
  source->folder_ = std::move(folder);
  source->report_ = std::move(report);
  source->Look();
  source->thread_ = std::thread([self = source.get(), interval] {
    while (true) {
      {
        absl::MutexLock lock(&self->mutex_);
        if (self->mutex_.AwaitWithTimeout(absl::Condition(&self->stop_), interval)) return;
      }
      self->Look();
    }
  });
  return source;
}

std::unique_ptr<CertificateSource> CertificateSource::Fixed(ServingCertificate certificate) {
  std::unique_ptr<CertificateSource> source(new CertificateSource);
  absl::MutexLock lock(&source->mutex_);
  source->current_ = std::make_shared<const ServingCertificate>(std::move(certificate));
  source->taken_ = 1;
  return source;
}

CertificateSource::~CertificateSource() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

// The texts are compared, not the files' times: Kubernetes swaps a folder of a Secret by a symbolic link, and other
// tools write in place. Reading three small files a second costs nothing.
void CertificateSource::Look() {
  absl::StatusOr<KeyPair> pair = ReadKeyPair(folder_);
  const std::string seen = pair.ok() ? absl::StrCat(pair->certificate, "\n", pair->key) : "";
  if (pair.ok() && seen == taken_text_) return;
  absl::StatusOr<ServingCertificate> made = pair.ok() ? MakeServingCertificate(*pair, absl::Now()) : pair.status();
  if (!made.ok()) {
    // Tried again every time, since a start in the future comes by itself, but reported once.
    if (made.status() == last_error_) return;
    last_error_ = made.status();
    {
      absl::MutexLock lock(&mutex_);
      ++refused_;
    }
    if (report_) report_(made.status(), nullptr);
    return;
  }
  taken_text_ = seen;
  last_error_ = absl::OkStatus();
  auto current = std::make_shared<const ServingCertificate>(*std::move(made));
  {
    absl::MutexLock lock(&mutex_);
    current_ = current;
    ++taken_;
  }
  if (report_) report_(absl::OkStatus(), current.get());
}

std::shared_ptr<const ServingCertificate> CertificateSource::Current() const {
  absl::MutexLock lock(&mutex_);
  return current_;
}

int64_t CertificateSource::taken() const {
  absl::MutexLock lock(&mutex_);
  return taken_;
}

int64_t CertificateSource::refused() const {
  absl::MutexLock lock(&mutex_);
  return refused_;
}

}  // namespace muster::webhook
