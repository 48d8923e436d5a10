// Nodes that come when pods need them and go when they are idle, as with Karpenter.
//
// The scheduler admits by quota and places pods on nodes that a group may have, whether they are there or not; what is
// not there is launched, and the pods wait for it, holding their quota. Quotas stay as they are while nodes come and go.
// Equal machines are one as good as another: before one is launched, an idle one of the group takes its place.
#ifndef MUSTER_SIM_REPLAY_NODE_GROUPS_H_
#define MUSTER_SIM_REPLAY_NODE_GROUPS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "api/core.h"

namespace muster::sim {

// The host that pods on the node are told to be on: its label, or else its name.
const std::string& HostOf(const api::Node& node);

// Thread-safety: value type.
struct NodeGroup {
  std::string name;
  api::StringMap match_labels;    // the nodes of the policy that carry these may be launched
  int64_t min = 0;                // so many are always there
  std::optional<int64_t> max;     // so many at most; nullopt = all that carry the labels
  int64_t provision_s = 0;        // from a launch until pods start
  std::optional<int64_t> idle_s;  // without a pod until it goes; nullopt = it stays
  double price_per_hour = 0;      // of a node, in any currency
  friend bool operator==(const NodeGroup&, const NodeGroup&) = default;
};

// What became of a group. Thread-safety: value type.
struct NodeGroupUse {
  std::string name;
  int64_t min = 0, max = 0;
  int64_t launched = 0, removed = 0, failed = 0;
  int64_t peak = 0;          // most at once
  int64_t node_seconds = 0;  // from launch to removal
  double cost = 0;
  friend bool operator==(const NodeGroupUse&, const NodeGroupUse&) = default;
};

// A node appeared, or went away.
struct NodeMove {
  std::string node;
  bool there = false;
  friend bool operator==(const NodeMove&, const NodeMove&) = default;
};

// Times never go back. Hosts that belong to no group are always there. Thread-safety: compatible.
class NodeGroups {
 public:
  NodeGroups() = default;
  // The first `min` nodes of each group, in the order of `nodes`, are there. Errors: InvalidArgument for a group without
  // nodes, with fewer nodes than min or max, and for a node in two groups or whose host is another's too.
  static absl::StatusOr<NodeGroups> Make(absl::Span<const NodeGroup> groups, absl::Span<const api::Node> nodes,
                                         int64_t begin_s);

  bool empty() const { return groups_.empty(); }
  // The nodes of groups that are beyond their max: nothing may be placed there. By name.
  const std::set<std::string>& unused() const { return unused_; }
  // The nodes of all groups, each with its host.
  const std::map<std::string, std::string>& host_of() const { return host_of_; }
  // Whether a host is one of theirs. O(log n).
  bool Scales(const std::string& host) const { return slot_of_.contains(host); }

  // A run takes a host: when its node is ready, now or later. O(log n).
  int64_t Take(const std::string& host, int64_t now_s);
  // The run has ended. REQUIRES: it took it. O(log n).
  void GiveBack(const std::string& host, int64_t now_s);

  // When the next idle node goes. O(groups).
  std::optional<int64_t> NextRemoval() const;
  // Removes those whose time has come. O(removed log n + groups).
  void RemoveIdle(int64_t now_s);

  // The machine is lost; others are launched if fewer than min are left. Nothing is placed on the host until Repair.
  void Fail(const std::string& host, int64_t now_s);
  void Repair(const std::string& host, int64_t now_s);

  // What appeared and went away since the last call, in order.
  std::vector<NodeMove> TakeMoves() { return std::exchange(moves_, {}); }
  // By group, in the order they were given, up to now.
  std::vector<NodeGroupUse> Uses(int64_t now_s);

 private:
  struct Slot {
    std::string node;
    size_t group = 0;
    bool there = false, down = false;
    int64_t ready_s = 0;       // if it is there: since when, or from when on
    int64_t idle_since_s = 0;  // if it is there and has no run
    int64_t runs = 0;
  };
  struct Group {
    NodeGroup model;
    NodeGroupUse use;
    std::vector<size_t> slots;
    std::set<std::pair<int64_t, size_t>> idle;  // since when, slot
    int64_t count = 0;                          // that are there, or on their way
    int64_t since_s = 0;                        // node_seconds are up to then
  };
  Slot* SlotOf(const std::string& host);
  void Count(Group* group, int64_t by, int64_t now_s);
  void Appear(size_t slot, int64_t ready_s);
  void Vanish(size_t slot);
  void Launch(size_t slot, int64_t now_s, int64_t after_s);
  void KeepMin(size_t group, int64_t now_s, int64_t after_s);

  std::vector<Group> groups_;
  std::vector<Slot> slots_;
  std::map<std::string, size_t> slot_of_;  // by host
  std::set<std::string> unused_;
  std::map<std::string, std::string> host_of_;  // by node
  std::vector<NodeMove> moves_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_NODE_GROUPS_H_
