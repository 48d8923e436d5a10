#include "scheduler/topology/names.h"

#include "api/vocabulary.h"

namespace muster::scheduler {

std::string LevelName(absl::string_view label) {
  constexpr struct {
    const char *label, *name;
  } kNames[] = {
      {api::kHostnameLabel, "host"},
      {api::kRegionLabel, "region"},
      {api::kZoneLabel, "zone"},
      {api::kZoneIdLabel, "zone"},
      {api::kNetworkLayer1Label, "network layer 1"},
      {api::kNetworkLayer2Label, "network layer 2"},
      {api::kNetworkLayer3Label, "network layer 3"},
      {api::kUltraServerLabel, "UltraServer"},
      {"nvidia.com/gpu.clique", "NVLink domain"},
      {"cloud.provider.com/topology-block", "block"},
      {"cloud.provider.com/topology-rack", "rack"},
      {"cloud.google.com/gce-topology-block", "block"},
      {"cloud.google.com/gce-topology-subblock", "sub-block"},
      {"cloud.google.com/gce-topology-host", "physical host"},
  };
  for (const auto& known : kNames) {
    if (known.label == label) return known.name;
  }
  return std::string(label);
}

}  // namespace muster::scheduler
