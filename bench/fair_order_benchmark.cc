// The fair-sharing tournament over all heads of a cycle, each taking what it asks for.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "scheduler/order/fair_order.h"

namespace muster::scheduler {
namespace {

using quota::Forest;
using quota::FrAmount;
using quota::kNoNode;
using quota::NodeId;

// `queues` ClusterQueues below `cohorts` cohorts of one root; directly below the root if there are none.
Forest Tree(int cohorts, int queues) {
  quota::ForestSpec spec;
  spec.resource_of_fr = {0};
  spec.num_resources = 1;
  spec.nodes.push_back({"a-root", true, kNoNode, 1, {}});
  for (int c = 0; c < cohorts; ++c) spec.nodes.push_back({"b-" + std::to_string(c), true, 0, 1, {}});
  for (int q = 0; q < queues; ++q) {
    const NodeId parent = cohorts == 0 ? 0 : 1 + q % cohorts;
    spec.nodes.push_back({"cq-" + std::to_string(q), false, parent, 1.0 + q % 4, {{0, 10, {}, {}}}});
  }
  return Forest::Build(spec).value();
}

void Tournament(benchmark::State& state, int cohorts) {
  const int queues = static_cast<int>(state.range(0));
  Forest forest = Tree(cohorts, queues);
  const FeatureGates gates;
  std::vector<FrAmount> asked;
  for (int q = 0; q < queues; ++q) asked.push_back({0, 5 + q % 20});
  std::vector<FairEntry> entries;
  for (int q = 0; q < queues; ++q) {
    entries.push_back({1 + cohorts + q, {&asked[q], 1}, false, q % 3, absl::FromUnixSeconds(q)});
  }
  for (auto _ : state) {
    const Forest::UndoMark mark = forest.Mark(0);
    FairOrder order(forest, gates, entries);
    for (int i = order.Pop(); i >= 0; i = order.Pop()) forest.AddUsage(entries[i].node, entries[i].usage);
    forest.Rollback(0, mark);
  }
  state.SetItemsProcessed(state.iterations() * queues);
}

void BM_OneCohort(benchmark::State& state) { Tournament(state, 0); }
BENCHMARK(BM_OneCohort)->Arg(100)->Arg(1000);

void BM_TwentyCohorts(benchmark::State& state) { Tournament(state, 20); }
BENCHMARK(BM_TwentyCohorts)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace muster::scheduler
