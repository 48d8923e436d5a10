#include "sim/driver.h"

namespace muster::sim {

using scheduler::CycleResult;
using scheduler::Decision;
using scheduler::WorkloadId;

std::vector<WorkloadId> NewVictims(const Decision& decision) {
  std::vector<WorkloadId> out;
  if (decision.status == scheduler::EntryStatus::kAssumed) return out;
  for (const scheduler::PreemptionTarget& target : decision.targets) {
    if (target.newly_evicted) out.push_back(target.workload);
  }
  if (decision.migrates != scheduler::kNoId) out.push_back(decision.migrates);
  return out;
}

Driver::Settled Driver::Decide(absl::Time now, const Carry& carry) {
  Settled settled;
  for (;;) {
    engine_.SampleLocalQueues(now);
    engine_.Advance(now);
    if (engine_.IsQuiet()) return settled;
    const CycleResult cycle = engine_.RunCycle(now);
    if (cycle.ran()) ++settled.cycles;
    for (const Decision& d : cycle.entries) {
      settled.progress |= carry(d, cycle.cycle);
      // The pods of the older slice are the newer one's now.
      if (d.replaces != scheduler::kNoId) engine_.Finish(d.replaces, now);
    }
    for (const Decision& d : cycle.rejected) settled.progress |= carry(d, cycle.cycle);
  }
}

absl::Time Driver::NextTimer(absl::Time now) const {
  const absl::Time timer = engine_.NextTimer();
  if (timer == absl::InfiniteFuture()) return timer;
  const absl::Time at = absl::UnixEpoch() + absl::Ceil(timer - absl::UnixEpoch(), absl::Seconds(1));
  // What lies in the past has been served by Decide.
  return at > now ? at : absl::InfiniteFuture();
}

}  // namespace muster::sim
