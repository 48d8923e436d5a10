// Workloads that stand for one job: variants of concurrent admission (the same job for other flavors, of which one may
// run) and slices of elastic jobs (a larger slice takes the place of a smaller one).
#include <algorithm>
#include <limits>

#include "scheduler/engine/cycle_entry.h"

namespace muster::scheduler {

// How favorable a variant is: the place of its first allowed flavor among the flavors of the ClusterQueue.
int EngineImpl::VariantRank(const WorkloadState& w, ClusterQueueId cq) const {
  int best = std::numeric_limits<int>::max();
  if (w.allowed_flavors.empty()) return best;
  for (const std::string& name : *w.allowed_flavors) best = std::min(best, FlavorRank(name, cq));
  return best;
}

int EngineImpl::FlavorRank(const std::string& flavor, ClusterQueueId cq) const {
  const FlavorId id = declared.flavors.Find(flavor);
  int best = std::numeric_limits<int>::max();
  for (const GroupState& g : declared.cq(cq).groups) {
    const auto at = std::find(g.flavors.begin(), g.flavors.end(), id);
    if (at != g.flavors.end()) best = std::min(best, static_cast<int>(at - g.flavors.begin()));
  }
  return best;
}

WorkloadId EngineImpl::AdmittedSibling(const WorkloadState& w, ClusterQueueId cq, bool more_favorable) const {
  if (w.variant_of.empty() || w.allowed_flavors.empty()) return kNoId;
  const int rank = VariantRank(w, cq);
  WorkloadId found = kNoId;
  for (const VictimKey& k : holders[cq]) {
    const WorkloadState& other = workloads[k.id];
    if (!other.admitted || *other.variant_of != *w.variant_of || other.uid() == w.uid()) continue;
    const int other_rank = VariantRank(other, cq);
    if (more_favorable ? other_rank >= rank : other_rank <= rank) continue;
    if (found == kNoId || other.key() < workloads[found].key()) found = k.id;
  }
  return found;
}

// The entry fits and a less favorable sibling runs: it has to go first, unless the policy says the flavor is not worth
// a migration. Returns whether the entry has to wait.
bool EngineImpl::MigrateSibling(Entry* e) {
  Decision& d = e->decision;
  const WorkloadState& w = workloads[d.workload];
  const WorkloadId sibling = AdmittedSibling(w, d.cluster_queue, /*more_favorable=*/false);
  if (sibling == kNoId) return false;
  d.status = EntryStatus::kNominated;
  const auto& rules = declared.cq(d.cluster_queue).object.concurrent_admission_policy;
  if (rules.has_value() && !rules->last_acceptable_flavor.empty() &&
      VariantRank(w, d.cluster_queue) > FlavorRank(rules->last_acceptable_flavor, d.cluster_queue)) {
    d.note = Note::kBelowLastAcceptableFlavor;
    d.pending_reason = PendingReason::kPendingEvaluation;
    return true;
  }
  d.migrates = sibling;
  d.requeue_reason = RequeueReason::kPendingMigration;
  d.pending_reason = PendingReason::kWaitingForPreemptedWorkloads;
  return true;
}

WorkloadId EngineImpl::ReplacedSlice(const WorkloadState& w, ClusterQueueId cq) const {
  if (w.replaces.empty() || !options.gates[Gate::kElasticJobsViaWorkloadSlices]) return kNoId;
  const auto it = workload_ids.find(*w.replaces);
  if (it == workload_ids.end()) return kNoId;
  const WorkloadState& old = workloads[it->second];
  // In this order: one in another ClusterQueue may just be decided about in another lane.
  return old.cq == cq && old.phase == WorkloadPhase::kReserved ? it->second : kNoId;
}

}  // namespace muster::scheduler
