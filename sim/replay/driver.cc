#include "sim/replay/driver.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

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

std::string LoopInWords(const LoopWatch::Loop& loop, const std::function<std::string(WorkloadId)>& name) {
  std::vector<std::string> parts;
  for (const LoopWatch::Event& event : loop.events) {
    if (event.started()) continue;
    std::string part = absl::StrCat(name(event.by), " preempts ", name(event.workload));
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(std::move(part));
  }
  return absl::StrCat(absl::StrJoin(parts, ", "), loop.turns > 1 ? absl::StrCat(", ", loop.turns, " times over") : "");
}

void Driver::Disturbed(absl::Time now) {
  watch_.Disturbed();
  loop_.reset();
  yields_ = scheduler::kNoId;
  for (const WorkloadId id : aside_) {
    if (engine_.HasWorkload(id)) engine_.SetRequeued(id, now);
  }
  aside_.clear();
}

void Driver::Watch(const Decision& d, const Hands& hands) {
  if (d.status != scheduler::EntryStatus::kAssumed) {
    for (const WorkloadId victim : NewVictims(d)) watch_.Preempted(victim, d.workload);
    return;
  }
  if (!loop_.has_value()) {
    loop_ = watch_.Started(d.workload);
    if (!loop_.has_value()) return;
    std::vector<WorkloadId> workloads;
    for (const LoopWatch::Event& event : loop_->events) {
      if (event.started()) workloads.push_back(event.workload);
    }
    std::sort(workloads.begin(), workloads.end());
    workloads.erase(std::unique(workloads.begin(), workloads.end()), workloads.end());
    yields_ = hands.yields(workloads);
  }
  // Only who runs can be evicted: the others of the loop will see to it that it starts.
  if (d.workload != yields_) return;
  hands.set_aside(yields_, *loop_);
  aside_.push_back(yields_);
  watch_.Disturbed();
  loop_.reset();
  yields_ = scheduler::kNoId;
}

Driver::Settled Driver::Decide(absl::Time now, const Hands& hands, Pace* pace) {
  Settled settled;
  for (;;) {
    engine_.SampleLocalQueues(now);
    engine_.Advance(now);
    if (engine_.IsQuiet()) return settled;
    if (pace != nullptr && !pace->Free()) {
      settled.quiet = false;
      return settled;
    }
    const CycleResult cycle = engine_.RunCycle(now, executor_);
    if (cycle.ran()) ++settled.cycles;
    for (const Decision& d : cycle.entries) {
      settled.progress |= hands.carry(d, cycle.cycle);
      // The pods of the older slice are the newer one's now.
      if (d.replaces != scheduler::kNoId) engine_.Finish(d.replaces, now);
      Watch(d, hands);
    }
    for (const Decision& d : cycle.rejected) settled.progress |= hands.carry(d, cycle.cycle);
    if (pace != nullptr) pace->CycleDone();
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
