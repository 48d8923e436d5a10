// The table of kinds: which struct is read from which kind of which API group. Internal to api/.
#ifndef MUSTER_API_KINDS_H_
#define MUSTER_API_KINDS_H_

#include "absl/strings/string_view.h"
#include "api/object.h"

namespace muster::api {

template <class T>
struct KindOf;

#define MUSTER_API_KIND(type, group_name, written_version, is_namespaced) \
  template <>                                                             \
  struct KindOf<type> {                                                   \
    static constexpr absl::string_view kKind = #type;                     \
    static constexpr absl::string_view kGroup = group_name;               \
    static constexpr absl::string_view kApiVersion = written_version;     \
    static constexpr bool kNamespaced = is_namespaced;                    \
  }

MUSTER_API_KIND(ResourceFlavor, "kueue.x-k8s.io", "kueue.x-k8s.io/v1beta2", false);
MUSTER_API_KIND(ClusterQueue, "kueue.x-k8s.io", "kueue.x-k8s.io/v1beta2", false);
MUSTER_API_KIND(LocalQueue, "kueue.x-k8s.io", "kueue.x-k8s.io/v1beta2", true);
MUSTER_API_KIND(Cohort, "kueue.x-k8s.io", "kueue.x-k8s.io/v1beta2", false);
MUSTER_API_KIND(Workload, "kueue.x-k8s.io", "kueue.x-k8s.io/v1beta2", true);
MUSTER_API_KIND(WorkloadPriorityClass, "kueue.x-k8s.io", "kueue.x-k8s.io/v1beta2", false);
MUSTER_API_KIND(Topology, "kueue.x-k8s.io", "kueue.x-k8s.io/v1beta2", false);
MUSTER_API_KIND(AdmissionCheck, "kueue.x-k8s.io", "kueue.x-k8s.io/v1beta2", false);
MUSTER_API_KIND(Configuration, "config.kueue.x-k8s.io", "config.kueue.x-k8s.io/v1beta2", false);
MUSTER_API_KIND(Namespace, "", "v1", false);
MUSTER_API_KIND(Node, "", "v1", false);
MUSTER_API_KIND(Pod, "", "v1", true);
MUSTER_API_KIND(PriorityClass, "scheduling.k8s.io", "scheduling.k8s.io/v1", false);
MUSTER_API_KIND(LimitRange, "", "v1", true);
MUSTER_API_KIND(RuntimeClass, "node.k8s.io", "node.k8s.io/v1", false);
MUSTER_API_KIND(Job, "batch", "batch/v1", true);
MUSTER_API_KIND(PodTemplate, "", "v1", true);

#undef MUSTER_API_KIND

}  // namespace muster::api

#endif  // MUSTER_API_KINDS_H_
