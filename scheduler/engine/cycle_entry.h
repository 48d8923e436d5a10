// A head on its way through one cycle. Internal to the engine.
#ifndef MUSTER_SCHEDULER_ENGINE_CYCLE_ENTRY_H_
#define MUSTER_SCHEDULER_ENGINE_CYCLE_ENTRY_H_

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "scheduler/engine/engine_impl.h"
#include "scheduler/order/entry_order.h"

namespace muster::scheduler {

struct EngineImpl::Entry {
  Decision decision;
  int position = 0;  // among all heads of the cycle: second passes first, then by ClusterQueue name
  Assignment assignment;
  std::vector<PreemptionTarget> targets;
  WorkloadId replaces = kNoId;  // slice that goes when this one is let in
  TriedFlavors scan_before;     // where this scan for flavors began; empty: with the first one
  bool is_preemptor = false;
  bool admitted = false;
};

// A part of a cycle: whole cohort trees, which no other part's decisions depend on or change. Parts are decided side by
// side; without an executor one lane has everything. What is in it is of the running cycle, and kept for its memory.
struct EngineImpl::Lane {
  // Whether its trees may use nodes. There is one such lane at most: it alone touches the TopologyInventory.
  bool uses_topology = true;
  struct Head {
    ClusterQueueId cq;
    int position;
    WorkloadId id = kNoId;  // once it is out of its queue
    bool second_pass = false;
  };
  std::vector<Head> heads;
  std::vector<Entry> entries;                     // nominated
  std::vector<std::pair<int, Decision>> refused;  // by position
  std::vector<EntryKey> keys;                     // classical order
  std::vector<int> order;                         // the entries as they were processed
  // What the entries processed so far have changed.
  std::vector<WorkloadId> victims;
  // What the victims would give back, by tree and ClusterQueue: fits are asked as if they were gone already.
  std::map<quota::NodeId, std::map<quota::NodeId, quota::FrAmounts>> freed;
  std::optional<VictimSearch> search;
  struct PreemptorChange {
    ClusterQueueId cq;
    std::array<int64_t, 3> before, after;
  };
  std::vector<PreemptorChange> preemptors;
  // Its heads ask for topology where there is none: has to wait until the inventory is not in use.
  bool waits = false;

  void Clear() {
    heads.clear();
    entries.clear();
    refused.clear();
    keys.clear();
    order.clear();
    victims.clear();
    freed.clear();
    search.reset();
    preemptors.clear();
    waits = false;
  }
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_CYCLE_ENTRY_H_
