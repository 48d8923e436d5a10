#include "webhook/tls/certificates.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::webhook {
namespace {

constexpr size_t kMaxFile = 1 << 20;

// Opening a pipe must not wait for somebody to write into it, nor reading a device for its end.
absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  struct stat about = {};
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(fd);
    return absl::InvalidArgumentError(absl::StrCat(path, ": is not a file"));
  }
  std::string text(kMaxFile + 1, '\0');
  size_t size = 0;
  ssize_t n = 1;
  while (n > 0 && size < text.size()) {
    n = read(fd, text.data() + size, text.size() - size);
    if (n > 0) size += static_cast<size_t>(n);
  }
  close(fd);
  if (n < 0) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  text.resize(size);
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

absl::StatusOr<ClientCheck> ReadClientCheck(const std::string& file, const std::vector<std::string>& names) {
  if (file.empty()) return ClientCheck{"", names};
  absl::StatusOr<std::string> ca = ReadFile(file);
  if (!ca.ok()) return ca.status();
  if (ca->empty()) return absl::InvalidArgumentError(absl::StrCat(file, ": is empty"));
  return ClientCheck{*std::move(ca), names};
}

std::unique_ptr<CertificateSource> CertificateSource::Watch(std::string folder, absl::Duration interval, Report report,
                                                            ClientCheck clients) {
  return Follow([folder = std::move(folder)] { return ReadKeyPair(folder); },
                [clients = std::move(clients)] { return ReadClientCheck(clients.ca, clients.names); }, interval,
                std::move(report));
}

std::unique_ptr<CertificateSource> CertificateSource::Follow(Pairs pairs, Clients clients, absl::Duration interval,
                                                             Report report) {
  std::unique_ptr<CertificateSource> source(new CertificateSource);
  source->pairs_ = std::move(pairs);
  source->clients_ = std::move(clients);
  source->report_ = std::move(report);
  source->Look();
  source->thread_ = std::thread([self = source.get(), interval] { self->WatchLoop(interval); });
  return source;
}

CertificateSource::CertificateSource() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

// poll() waits by the monotonic clock; absl::Mutex would by the one that can be set back.
void CertificateSource::WatchLoop(absl::Duration interval) {
  const int milliseconds = static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(interval), 1, INT_MAX));
  while (!stop_) {
    pollfd wake = {wake_, POLLIN, 0};
    if (poll(&wake, 1, milliseconds) > 0) {
      uint64_t value;
      if (read(wake_, &value, sizeof(value)) < 0) return;
    }
    if (!stop_) Look();
  }
}

void CertificateSource::LookSoon() {
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof(one)) < 0) return;  // it is about to look
}

std::unique_ptr<CertificateSource> CertificateSource::Fixed(ServingCertificate certificate) {
  std::unique_ptr<CertificateSource> source(new CertificateSource);
  absl::MutexLock lock(&source->mutex_);
  source->current_ = std::make_shared<const ServingCertificate>(std::move(certificate));
  source->taken_ = 1;
  return source;
}

CertificateSource::~CertificateSource() {
  stop_ = true;
  LookSoon();
  if (thread_.joinable()) thread_.join();
  close(wake_);
}

// The texts are compared, not the files' times: Kubernetes swaps a folder of a Secret by a symbolic link, and other
// tools write in place. Reading three small files a second costs nothing.
void CertificateSource::Look() {
  absl::StatusOr<KeyPair> pair = pairs_();
  absl::StatusOr<ClientCheck> clients = clients_();
  if (!clients.ok()) pair = clients.status();
  const std::string seen = pair.ok() ? absl::StrCat(pair->certificate, "\n", pair->key, "\n", clients->ca) : "";
  if (pair.ok() && seen == taken_text_) return;
  absl::StatusOr<ServingCertificate> made =
      pair.ok() ? MakeServingCertificate(*pair, absl::Now(), *clients) : pair.status();
  if (!made.ok()) {
    // Tried again every time, since a start in the future comes by itself, but reported once.
    if (made.status() == last_error_) return;
    last_error_ = made.status();
    const bool nobody = absl::IsPermissionDenied(clients.status());
    if (nobody) taken_text_.clear();
    {
      absl::MutexLock lock(&mutex_);
      ++refused_;
      if (nobody) current_ = nullptr;
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
