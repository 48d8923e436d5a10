#include "sim/driver.h"

#include <algorithm>
#include <utility>

namespace muster::sim {

using scheduler::CycleResult;
using scheduler::Decision;
using scheduler::WorkloadId;
using scheduler::WorkloadPhase;

namespace {
constexpr int kMaxIdleTimers = 1000;
}  // namespace

std::vector<WorkloadId> NewVictims(const Decision& decision) {
  std::vector<WorkloadId> out;
  if (decision.status == scheduler::EntryStatus::kAssumed) return out;
  for (const scheduler::PreemptionTarget& target : decision.targets) {
    if (target.newly_evicted) out.push_back(target.workload);
  }
  if (decision.migrates != scheduler::kNoId) out.push_back(decision.migrates);
  return out;
}

void Driver::NoteClusterQueue(const api::ClusterQueue& cluster_queue) {
  for (const api::ResourceGroup& group : cluster_queue.resource_groups) {
    max_looks_ = std::max(max_looks_, static_cast<int>(group.flavors.size()));
  }
}

// Whether another cycle would only look at what this one has looked at: every head went back to the front of its queue
// (StrictFIFO) and has been seen once per flavor it could try. A head that was parked makes room for the next one.
bool Driver::Exhausted(const CycleResult& result) {
  bool exhausted = true;
  for (const std::vector<Decision>* decisions : {&result.entries, &result.rejected}) {
    for (const Decision& d : *decisions) {
      const int looks = ++looks_[d.workload];
      if (engine_.Phase(d.workload) != WorkloadPhase::kPending || looks < max_looks_) exhausted = false;
      if (looks > 4 * max_looks_ + 64) return true;  // a head that is parked and fetched for ever
    }
  }
  return exhausted;
}

Driver::Settled Driver::Decide(absl::Time now, const Carry& carry) {
  Settled settled;
  looks_.clear();
  for (;;) {
    engine_.SampleLocalQueues(now);
    engine_.Advance(now);
    if (!engine_.HasPendingHeads()) break;
    const CycleResult cycle = engine_.RunCycle(now);
    if (!cycle.ran()) break;
    ++settled.cycles;
    bool progress = false;
    for (const Decision& d : cycle.entries) {
      progress |= carry(d, cycle.cycle);
      // The pods of the older slice are the newer one's now.
      if (d.replaces != scheduler::kNoId) engine_.Finish(d.replaces, now);
    }
    for (const Decision& d : cycle.rejected) progress |= carry(d, cycle.cycle);
    settled.progress |= progress;
    if (progress) {
      looks_.clear();
    } else if (Exhausted(cycle)) {
      break;
    }
  }
  if (settled.progress) idle_timers_ = 0;
  return settled;
}

absl::Time Driver::NextTimer(absl::Time now, bool idle) {
  const absl::Time timer = engine_.NextTimer();
  if (timer == absl::InfiniteFuture() || (idle && idle_timers_ >= kMaxIdleTimers)) return absl::InfiniteFuture();
  if (idle) ++idle_timers_;
  const absl::Time at = absl::UnixEpoch() + absl::Ceil(timer - absl::UnixEpoch(), absl::Seconds(1));
  // What lies in the past has been served by Decide.
  return at > now ? at : absl::InfiniteFuture();
}

}  // namespace muster::sim
