#include "sim/report/figures/node_meter.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "absl/strings/str_join.h"
#include "api/core.h"
#include "api/resource_units.h"
#include "api/vocabulary.h"
#include "sim/replay/policy.h"
#include "sim/report/metrics_json.h"

namespace muster::sim {
namespace {

using Json = nlohmann::ordered_json;

double AmountOf(const api::ResourceList& list, const std::string& resource) {
  const auto found = list.find(resource);
  return found == list.end() ? 0 : found->second.ToDouble();
}

int64_t CpuMilli(const api::ResourceList& list) { return std::llround(AmountOf(list, "cpu") * 1000); }

bool IsWhole(double amount) { return amount >= 0 && amount == std::floor(amount); }

// What node stands for in placements.
const std::string& HostOf(const api::Node& node) {
  const auto host = node.metadata.labels.find(api::kHostnameLabel);
  return host == node.metadata.labels.end() ? node.metadata.name : host->second;
}

// The levels of a Topology that places on hosts; empty if none does.
std::vector<std::string> HostLevels(const ReplayPolicy& policy) {
  for (const api::ResourceFlavor& flavor : policy.flavors) {
    for (const api::Topology& topology : policy.topologies) {
      if (topology.metadata.name != flavor.topology_name || topology.levels.empty()) continue;
      if (topology.levels.back() == api::kHostnameLabel) return topology.levels;
    }
  }
  return {};
}

}  // namespace

std::vector<double> NodeMeter::LargestFirst(std::vector<double> sizes) {
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  double sum = 0;
  for (double& size : sizes) size = sum += size;
  return sizes;
}

void NodeMeter::LearnTypicalPods(const std::string& resource) {
  for (const Node& node : nodes_) {
    if (!IsWhole(node.capacity) || node.capacity > kMaxGpus) return;
  }
  std::vector<int64_t> jobs(trace_->shapes.size());
  for (const Job& job : trace_->jobs) ++jobs[job.shape];
  std::map<PodShape, int64_t> counts;
  bool any = false;
  for (size_t shape = 0; shape < jobs.size(); ++shape) {
    for (const PodGroup& group : trace_->shapes[shape].pods) {
      const double units = AmountOf(group.requests, resource);
      if (!IsWhole(units) || units > kMaxGpus) return;
      PodShape pod;
      pod.cpu_milli = CpuMilli(group.requests);
      pod.gpus = static_cast<int32_t>(units);
      pod.gpu_milli = pod.gpus > 0 ? kWholeGpu : 0;
      any |= pod.gpus > 0 && jobs[shape] > 0;
      if (jobs[shape] > 0) counts[pod] += jobs[shape] * group.count;
    }
  }
  if (any) typical_.emplace(TypicalPods(counts));
}

void NodeMeter::OnBegin(const ReplaySetting& setting) {
  begin_s_ = setting.begin_s;
  resource_ = setting.resource;
  series_.emplace(begin_s_, kKinds, kMaxBuckets);
  const std::vector<std::string> levels = HostLevels(*setting.policy);
  if (levels.empty()) return;
  if (levels.size() > 1) rack_level_ = levels[levels.size() - 2];
  std::map<std::string, int> rack_of;
  for (const api::Node& node : setting.policy->nodes) {
    const double capacity = AmountOf(node.allocatable, resource_);
    if (!(capacity > 0)) continue;
    Node known;
    known.capacity = capacity;
    known.cpu_milli = node.allocatable.contains("cpu") ? CpuMilli(node.allocatable) : int64_t{1} << 50;
    if (!rack_level_.empty()) {
      std::vector<std::string> path;
      for (size_t l = 0; l + 1 < levels.size(); ++l) {
        const auto label = node.metadata.labels.find(levels[l]);
        path.push_back(label == node.metadata.labels.end() ? "" : label->second);
      }
      const auto [rack, added] = rack_of.emplace(absl::StrJoin(path, "\n"), static_cast<int>(racks_.size()));
      if (added) racks_.emplace_back();
      known.rack = rack->second;
    }
    const int index = static_cast<int>(nodes_.size());
    by_host_.emplace(HostOf(node), index);
    by_name_.emplace(node.metadata.name, index);
    nodes_.push_back(known);
    fresh_.push_back(index);
    Node& kept = nodes_.back();
    kept.up = CapacityOf(node, resource_) > 0 && !node.unschedulable;
    kept.there = setting.scaled_nodes == nullptr || setting.scaled_nodes->count(node.metadata.name) == 0;
    SetReady(&kept, kept.up && kept.there);
  }
  LearnTypicalPods(resource_);
  OnInstant(begin_s_);
}

void NodeMeter::SetReady(Node* node, bool ready) {
  if (node->ready == ready) return;
  Rack* const rack = node->rack < 0 ? nullptr : &racks_[node->rack];
  free_nodes_ -= IsFree(*node) ? 1 : 0;
  if (rack != nullptr) {
    free_racks_ -= IsFree(*rack) ? 1 : 0;
    ready_racks_ -= rack->ready > 0 ? 1 : 0;
  }
  const int sign = ready ? 1 : -1;
  node->ready = ready;
  ready_nodes_ += sign;
  free_ += sign * (node->capacity - node->used);
  free_nodes_ += IsFree(*node) ? 1 : 0;
  if (rack != nullptr) {
    rack->ready += sign;
    rack->capacity += sign * node->capacity;
    free_racks_ += IsFree(*rack) ? 1 : 0;
    ready_racks_ += rack->ready > 0 ? 1 : 0;
  }
  resized_ = true;
  if (!std::exchange(node->fresh, true)) fresh_.push_back(static_cast<int>(node - nodes_.data()));
}

void NodeMeter::Put(const Placed& placed, int sign) {
  Node& node = nodes_[placed.node];
  Rack* const rack = node.rack < 0 ? nullptr : &racks_[node.rack];
  free_nodes_ -= IsFree(node) ? 1 : 0;
  if (rack != nullptr) {
    free_racks_ -= IsFree(*rack) ? 1 : 0;
    rack->busy -= node.pods > 0 ? 1 : 0;
  }
  node.pods += sign * placed.pods;
  node.used += sign * placed.amount;
  node.used_cpu_milli += sign * placed.cpu_milli;
  used_ += sign * placed.amount;
  if (node.ready) free_ -= sign * placed.amount;
  free_nodes_ += IsFree(node) ? 1 : 0;
  if (rack != nullptr) {
    rack->busy += node.pods > 0 ? 1 : 0;
    free_racks_ += IsFree(*rack) ? 1 : 0;
  }
  if (!std::exchange(node.fresh, true)) fresh_.push_back(placed.node);
}

void NodeMeter::OnStart(const RunStart& event) {
  if (nodes_.empty()) return;
  const std::vector<PodGroup>& groups = trace_->ShapeOf(trace_->jobs[event.job]).pods;
  std::vector<Placed> run;
  for (size_t p = 0; p < event.decision->pod_sets.size() && p < groups.size(); ++p) {
    const auto& topology = event.decision->pod_sets[p].topology;
    if (!topology.has_value()) continue;
    const double amount = AmountOf(groups[p].requests, resource_);
    const int64_t cpu_milli = CpuMilli(groups[p].requests);
    for (const scheduler::TopologyPlacement::Domain& domain : topology->domains) {
      const auto node = by_host_.find(domain.domain->values.back());
      if (node == by_host_.end()) continue;
      run.push_back({node->second, domain.count, domain.count * amount, domain.count * cpu_milli});
      Put(run.back(), 1);
    }
  }
  if (!run.empty()) runs_[event.job] = std::move(run);
}

void NodeMeter::OnStop(const RunStop& event) {
  const auto run = runs_.find(event.job);
  if (run == runs_.end()) return;
  for (const Placed& placed : run->second) Put(placed, -1);
  runs_.erase(run);
}

void NodeMeter::OnChange(const WorldChange& change) {
  if (change.kind == WorldChange::Kind::kPolicy) return;
  const auto known = by_name_.find(change.name);
  if (known == by_name_.end()) return;
  Node& node = nodes_[known->second];
  if (change.kind == WorldChange::Kind::kNodeLaunched || change.kind == WorldChange::Kind::kNodeRemoved) {
    node.there = change.kind == WorldChange::Kind::kNodeLaunched;
  } else {
    node.up = change.kind == WorldChange::Kind::kNodeUp;
  }
  SetReady(&node, node.up && node.there);
}

int64_t NodeMeter::UnusableOf(const Node& node) const {
  if (!node.ready) return 0;
  Machine machine;
  machine.gpus = static_cast<int32_t>(node.capacity);
  machine.cpu_milli = node.cpu_milli - node.used_cpu_milli;
  const auto free = static_cast<int>(std::max(0.0, node.capacity - node.used));
  for (int i = 0; i < free; ++i) machine.gpu_milli[i] = kWholeGpu;
  return typical_->Amount(machine);
}

void NodeMeter::OnInstant(int64_t now_s) {
  if (nodes_.empty()) return;
  for (const int n : fresh_) {
    Node& node = nodes_[n];
    node.fresh = false;
    if (!typical_.has_value()) continue;
    unusable_ -= node.unusable;
    node.unusable = UnusableOf(node);
    unusable_ += node.unusable;
  }
  fresh_.clear();
  if (std::exchange(resized_, false)) {
    std::vector<double> sizes, rack_sizes;
    for (const Node& node : nodes_) {
      if (node.ready) sizes.push_back(node.capacity);
    }
    for (const Rack& rack : racks_) {
      if (rack.ready > 0) rack_sizes.push_back(rack.capacity);
    }
    node_sums_ = LargestFirst(std::move(sizes));
    rack_sums_ = LargestFirst(std::move(rack_sizes));
  }
  const auto left = [this](const std::vector<double>& sums) {
    if (!(used_ > 0)) return static_cast<double>(sums.size());
    const auto last = std::lower_bound(sums.begin(), sums.end(), used_);
    return last == sums.end() ? 0.0 : static_cast<double>(sums.end() - last - 1);
  };
  series_->Set(kFreeNodes, static_cast<double>(free_nodes_), now_s);
  series_->Set(kFreeableNodes, left(node_sums_), now_s);
  series_->Set(kFreeRacks, static_cast<double>(free_racks_), now_s);
  series_->Set(kFreeableRacks, left(rack_sums_), now_s);
  series_->Set(kFree, std::max(0.0, free_), now_s);
  if (!typical_.has_value()) return;
  series_->Set(kUnusable, static_cast<double>(unusable_) / (static_cast<double>(typical_->weight()) * kWholeGpu),
               now_s);
}

void NodeMeter::OnEnd(int64_t now_s) {
  end_s_ = now_s;
  OnInstant(now_s);
  series_->CloseAt(now_s);
}

double NodeMeter::MeanOf(Kind kind) const {
  return end_s_ > begin_s_ ? series_->Total(kind) / static_cast<double>(end_s_ - begin_s_) : series_->level(kind);
}

Json NodeMeter::Summary() const {
  if (!any()) return nullptr;
  Json json = {{"nodes", nodes_.size()},
               {"free_nodes_mean", ThreeDecimals(MeanOf(kFreeNodes))},
               {"could_be_free_nodes_mean", ThreeDecimals(MeanOf(kFreeableNodes))}};
  if (has_racks()) {
    json["rack_level"] = rack_level_;
    json["racks"] = racks_.size();
    json["free_racks_mean"] = ThreeDecimals(MeanOf(kFreeRacks));
    json["could_be_free_racks_mean"] = ThreeDecimals(MeanOf(kFreeableRacks));
  }
  json["free_mean"] = ThreeDecimals(MeanOf(kFree));
  if (has_unusable()) json["unusable_mean"] = ThreeDecimals(MeanOf(kUnusable));
  return json;
}

}  // namespace muster::sim
