// How much of what is free on nodes is in one piece: whole nodes and racks without a pod, how many of them there could be
// if pods were moved together, and how much of what is free is of no use to the pods that usually come.
//
// Knows nothing unless jobs are placed on hosts: flavors with a Topology whose last level is kubernetes.io/hostname, and
// nodes that have the main resource. A rack is what nodes share at the level above. Nodes that are down or cordoned are
// not free.
//
// Could be free: with so much in use as now, and everything on the largest nodes (racks), those that would be left. What
// is of no use is the measure of sim/packing/fragmentation.h over the trace's pods, by cpu and whole units of the main
// resource; there is none if pods ask for parts of a unit, or a node has more than 16 of them.
#ifndef MUSTER_SIM_REPORT_FIGURES_NODE_METER_H_
#define MUSTER_SIM_REPORT_FIGURES_NODE_METER_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/metrics/level_series.h"
#include "sim/packing/fragmentation.h"
#include "sim/replay/observer.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Thread-safety: compatible.
class NodeMeter : public ReplayObserver {
 public:
  enum Kind : size_t { kFreeNodes, kFreeableNodes, kFreeRacks, kFreeableRacks, kFree, kUnusable, kKinds };
  static constexpr size_t kMaxBuckets = 800;

  // `trace` is the one that is replayed, and outlives this.
  explicit NodeMeter(const Trace* trace) : trace_(trace) {}
  void OnBegin(const ReplaySetting& setting) override;
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  void OnChange(const WorldChange& change) override;
  // O(nodes that changed + log nodes).
  void OnInstant(int64_t now_s) override;
  void OnEnd(int64_t now_s) override;

  bool any() const { return !nodes_.empty(); }
  // For summary.json: means over time. Null without nodes. REQUIRES: OnEnd has been called.
  nlohmann::ordered_json Summary() const;
  const LevelSeries& series() const { return *series_; }
  bool has_racks() const { return !racks_.empty(); }
  size_t racks() const { return racks_.size(); }
  const std::string& rack_level() const { return rack_level_; }  // a label
  bool has_unusable() const { return typical_.has_value(); }

 private:
  struct Node {
    bool up = true, there = true;  // a node of a node group is not always there
    bool ready = false, fresh = true;
    double capacity = 0, used = 0;  // of the main resource
    int64_t cpu_milli = 0, used_cpu_milli = 0;
    int64_t pods = 0;
    int rack = -1;
    int64_t unusable = 0;  // as Fragmentation::Amount has it
  };
  struct Rack {
    int64_t ready = 0, busy = 0;  // nodes
    double capacity = 0;          // of the ready ones
  };
  struct Placed {
    int node = 0;
    int32_t pods = 0;
    double amount = 0;
    int64_t cpu_milli = 0;
  };
  // How many of these at least have to be used for so much: sums of the largest first.
  static std::vector<double> LargestFirst(std::vector<double> sizes);
  void LearnTypicalPods(const std::string& resource);
  void SetReady(Node* node, bool ready);
  void Put(const Placed& placed, int sign);
  bool IsFree(const Node& node) const { return node.ready && node.pods == 0; }
  bool IsFree(const Rack& rack) const { return rack.ready > 0 && rack.busy == 0; }
  int64_t UnusableOf(const Node& node) const;
  double MeanOf(Kind kind) const;

  const Trace* trace_;
  std::string resource_, rack_level_;
  int64_t begin_s_ = 0, end_s_ = 0;
  std::vector<Node> nodes_;
  std::vector<Rack> racks_;
  absl::flat_hash_map<std::string, int> by_host_, by_name_;
  absl::flat_hash_map<size_t, std::vector<Placed>> runs_;  // by job
  std::optional<Fragmentation> typical_;
  std::vector<int> fresh_;  // nodes whose unusable part is to be worked out
  bool resized_ = true;     // nodes came or went
  std::vector<double> node_sums_, rack_sums_;
  double used_ = 0, free_ = 0;
  int64_t free_nodes_ = 0, free_racks_ = 0, ready_nodes_ = 0, ready_racks_ = 0, unusable_ = 0;
  std::optional<LevelSeries> series_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_FIGURES_NODE_METER_H_
