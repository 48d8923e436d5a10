// One scheduling cycle: take a head of every ClusterQueue, find out what each could get on its own, then let them in
// one by one, each seeing what those before it took.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "scheduler/engine_impl.h"
#include "scheduler/entry_order.h"

namespace muster::scheduler {

std::vector<quota::FrAmount> ResourcesToReserve(const quota::Forest& forest, quota::NodeId cluster_queue, Mode mode,
                                                int borrowing, absl::Span<const quota::FrAmount> usage) {
  if (mode != Mode::kPreempt) return {usage.begin(), usage.end()};
  std::vector<quota::FrAmount> out;
  for (const quota::FrAmount& u : usage) {
    const quota::Amount nominal = forest.nominal(cluster_queue, u.fr), used = forest.usage(cluster_queue, u.fr);
    quota::Amount reserve = u.amount;
    if (borrowing <= 0) {
      reserve = std::max<quota::Amount>(0, std::min(u.amount, quota::Sub(nominal, used)));
    } else if (forest.has_borrowing_limit(cluster_queue, u.fr)) {
      const quota::Amount most = quota::Add(nominal, forest.borrowing_limit(cluster_queue, u.fr));
      reserve = std::min(u.amount, quota::Sub(most, used));
    }
    out.push_back({u.fr, reserve});
  }
  return out;
}

struct EngineImpl::Entry {
  Decision decision;
  Assignment assignment;
  bool admitted = false;
};

bool EngineImpl::HasPendingHeads() {
  Refresh();
  for (size_t cq = 0; cq < queues.size(); ++cq) {
    if (active_[cq] && !queues[cq].HeapEmpty()) return true;
  }
  return false;
}

// The checks that come before flavors are looked at. Returns whether the head is refused.
bool EngineImpl::Refuse(WorkloadId id, ClusterQueueId cq, Decision* d) {
  const WorkloadState& w = workloads[id];
  const auto refuse = [d](Note note, PendingReason reason, RequeueReason requeue = RequeueReason::kGeneric) {
    d->note = note;
    d->pending_reason = reason;
    d->requeue_reason = requeue;
    return true;
  };
  if (w.failed_checks) return refuse(Note::kFailedAdmissionChecks, PendingReason::kPendingEvaluation);
  if (policy.NodeOf(cq) == quota::kNoNode) return refuse(Note::kClusterQueueInactive, PendingReason::kSuspended);
  const api::Namespace* ns = policy.FindNamespace(w.ns);
  if (ns == nullptr) {
    d->note_detail = absl::StrCat("workload namespace \"", w.ns, "\" does not exist");
    return refuse(Note::kNamespaceMissing, PendingReason::kMisconfigured);
  }
  const auto& selector = policy.cq(cq).object.namespace_selector;
  if (!selector.has_value() || !api::Matches(*selector, ns->metadata.labels)) {
    return refuse(Note::kNamespaceMismatch, PendingReason::kMisconfigured, RequeueReason::kNamespaceMismatch);
  }
  if (!w.invalid.empty()) {
    d->note_detail = w.invalid;
    return refuse(w.invalid_note, PendingReason::kMisconfigured);
  }
  return false;
}

EngineImpl::Entry EngineImpl::Nominate(WorkloadId id, ClusterQueueId cq) {
  WorkloadState& w = workloads[id];
  Entry e;
  e.decision.workload = id;
  e.decision.cluster_queue = cq;
  NoPreemptionOracle oracle(policy.forest());
  FlavorAssigner assigner(policy, options, oracle);
  const bool preserve = options.gates[Gate::kFlavorFungibilityPreserveScanProgress];
  if (w.progress.has_value() && IsOutdated(*w.progress, policy.cq(cq).generation, cycle, w.equivalence, preserve)) {
    w.progress.reset();
  }
  const ScanProgress* progress = w.progress.has_value() ? &*w.progress : nullptr;
  std::vector<int32_t> full, least;
  bool reducible = false;
  for (const PodSetState& ps : w.pod_sets) {
    int32_t count = ps.count;
    for (const api::ReclaimablePod& p : w.reclaimable) {
      if (p.name == ps.name) count = std::max(0, count - p.count);
    }
    full.push_back(count);
    least.push_back(std::min(count, ps.min_count.value_or(count)));
    reducible = reducible || least.back() < count;
  }
  e.assignment = assigner.Assign(w, cq, full, progress);
  if (e.assignment.mode != Mode::kFit && reducible && options.gates[Gate::kPartialAdmission]) {
    Assignment reduced;
    const bool found = SearchReducedCounts(full, least, [&](absl::Span<const int32_t> counts) {
      Assignment a = assigner.Assign(w, cq, counts, progress);
      if (a.mode != Mode::kFit) return false;
      reduced = std::move(a);
      return true;
    });
    if (found) e.assignment = std::move(reduced);
  }
  ScanProgress next;
  next.cluster_queue_generation = policy.cq(cq).generation;
  next.cycle = cycle;
  next.equivalence = w.equivalence;
  next.last_tried = e.assignment.last_tried;
  w.progress = std::move(next);
  e.decision.mode = e.assignment.mode;
  e.decision.borrowing = e.assignment.borrowing;
  return e;
}

void EngineImpl::Process(Entry* e) {
  Decision& d = e->decision;
  quota::Forest& forest = policy.forest();
  const quota::NodeId node = policy.NodeOf(d.cluster_queue);
  if (d.mode == Mode::kNoFit) {
    d.requeue_reason = RequeueReason::kNoFit;
    d.pending_reason = e->assignment.no_fit_reason;
    return;
  }
  if (d.mode == Mode::kPreempt) {
    d.requeue_reason = RequeueReason::kPreemptionNoCandidates;
    d.pending_reason = PendingReason::kWaitingForQuota;
    // Who can always reclaim its quota need not hold on to it.
    if (policy.cq(d.cluster_queue).rules.reclaim_within_cohort != PreemptionPolicy::kAny) {
      forest.AddUsage(
          node, ResourcesToReserve(forest, node, e->assignment.mode, e->assignment.borrowing, e->assignment.usage));
    }
    return;
  }
  for (const quota::FrAmount& u : e->assignment.usage) {
    if (forest.AvailableClipped(node, u.fr) >= u.amount) continue;
    d.status = EntryStatus::kSkipped;
    d.note = Note::kNoLongerFits;
    d.pending_reason = PendingReason::kWaitingForQuota;
    if (!options.gates[Gate::kFlavorFungibilityPreserveScanProgress]) workloads[d.workload].progress.reset();
    return;
  }
  forest.AddUsage(node, e->assignment.usage);
  d.status = EntryStatus::kAssumed;
  e->admitted = true;
}

CycleResult EngineImpl::RunCycle(absl::Time now) {
  Refresh();
  CycleResult result;
  result.cycle = ++cycle;
  std::vector<Entry> entries;
  std::vector<Decision> refused;
  for (ClusterQueueId cq : policy.ClusterQueuesByName()) {
    if (!active_[cq]) continue;
    const WorkloadId id = queues[cq].Pop();
    if (id == kNoId) continue;
    workloads[id].phase = WorkloadPhase::kInflight;
    workloads[id].evaluated_generation = workloads[id].generation;
    Decision d;
    d.workload = id;
    d.cluster_queue = cq;
    if (Refuse(id, cq, &d)) {
      refused.push_back(std::move(d));
    } else {
      entries.push_back(Nominate(id, cq));
    }
  }
  std::vector<EntryKey> keys;
  for (size_t i = 0; i < entries.size(); ++i) {
    const WorkloadState& w = workloads[entries[i].decision.workload];
    EntryKey k;
    k.index = static_cast<int>(i);
    k.is_preemptor = queues[entries[i].decision.cluster_queue].IsPreemptor(entries[i].decision.workload);
    k.borrowing = entries[i].decision.borrowing;
    k.priority = w.priority;
    k.timestamp = w.queue_timestamp;
    keys.push_back(k);
  }
  SortClassically(options.gates, &keys);

  // Reservations of heads that stay pending last for this cycle only.
  const quota::Forest::UndoMark mark = policy.forest().Mark();
  for (const EntryKey& k : keys) Process(&entries[k.index]);
  policy.forest().Rollback(mark);

  for (const EntryKey& k : keys) {
    Entry& e = entries[k.index];
    for (size_t i = 0; i < e.assignment.pod_sets.size(); ++i) e.decision.pod_sets.push_back(e.assignment.pod_sets[i]);
    if (e.admitted) {
      std::vector<HeldPodSet> held;
      for (size_t i = 0; i < e.assignment.pod_sets.size(); ++i) {
        HeldPodSet h;
        h.name = e.assignment.pod_sets[i].name;
        h.count = e.assignment.pod_sets[i].count;
        for (const ResourceFlavorChoice& choice : e.assignment.pod_sets[i].flavors) {
          for (const ResourceAmount& a : e.assignment.requests[i]) {
            if (a.resource == choice.resource) h.items.push_back({a.resource, choice.flavor, a.amount});
          }
        }
        held.push_back(std::move(h));
      }
      WorkloadState& w = workloads[e.decision.workload];
      // The requests were already lowered by what is reclaimable.
      w.reclaimable.clear();
      w.reserved_at = now;
      w.evicted = false;
      w.eviction_reason.clear();
      Hold(e.decision.workload, e.decision.cluster_queue, std::move(held));
    }
    result.entries.push_back(std::move(e.decision));
  }
  result.rejected = std::move(refused);
  for (const Decision& d : result.entries) {
    if (d.status != EntryStatus::kAssumed && d.status != EntryStatus::kEvicted) Requeue(d, now);
  }
  for (const Decision& d : result.rejected) Requeue(d, now);
  return result;
}

void EngineImpl::Requeue(const Decision& d, absl::Time now) {
  WorkloadState& w = workloads[d.workload];
  PendingQueue& queue = queues[d.cluster_queue];
  const bool strict = policy.cq(d.cluster_queue).rules.strict_fifo;
  RequeueReason reason = d.requeue_reason;
  if (reason == RequeueReason::kGeneric && d.status != EntryStatus::kNotNominated) {
    reason = RequeueReason::kFailedAfterNomination;
  }
  const bool immediate =
      strict ? reason != RequeueReason::kNamespaceMismatch
             : reason == RequeueReason::kFailedAfterNomination || reason == RequeueReason::kPendingPreemption ||
                   reason == RequeueReason::kPendingMigration || reason == RequeueReason::kPreemptionFailed;
  queue.ClearInflight(d.workload);
  const bool untried = w.progress.has_value() && w.progress->HasUntried();
  if (BackoffExpired(w, now) && (immediate || queue.ReactivatedSincePop() || untried)) {
    queue.PushHeap(KeyFor(d.workload), w.equivalence);
    w.phase = WorkloadPhase::kPending;
    return;
  }
  queue.Park(KeyFor(d.workload), w.equivalence);
  w.phase = WorkloadPhase::kInadmissible;
  const bool hopeless = reason == RequeueReason::kNoFit || reason == RequeueReason::kPreemptionNoCandidates;
  if (strict || !hopeless || !options.gates[Gate::kSchedulingEquivalenceHashing]) return;
  for (WorkloadId id : queue.ParkEquivalent(w.equivalence)) workloads[id].phase = WorkloadPhase::kInadmissible;
}

}  // namespace muster::scheduler
