// Usage in the quota forest: booked, tried under an undo mark, and asked about.
#include <benchmark/benchmark.h>

#include <string>

#include "quota/forest.h"

namespace muster::quota {
namespace {

// One ClusterQueue below `depth` cohorts, each of which has 20 more ClusterQueues.
Forest Chain(int depth) {
  ForestSpec spec;
  spec.resource_of_fr = {0, 1};
  spec.num_resources = 2;
  for (int d = 0; d < depth; ++d) {
    spec.nodes.push_back({"cohort" + std::to_string(d), true, d == 0 ? kNoNode : d - 1, 1, {}});
  }
  for (int d = 0; d < depth; ++d) {
    for (int i = 0; i < 20; ++i) {
      spec.nodes.push_back({"cq" + std::to_string(d * 20 + i), false, d, 1, {{0, 100, {}, 50}, {1, 1000, 500, {}}}});
    }
  }
  return Forest::Build(spec).value();
}

// The deepest ClusterQueue.
NodeId Leaf(const Forest& forest) { return forest.num_nodes() - 1; }
constexpr FrAmount kUse[] = {{0, 120}, {1, 1200}};

void BM_AddAndRemove(benchmark::State& state) {
  Forest forest = Chain(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    forest.AddUsage(Leaf(forest), kUse);
    forest.RemoveUsage(Leaf(forest), kUse);
  }
}
BENCHMARK(BM_AddAndRemove)->Arg(1)->Arg(4);

void BM_TryAndRollBack(benchmark::State& state) {
  Forest forest = Chain(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    const Forest::UndoMark mark = forest.Mark(Leaf(forest));
    forest.AddUsage(Leaf(forest), kUse);
    benchmark::DoNotOptimize(forest.AvailableClipped(Leaf(forest), 0));
    forest.Rollback(Leaf(forest), mark);
  }
}
BENCHMARK(BM_TryAndRollBack)->Arg(1)->Arg(4);

void BM_Share(benchmark::State& state) {
  Forest forest = Chain(static_cast<int>(state.range(0)));
  forest.AddUsage(Leaf(forest), kUse);
  for (auto _ : state) benchmark::DoNotOptimize(forest.DominantResourceShare(Leaf(forest)));
}
BENCHMARK(BM_Share)->Arg(1)->Arg(4);

void BM_Height(benchmark::State& state) {
  const Forest forest = Chain(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(forest.FindHeight(Leaf(forest), 0, 150));
}
BENCHMARK(BM_Height)->Arg(1)->Arg(4);

}  // namespace
}  // namespace muster::quota
