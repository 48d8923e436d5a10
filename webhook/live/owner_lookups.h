// Looking up objects that are not followed: owners of jobs and pods, Workloads.
#ifndef MUSTER_WEBHOOK_LIVE_OWNER_LOOKUPS_H_
#define MUSTER_WEBHOOK_LIVE_OWNER_LOOKUPS_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kube/client/api_client.h"
#include "kube/client/waiting.h"
#include "webhook/live/fair_places.h"
#include "webhook/state/cluster_state.h"

namespace muster::webhook {

struct LookupOptions {
  // How long an answer waits for the API server in all, and for how long what it said is good. Short, since owners come
  // right before what they own.
  absl::Duration timeout = absl::Seconds(2);
  // How long it waits while too many others wait, before it gives up.
  absl::Duration patience_when_full = absl::Milliseconds(50);
  absl::Duration found_for = absl::Seconds(5);
  absl::Duration missing_for = absl::Milliseconds(200);
  size_t max_kept = 4096;
  int64_t max_kept_bytes = int64_t{32} << 20;
  size_t max_answer = size_t{4} << 20;
  // By namespace; a connection for each place. All guests together leave some of the threads that answer to others.
  FairPlaces::Limits places;
};

// Asks the API server and keeps the answer for a moment; requests for the same object at the same time are one.
// Thread-safe.
class OwnerLookups {
 public:
  using Found = absl::StatusOr<std::shared_ptr<const nlohmann::json>>;

  OwnerLookups(const kube::ApiEndpoint& endpoint, LookupOptions options)
      : endpoint_(endpoint), options_(options), places_(options.places) {}

  // Errors: as ClusterState::Lookup. NotFound when the API server says that there is no such object or kind, and only
  // then. Without an answer that is understood: an ApiError of code 503 (504 when there was none in time), and nothing
  // is kept. Takes at most the timeout, whatever the API server does.
  Found Find(const ObjectRef& ref);

 private:
  struct Entry {
    Found found = absl::UnknownError("asked right now");
    bool asking = true;
    int64_t bytes = 0;
    kube::SteadyTime good_until = kube::SteadyTime::max();
  };

  Found Ask(const ObjectRef& ref, kube::SteadyTime deadline);
  Found AskOn(kube::ApiClient* client, const ObjectRef& ref, kube::SteadyTime deadline);
  // The name of the kind in paths ("jobs"). NotFound when the API server does not have it.
  absl::StatusOr<std::string> Plural(kube::ApiClient* client, const ObjectRef& ref, kube::SteadyTime deadline);
  void Keep(const std::string& key, const Found& found, Entry* entry);
  // Makes room when there is too much. The lock is held.
  void Evict(kube::SteadyTime now);

  const kube::ApiEndpoint endpoint_;
  const LookupOptions options_;
  FairPlaces places_;
  std::mutex mutex_;
  std::condition_variable answered_;
  absl::flat_hash_map<std::string, std::shared_ptr<Entry>> entries_;
  int64_t bytes_ = 0;  // of all entries
  absl::flat_hash_map<std::string, std::string> plurals_;
  std::vector<std::unique_ptr<kube::ApiClient>> clients_;  // idle ones
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_OWNER_LOOKUPS_H_
