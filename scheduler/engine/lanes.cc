// Dividing a cycle into parts that can be decided side by side, and joining what they decided as if it had been one.
//
// What a decision depends on and changes are its cohort tree (quota, queues, holders and their workloads) and, where
// nodes are concerned, the inventory of nodes. So every tree is a lane of its own, but all trees that use nodes are one.
// Admission fair sharing looks across trees, second passes are about what happened elsewhere: such a cycle is one lane.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "scheduler/engine/cycle_entry.h"

namespace muster::scheduler {

// [0] is for all; [1] for the trees that use nodes.
void EngineImpl::DivideTrees() {
  if (!lanes_stale_) return;
  lanes_stale_ = false;
  const auto uses_nodes = [this](ClusterQueueId cq) {
    for (const GroupState& g : declared.cq(cq).groups) {
      for (const FlavorId f : g.flavors) {
        if (topology.IsTopologyAware(f)) return true;
      }
    }
    return std::any_of(holders[cq].begin(), holders[cq].end(), [this](const VictimKey& k) {
      const auto& held = workloads[k.id].held;
      return std::any_of(held.begin(), held.end(), [](const HeldPodSet& h) { return h.topology.has_value(); });
    });
  };
  absl::flat_hash_map<CohortTrees::TreeId, int> lane_of_tree;
  for (const ClusterQueueId cq : declared.ClusterQueuesByName()) {
    if (uses_nodes(cq)) lane_of_tree[declared.trees().TreeOf(cq)] = 1;
  }
  lane_of_.assign(declared.num_cluster_queues(), 1);
  int next = 2;
  for (const ClusterQueueId cq : declared.ClusterQueuesByName()) {
    const auto [lane, is_new] = lane_of_tree.try_emplace(declared.trees().TreeOf(cq), next);
    if (is_new) ++next;
    lane_of_[cq] = lane->second;
  }
  for (int i = static_cast<int>(lanes_.size()); i < next; ++i) lanes_.emplace_back().uses_topology = i < 2;
  lanes_.resize(next);
}

std::vector<EngineImpl::Lane*> EngineImpl::Divide(const std::vector<WorkloadId>& second_pass, bool side_by_side) {
  if (lanes_.empty()) lanes_.emplace_back();
  Lane& all = lanes_[0];
  for (const WorkloadId id : second_pass) {
    all.heads.push_back({workloads[id].cq, static_cast<int>(all.heads.size()), id, /*second_pass=*/true});
  }
  for (int rank = NextReady(0); rank >= 0; rank = NextReady(rank + 1)) {
    all.heads.push_back({declared.ClusterQueuesByName()[rank], static_cast<int>(all.heads.size())});
  }
  if (!side_by_side || all.heads.size() < few_heads || !second_pass.empty() || ledger_.has_value()) return {&all};
  DivideTrees();
  std::vector<Lane*> out;
  for (const Lane::Head& head : all.heads) {
    Lane& lane = lanes_[lane_of_[head.cq]];
    if (lane.heads.empty()) out.push_back(&lane);
    lane.heads.push_back(head);
  }
  all.heads.clear();
  // The largest first, so that none is left over at the end.
  std::stable_sort(out.begin(), out.end(),
                   [](const Lane* a, const Lane* b) { return a->heads.size() > b->heads.size(); });
  return out;
}

void EngineImpl::OnEach(const std::vector<Lane*>& lanes, base::Executor* executor,
                        const std::function<void(Lane*)>& work) {
  if (executor == nullptr || lanes.size() == 1) {
    for (Lane* lane : lanes) work(lane);
  } else {
    executor->Run(static_cast<int>(lanes.size()), [&](int i) { work(lanes[i]); });
  }
}

// Where each entry comes in the order of the whole cycle, by position.
std::vector<int> EngineImpl::JoinOrders(const std::vector<Lane*>& lanes, int heads) const {
  std::vector<int> place(heads, -1);
  int next = 0;
  if (!options.fair_sharing.has_value()) {
    std::vector<EntryKey> keys;
    for (const Lane* lane : lanes) {
      for (EntryKey k : lane->keys) {
        k.index = lane->entries[k.index].position;
        keys.push_back(k);
      }
    }
    SortClassically(options.gates, &keys);
    for (const EntryKey& k : keys) place[k.index] = next++;
    return place;
  }
  // By shares every tree has an order of its own. The tree of the first entry, by position, that is not in yet is asked
  // for its next: see FairOrder.
  struct Tree {
    std::vector<int> order;  // positions
    size_t next = 0;
  };
  absl::flat_hash_map<quota::NodeId, Tree> trees;
  std::vector<quota::NodeId> root_of(heads, quota::kNoNode);
  for (const Lane* lane : lanes) {
    for (const int i : lane->order) {
      const Entry& e = lane->entries[i];
      root_of[e.position] = declared.forest().root(declared.NodeOf(e.decision.cluster_queue));
      trees[root_of[e.position]].order.push_back(e.position);
    }
  }
  for (int first = 0; first < heads; ++first) {
    if (root_of[first] == quota::kNoNode) continue;  // refused
    Tree& tree = trees.at(root_of[first]);
    while (place[first] < 0) place[tree.order[tree.next++]] = next++;
  }
  return place;
}

// Hands out what the lanes decided, and leaves them empty.
void EngineImpl::Gather(const std::vector<Lane*>& lanes, base::Executor* executor, CycleResult* result) {
  int heads = 0, entries = 0;
  for (const Lane* lane : lanes) {
    heads += static_cast<int>(lane->heads.size());
    entries += static_cast<int>(lane->entries.size());
  }
  std::vector<std::pair<int, Decision>> refused;
  for (Lane* lane : lanes) {
    std::move(lane->refused.begin(), lane->refused.end(), std::back_inserter(refused));
  }
  std::sort(refused.begin(), refused.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, d] : refused) result->rejected.push_back(std::move(d));

  if (lanes.size() == 1) {
    result->entries.reserve(entries);
    for (const int i : lanes[0]->order) result->entries.push_back(std::move(lanes[0]->entries[i].decision));
    lanes[0]->Clear();
    return;
  }
  const std::vector<int> place = JoinOrders(lanes, heads);
  result->entries.resize(entries);
  OnEach(lanes, executor, [&](Lane* lane) {
    for (Entry& e : lane->entries) result->entries[place[e.position]] = std::move(e.decision);
    lane->Clear();
  });
}

}  // namespace muster::scheduler
