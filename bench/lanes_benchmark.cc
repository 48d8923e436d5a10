// Cycles over ten independent clusters of 1000 ClusterQueues in 50 cohorts each, with a head everywhere: on one thread,
// and lent more. Says whether the decisions are the same.
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "bench/world.h"
#include "benchmark/benchmark.h"

namespace muster::scheduler {
namespace {

constexpr int kQueues = 10'000, kCohorts = 500, kRounds = 5;

Engine MakeEngine(EngineOptions options) {
  bench::WorldSpec spec;
  spec.cohorts = kCohorts;
  spec.queues_per_cohort = kQueues / kCohorts;
  return bench::MakeEngine(spec, std::move(options));
}

// So many workloads per queue, of which not all fit.
void Submit(Engine* engine, int per_queue) {
  for (int i = 0; i < per_queue; ++i) {
    for (int q = 0; q < kQueues; ++q) {
      engine->Apply(bench::MakeWorkload(i * kQueues + q, q, 1 + (i * 7 + q) % 15, (i + q) % 3), bench::At(0));
    }
  }
}

std::vector<CycleResult> Decide(Engine* engine, base::Executor* executor) {
  std::vector<CycleResult> out;
  for (int i = 0; i < kRounds; ++i) out.push_back(engine->RunCycle(bench::At(i), executor));
  return out;
}

void Cycles(benchmark::State& state, const EngineOptions& options) {
  const int threads = static_cast<int>(state.range(0));
  base::ThreadPool pool(threads);
  std::optional<Engine> alone = MakeEngine(options);
  Submit(&*alone, kRounds);
  const std::vector<CycleResult> want = Decide(&*alone, nullptr);
  alone.reset();
  for (auto _ : state) {
    state.PauseTiming();
    {
      Engine engine = MakeEngine(options);
      Submit(&engine, kRounds);
      state.ResumeTiming();
      std::vector<CycleResult> got = Decide(&engine, threads > 1 ? &pool : nullptr);
      state.PauseTiming();
      if (got != want) state.SkipWithError("other decisions than on one thread");
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kQueues * kRounds);
}

void BM_Cycles(benchmark::State& state) { Cycles(state, EngineOptions::Default()); }
BENCHMARK(BM_Cycles)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_CyclesByShares(benchmark::State& state) { Cycles(state, EngineOptions::FairSharing()); }
BENCHMARK(BM_CyclesByShares)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace muster::scheduler
