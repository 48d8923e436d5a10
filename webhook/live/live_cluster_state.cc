#include "webhook/live/live_cluster_state.h"

#include <utility>

namespace muster::webhook {

absl::StatusOr<std::unique_ptr<LiveClusterState>> LiveClusterState::Start(const ApiEndpoint& endpoint,
                                                                          LiveStateOptions options, const Log* log) {
  absl::StatusOr<std::unique_ptr<ApiClient>> client = ApiClient::New(endpoint);
  if (!client.ok()) return client.status();
  std::unique_ptr<LiveClusterState> state(new LiveClusterState(endpoint, options));
  for (const Resource& resource : FollowedResources()) {
    if (resource.group == "trainer.kubeflow.org" && !options.training_runtimes) continue;
    ++options.reflector.seed;  // each its own chance
    state->reflectors_.push_back(std::make_unique<Reflector>(endpoint, resource, options.reflector, state.get(), log));
  }
  return state;
}

LiveClusterState::~LiveClusterState() { reflectors_.clear(); }

bool LiveClusterState::Knows(FollowedKind kind) const {
  for (const auto& reflector : reflectors_) {
    if (reflector->resource().followed == kind) return reflector->synced();
  }
  return false;
}

std::vector<CacheFigures> LiveClusterState::figures() const {
  std::vector<CacheFigures> figures;
  for (const auto& reflector : reflectors_) figures.push_back(reflector->figures());
  return figures;
}

absl::StatusOr<std::shared_ptr<const nlohmann::json>> LiveClusterState::Lookup(const ObjectRef& ref) const {
  for (const Resource& resource : FollowedResources()) {
    if (ref.group == resource.group && ref.kind == resource.kind) return CachedClusterState::Lookup(ref);
  }
  return lookups_.Find(ref);
}

}  // namespace muster::webhook
