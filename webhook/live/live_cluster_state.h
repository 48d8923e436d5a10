// The state of a cluster as its API server tells it.
#ifndef MUSTER_WEBHOOK_LIVE_LIVE_CLUSTER_STATE_H_
#define MUSTER_WEBHOOK_LIVE_LIVE_CLUSTER_STATE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "kube/client/cache_figures.h"
#include "kube/client/object_sink.h"
#include "kube/client/reflector.h"
#include "webhook/live/owner_lookups.h"
#include "webhook/live/resource.h"
#include "webhook/state/cluster_state.h"

namespace muster::webhook {

struct LiveStateOptions {
  kube::ReflectorOptions reflector;
  LookupOptions lookups;
  // Whether TrainJobs are checked. Otherwise their runtimes are not followed: what nobody asks for cannot be missing.
  bool training_runtimes = true;
};

// Follows the API server from construction to destruction. Thread-safe.
class LiveClusterState : public CachedClusterState {
 public:
  // Errors: InvalidArgument for credentials that cannot be used. Does not wait for the API server. `log` outlives it.
  static absl::StatusOr<std::unique_ptr<LiveClusterState>> Start(const kube::ApiEndpoint& endpoint,
                                                                 LiveStateOptions options, const Log* log);
  ~LiveClusterState() override;

  bool Knows(FollowedKind kind) const override;

  // Asks the API server for what is not among the followed resources: OwnerLookups::Find.
  absl::StatusOr<std::shared_ptr<const nlohmann::json>> Lookup(const ObjectRef& ref) const override;

  std::vector<kube::CacheFigures> figures() const;

 private:
  LiveClusterState(const kube::ApiEndpoint& endpoint, LiveStateOptions options) : lookups_(endpoint, options.lookups) {}

  // Puts what is told among what is kept here.
  class Sink : public kube::ObjectSink {
   public:
    explicit Sink(CachedClusterState* state) : state_(*state) {}
    void Replace(const kube::ResourceType& type, std::vector<kube::ToldObject> objects, uint64_t version) override;
    absl::Status Put(const kube::ResourceType& type, kube::ToldObject object) override;
    void Remove(const kube::ResourceType& type, kube::ToldObject last) override;

   private:
    CachedClusterState& state_;
  };
  struct Followed {
    FollowedKind kind;
    std::unique_ptr<kube::Reflector> reflector;
  };

  mutable OwnerLookups lookups_;
  Sink sink_{this};
  std::vector<Followed> followed_;  // last: they write here
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_LIVE_CLUSTER_STATE_H_
