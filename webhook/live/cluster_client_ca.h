// The CAs of clients' certificates, as the cluster itself names them: ConfigMap
// kube-system/extension-apiserver-authentication, key client-ca-file, which kube-apiserver writes.
#ifndef MUSTER_WEBHOOK_LIVE_CLUSTER_CLIENT_CA_H_
#define MUSTER_WEBHOOK_LIVE_CLUSTER_CLIENT_CA_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "kube/client/api_client.h"
#include "kube/client/backoff.h"
#include "kube/client/cache_figures.h"
#include "kube/client/waiting.h"

namespace muster::webhook {

class Log;

struct ClusterClientCaOptions {
  uint64_t seed = 0;                                     // of the chance in waits
  absl::Duration interval = absl::Seconds(10);           // between reads
  absl::Duration min_backoff = absl::Milliseconds(500);  // after a read that failed; doubles, with some chance in it
  absl::Duration max_backoff = absl::Seconds(30);
  absl::Duration timeout = absl::Seconds(5);        // of a read
  absl::Duration max_staleness = absl::Minutes(5);  // what was read is believed this long
};

// Reads from construction to destruction, in a thread of its own. An answer counts only when it is that ConfigMap, whole,
// with certificates that can be read. Thread-safe.
class ClusterClientCa {
 public:
  // Errors: InvalidArgument for credentials that cannot be used. Does not wait for the API server. `log` outlives it.
  static absl::StatusOr<std::unique_ptr<ClusterClientCa>> Start(const kube::ApiEndpoint& endpoint,
                                                                ClusterClientCaOptions options, const Log* log);
  ~ClusterClientCa();

  // The certificates, as PEM. PermissionDenied, with why, before the first read and when none succeeded for
  // max_staleness: nobody can be told from a stranger then.
  absl::StatusOr<std::string> Bundle() const;

  // For probes and metrics, as of the objects that are followed.
  kube::CacheFigures figures() const;

 private:
  ClusterClientCa(std::unique_ptr<kube::ApiClient> client, ClusterClientCaOptions options, const Log* log);
  void Run();
  void Take(const absl::StatusOr<std::string>& read, kube::SteadyTime asked);
  bool Stale() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ClusterClientCaOptions options_;
  const Log* const log_;
  const std::unique_ptr<kube::ApiClient> client_;
  kube::StopSignal stop_;
  kube::Backoff backoff_;  // these two are the thread's own
  std::string last_problem_;

  mutable absl::Mutex mutex_;
  std::string bundle_ ABSL_GUARDED_BY(mutex_);
  std::string problem_ ABSL_GUARDED_BY(mutex_) = "it was not read yet";
  kube::SteadyTime contact_ ABSL_GUARDED_BY(mutex_);  // when what is known was asked for
  kube::CacheFigures figures_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last
};

// The bundle in an answer. Errors: Unavailable with what it is instead, PermissionDenied with what to do.
absl::StatusOr<std::string> ClientCaIn(const kube::ApiReply& reply);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_CLUSTER_CLIENT_CA_H_
