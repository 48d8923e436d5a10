// One scheduling cycle: take a head of every ClusterQueue, find out what each could get on its own, then let them in
// one by one, and put back who has to wait.
#include <algorithm>

#include "scheduler/engine/cycle_entry.h"
#include "scheduler/engine/trial.h"
#include "scheduler/order/entry_order.h"
#include "scheduler/order/fair_order.h"

namespace muster::scheduler {

bool EngineImpl::IsSecondPassDue() const {
  return std::any_of(second_pass_.begin(), second_pass_.end(),
                     [this](const auto& waiting) { return waiting.second <= latest_; });
}

bool EngineImpl::HasPendingHeads() const {
  if (IsSecondPassDue()) return true;
  for (size_t cq = 0; cq < queues.size(); ++cq) {
    if (active_[cq] && !queues[cq].HeapEmpty()) return true;
  }
  return false;
}

bool EngineImpl::IsQuiet() const { return !HasPendingHeads() || (repetition.repeats() && !IsSecondPassDue()); }

// Where the scan for flavors of an entry went on, and where it would go on now, as far as it makes a difference.
void EngineImpl::NoteScan(const Entry& e, WorkloadId id) {
  const WorkloadState& w = workloads[id];
  static const TriedFlavors* const kFromTheFirst = new TriedFlavors();
  const TriedFlavors& now =
      w.progress.has_value() && w.progress->HasUntried() ? w.progress->last_tried : *kFromTheFirst;
  if (now == e.scan_before) return;
  const auto value = [](const TriedFlavors& tried) {
    Repetition::Value out;
    for (const auto& pod_set : tried) {
      out.push_back(static_cast<int64_t>(pod_set.size()));
      for (const auto& [resource, index] : pod_set) {
        out.push_back(resource);
        out.push_back(index);
      }
    }
    return out;
  };
  repetition.Note(Repetition::Part::kScan, id, value(e.scan_before), value(now));
}

std::vector<int> EngineImpl::OrderClassically() {
  const std::vector<Entry>& entries = entries_;
  std::vector<EntryKey> keys;
  keys.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const WorkloadState& w = workloads[entries[i].decision.workload];
    EntryKey k;
    k.index = static_cast<int>(i);
    k.holds_quota = entries[i].decision.second_pass;
    k.is_preemptor = entries[i].is_preemptor;
    k.borrowing = entries[i].assignment.borrowing;
    k.priority = w.priority;
    k.timestamp = w.queue_timestamp;
    keys.push_back(k);
  }
  SortClassically(options.gates, &keys);
  std::vector<int> order;
  order.reserve(keys.size());
  for (const EntryKey& k : keys) order.push_back(k.index);
  return order;
}

// Carries out what was decided about an entry, now that usage is what it was before the cycle.
void EngineImpl::Settle(Entry* e, absl::Time now) {
  e->decision.pod_sets = std::move(e->assignment.pod_sets);
  for (const PreemptionTarget& t : e->decision.targets) {
    if (!t.newly_evicted) continue;
    MarkEvicted(t.workload, "Preempted");
    // With priorities out of the order, who made room while others borrowed goes behind them.
    if (!options.gates[Gate::kPrioritySortingWithinCohort] &&
        t.reason == PreemptionReason::kInCohortReclaimWhileBorrowing) {
      workloads[t.workload].queue_timestamp = now + absl::Milliseconds(1);
    }
  }
  if (e->decision.migrates != kNoId && !workloads[e->decision.migrates].evicted) {
    MarkEvicted(e->decision.migrates, "FlavorMigration");
  }
  if (e->decision.status == EntryStatus::kEvicted) MarkEvicted(e->decision.workload, "NodeFailures");
  if (!e->admitted) return;
  std::vector<HeldPodSet> held;
  held.reserve(e->decision.pod_sets.size());
  for (size_t i = 0; i < e->decision.pod_sets.size(); ++i) {
    const PodSetDecision& ps = e->decision.pod_sets[i];
    HeldPodSet h;
    h.name = ps.name;
    h.count = ps.count;
    h.topology = ps.topology;
    h.topology_flavor = ps.topology_flavor;
    h.delayed_topology = ps.delayed_topology;
    for (const ResourceFlavorChoice& choice : ps.flavors) {
      for (const ResourceAmount& a : e->assignment.requests[i]) {
        if (a.resource == choice.resource) h.items.push_back({a.resource, choice.flavor, a.amount});
      }
    }
    held.push_back(std::move(h));
  }
  WorkloadState& w = workloads[e->decision.workload];
  if (e->decision.second_pass) {
    FreeQuota(e->decision.workload);
    w.unhealthy_nodes.clear();
    Hold(e->decision.workload, e->decision.cluster_queue, std::move(held));
    w.admitted = HasChecksReady(w);
    return;
  }
  w.reserved_at = now;
  if (w.evicted) w.queue_timestamp = w.creation;
  w.evicted = false;
  w.evicted_since.reset();
  w.eviction_reason.clear();
  Hold(e->decision.workload, e->decision.cluster_queue, std::move(held));
  w.admitted = HasChecksReady(w);
  Penalize(w, e->decision.workload, e->decision.cluster_queue);
  ++declared.cq(e->decision.cluster_queue).generation;  // the update that follows is a removal and an addition
}

