// One scheduling cycle: take a head of every ClusterQueue, find out what each could get on its own, then let them in
// one by one, and put back who has to wait.
#include <algorithm>

#include "scheduler/engine/cycle_entry.h"
#include "scheduler/engine/trial.h"
#include "scheduler/order/fair_order.h"

namespace muster::scheduler {

bool EngineImpl::IsSecondPassDue() const {
  return std::any_of(second_pass_.begin(), second_pass_.end(),
                     [this](const auto& waiting) { return waiting.second <= latest_; });
}

bool EngineImpl::HasPendingHeads() const { return num_ready_ > 0 || IsSecondPassDue(); }

bool EngineImpl::IsQuiet() const { return !HasPendingHeads() || (repetition.repeats() && !IsSecondPassDue()); }

// Where the scan for flavors of an entry went on, and where it would go on now, as far as it makes a difference.
void EngineImpl::NoteScan(const Entry& e) {
  const WorkloadId id = e.decision.workload;
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

void EngineImpl::OrderClassically(Lane* lane) {
  lane->keys.reserve(lane->entries.size());
  for (size_t i = 0; i < lane->entries.size(); ++i) {
    const Entry& e = lane->entries[i];
    const WorkloadState& w = workloads[e.decision.workload];
    EntryKey& k = lane->keys.emplace_back();
    k.index = static_cast<int>(i);
    k.holds_quota = e.decision.second_pass;
    k.is_preemptor = e.is_preemptor;
    k.borrowing = e.assignment.borrowing;
    k.priority = w.priority;
    k.timestamp = w.queue_timestamp;
  }
  SortClassically(options.gates, &lane->keys);
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

// Takes the head out of its queue.
void EngineImpl::Pop(ClusterQueueId cq, WorkloadId* id) {
  *id = queues[cq].Pop(UsageFor(cq));
  WorkloadState& w = workloads[*id];
  w.phase = WorkloadPhase::kInflight;
  w.evaluated_generation = w.generation;
}

// Whether a head has to be placed on nodes, in trees that have none. Takes the heads.
bool EngineImpl::AsksForNodes(Lane* lane) {
  bool asks = false;
  for (Lane::Head& head : lane->heads) {
    Pop(head.cq, &head.id);
    asks = asks || topology_step_.Wants(workloads[head.id], head.cq);
  }
  return asks;
}

// Looks at every head on its own.
void EngineImpl::NominateHeads(Lane* lane) {
  lane->search.emplace(View());
  for (Lane::Head& head : lane->heads) {
    if (head.id == kNoId) Pop(head.cq, &head.id);
    Entry& e = lane->entries.emplace_back();
    e.position = head.position;
    e.decision.workload = head.id;
    e.decision.cluster_queue = head.cq;
    e.decision.second_pass = head.second_pass;
    if (!head.second_pass && Refuse(head.id, head.cq, &e.decision)) {
      lane->refused.emplace_back(head.position, std::move(e.decision));
      lane->entries.pop_back();
    } else {
      Nominate(head.id, head.cq, lane, &e);
    }
  }
}

// Processes the entries one by one, each seeing what those before it took.
void EngineImpl::LetIn(Lane* lane) {
  std::vector<Entry>& entries = lane->entries;
  // Reservations of heads that stay pending last for this cycle only. Nobody changes anything in trees of others.
  std::vector<quota::NodeId> nodes;
  nodes.reserve(entries.size());
  for (const Entry& e : entries) nodes.push_back(declared.NodeOf(e.decision.cluster_queue));
  const Trial trial(declared.forest(), nodes, lane->uses_topology ? &topology : nullptr);
  if (!options.fair_sharing.has_value()) {
    OrderClassically(lane);
    for (const EntryKey& k : lane->keys) {
      lane->order.push_back(k.index);
      Process(&entries[k.index], lane);
    }
    return;
  }
  std::vector<FairEntry> keys;
  keys.reserve(entries.size());
  for (const Entry& e : entries) {
    const WorkloadState& w = workloads[e.decision.workload];
    keys.push_back(
        {declared.NodeOf(e.decision.cluster_queue), e.assignment.usage, e.is_preemptor, w.priority, w.queue_timestamp});
  }
  FairOrder fair(declared.forest(), options.gates, std::move(keys));
  std::vector<uint8_t> seen(entries.size());
  for (int i = fair.Pop(); i >= 0; i = fair.Pop()) {
    lane->order.push_back(i);
    seen[i] = 1;
    Process(&entries[i], lane);
  }
  // Who did not take part goes back as it is.
  for (int i = 0; i < static_cast<int>(entries.size()); ++i) {
    if (!seen[i]) lane->order.push_back(i);
  }
}

// Carries out what was decided, puts back who has to wait, and completes the decisions.
void EngineImpl::Conclude(Lane* lane, absl::Time now) {
  for (const int i : lane->order) Settle(&lane->entries[i], now);
  for (const int i : lane->order) {
    Decision& d = lane->entries[i].decision;
    if (d.status != EntryStatus::kAssumed && d.status != EntryStatus::kEvicted) {
      if (d.second_pass) {
        RetrySecondPass(d.workload, now);
      } else {
        Requeue(d, lane, now);
      }
    }
    Complete(&d, /*refused=*/false);
  }
  for (auto& [position, d] : lane->refused) {
    Requeue(d, lane, now);
    Complete(&d, /*refused=*/true);
  }
}

// Whether cycles have begun to repeat themselves.
void EngineImpl::NoteCycle(const std::vector<Lane*>& lanes) {
  if (changed_) return repetition.Restart();
  for (const Lane* lane : lanes) {
    for (const Lane::PreemptorChange& c : lane->preemptors) {
      repetition.Note(Repetition::Part::kPreemptor, c.cq, {c.before.begin(), c.before.end()},
                      {c.after.begin(), c.after.end()});
    }
    for (const int i : lane->order) NoteScan(lane->entries[i]);
  }
  repetition.EndCycle();
}

CycleResult EngineImpl::RunCycle(absl::Time now, base::Executor* executor) {
  Refresh();
  latest_ = std::max(latest_, now);
  CycleResult result;
  result.cycle = ++cycle;
  const size_t waiting = second_pass_.size();
  std::vector<WorkloadId> second_pass = TakeSecondPass(now);
  changed_ = second_pass_.size() != waiting;
  std::erase_if(second_pass, [&](WorkloadId id) {
    const ClusterQueueId cq = workloads[id].cq;
    const bool inactive = !active_[cq] || declared.NodeOf(cq) == quota::kNoNode;
    if (inactive) RetrySecondPass(id, now);
    return inactive;
  });

  const std::vector<Lane*> lanes = Divide(second_pass, executor != nullptr);
  const auto decide = [&](Lane* lane) {
    NominateHeads(lane);
    LetIn(lane);
    Conclude(lane, now);
  };
  deciding_ = true;
  OnEach(lanes, executor, [&](Lane* lane) {
    lane->waits = !lane->uses_topology && AsksForNodes(lane);
    if (!lane->waits) decide(lane);
  });
  for (Lane* lane : lanes) {
    if (lane->waits) decide(lane);
  }
  deciding_ = false;
  for (const Lane* lane : lanes) {
    for (const Lane::Head& head : lane->heads) NoteHeap(head.cq);
  }
  NoteCycle(lanes);
  Gather(lanes, executor, &result);
  return result;
}

void EngineImpl::Requeue(const Decision& d, Lane* lane, absl::Time now) {
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
      lane->preemptors.push_back({d.cluster_queue, before, after});
    }
  }
  w.phase = WorkloadPhase::kPending;
  const bool untried = w.progress.has_value() && w.progress->HasUntried();
  if (BackoffExpired(w, now) && (immediate || queue.ReactivatedSincePop() || untried)) {
    queue.PushHeap(ItemFor(d.workload));
    return;
  }
  Changed();
  queue.Park(ItemFor(d.workload), /*held=*/!BackoffExpired(w, now));
  const bool hopeless = reason == RequeueReason::kNoFit || reason == RequeueReason::kPreemptionNoCandidates;
  if (strict || !hopeless || !options.gates[Gate::kSchedulingEquivalenceHashing]) return;
  queue.ParkEquivalent(w.equivalence, d.pending_reason);
}

}  // namespace muster::scheduler
