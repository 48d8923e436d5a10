// Which types of objects a manager follows, and what it keeps of them.
#ifndef MUSTER_MANAGER_PROCESS_WATCHED_TYPES_H_
#define MUSTER_MANAGER_PROCESS_WATCHED_TYPES_H_

#include <vector>

#include "kube/client/told_object.h"
#include "kube/resource_type.h"
#include "manager/options.h"

namespace muster::manager {

struct WatchedType {
  const kube::ResourceType* type = nullptr;
  // False: its objects matter as owners of others alone, and only their metadata is kept.
  bool whole = true;

  kube::Keep keep() const;
};

// Kueue's own kinds, nodes, pods and what decides about them, whole; of the kinds of jobs those that are managed, whole,
// and all others that Kueue knows, since one may own a job. In the order of the table of types.
std::vector<WatchedType> WatchedTypes(const ManagerOptions& options);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_WATCHED_TYPES_H_
