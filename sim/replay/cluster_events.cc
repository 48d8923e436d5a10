#include "sim/replay/cluster_events.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "sim/trace/split_mix.h"

namespace muster::sim {
namespace {

bool ByTime(const Outage& a, const Outage& b) {
  return std::tie(a.down_s, a.node, a.up_s) < std::tie(b.down_s, b.node, b.up_s);
}

// What counts at one moment of one node.
struct Counts {
  int cordoned = 0, failed = 0, maintained = 0;
  NodeStep::State state() const {
    if (failed + maintained > 0) return NodeStep::State::kDown;
    return cordoned > 0 ? NodeStep::State::kCordoned : NodeStep::State::kUp;
  }
};

// The steps of one node. `changes`: when, and by how much a count changes.
void AddSteps(const std::string& node, std::vector<std::pair<int64_t, Counts>> changes, std::vector<NodeStep>* steps) {
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Counts now;
  for (size_t i = 0; i < changes.size();) {
    const Counts before = now;
    const int64_t at_s = changes[i].first;
    for (; i < changes.size() && changes[i].first == at_s; ++i) {
      now.cordoned += changes[i].second.cordoned;
      now.failed += changes[i].second.failed;
      now.maintained += changes[i].second.maintained;
    }
    if (now.state() == before.state()) continue;
    steps->push_back({at_s, node, now.state(), now.state() == NodeStep::State::kDown && now.failed == 0});
  }
}

}  // namespace

std::vector<Outage> DrawOutages(absl::Span<const std::string> nodes, int64_t begin_s, int64_t until_s, int64_t mtbf_s,
                                int64_t mttr_s, uint64_t seed) {
  MUSTER_CHECK(mtbf_s >= 1 && mttr_s >= 1);
  std::vector<Outage> out;
  for (const std::string& node : nodes) {
    SplitMix64 random(SeedFor(seed, node));
    const auto draw = [&random](int64_t mean) {
      return static_cast<int64_t>(std::ceil(std::min(1e15, -std::log(random.Unit()) * static_cast<double>(mean))));
    };
    for (int64_t at_s = begin_s;;) {
      at_s += draw(mtbf_s);
      if (at_s > until_s) break;
      const int64_t up_s = at_s + draw(mttr_s);
      out.push_back({node, at_s, up_s, at_s, false});
      at_s = up_s;
    }
  }
  std::sort(out.begin(), out.end(), ByTime);
  return out;
}

std::vector<NodeStep> StepsOf(std::vector<Outage> outages) {
  std::map<std::string, std::vector<std::pair<int64_t, Counts>>> changes;
  for (const Outage& o : outages) {
    if (o.up_s <= o.down_s) continue;  // of no length
    std::vector<std::pair<int64_t, Counts>>& of_node = changes[o.node];
    const int failed = o.maintenance ? 0 : 1, maintained = o.maintenance ? 1 : 0;
    if (o.cordon_s < o.down_s) {
      of_node.push_back({o.cordon_s, {1, 0, 0}});
      of_node.push_back({o.down_s, {-1, 0, 0}});
    }
    of_node.push_back({o.down_s, {0, failed, maintained}});
    if (o.up_s != Outage::kNever) of_node.push_back({o.up_s, {0, -failed, -maintained}});
  }
  std::vector<NodeStep> steps;
  for (auto& [node, of_node] : changes) AddSteps(node, std::move(of_node), &steps);
  std::stable_sort(steps.begin(), steps.end(), [](const NodeStep& a, const NodeStep& b) {
    return std::tie(a.at_s, a.node) < std::tie(b.at_s, b.node);
  });
  return steps;
}

}  // namespace muster::sim
