// What workloads hold: taking quota and places, giving them back, waiting with them for a ClusterQueue that is not there.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "api/resource_units.h"
#include "quota/fr_sum.h"
#include "scheduler/engine/engine_impl.h"

namespace muster::scheduler {
bool EngineImpl::HasChecksReady(const WorkloadState& w) const {
  const auto applies = [&](const api::AdmissionCheckStrategyRule& rule) {
    if (rule.on_flavors.empty()) return true;
    for (const HeldPodSet& ps : w.held) {
      for (const HeldPodSet::Item& item : ps.items) {
        const std::string& flavor = declared.flavors.Name(item.flavor);
        if (std::find(rule.on_flavors.begin(), rule.on_flavors.end(), flavor) != rule.on_flavors.end()) return true;
      }
    }
    return false;
  };
  const auto& rules = declared.cq(w.cq).object.admission_checks;
  return std::all_of(rules.begin(), rules.end(), [&](const api::AdmissionCheckStrategyRule& rule) {
    return !applies(rule) ||
           std::find(w.ready_checks->begin(), w.ready_checks->end(), rule.name) != w.ready_checks->end();
  });
}

quota::FrAmounts EngineImpl::ComputeUsage(const WorkloadState& w) {
  quota::FrAmounts out;
  for (const HeldPodSet& ps : w.held) {
    // Kueue (ScaledTo): what is left of the declared pods, if that is fewer than were admitted.
    int32_t count = ps.count;
    for (const PodSetState& declared : w.pod_sets) {
      if (declared.name != ps.name) continue;
      count = std::min(ps.count, std::max(0, declared.count - Reclaimed(*w.reclaimable, ps.name)));
    }
    for (const HeldPodSet::Item& item : ps.items) {
      quota::Amount amount = item.amount;
      if (count < ps.count) amount = quota::Mul(amount / ps.count, count);
      quota::AddTo(&out, {declared.InternFr(item.flavor, item.resource), amount});
    }
  }
  return out;
}

void EngineImpl::Hold(WorkloadId id, ClusterQueueId cq, std::vector<HeldPodSet> held) {
  Changed();
  WorkloadState& w = workloads[id];
  if (w.cq != kNoId) {
    queues[w.cq].Remove(id);
    NoteHeap(w.cq);
  }
  if (w.cq != cq) w.cq = cq;  // in a cycle it is written by nobody: other lanes may ask where the workload is
  w.held = std::move(held);
  w.phase = WorkloadPhase::kReserved;
  RecordTopology(w, 1);
  w.progress.reset();
  holders[cq].insert(VictimKeyFor(id));
  w.usage = ComputeUsage(w);
  const quota::NodeId node = declared.NodeOf(cq);
  if (node == quota::kNoNode) return;
  declared.forest().AddUsage(node, w.usage);
  if (declared.forest().IsCrowded(node)) declared.RebuildTreeOf(cq);
}

void EngineImpl::FreeQuota(WorkloadId id) {
  WorkloadState& w = workloads[id];
  if (w.phase != WorkloadPhase::kReserved) return;
  const quota::NodeId node = declared.NodeOf(w.cq);
  if (node != quota::kNoNode) declared.forest().RemoveUsage(node, w.usage);
  holders[w.cq].erase(VictimKeyFor(id));
  ++declared.cq(w.cq).generation;
  RecordTopology(w, -1);
  second_pass_.erase(id);
  w.second_passes = 0;
  w.held.clear();
  w.usage.clear();
  w.admitted = false;
  w.phase = WorkloadPhase::kUnqueued;
  w.cq = kNoId;
}

void EngineImpl::Await(WorkloadId id) {
  WorkloadState& w = workloads[id];
  std::string name = declared.cq(w.cq).name;
  std::vector<HeldPodSet> held = w.held;
  const bool admitted = w.admitted;
  FreeQuota(id);
  w.held = std::move(held);
  w.admitted = admitted;
  SetAwaits(id, std::move(name));
}

void EngineImpl::SetAwaits(WorkloadId id, std::string cluster_queue) {
  Seldom<std::string>& awaits = workloads[id].awaits;
  if (*awaits == cluster_queue) return;
  if (!awaits.empty()) {
    const auto it = awaiting_.find(*awaits);
    it->second.erase(id);
    if (it->second.empty()) awaiting_.erase(it);
  }
  awaits = std::move(cluster_queue);
  if (!awaits.empty()) awaiting_[*awaits].insert(id);
}

void EngineImpl::Resume(WorkloadId id, ClusterQueueId cq, absl::Time now) {
  WorkloadState& w = workloads[id];
  SetAwaits(id, "");
  Hold(id, cq, std::exchange(w.held, {}));
  if (NeedsSecondPass(w)) second_pass_[id] = now;
}
std::optional<api::Admission> EngineImpl::AdmissionOf(WorkloadId id) const {
  const WorkloadState& w = workloads[id];
  if (w.phase != WorkloadPhase::kReserved) return std::nullopt;
  api::Admission out;
  out.cluster_queue = declared.cq(w.cq).name;
  for (const HeldPodSet& ps : w.held) {
    api::PodSetAssignment psa;
    psa.name = ps.name;
    psa.count = ps.count;
    for (const HeldPodSet::Item& item : ps.items) {
      const std::string& resource = declared.resources.Name(item.resource);
      psa.flavors[resource] = declared.flavors.Name(item.flavor);
      psa.resource_usage[resource] = api::QuantityOf(resource, item.amount);
    }
    if (ps.topology.has_value()) {
      psa.topology_assignment.emplace();
      psa.topology_assignment->levels = *ps.topology->levels;
      for (const TopologyPlacement::Domain& d : ps.topology->domains) {
        psa.topology_assignment->domains.push_back({d.domain->values, d.count});
      }
    }
    psa.delayed_topology_request = ps.delayed_topology;
    out.pod_set_assignments.push_back(std::move(psa));
  }
  return out;
}

}  // namespace muster::scheduler
