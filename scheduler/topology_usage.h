// Who uses which topology domain: what admitted pods hold on the nodes of topology-aware flavors.
//
// Usage is recorded per flavor, under the domain the pods were placed in. Two flavors may select the same node; with
// hostnames at the lowest level each of them sees what all flavors together use on the nodes it selects.
// Source of the rules: Kueue, pkg/cache/scheduler/tas_flavor.go [TASHandleOverlappingFlavors].
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_USAGE_H_
#define MUSTER_SCHEDULER_TOPOLOGY_USAGE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "api/core.h"
#include "api/kueue.h"
#include "quota/amount.h"
#include "scheduler/pod_requests.h"

namespace muster::scheduler {

class TopologyUsage {
 public:
  // domain id (level values joined by ","; only the host name if that is the lowest level) -> resource -> amount
  using ByDomain = std::map<std::string, std::map<std::string, quota::Amount>>;

  void SetTopology(const api::Topology& topology) { levels_[topology.metadata.name] = topology.levels; }
  void RemoveTopology(const std::string& name) { levels_.erase(name); }
  void SetFlavor(const api::ResourceFlavor& flavor);
  void RemoveFlavor(const std::string& name) { flavors_.erase(name); }
  void SetNode(const api::Node& node) { nodes_[node.metadata.name] = node.metadata.labels; }
  void RemoveNode(const std::string& name) { nodes_.erase(name); }

  // `count` pods of `per_pod` (one "pods" each is added) in the domain with these level values. Subtract with sign =
  // -1.
  void Add(const std::string& flavor, absl::Span<const std::string> values, absl::Span<const NamedAmount> per_pod,
           int64_t count, int sign = 1);

  // What the flavor sees as used. `share_hosts`: count other flavors on the same hosts. O(nodes + usage).
  ByDomain Usage(const std::string& flavor, bool share_hosts) const;

 private:
  struct FlavorNodes {
    api::StringMap node_labels;
    std::string topology;
  };
  std::map<std::string, std::vector<std::string>> levels_;
  std::map<std::string, FlavorNodes> flavors_;
  std::map<std::string, api::StringMap> nodes_;  // name -> labels
  std::map<std::string, ByDomain> used_;         // by flavor
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_USAGE_H_
