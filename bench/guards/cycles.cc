// Cycles in which quota decides: 400 ClusterQueues in 20 cohorts, three flavors, and three times as much work as there
// is room for. All heads are admitted, borrow or are parked; the oldest work ends and wakes those that were parked.
#include <deque>

#include "bench/guards/measured.h"
#include "bench/world.h"

namespace muster::bench {
namespace {

constexpr int kQueues = 400;
constexpr int kRounds = 12;

void Run(scheduler::EngineOptions options) {
  WorldSpec spec;
  spec.cohorts = 20;
  spec.queues_per_cohort = kQueues / spec.cohorts;
  spec.flavors = 3;
  spec.nominal_cpus = 4;
  scheduler::Engine engine = MakeEngine(spec, std::move(options));
  std::deque<scheduler::WorkloadId> ids;
  int seq = 0;
  size_t decided = 0;
  Measured([&] {
    for (int round = 0; round < kRounds; ++round) {
      // Every queue gets one, every third some more: some lend and some borrow.
      for (int q = 0; q < kQueues; ++q) {
        for (int n = q % 3 == 0 ? 3 : 1; n > 0; --n) {
          ids.push_back(engine.Apply(MakeWorkload(seq, q, 1 + seq % 5), At(round)));
          ++seq;
        }
      }
      for (int cycle = 0; cycle < 3; ++cycle) decided += engine.RunCycle(At(round)).entries.size();
      if (round < 4) continue;
      for (int n = 0; n < kQueues; ++n) {
        engine.Finish(ids.front(), At(round));
        engine.DeleteWorkload(ids.front(), At(round));
        ids.pop_front();
      }
      engine.Advance(At(round));
    }
  });
  Expect(decided > 5 * kQueues, "most queues have a head in most cycles");
}

}  // namespace
}  // namespace muster::bench

int main() {
  muster::bench::Run(muster::scheduler::EngineOptions::Default());
  muster::bench::Run(muster::scheduler::EngineOptions::FairSharing());
}
