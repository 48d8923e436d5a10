// Where the simulated scheduler lets a pod run.
#ifndef MUSTER_KUBE_TESTING_PLACEMENT_H_
#define MUSTER_KUBE_TESTING_PLACEMENT_H_

#include <string>

#include "kube/object.h"
#include "kube/testing/api_server.h"

namespace muster::kube::testing {

// The first node by name that the pod's selector and tolerations allow, that may be used, and that has room for it
// beside the pods that are bound there; "" when there is none. O(nodes * pods).
std::string NodeFor(const ApiServer& server, const Object& pod);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_PLACEMENT_H_
