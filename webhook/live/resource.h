// Which objects of a cluster are followed, and what of them is kept.
#ifndef MUSTER_WEBHOOK_LIVE_RESOURCE_H_
#define MUSTER_WEBHOOK_LIVE_RESOURCE_H_

#include <string>
#include <vector>

#include "webhook/state/cluster_state.h"

namespace muster::webhook {

// A field that answers look at. In the path, "*" stands for every element of a list.
struct KeptField {
  enum class Type { kString, kStringMap, kInteger };
  const char* path;  // "/spec/clusterQueue"
  Type type;
};

struct Resource {
  std::string group;  // "" = core
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = false;
  FollowedKind followed;
  // Everything else is left out: it is not needed, and how large it is is up to whoever may write it.
  std::vector<KeptField> kept;
};

// Every resource that may be listed and watched.
const std::vector<Resource>& FollowedResources();

// "namespaces", "localqueues.kueue.x-k8s.io".
std::string ResourceName(const Resource& resource);
// "v1", "kueue.x-k8s.io/v1beta2".
std::string ApiVersion(const Resource& resource);
// "/api/v1", "/apis/kueue.x-k8s.io/v1beta2".
std::string GroupPath(absl::string_view group, absl::string_view version);
// "/api/v1/namespaces", "/apis/kueue.x-k8s.io/v1beta2/localqueues".
std::string CollectionPath(const Resource& resource);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_RESOURCE_H_
