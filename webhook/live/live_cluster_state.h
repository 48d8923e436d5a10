// The state of a cluster as its API server tells it.
#ifndef MUSTER_WEBHOOK_LIVE_LIVE_CLUSTER_STATE_H_
#define MUSTER_WEBHOOK_LIVE_LIVE_CLUSTER_STATE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/live/cache_figures.h"
#include "webhook/live/owner_lookups.h"
#include "webhook/live/reflector.h"
#include "webhook/live/resource.h"
#include "webhook/state/cluster_state.h"

namespace muster::webhook {

struct LiveStateOptions {
  ReflectorOptions reflector;
  LookupOptions lookups;
  // Whether TrainJobs are checked. Otherwise their runtimes are not followed: what nobody asks for cannot be missing.
  bool training_runtimes = true;
};

// Follows the API server from construction to destruction. Thread-safe.
class LiveClusterState : public CachedClusterState {
 public:
  // Errors: InvalidArgument for credentials that cannot be used. Does not wait for the API server. `log` outlives it.
  static absl::StatusOr<std::unique_ptr<LiveClusterState>> Start(const ApiEndpoint& endpoint, LiveStateOptions options,
                                                                 const Log* log);
  ~LiveClusterState() override;

  bool Knows(FollowedKind kind) const override;

  // Asks the API server for what is not among the followed resources: OwnerLookups::Find.
  absl::StatusOr<std::shared_ptr<const nlohmann::json>> Lookup(const ObjectRef& ref) const override;

  std::vector<CacheFigures> figures() const;

 private:
  LiveClusterState(const ApiEndpoint& endpoint, LiveStateOptions options) : lookups_(endpoint, options.lookups) {}

  mutable OwnerLookups lookups_;
  std::vector<std::unique_ptr<Reflector>> reflectors_;  // last: they write here
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_LIVE_CLUSTER_STATE_H_
