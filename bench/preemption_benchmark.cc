// Who has to go: ten victims out of many, by priority and by shares.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/world.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/engine/internals.h"

namespace muster::scheduler {
namespace {

// Eight ClusterQueues of one cohort; all but the first hold one-CPU workloads far beyond their nominal quota, so that
// nothing is left. A workload of the first asks for ten CPUs.
void Search(benchmark::State& state, EngineOptions options) {
  const int victims = static_cast<int>(state.range(0));
  bench::WorldSpec spec;
  spec.queues_per_cohort = 8;
  spec.nominal_cpus = victims / 8;
  Engine engine = bench::MakeEngine(spec, std::move(options));
  for (int i = 0; i < victims; ++i) engine.Apply(bench::MakeWorkload(i, 1 + i % 7, 1), bench::At(0));
  while (engine.HasPendingHeads()) engine.RunCycle(bench::At(0));
  EngineImpl& impl = EngineInternals::Of(engine);
  const std::vector<uint8_t> active(impl.queues.size(), 1);
  HoldersView view;
  view.declared = &impl.declared;
  view.workloads = &impl.workloads;
  view.by_queue = &impl.holders;
  view.active = &active;
  view.options = &impl.options;
  VictimSearch preemptor(view);
  const quota::FrId fr = 0;
  PreemptionRequest request;
  request.cq = *engine.FindClusterQueue(bench::QueueName(0));
  request.priority = 9;
  request.queue_timestamp = bench::At(1);
  request.usage = {{fr, 10000}};
  request.frs = {fr};
  size_t found = 0;
  for (auto _ : state) {
    preemptor.Forget();
    found = preemptor.FindTargets(request).size();
  }
  if (found != 10) state.SkipWithError("ten workloads should have to go");
}

void BM_Classical(benchmark::State& state) { Search(state, EngineOptions::Default()); }
BENCHMARK(BM_Classical)->Arg(800)->Arg(8000);

void BM_FairSharing(benchmark::State& state) { Search(state, EngineOptions::FairSharing()); }
BENCHMARK(BM_FairSharing)->Arg(800)->Arg(8000);

}  // namespace
}  // namespace muster::scheduler
