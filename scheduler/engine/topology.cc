// Topology in the engine: what workloads hold where, placing again once victims are known, and the second pass.
#include <algorithm>
#include <map>

#include "scheduler/engine/cycle_entry.h"
#include "scheduler/requests/pod_requests.h"

namespace muster::scheduler {

// What one pod needs on its node: the pod itself as it will be created, whatever quota is charged for it.
void EngineImpl::RecordTopology(const WorkloadState& w, int sign) {
  const std::vector<TopologyUse> uses = topology_step_.HeldUse(w);
  for (const TopologyUse& u : uses) topology.Record(u.flavor, u.key, *u.per_pod, sign * u.count);
  // Somebody told of pods on nodes where nobody was expected to have any.
  if (!uses.empty() && !UsesNodes(w.cq)) lanes_stale_ = true;
}

void EngineImpl::HoldTopology(const api::PodSetAssignment& assignment, HeldPodSet* held) {
  held->delayed_topology = assignment.delayed_topology_request;
  if (!assignment.topology_assignment.has_value()) return;
  held->topology.emplace();
  held->topology->levels = std::make_shared<const std::vector<std::string>>(assignment.topology_assignment->levels);
  for (const api::TopologyDomainAssignment& d : assignment.topology_assignment->domains) {
    held->topology->domains.push_back({topology.Intern(d.values), d.count});
  }
  for (const auto& [resource, flavor] : assignment.flavors) {
    const FlavorId id = declared.flavors.Intern(flavor);
    if (held->topology_flavor == kNoId || topology.IsTopologyAware(id)) held->topology_flavor = id;
  }
}

bool EngineImpl::NeedsSecondPass(const WorkloadState& w) const {
  if (w.phase != WorkloadPhase::kReserved || w.evicted) return false;
  if (HasNodeToReplace(w)) return options.gates[Gate::kTASFailedNodeReplacement];
  return w.checks_ready && !w.admitted &&
         std::any_of(w.held.begin(), w.held.end(), [](const HeldPodSet& h) { return h.delayed_topology == "Pending"; });
}

std::vector<WorkloadId> EngineImpl::TakeSecondPass(absl::Time now) {
  std::vector<WorkloadId> out;
  for (const auto& [id, time] : second_pass_) {
    if (time <= now) out.push_back(id);
  }
  for (const WorkloadId id : out) second_pass_.erase(id);
  out.erase(std::remove_if(out.begin(), out.end(), [this](WorkloadId id) { return !NeedsSecondPass(workloads[id]); }),
            out.end());
  std::sort(out.begin(), out.end(),
            [this](WorkloadId a, WorkloadId b) { return workloads[a].key() < workloads[b].key(); });
  return out;
}

// After 1, 2, 4 ... at most 30 seconds.
void EngineImpl::RetrySecondPass(WorkloadId id, absl::Time now) {
  WorkloadState& w = workloads[id];
  const absl::Duration wait = absl::Seconds(1) * (int64_t{1} << std::min(w.second_passes, 5));
  ++w.second_passes;
  second_pass_[id] = now + std::min(wait, absl::Seconds(30));
}

void EngineImpl::RefreshTopology(Entry* e) {
  const WorkloadState& w = workloads[e->decision.workload];
  if (e->assignment.mode != Mode::kPreempt || !topology_step_.Wants(w, e->decision.cluster_queue) ||
      HasNodeToReplace(w)) {
    return;
  }
  TopologyQuestion question = topology_step_.Ask(w, e->decision.cluster_queue, &e->assignment,
                                                 e->replaces == kNoId ? nullptr : &workloads[e->replaces]);
  if (question.pod_sets.empty()) return;
  // Without victims the room is taken on concrete domains all the same, so that nobody behind gets it.
  question.simulate_empty = e->targets.empty();
  const TopologyTrial trial(topology);
  for (const PreemptionTarget& t : e->targets) FreeTopology(t.workload);
  topology_step_.Adopt(FindTopologyAssignments(topology, options, declared.resources, question), &e->assignment);
}

void EngineImpl::FreeTopology(WorkloadId victim) {
  topology_step_.Simulate(topology_step_.HeldUse(workloads[victim]), -1);
}

void EngineImpl::TakeTopology(const Entry& e) {
  topology_step_.Simulate(topology_step_.NetUse(workloads[e.decision.workload], e.assignment), 1);
}

}  // namespace muster::scheduler
