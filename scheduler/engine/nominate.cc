// What each head could get on its own: the checks before flavors, then flavors and, if it does not fit, victims.
#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "quota/fr_sum.h"
#include "scheduler/engine/cycle_entry.h"
#include "scheduler/engine/topology_capacity.h"

namespace muster::scheduler {

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
  if (declared.NodeOf(cq) == quota::kNoNode) return refuse(Note::kClusterQueueInactive, PendingReason::kSuspended);
  const api::Namespace* ns = declared.FindNamespace(w.ns);
  if (ns == nullptr) {
    // The second half is the error of Kueue's client, which names the kind where the API server names the resource.
    const std::string& name = declared.namespaces.Name(w.ns);
    d->note_detail =
        absl::StrCat("workload namespace \"", name, "\" does not exist: Namespace \"", name, "\" not found");
    return refuse(Note::kNamespaceMissing, PendingReason::kMisconfigured);
  }
  const auto& selector = declared.cq(cq).object.namespace_selector;
  if (!selector.has_value() || !api::Matches(*selector, ns->metadata.labels)) {
    return refuse(Note::kNamespaceMismatch, PendingReason::kMisconfigured, RequeueReason::kNamespaceMismatch);
  }
  if (!w.shape->invalid.empty()) {
    d->note_detail = w.shape->invalid;
    return refuse(w.shape->invalid_note, PendingReason::kMisconfigured);
  }
  return false;
}

HoldersView EngineImpl::View() {
  HoldersView view;
  view.declared = &declared;
  view.workloads = &workloads;
  view.by_queue = &holders;
  view.active = &active_;
  view.options = &options;
  if (ledger_.has_value()) {
    view.local_queue_usage = [this](WorkloadId id) -> std::optional<double> {
      const WorkloadState& w = workloads[id];
      if (!OrdersByUsage(w.cq)) return std::nullopt;
      return ledger_->LookedUpShare(w.local_queue);
    };
  }
  return view;
}

PreemptionRequest EngineImpl::RequestFor(WorkloadId id, ClusterQueueId cq, const Assignment& assignment) const {
  const WorkloadState& w = workloads[id];
  PreemptionRequest request{cq, w.priority, w.queue_timestamp, {}, {}};
  const WorkloadId replaced = ReplacedSlice(w, cq);
  const ResourceId pods = declared.resources.Find("pods");
  for (size_t i = 0; i < assignment.pod_sets.size(); ++i) {
    for (const ResourceFlavorChoice& choice : assignment.pod_sets[i].flavors) {
      const quota::FrId fr = declared.Fr(choice.flavor, choice.resource);
      if (choice.mode == Mode::kPreempt && std::find(request.frs.begin(), request.frs.end(), fr) == request.frs.end()) {
        request.frs.push_back(fr);
      }
      // Kueue leaves the number of pods, which it counts for flavor assignment only, out of what victims have to free.
      if (choice.resource == pods) continue;
      for (const ResourceAmount& a : assignment.requests[i]) {
        if (a.resource != choice.resource) continue;
        const HeldPodSet::Item* held =
            replaced == kNoId ? nullptr : HeldItem(workloads[replaced], assignment.pod_sets[i].name, choice.resource);
        const quota::Amount more = quota::Sub(a.amount, held == nullptr ? 0 : held->amount);
        if (more != 0) quota::AddTo(&request.usage, {fr, more});
      }
    }
  }
  return request;
}

std::vector<PreemptionTarget> EngineImpl::FindTargets(WorkloadId id, ClusterQueueId cq, const Assignment& assignment) {
  Refresh();
  return VictimSearch(View()).FindTargets(RequestFor(id, cq, assignment));
}

