// One value for an object of any kind Muster reads. No JSON here: see codec.h for reading and writing.
#ifndef MUSTER_API_OBJECT_H_
#define MUSTER_API_OBJECT_H_

#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "api/configuration.h"
#include "api/core.h"
#include "api/kueue.h"
#include "api/meta.h"

namespace muster::api {

using Object = std::variant<ResourceFlavor, ClusterQueue, LocalQueue, Cohort, Workload, WorkloadPriorityClass, Topology,
                            AdmissionCheck, Configuration, Namespace, Node, Pod, PriorityClass, LimitRange,
                            RuntimeClass, Job, PodTemplate>;

// "ClusterQueue". Static storage.
absl::string_view Kind(const Object& object);
// The version Muster writes: "kueue.x-k8s.io/v1beta2". Static storage.
absl::string_view ApiVersion(const Object& object);
// Whether objects of the kind live in a namespace.
bool IsNamespaced(const Object& object);

const ObjectMeta& Metadata(const Object& object);
ObjectMeta& Metadata(Object& object);

// "ClusterQueue/team-a", "LocalQueue/default/team-a": kind and key, unique within a cluster.
std::string ObjectId(const Object& object);

}  // namespace muster::api

#endif  // MUSTER_API_OBJECT_H_
