// What the pod sets of a Workload ask for in total, as status.resourceRequests says it while it waits.
#ifndef MUSTER_MANAGER_SCHEDULING_RESOURCE_REQUESTS_H_
#define MUSTER_MANAGER_SCHEDULING_RESOURCE_REQUESTS_H_

#include <nlohmann/json.hpp>

#include "api/kueue.h"
#include "manager/world.h"

namespace muster::manager {

// [{name, resources}] in the order of the pod sets: pods times what one asks for, with the defaults of the namespace and
// the transformations of the Configuration. O(containers).
nlohmann::json ResourceRequestsOf(const World& world, const api::Workload& workload);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_SCHEDULING_RESOURCE_REQUESTS_H_
