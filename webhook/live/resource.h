// Which objects of a cluster are followed, and what of them is kept.
#ifndef MUSTER_WEBHOOK_LIVE_RESOURCE_H_
#define MUSTER_WEBHOOK_LIVE_RESOURCE_H_

#include <vector>

#include "kube/resource_type.h"
#include "webhook/state/cluster_state.h"

namespace muster::webhook {

// A field that answers look at. In the path, "*" stands for every element of a list.
struct KeptField {
  enum class Type { kString, kStringMap, kInteger };
  const char* path;  // "/spec/clusterQueue"
  Type type;
};

struct Resource {
  const kube::ResourceType* type = nullptr;
  FollowedKind followed = FollowedKind::kNamespace;
  // Everything else is left out: it is not needed, and how large it is is up to whoever may write it.
  std::vector<KeptField> kept;
};

// Every resource that may be listed and watched.
const std::vector<Resource>& FollowedResources();

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_RESOURCE_H_
