#include "scheduler/topology/names.h"

namespace muster::scheduler {

std::string LevelName(absl::string_view label) {
  constexpr struct {
    absl::string_view label, name;
  } kNames[] = {
      {"kubernetes.io/hostname", "host"},
      {"topology.kubernetes.io/region", "region"},
      {"topology.kubernetes.io/zone", "zone"},
      {"topology.k8s.aws/zone-id", "zone"},
      {"topology.k8s.aws/network-node-layer-1", "network layer 1"},
      {"topology.k8s.aws/network-node-layer-2", "network layer 2"},
      {"topology.k8s.aws/network-node-layer-3", "network layer 3"},
      {"topology.k8s.aws/ultraserver-id", "UltraServer"},
      {"nvidia.com/gpu.clique", "NVLink domain"},
      {"cloud.provider.com/topology-block", "block"},
      {"cloud.provider.com/topology-rack", "rack"},
      {"cloud.google.com/gce-topology-block", "block"},
      {"cloud.google.com/gce-topology-subblock", "sub-block"},
      {"cloud.google.com/gce-topology-host", "physical host"},
  };
  for (const auto& known : kNames) {
    if (known.label == label) return std::string(known.name);
  }
  return std::string(label);
}

}  // namespace muster::scheduler
