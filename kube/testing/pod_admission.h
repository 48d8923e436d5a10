// What a Kubernetes API server itself does to new pods, besides defaults: service account, priority, tolerations of nodes
// that fail, limits of the namespace.
#ifndef MUSTER_KUBE_TESTING_POD_ADMISSION_H_
#define MUSTER_KUBE_TESTING_POD_ADMISSION_H_

#include <nlohmann/json.hpp>
#include <optional>

#include "kube/object.h"
#include "kube/request.h"

namespace muster::kube::testing {

class ApiServer;

// Does nothing to objects of other types. Gives the refusal, if it refuses.
std::optional<Response> AdmitPod(const ApiServer& server, const ObjectKey& key, nlohmann::json* object);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_POD_ADMISSION_H_
