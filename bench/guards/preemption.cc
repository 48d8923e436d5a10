// Searches for victims: eight ClusterQueues of one cohort, seven of which hold one-CPU workloads far beyond their
// nominal quota. A workload of the first comes, takes back its own ten CPUs at a time, and is gone again.
#include <vector>

#include "bench/guards/measured.h"
#include "bench/world.h"

namespace muster::bench {
namespace {

constexpr int kHolders = 1600;
constexpr int kSearches = 40;

void Run(scheduler::EngineOptions options) {
  WorldSpec spec;
  spec.queues_per_cohort = 8;
  spec.nominal_cpus = kHolders / 8;
  scheduler::Engine engine = MakeEngine(spec, std::move(options));
  for (int i = 0; i < kHolders; ++i) engine.Apply(MakeWorkload(i, 1 + i % 7, 1, i % 4), At(0));
  while (engine.HasPendingHeads()) engine.RunCycle(At(0));
  size_t victims = 0;
  Measured([&] {
    for (int i = 0; i < kSearches; ++i) {
      const scheduler::WorkloadId preemptor = engine.Apply(MakeWorkload(kHolders + i, 0, 10, 9), At(1 + i));
      const scheduler::CycleResult result = engine.RunCycle(At(1 + i));
      std::vector<scheduler::WorkloadId> evicted;
      for (const scheduler::Decision& decision : result.entries) {
        for (const scheduler::PreemptionTarget& target : decision.targets) evicted.push_back(target.workload);
      }
      victims += evicted.size();
      for (const scheduler::WorkloadId id : evicted) engine.CompleteEviction(id, At(1 + i));
      engine.DeleteWorkload(preemptor, At(1 + i));
      engine.Advance(At(1 + i));
      // What was evicted finds its place again.
      for (int cycle = 0; cycle < 20 && engine.HasPendingHeads(); ++cycle) engine.RunCycle(At(1 + i));
    }
  });
  Expect(victims == 10 * kSearches, "each search finds ten victims");
}

}  // namespace
}  // namespace muster::bench

int main() {
  muster::bench::Run(muster::scheduler::EngineOptions::Default());
  muster::bench::Run(muster::scheduler::EngineOptions::FairSharing());
}
