// The state of a cluster as its API server tells it.
#ifndef MUSTER_WEBHOOK_LIVE_LIVE_CLUSTER_STATE_H_
#define MUSTER_WEBHOOK_LIVE_LIVE_CLUSTER_STATE_H_

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "webhook/live/reflector.h"
#include "webhook/state/cluster_state.h"

namespace muster::webhook {

struct LiveStateOptions {
  ReflectorOptions reflector;
  // Looking up an owner: how long an answer waits for the API server, and for how long what it said is good. Short,
  // since owners come right before what they own.
  absl::Duration lookup_timeout = absl::Seconds(2);
  absl::Duration found_for = absl::Seconds(5);
  absl::Duration missing_for = absl::Milliseconds(200);
  size_t max_lookups = 4096;  // kept
};

// The resources that are listed and watched.
const std::vector<Resource>& FollowedResources();

// Follows the API server from construction to destruction. Thread-safe.
class LiveClusterState : public CachedClusterState {
 public:
  // Errors: InvalidArgument for credentials that cannot be used. Does not wait for the API server. `log` outlives it.
  static absl::StatusOr<std::unique_ptr<LiveClusterState>> Start(const ApiEndpoint& endpoint, LiveStateOptions options,
                                                                 const Log* log);
  ~LiveClusterState() override;

  // Asks the API server for what is not among the followed resources, and keeps the answer for a moment; requests for
  // the same object at the same time are one. Errors as in ClusterState.
  absl::StatusOr<std::shared_ptr<const nlohmann::json>> Lookup(const ObjectRef& ref) const override;

  std::vector<CacheFigures> figures() const;

 private:
  using Found = absl::StatusOr<std::shared_ptr<const nlohmann::json>>;
  struct Entry {
    Found found = absl::UnknownError("asked right now");
    bool asking = true;
    absl::Time good_until = absl::InfiniteFuture();
  };

  LiveClusterState(const ApiEndpoint& endpoint, LiveStateOptions options, const Log* log);
  Found Ask(const ObjectRef& ref) const;
  // The name of the kind in paths ("jobs"). NotFound when the API server does not have it.
  absl::StatusOr<std::string> Plural(ApiClient* client, const ObjectRef& ref, absl::Time deadline) const;
  absl::StatusOr<std::unique_ptr<ApiClient>> TakeClient() const;
  void GiveBack(std::unique_ptr<ApiClient> client) const;
  void Evict(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(lookup_mutex_);

  const ApiEndpoint endpoint_;
  const LiveStateOptions options_;
  const Log* const log_;
  mutable absl::Mutex lookup_mutex_;
  mutable absl::flat_hash_map<std::string, std::shared_ptr<Entry>> lookups_ ABSL_GUARDED_BY(lookup_mutex_);
  mutable absl::flat_hash_map<std::string, std::string> plurals_ ABSL_GUARDED_BY(lookup_mutex_);
  mutable std::vector<std::unique_ptr<ApiClient>> clients_ ABSL_GUARDED_BY(lookup_mutex_);  // idle ones
  std::vector<std::unique_ptr<Reflector>> reflectors_;                                      // last: they write here
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_LIVE_CLUSTER_STATE_H_
