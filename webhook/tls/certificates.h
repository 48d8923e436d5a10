// Where the server's certificate comes from: files that may change at any time, or a pair made at the start.
#ifndef MUSTER_WEBHOOK_TLS_CERTIFICATES_H_
#define MUSTER_WEBHOOK_TLS_CERTIFICATES_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {

// Reads tls.crt, tls.key and, where present, ca.crt of a folder. Never waits. Errors: NotFound, InvalidArgument (larger
// than 1 MiB, or no file: a pipe, a device).
absl::StatusOr<KeyPair> ReadKeyPair(const std::string& folder);

// Clients with a certificate of a CA in `file`; "" = anyone. The errors of ReadKeyPair, and for an empty file: it is not
// anyone.
absl::StatusOr<ClientCheck> ReadClientCheck(const std::string& file, const std::vector<std::string>& names);

// Thread-safe.
class CertificateSource {
 public:
  using Report = std::function<void(const absl::Status&, const ServingCertificate*)>;
  using Pairs = std::function<absl::StatusOr<KeyPair>()>;
  // Who may connect now. PermissionDenied: nobody, whoever might before; any other error leaves things as they are.
  using Clients = std::function<absl::StatusOr<ClientCheck>()>;
  // The pair that `pairs` gives, looked at again every `interval`, for those whom `clients` lets in. What does not pass
  // MakeServingCertificate is reported and left alone: the pair before it stays in use. There may be none at first;
  // Current() is null until then. `report` hears of every pair taken (OK) or refused, from the thread that looks, and
  // once before this returns. Neither function may wait.
  static std::unique_ptr<CertificateSource> Follow(Pairs pairs, Clients clients, absl::Duration interval,
                                                   Report report);
  // The pair in `folder`. `clients.ca` names a file here: it is looked at as often.
  static std::unique_ptr<CertificateSource> Watch(std::string folder, absl::Duration interval, Report report,
                                                  ClientCheck clients = {});
  // One pair that never changes.
  static std::unique_ptr<CertificateSource> Fixed(ServingCertificate certificate);
  ~CertificateSource();

  // Has Watch's thread look now rather than after its interval, which is told by a clock that nobody sets.
  void LookSoon();

  // What new connections are to use; null while there was no good pair yet. Connections keep the one they started with.
  std::shared_ptr<const ServingCertificate> Current() const;
  // How often a pair was taken, the first one included, and how often one was refused.
  int64_t taken() const;
  int64_t refused() const;

 private:
  CertificateSource();
  void Look();
  void WatchLoop(absl::Duration interval);

  Pairs pairs_;
  Clients clients_;
  Report report_;
  std::string taken_text_;   // what the current pair was made of, and why the last one was refused: only the
  absl::Status last_error_;  // thread that looks uses these two
  mutable absl::Mutex mutex_;
  std::shared_ptr<const ServingCertificate> current_ ABSL_GUARDED_BY(mutex_);
  int64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  std::atomic<bool> stop_{false};
  const int wake_;  // an eventfd: the thread's wait
  std::thread thread_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_TLS_CERTIFICATES_H_
