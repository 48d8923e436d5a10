// One whole cycle over 1000 ClusterQueues with a head each, and the life of a workload around it.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/world.h"

namespace muster::scheduler {
namespace {

constexpr int kQueues = 1000;

bench::WorldSpec Spec(int cohorts) {
  bench::WorldSpec spec;
  spec.cohorts = cohorts;
  spec.queues_per_cohort = kQueues / cohorts;
  return spec;
}

// All 1000 heads are admitted. Their creation before and their end after the cycle are not timed.
void Admit(benchmark::State& state, EngineOptions options) {
  Engine engine = bench::MakeEngine(Spec(static_cast<int>(state.range(0))), std::move(options));
  std::vector<WorkloadId> ids(kQueues);
  int seq = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (int q = 0; q < kQueues; ++q) ids[q] = engine.Apply(bench::MakeWorkload(seq++, q, 1), bench::At(0));
    state.ResumeTiming();
    const CycleResult result = engine.RunCycle(bench::At(0));
    state.PauseTiming();
    if (result.entries.size() != kQueues) state.SkipWithError("every queue should have a head");
    for (const WorkloadId id : ids) engine.DeleteWorkload(id, bench::At(0));
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kQueues);
}

void BM_AdmitOneHeadPerQueue(benchmark::State& state) { Admit(state, EngineOptions::Default()); }
BENCHMARK(BM_AdmitOneHeadPerQueue)->Arg(1)->Arg(50)->Unit(benchmark::kMicrosecond);

void BM_AdmitOneHeadPerQueueByShares(benchmark::State& state) { Admit(state, EngineOptions::FairSharing()); }
BENCHMARK(BM_AdmitOneHeadPerQueueByShares)->Arg(1)->Arg(50)->Unit(benchmark::kMicrosecond);

// Created, admitted in a cycle with 999 others, finished and deleted; per workload.
void BM_WholeLife(benchmark::State& state) {
  Engine engine = bench::MakeEngine(Spec(50));
  std::vector<WorkloadId> ids(kQueues);
  std::vector<api::Workload> objects;
  for (int q = 0; q < kQueues; ++q) objects.push_back(bench::MakeWorkload(q, q, 1));
  for (auto _ : state) {
    for (int q = 0; q < kQueues; ++q) ids[q] = engine.Apply(objects[q], bench::At(0));
    benchmark::DoNotOptimize(engine.RunCycle(bench::At(0)));
    for (const WorkloadId id : ids) {
      engine.Finish(id, bench::At(0));
      engine.DeleteWorkload(id, bench::At(0));
    }
    engine.Advance(bench::At(0));
  }
  state.SetItemsProcessed(state.iterations() * kQueues);
}
BENCHMARK(BM_WholeLife)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace muster::scheduler
