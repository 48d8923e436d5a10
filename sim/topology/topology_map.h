// Drawing a topology: as indented text, or for Graphviz.
#ifndef MUSTER_SIM_TOPOLOGY_TOPOLOGY_MAP_H_
#define MUSTER_SIM_TOPOLOGY_TOPOLOGY_MAP_H_

#include <map>
#include <string>
#include <vector>

#include "scheduler/topology/inventory.h"

namespace muster::sim {

struct TopologyMapOptions {
  std::vector<std::string> resources;  // shown with free and total amounts
  int depth = 0;                       // levels drawn; 0 = all
  // Lowest-level domain (as TopologyTree::LeafName) -> pods of the workload to mark.
  std::map<std::string, int> marked;
};

// One line per domain:
//   rack r1  8 hosts  nvidia.com/gpu 48 free of 64  <- 2 pods
// Domains by level values, hosts that are not usable left out. O(domains).
std::string TopologyText(const scheduler::TopologyTree& tree, const scheduler::ResourceNames& resources,
                         const TopologyMapOptions& options);
// The same as a digraph; marked domains are filled.
std::string TopologyDot(const scheduler::TopologyTree& tree, const scheduler::ResourceNames& resources,
                        const TopologyMapOptions& options);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TOPOLOGY_TOPOLOGY_MAP_H_
