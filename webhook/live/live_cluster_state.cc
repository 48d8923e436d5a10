#include "webhook/live/live_cluster_state.h"

#include <utility>

#include "kube/client/api_client.h"
#include "webhook/live/kept_form.h"

namespace muster::webhook {

void LiveClusterState::Sink::Replace(const kube::ResourceType& type, std::vector<kube::ToldObject> objects, uint64_t) {
  std::vector<nlohmann::json> forms;
  forms.reserve(objects.size());
  for (kube::ToldObject& object : objects) forms.push_back(std::move(object.value));
  state_.ReplaceKind(type.group, type.kind, std::move(forms)).IgnoreError();  // they are as they should be
}

absl::Status LiveClusterState::Sink::Put(const kube::ResourceType&, kube::ToldObject object) {
  return state_.Upsert(std::move(object.value));
}

void LiveClusterState::Sink::Remove(const kube::ResourceType& type, kube::ToldObject last) {
  state_.Remove({type.group, type.version, type.kind, last.ns, last.name});
}

absl::StatusOr<std::unique_ptr<LiveClusterState>> LiveClusterState::Start(const kube::ApiEndpoint& endpoint,
                                                                          LiveStateOptions options, const Log* log) {
  absl::StatusOr<std::unique_ptr<kube::ApiClient>> client = kube::ApiClient::New(endpoint);
  if (!client.ok()) return client.status();
  std::unique_ptr<LiveClusterState> state(new LiveClusterState(endpoint, options));
  for (const Resource& resource : FollowedResources()) {
    if (resource.type->group == "trainer.kubeflow.org" && !options.training_runtimes) continue;
    ++options.reflector.seed;  // each its own chance
    state->followed_.push_back(
        {resource.followed, std::make_unique<kube::Reflector>(endpoint, *resource.type, KeptFieldsOf(resource),
                                                              options.reflector, &state->sink_, log)});
  }
  return state;
}

LiveClusterState::~LiveClusterState() { followed_.clear(); }

bool LiveClusterState::Knows(FollowedKind kind) const {
  for (const Followed& followed : followed_) {
    if (followed.kind == kind) return followed.reflector->synced();
  }
  return false;
}

std::vector<kube::CacheFigures> LiveClusterState::figures() const {
  std::vector<kube::CacheFigures> figures;
  for (const Followed& followed : followed_) figures.push_back(followed.reflector->figures());
  return figures;
}

absl::StatusOr<std::shared_ptr<const nlohmann::json>> LiveClusterState::Lookup(const ObjectRef& ref) const {
  for (const Resource& resource : FollowedResources()) {
    if (ref.group == resource.type->group && ref.kind == resource.type->kind) return CachedClusterState::Lookup(ref);
  }
  return lookups_.Find(ref);
}

}  // namespace muster::webhook
