// What a manager has to be allowed in a cluster, as rules of RBAC say it.
#ifndef MUSTER_MANAGER_PROCESS_PERMISSIONS_H_
#define MUSTER_MANAGER_PROCESS_PERMISSIONS_H_

#include <set>
#include <string>
#include <vector>

#include "manager/options.h"

namespace muster::manager {

struct Permission {
  std::string group;                // "" = the core group
  std::set<std::string> resources;  // "workloads", "workloads/status"
  std::set<std::string> verbs;

  friend bool operator==(const Permission&, const Permission&) = default;
};

// In the whole cluster. No more than what the configuration makes it do: jobs of kinds that are not managed are only
// followed, as owners of others. By group and resources.
std::vector<Permission> ClusterPermissions(const ManagerOptions& options);
// In the namespace of the Lease.
std::vector<Permission> LeasePermissions();

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_PERMISSIONS_H_
