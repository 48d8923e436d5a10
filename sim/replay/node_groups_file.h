// The part of a model file that describes node groups.
#ifndef MUSTER_SIM_REPLAY_NODE_GROUPS_FILE_H_
#define MUSTER_SIM_REPLAY_NODE_GROUPS_FILE_H_

#include <yaml-cpp/yaml.h>

#include <vector>

#include "absl/status/status.h"
#include "sim/replay/node_groups.h"

namespace muster::sim {

// A map from names to {matchLabels, min, max, provisionSeconds, idleSeconds, pricePerHour}; see docs/simulator.md.
// Errors: InvalidArgument naming line and key.
absl::Status ReadNodeGroups(const YAML::Node& node, std::vector<NodeGroup>* out);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_NODE_GROUPS_FILE_H_
