// Making up the nodes of a cluster from a few words: "64xml.p5.48xlarge:rack=8".
#ifndef MUSTER_SIM_TOPOLOGY_MAKE_NODES_H_
#define MUSTER_SIM_TOPOLOGY_MAKE_NODES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/core.h"

namespace muster::sim {

// COUNTxTYPE[:OPTION...], where an option is
//   LABEL=N      nodes carry the label; N nodes in a row share its value, LABEL-0, LABEL-1, ...
//   name=PREFIX  nodes are called PREFIX0, PREFIX1, ...; otherwise TYPE-0, ... without the dots
// TYPE is an instance type of HyperPod, with or without "ml."; it says what a node has and how much of it pods get.
// Nodes are Ready and carry the labels of a HyperPod node: host name, instance type, and the three network layers, 16 to
// the innermost. Errors: InvalidArgument saying what is wrong.
absl::StatusOr<std::vector<api::Node>> MakeNodes(absl::string_view words);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TOPOLOGY_MAKE_NODES_H_