// Processes the entries one by one, each seeing what those before it took. Returns the order.
std::vector<int> EngineImpl::LetIn(absl::Time now) {
  // Reservations of heads that stay pending last for this cycle only. Nobody changes anything in trees of others.
  std::vector<quota::NodeId> nodes;
  nodes.reserve(entries_.size());
  for (const Entry& e : entries_) nodes.push_back(declared.NodeOf(e.decision.cluster_queue));
  const Trial trial(declared.forest(), nodes, topology);
  Round round;
  round.now = now;
  if (!options.fair_sharing.has_value()) {
    const std::vector<int> order = OrderClassically();
    for (const int i : order) Process(&entries_[i], &round);
    return order;
  }
  std::vector<FairEntry> keys;
  for (const Entry& e : entries_) {
    const WorkloadState& w = workloads[e.decision.workload];
    keys.push_back(
        {declared.NodeOf(e.decision.cluster_queue), e.assignment.usage, e.is_preemptor, w.priority, w.queue_timestamp});
  }
  FairOrder fair(declared.forest(), options.gates, std::move(keys));
  std::vector<int> order;
  std::vector<uint8_t> seen(entries_.size());
  for (int i = fair.Pop(); i >= 0; i = fair.Pop()) {
    order.push_back(i);
    seen[i] = 1;
    Process(&entries_[i], &round);
  }
  // Who did not take part goes back as it is.
  for (int i = 0; i < static_cast<int>(entries_.size()); ++i) {
    if (!seen[i]) order.push_back(i);
  }
  return order;
}

CycleResult EngineImpl::RunCycle(absl::Time now) {
  Refresh();
  latest_ = std::max(latest_, now);
  CycleResult result;
  result.cycle = ++cycle;
  preemptor_ = std::make_unique<VictimSearch>(View());
  std::vector<Entry>& entries = entries_;
  std::vector<Decision> refused;
  const size_t waiting = second_pass_.size();
  const std::vector<WorkloadId> second_pass = TakeSecondPass(now);
  changed_ = second_pass_.size() != waiting;
  for (const WorkloadId id : second_pass) {
    const ClusterQueueId cq = workloads[id].cq;
    if (!active_[cq] || declared.NodeOf(cq) == quota::kNoNode) {
      RetrySecondPass(id, now);
      continue;
    }
    Nominate(id, cq, &entries.emplace_back());
    entries.back().decision.second_pass = true;
  }
  for (ClusterQueueId cq : declared.ClusterQueuesByName()) {
    if (!active_[cq] || queues[cq].HeapEmpty()) continue;
    const WorkloadId id = queues[cq].Pop(UsageFor(cq));
    workloads[id].phase = WorkloadPhase::kInflight;
    workloads[id].evaluated_generation = workloads[id].generation;
    Entry& e = entries.emplace_back();
    e.decision.workload = id;
    e.decision.cluster_queue = cq;
    if (Refuse(id, cq, &e.decision)) {
      refused.push_back(std::move(e.decision));
      entries.pop_back();
    } else {
      Nominate(id, cq, &e);
    }
  }

  const std::vector<int> order = LetIn(now);
  preemptor_.reset();

  for (const int i : order) Settle(&entries[i], now);
  result.entries.reserve(order.size());
  for (const int i : order) result.entries.push_back(std::move(entries[i].decision));
  result.rejected = std::move(refused);
  for (Decision& d : result.entries) {
    if (d.status != EntryStatus::kAssumed && d.status != EntryStatus::kEvicted) {
      if (d.second_pass) {
        RetrySecondPass(d.workload, now);
      } else {
        Requeue(d, now);
      }
    }
    Complete(&d, /*refused=*/false);
  }
  for (Decision& d : result.rejected) {
    Requeue(d, now);
    Complete(&d, /*refused=*/true);
  }
  if (changed_) {
    repetition.Restart();
  } else {
    for (size_t i = 0; i < order.size(); ++i) NoteScan(entries[order[i]], result.entries[i].workload);
    repetition.EndCycle();
  }
  entries.clear();
  return result;
}

void EngineImpl::Requeue(const Decision& d, absl::Time now) {
  WorkloadState& w = workloads[d.workload];
  PendingQueue& queue = queues[d.cluster_queue];
  const bool strict = declared.cq(d.cluster_queue).rules.strict_fifo;
  RequeueReason reason = d.requeue_reason;
  if (reason == RequeueReason::kGeneric && d.status != EntryStatus::kNotNominated) {
    reason = RequeueReason::kFailedAfterNomination;
  }
  const bool immediate =
      strict ? reason != RequeueReason::kNamespaceMismatch
             : reason == RequeueReason::kFailedAfterNomination || reason == RequeueReason::kPendingPreemption ||
                   reason == RequeueReason::kPendingMigration || reason == RequeueReason::kPreemptionFailed;
  if (reason == RequeueReason::kPendingPreemption || reason == RequeueReason::kPendingMigration) {
    const auto before = queue.PreemptorMark();
    queue.SetPreemptor(d.workload, w.evaluated_generation, /*sticky=*/!strict);
    if (const auto after = queue.PreemptorMark(); after != before) {
      repetition.Note(Repetition::Part::kPreemptor, d.cluster_queue, {before.begin(), before.end()},
                      {after.begin(), after.end()});
    }
  }
  w.phase = WorkloadPhase::kPending;
  const bool untried = w.progress.has_value() && w.progress->HasUntried();
  if (BackoffExpired(w, now) && (immediate || queue.ReactivatedSincePop() || untried)) {
    queue.PushHeap(ItemFor(d.workload));
    return;
  }
  changed_ = true;
  queue.Park(ItemFor(d.workload), /*held=*/!BackoffExpired(w, now));
  const bool hopeless = reason == RequeueReason::kNoFit || reason == RequeueReason::kPreemptionNoCandidates;
  if (strict || !hopeless || !options.gates[Gate::kSchedulingEquivalenceHashing]) return;
  queue.ParkEquivalent(w.equivalence);
}

}  // namespace muster::scheduler
