// Keeps the objects of one resource in memory equal to what the API server has: list, then watch, and again.
#ifndef MUSTER_WEBHOOK_LIVE_REFLECTOR_H_
#define MUSTER_WEBHOOK_LIVE_REFLECTOR_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "webhook/live/api_client.h"
#include "webhook/live/cache_figures.h"
#include "webhook/state/cluster_state.h"

namespace muster::webhook {

class Log;

struct Resource {
  std::string group;  // "" = core
  std::string version;
  std::string plural;
  std::string kind;
  // Answers need the metadata alone; the rest is not kept.
  bool metadata_only = false;
};

// "/api/v1/namespaces", "/apis/kueue.x-k8s.io/v1beta2/localqueues".
std::string CollectionPath(const Resource& resource);

struct ReflectorOptions {
  absl::Duration min_backoff = absl::Milliseconds(500);  // after a failure; doubles, with some chance in it
  absl::Duration max_backoff = absl::Seconds(30);
  absl::Duration list_timeout = absl::Seconds(60);
  absl::Duration watch_time = absl::Minutes(5);  // then the server ends the watch, and the next one goes on there
  // A watch that says nothing for this long is taken for dead. API servers send a bookmark about once a minute.
  absl::Duration watch_silence = absl::Seconds(150);
  int page_size = 500;
};

// Runs from construction to destruction, in a thread of its own. Thread-safe.
class Reflector {
 public:
  // `state` and `log` outlive the reflector. Objects come in as CachedClusterState::ReplaceKind, Upsert and Remove.
  Reflector(const ApiEndpoint& endpoint, Resource resource, ReflectorOptions options, CachedClusterState* state,
            const Log* log);
  ~Reflector();

  // A resource that the API server does not know (its CRD is not installed) counts as synced, without objects; it is
  // looked for again every max_backoff.
  CacheFigures figures() const;

 private:
  void Run();
  // Lists all pages; sets *version to where a watch is to start. Aborted: expired while paging, list again.
  absl::Status List(std::string* version);
  // Watches until the server ends it (OK), *version moving along. Aborted: the version is too old, list again.
  absl::Status Watch(std::string* version);
  absl::Status Take(absl::string_view line, std::string* version);
  void Prepare(nlohmann::json* object) const;
  void Contact(bool synced, bool listed, int64_t objects);
  void CountObjects(int64_t change);
  // Sleeps; false when it is time to end.
  bool Sleep(absl::Duration duration);
  bool stopping() const;

  const ApiEndpoint endpoint_;
  const Resource resource_;
  const ReflectorOptions options_;
  CachedClusterState* const state_;
  const Log* const log_;
  std::unique_ptr<ApiClient> client_;
  absl::Status client_error_;

  mutable absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  CacheFigures figures_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> names_;  // "namespace/name", sorted: what is there; the thread's own
  std::thread thread_;              // last
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_REFLECTOR_H_
