// What people call the levels of a topology, by the node label that defines them.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_NAMES_H_
#define MUSTER_SCHEDULER_TOPOLOGY_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::scheduler {

// "UltraServer" for topology.k8s.aws/ultraserver-id, "NVLink domain" for nvidia.com/gpu.clique, "host" for
// kubernetes.io/hostname ...; the label itself if it is not known. Such a level is placed like any other: a gang that
// requires it stays within one UltraServer. O(known labels).
std::string LevelName(absl::string_view label);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_NAMES_H_
