// Flavors for one workload: the first that fits, and the last of many.
#include <benchmark/benchmark.h>

#include "bench/world.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/engine/internals.h"

namespace muster::scheduler {
namespace {

void Assign(benchmark::State& state, int64_t cpus) {
  bench::WorldSpec spec;
  spec.queues_per_cohort = 20;
  spec.flavors = static_cast<int>(state.range(0));
  Engine engine = bench::MakeEngine(spec);
  const WorkloadId id = engine.Apply(bench::MakeWorkload(0, 0, cpus), bench::At(0));
  EngineImpl& impl = EngineInternals::Of(engine);
  impl.Refresh();
  NoPreemptionOracle oracle(impl.declared);
  FlavorAssigner assigner(impl.declared, impl.options, oracle);
  const int32_t counts[] = {1};
  for (auto _ : state) {
    benchmark::DoNotOptimize(assigner.Assign(impl.workloads[id], impl.workloads[id].cq, counts, /*progress=*/nullptr));
  }
}

void BM_FirstFlavorFits(benchmark::State& state) { Assign(state, 1); }
BENCHMARK(BM_FirstFlavorFits)->Arg(1)->Arg(16);

// Never fits: every flavor is rated and says why not.
void BM_NoFlavorFits(benchmark::State& state) { Assign(state, 100000); }
BENCHMARK(BM_NoFlavorFits)->Arg(1)->Arg(16);

}  // namespace
}  // namespace muster::scheduler
