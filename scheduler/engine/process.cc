// Letting the nominated in, one by one, each seeing what those before it took.
#include <algorithm>

#include "absl/strings/str_join.h"
#include "quota/fr_sum.h"
#include "scheduler/engine/cycle_entry.h"
#include "scheduler/engine/trial.h"

namespace muster::scheduler {

quota::FrAmounts ResourcesToReserve(const quota::Forest& forest, quota::NodeId cluster_queue, Mode mode, int borrowing,
                                    absl::Span<const quota::FrAmount> usage) {
  if (mode != Mode::kPreempt) return {usage.begin(), usage.end()};
  quota::FrAmounts out;
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

// Whether its quota fits once the victims of this round, and its own, are gone.
bool EngineImpl::FitsQuota(const Entry& e, const Lane& lane) {
  quota::Forest& forest = declared.forest();
  const quota::NodeId node = declared.NodeOf(e.decision.cluster_queue);
  const quota::Trial trial(forest, node);
  if (const auto freed = lane.freed.find(forest.root(node)); freed != lane.freed.end()) {
    for (const auto& [n, amounts] : freed->second) forest.RemoveUsage(n, amounts);
  }
  for (const PreemptionTarget& t : e.targets) {
    const WorkloadState& victim = workloads[t.workload];
    if (victim.preempted_in_cycle != cycle) forest.RemoveUsage(declared.NodeOf(victim.cq), victim.usage);
  }
  if (e.replaces != kNoId && workloads[e.replaces].preempted_in_cycle != cycle) {
    forest.RemoveUsage(node, workloads[e.replaces].usage);
  }
  return std::all_of(e.assignment.usage.begin(), e.assignment.usage.end(),
                     [&](const quota::FrAmount& u) { return forest.AvailableClipped(node, u.fr) >= u.amount; });
}

// The same for its nodes.
bool EngineImpl::FitsTopology(const Entry& e, const Lane& lane) {
  const std::vector<TopologyUse> uses = topology_step_.NetUse(workloads[e.decision.workload], e.assignment);
  if (uses.empty()) return true;
  const TopologyTrial trial(topology);
  for (const WorkloadId id : lane.victims) FreeTopology(id);
  for (const PreemptionTarget& t : e.targets) {
    if (workloads[t.workload].preempted_in_cycle != cycle) FreeTopology(t.workload);
  }
  if (e.replaces != kNoId && workloads[e.replaces].preempted_in_cycle != cycle) FreeTopology(e.replaces);
  return topology_step_.StillFits(uses);
}

// An earlier entry may have chosen the same victims: then what those leave behind may do, or others are found. Or it
// may have taken the nodes: then there may be others. The flavors stay.
void EngineImpl::ChooseAgainIfOvertaken(Entry* e, Lane* lane) {
  const bool overlap = options.gates[Gate::kRecomputeAssignmentUponPreemptionTargetsOverlap] &&
                       std::any_of(e->targets.begin(), e->targets.end(), [&](const PreemptionTarget& t) {
                         return workloads[t.workload].preempted_in_cycle == cycle;
                       });
  const auto& pod_sets = e->assignment.pod_sets;
  const bool placed =
      std::any_of(pod_sets.begin(), pod_sets.end(), [](const PodSetDecision& ps) { return ps.topology.has_value(); });
  if (!overlap && (!placed || !options.gates[Gate::kTASRecomputeAssignmentWithinSchedulingCycle] ||
                   !FitsQuota(*e, *lane) || FitsTopology(*e, *lane))) {
    return;
  }
  FlavorPins pins;
  for (const PodSetDecision& ps : e->assignment.pod_sets) {
    pins.emplace_back();
    for (const ResourceFlavorChoice& choice : ps.flavors) pins.back().emplace_back(choice.resource, choice.flavor);
  }
  workloads[e->decision.workload].progress.reset();
  e->targets.clear();
  if (!overlap) {
    Choose(e, lane, nullptr, &pins);
    RefreshTopology(e);
    RememberProgress(*e);
    return;
  }
  const quota::NodeId node = declared.NodeOf(e->decision.cluster_queue);
  const Trial trial(declared.forest(), {&node, 1}, lane->uses_topology ? &topology : nullptr);
  // What is freed in other trees makes no difference here.
  if (const auto freed = lane->freed.find(declared.forest().root(node)); freed != lane->freed.end()) {
    for (const auto& [n, amounts] : freed->second) declared.forest().RemoveUsage(n, amounts);
  }
  for (const WorkloadId id : lane->victims) {
    workloads[id].removed = true;
    FreeTopology(id);
  }
  Choose(e, lane, nullptr, &pins);
  RefreshTopology(e);
  RememberProgress(*e);
  for (const WorkloadId id : lane->victims) workloads[id].removed = false;
  if (e->assignment.mode == Mode::kFit) e->assignment.mode = Mode::kDeferredFit;
}

// Marks the victims. Those on their way out already are counted, not marked again.
void EngineImpl::Issue(Entry* e) {
  for (PreemptionTarget& t : e->targets) t.newly_evicted = !workloads[t.workload].evicted;
  e->decision.pending_preemptions = static_cast<int>(e->targets.size());
}

void EngineImpl::Process(Entry* e, Lane* lane) {
  Decision& d = e->decision;
  quota::Forest& forest = declared.forest();
  WorkloadState& w = workloads[d.workload];
  const quota::NodeId node = declared.NodeOf(d.cluster_queue);
  if (AdmittedSibling(w, d.cluster_queue, /*more_favorable=*/true) != kNoId) {
    d.status = EntryStatus::kSkipped;
    d.note = Note::kMoreFavorableAdmitted;
    d.pending_reason = PendingReason::kPendingEvaluation;
    return;
  }
  ChooseAgainIfOvertaken(e, lane);
  d.mode = e->assignment.mode;
  d.borrowing = e->assignment.borrowing;
  d.targets = e->targets;
  if (d.mode != Mode::kFit && d.second_pass && options.gates[Gate::kTASFailedNodeReplacementFailFast] &&
      HasNodeToReplace(w)) {
    d.status = EntryStatus::kEvicted;
    d.note = Note::kNoReplacement;
    d.note_detail = absl::StrJoin(*w.unhealthy_nodes, ",");
    return;
  }
  if (d.mode == Mode::kNoFit) {
    d.requeue_reason = RequeueReason::kNoFit;
    d.pending_reason = e->assignment.no_fit_reason;
    return;
  }
  if (d.mode == Mode::kPreempt && e->targets.empty()) {
    d.requeue_reason = RequeueReason::kPreemptionNoCandidates;
    d.pending_reason = PendingReason::kWaitingForQuota;
    // Who can always reclaim its quota need not hold on to it.
    const bool can_reclaim = declared.cq(d.cluster_queue).rules.reclaim_within_cohort == PreemptionPolicy::kAny;
    const bool insists = options.gates[Gate::kPrioritizePreemptorWorkloads] && e->is_preemptor;
    if (!can_reclaim || insists) {
      forest.AddUsage(node, ResourcesToReserve(forest, node, d.mode, d.borrowing, e->assignment.usage));
      TakeTopology(*e);
    }
    return;
  }
  if (d.mode == Mode::kPreempt && w.preemption_gated) {
    d.status = EntryStatus::kPreemptionGated;
    d.note = Note::kPreemptionGated;
    d.requeue_reason = RequeueReason::kPreemptionGated;
    d.pending_reason = PendingReason::kAdmissionGated;
    w.progress.reset();
    return;
  }
  if (d.mode == Mode::kDeferredFit) {
    d.note = Note::kDeferredFit;
    d.requeue_reason = RequeueReason::kPendingPreemption;
    d.pending_reason = PendingReason::kWaitingForPreemptedWorkloads;
    w.progress.reset();
    forest.AddUsage(node, e->assignment.usage);
    TakeTopology(*e);
    return;
  }
  const auto skip = [&](Note note) {
    d.status = EntryStatus::kSkipped;
    d.note = note;
    d.pending_reason = PendingReason::kWaitingForQuota;
    if (!options.gates[Gate::kFlavorFungibilityPreserveScanProgress]) w.progress.reset();
  };
  for (const PreemptionTarget& t : e->targets) {
    if (workloads[t.workload].preempted_in_cycle == cycle) return skip(Note::kOverlappingTargets);
  }
  if (e->replaces != kNoId && workloads[e->replaces].preempted_in_cycle == cycle) {
    return skip(Note::kOverlappingTargets);
  }
  if (!FitsQuota(*e, *lane) || !FitsTopology(*e, *lane)) return skip(Note::kNoLongerFits);
  std::vector<WorkloadId> leaving;
  for (const PreemptionTarget& t : e->targets) leaving.push_back(t.workload);
  if (e->replaces != kNoId) leaving.push_back(e->replaces);
  for (const WorkloadId id : leaving) {
    WorkloadState& victim = workloads[id];
    victim.preempted_in_cycle = cycle;
    lane->victims.push_back(id);
    const quota::NodeId n = declared.NodeOf(victim.cq);
    quota::FrAmounts& freed = lane->freed[forest.root(n)][n];
    for (const quota::FrAmount& u : victim.usage) quota::AddTo(&freed, u);
  }
  forest.AddUsage(node, e->assignment.usage);
  TakeTopology(*e);
  if (d.mode == Mode::kPreempt) {
    d.pending_reason = PendingReason::kWaitingForPreemptedWorkloads;
    d.requeue_reason = RequeueReason::kPendingPreemption;
    w.progress.reset();
    Issue(e);
    d.targets = std::move(e->targets);
    return;
  }
  if (MigrateSibling(e)) return;
  d.status = EntryStatus::kAssumed;
  d.replaces = e->replaces;
  e->admitted = true;
}

}  // namespace muster::scheduler