void EngineImpl::Choose(Entry* e, Lane* lane, const ScanProgress* progress, const FlavorPins* pins) {
  const WorkloadState& w = workloads[e->decision.workload];
  VictimSearch& search = *lane->search;
  search.Forget();
  if (!e->assignment.pod_sets.empty()) e->assignment = Assignment();  // another choice was made before
  FlavorAssigner assigner(declared, options, search, &topology_step_);
  absl::InlinedVector<int32_t, 4> full, least;
  bool reducible = false;
  for (const PodSetState& ps : w.pod_sets) {
    int32_t count = ps.count;
    for (const api::ReclaimablePod& p : *w.reclaimable) {
      if (p.name == ps.name) count = std::max(0, count - p.count);
    }
    full.push_back(count);
    least.push_back(std::min(count, ps.min_count.value_or(count)));
    reducible = reducible || least.back() < count;
  }
  const WorkloadState* replaced = e->replaces == kNoId ? nullptr : &workloads[e->replaces];
  // Whether these counts would do, and with whom gone.
  const auto try_counts = [&](absl::Span<const int32_t> counts, Assignment* assignment,
                              std::vector<PreemptionTarget>* targets) {
    assigner.Assign(w, e->decision.cluster_queue, counts, progress, pins, replaced, assignment);
    targets->clear();
    if (assignment->mode == Mode::kPreempt) {
      const PreemptionRequest request = RequestFor(e->decision.workload, e->decision.cluster_queue, *assignment);
      if (topology_step_.Wants(w, e->decision.cluster_queue)) {
        TopologyCapacity places(topology_step_, workloads,
                                topology_step_.Ask(w, e->decision.cluster_queue, assignment, replaced));
        *targets = search.FindTargets(request, &places);
      } else {
        *targets = search.FindTargets(request);
      }
    }
    return assignment->mode == Mode::kFit || !targets->empty();
  };
  if (w.phase == WorkloadPhase::kReserved) {
    assigner.Assign(w, e->decision.cluster_queue, full, nullptr, nullptr, nullptr, &e->assignment);
    return;
  }
  if (try_counts(full, &e->assignment, &e->targets)) return;
  if (!reducible || !options.gates[Gate::kPartialAdmission]) return;
  Assignment reduced;
  std::vector<PreemptionTarget> targets;
  const bool found = SearchReducedCounts(full, least, [&](absl::Span<const int32_t> counts) {
    Assignment a;
    std::vector<PreemptionTarget> t;
    std::vector<int32_t> rounded(counts.begin(), counts.end());
    if (!topology_step_.RoundToSlices(w, least, &rounded) || !try_counts(rounded, &a, &t)) return false;
    reduced = std::move(a);
    targets = std::move(t);
    return true;
  });
  if (!found) return;
  e->assignment = std::move(reduced);
  e->targets = std::move(targets);
}

void EngineImpl::Nominate(WorkloadId id, ClusterQueueId cq, Lane* lane, Entry* e) {
  WorkloadState& w = workloads[id];
  e->is_preemptor = queues[cq].IsPreemptor(id, w.generation);
  e->replaces = ReplacedSlice(w, cq);
  const bool preserve = options.gates[Gate::kFlavorFungibilityPreserveScanProgress];
  // Without the gate nobody knows of equivalence.
  const int equivalence = options.gates[Gate::kSchedulingEquivalenceHashing] ? w.equivalence : -1;
  if (w.progress.has_value() && IsOutdated(*w.progress, declared.cq(cq).generation, cycle, equivalence, preserve)) {
    w.progress.reset();
  }
  Choose(e, lane, w.progress.has_value() ? &*w.progress : nullptr, nullptr);
  RefreshTopology(e);
  if (w.progress.has_value() && w.progress->HasUntried()) e->scan_before = std::move(w.progress->last_tried);
  RememberProgress(*e);
}

// The next attempt goes on where this one stopped.
void EngineImpl::RememberProgress(const Entry& e) {
  WorkloadState& w = workloads[e.decision.workload];
  w.progress.emplace();
  w.progress->cluster_queue_generation = declared.cq(e.decision.cluster_queue).generation;
  w.progress->cycle = cycle;
  w.progress->equivalence = w.equivalence;
  w.progress->last_tried = e.assignment.last_tried;
}

}  // namespace muster::scheduler
