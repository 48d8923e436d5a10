// Nodes by name, and what pods outside of topology-aware workloads use on them.
//
// A node that is gone and has no pods left gives its place to another, so that the table is as large as the cluster
// was at its largest, however many names have come and gone. Tells changes from heartbeats.
// Source of the rules: Kueue, tas_nodes_cache.go, tas_non_tas_pod_cache.go and the controllers that feed them
// (resource_flavor.go, pod_usage_controller.go). Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_NODE_TABLE_H_
#define MUSTER_SCHEDULER_TOPOLOGY_NODE_TABLE_H_

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "api/core.h"
#include "quota/amount.h"
#include "scheduler/base/interner.h"
#include "scheduler/ids.h"
#include "scheduler/topology_placement.h"

namespace muster::scheduler {

using NodeIndex = int32_t;  // a place in the table; another node's once this one is gone

class NodeTable {
 public:
  struct Node {
    api::Node object;  // stays where it is; name and labels outlive the node until nothing is known of it
    bool exists = false;
    bool usable = false;                     // Ready and not cordoned
    std::vector<quota::Amount> allocatable;  // by ResourceId
    std::vector<quota::Amount> other_pods;   // by ResourceId
    int num_pods = 0;
    // For who keeps trees: the flavors whose trees the node is in, with its domain in each.
    absl::InlinedVector<std::pair<FlavorId, DomainKey>, 1> places;
  };
  enum class Change {
    kNothing,  // a heartbeat
    kRemark,   // a condition other than Ready, or an annotation: nothing that a placement depends on
    kNode,     // labels, taints, allocatable, cordon or readiness; or the node is new
  };

  // Names of resources are interned; must outlive the table.
  explicit NodeTable(ResourceNames* resources) : resources_(resources) {}

  // Creates or replaces. O(size of the object).
  std::pair<NodeIndex, Change> Set(const api::Node& object);
  // kNoId if there is no such node.
  NodeIndex Find(absl::string_view name) const;
  // The node is gone; its pods may not be. Forget it when nothing refers to it any more.
  void Remove(NodeIndex node);
  // Gives the place away if there is neither node nor pod. The index is invalid then.
  void Forget(NodeIndex node);

  struct PodChange {
    // Nodes on which something differs now; kNoId = none. Both REQUIRE Forget once they have been looked at.
    NodeIndex before = kNoId, after = kNoId;
    bool freed = false;  // something on `before`
  };
  // Creates or replaces; a pod that has ended, is on no node yet, or belongs to a topology-aware workload uses nothing.
  PodChange SetPod(const api::Pod& pod);
  PodChange RemovePod(absl::string_view key);  // namespace/name

  Node& at(NodeIndex node) { return nodes_[node]; }
  const Node& at(NodeIndex node) const { return nodes_[node]; }
  // Indices are below this.
  NodeIndex num_places() const { return static_cast<NodeIndex>(nodes_.size()); }

 private:
  struct PodUse {
    NodeIndex node = kNoId;
    std::vector<std::pair<ResourceId, quota::Amount>> requests;  // by resource name, then "pods"
  };
  NodeIndex PlaceOf(absl::string_view name);
  void Add(const PodUse& use, int sign);

  ResourceNames* resources_;
  std::deque<Node> nodes_;  // trees point to the objects
  absl::flat_hash_map<std::string, NodeIndex> by_name_;
  std::vector<NodeIndex> free_;
  absl::flat_hash_map<std::string, PodUse> pods_;  // by namespace/name
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_NODE_TABLE_H_
