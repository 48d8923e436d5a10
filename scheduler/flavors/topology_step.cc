#include "scheduler/flavors/topology_step.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/vocabulary.h"

namespace muster::scheduler {
namespace {

FlavorReason Sentence(std::string text) {
  FlavorReason r;
  r.code = FlavorReason::Code::kText;
  r.detail = std::move(text);
  return r;
}

// A problem that keeps the pod set from being evaluated.
void Refuse(PodSetDecision* ps, std::string error, Assignment* assignment) {
  ps->error = std::move(error);
  ps->mode = Mode::kNoFit;
  assignment->mode = Mode::kNoFit;
}

void SetMode(PodSetDecision* ps, Mode mode) {
  ps->mode = mode;
  for (ResourceFlavorChoice& choice : ps->flavors) choice.mode = mode;
}

}  // namespace

bool HasNodeToReplace(const WorkloadState& workload) {
  if (workload.unhealthy_nodes.empty()) return false;
  for (const HeldPodSet& held : workload.held) {
    if (!held.topology.has_value()) continue;
    for (const TopologyPlacement::Domain& d : held.topology->domains) {
      if (d.domain->values.back() == workload.unhealthy_nodes->front()) return true;
    }
  }
  return false;
}

bool TopologyStep::IsTopologyOnly(ClusterQueueId cq) const {
  for (const GroupState& group : declared_.cq(cq).groups) {
    for (const FlavorId f : group.flavors) {
      const api::ResourceFlavor* flavor = declared_.Flavor(f);
      if (flavor == nullptr || flavor->topology_name.empty()) return false;
    }
  }
  return true;
}

bool TopologyStep::Wants(const PodSetState& pod_set, ClusterQueueId cq) const {
  if (!options_.gates[Gate::kTopologyAwareScheduling]) return false;
  return pod_set.explicit_topology || IsTopologyOnly(cq);
}

bool TopologyStep::Wants(const WorkloadState& workload, ClusterQueueId cq) const {
  return std::any_of(workload.pod_sets.begin(), workload.pod_sets.end(),
                     [&](const PodSetState& ps) { return Wants(ps, cq); });
}

std::optional<FlavorReason> TopologyStep::CheckFlavor(const PodSetState& pod_set, ClusterQueueId cq, int resource_group,
                                                      const api::ResourceFlavor& flavor) const {
  if (!options_.gates[Gate::kTopologyAwareScheduling]) return std::nullopt;
  FlavorReason reason;
  const std::string& name = flavor.metadata.name;
  if (pod_set.explicit_topology) {
    if (flavor.topology_name.empty()) {
      const ClusterQueueState& queue = declared_.cq(cq);
      const bool concerned =
          std::any_of(pod_set.topology_per_pod.begin(), pod_set.topology_per_pod.end(), [&](const ResourceAmount& a) {
            return queue.Covers(resource_group, a.resource) && declared_.resources.Name(a.resource) != "pods";
          });
      if (!concerned) return std::nullopt;
      reason.code = FlavorReason::Code::kTopologyUnsupported;
      return reason;
    }
    TopologyTree* tree = cache_.tree(declared_.flavors.Find(name));
    if (tree == nullptr) return Sentence(absl::StrCat("Flavor \"", name, "\" information missing in TAS cache"));
    if (!HasRequestedLevels(*tree, *pod_set.topology_request, options_.gates[Gate::kTASMultiLayerTopology])) {
      return Sentence(absl::StrCat("Flavor \"", name, "\" does not contain the requested level"));
    }
    return std::nullopt;
  }
  if (!flavor.topology_name.empty() && !IsTopologyOnly(cq)) {
    reason.code = FlavorReason::Code::kTopologyOnly;
    return reason;
  }
  return std::nullopt;
}

// Whether nodes for the pods are still to be provided, or another cluster places them.
bool TopologyStep::IsDelayed(const WorkloadState& workload, ClusterQueueId cq, FlavorId flavor) const {
  const bool reserved = workload.phase == WorkloadPhase::kReserved;
  for (const api::AdmissionCheckStrategyRule& rule : declared_.cq(cq).object.admission_checks) {
    const api::AdmissionCheck* check = declared_.FindCheck(rule.name);
    if (check == nullptr) continue;
    if (check->controller_name == api::kMultiKueueController) return true;
    if (reserved || check->controller_name != api::kProvisioningController) continue;
    if (rule.on_flavors.empty() || std::find(rule.on_flavors.begin(), rule.on_flavors.end(),
                                             declared_.flavors.Name(flavor)) != rule.on_flavors.end()) {
      return true;
    }
  }
  return false;
}

TopologyQuestion TopologyStep::Ask(const WorkloadState& workload, ClusterQueueId cq, Assignment* assignment,
                                   const WorkloadState* replaced) {
  TopologyQuestion question;
  const bool topology_only = IsTopologyOnly(cq);
  const bool replacing = HasNodeToReplace(workload);
  if (replacing) {
    question.unhealthy_nodes = *workload.unhealthy_nodes;
    question.keep_on_node_failure = workload.owned_by_single_pod;
  }
  bool any_tree = false;
  for (const GroupState& group : declared_.cq(cq).groups) {
    for (const FlavorId f : group.flavors) any_tree = any_tree || cache_.tree(f) != nullptr;
  }
  for (int i = 0; i < static_cast<int>(assignment->pod_sets.size()); ++i) {
    const PodSetState& ps = workload.pod_sets[i];
    PodSetDecision& decision = assignment->pod_sets[i];
    if (!Wants(ps, cq) || !decision.error.empty() || decision.count == 0) continue;
    const HeldPodSet* held = i < static_cast<int>(workload.held.size()) ? &workload.held[i] : nullptr;
    if (replacing) {
      if (held == nullptr || !held->topology.has_value()) continue;
      const auto& domains = held->topology->domains;
      if (std::none_of(domains.begin(), domains.end(), [&](const TopologyPlacement::Domain& d) {
            return d.domain->values.back() == workload.unhealthy_nodes->front();
          })) {
        continue;
      }
    }
    // In a second pass only what has no place yet is asked about.
    if (!replacing && held != nullptr && held->topology.has_value()) continue;
    if (!any_tree) {
      Refuse(&decision, "workload requires Topology, but there is no TAS cache information", assignment);
      continue;
    }
    std::set<std::string> flavors;
    for (const ResourceFlavorChoice& choice : decision.flavors) {
      if (cache_.IsTopologyAware(choice.flavor)) flavors.insert(declared_.flavors.Name(choice.flavor));
    }
    if (flavors.size() != 1) {
      Refuse(&decision,
             flavors.empty() ? "no TAS flavor assigned"
                             : absl::StrCat("more than one TAS flavor assigned: ", absl::StrJoin(flavors, ", ")),
             assignment);
      continue;
    }
    const FlavorId flavor = declared_.flavors.Find(*flavors.begin());
    if (IsDelayed(workload, cq, flavor)) {
      decision.delayed_topology = "Pending";
      continue;
    }
    if (cache_.tree(flavor) == nullptr) {
      Refuse(&decision, "workload requires Topology, but there is no TAS cache information for the assigned flavor",
             assignment);
      continue;
    }
    decision.topology_flavor = flavor;
    TopologyPodSet p;
    p.index = i;
    p.flavor = flavor;
    p.spec = ps.topology_spec != nullptr ? ps.topology_spec.get() : ps.spec.get();
    if (ps.topology_request.has_value()) p.request = &*ps.topology_request;
    p.implied = topology_only && !ps.explicit_topology;
    p.per_pod = ps.topology_per_pod;
    p.count = decision.count;
    if (ps.topology_request.has_value()) p.group = ps.topology_request->pod_set_group_name;
    if (replacing) p.existing = &*held->topology;
    if (replaced != nullptr && options_.gates[Gate::kElasticJobsViaWorkloadSlicesWithTAS]) {
      for (const HeldPodSet& before : replaced->held) {
        if (before.name == ps.name && before.topology.has_value()) p.previous = &*before.topology;
      }
    }
    question.pod_sets.push_back(std::move(p));
  }
  return question;
}

void TopologyStep::Adopt(TopologyAnswer answer, Assignment* assignment) const {
  for (TopologyAnswer::PodSet& p : answer.pod_sets) {
    if (!p.placement.has_value()) continue;
    PodSetDecision& ps = assignment->pod_sets[p.index];
    ps.topology = std::move(p.placement);
    if (!ps.delayed_topology.empty()) ps.delayed_topology = "Ready";
  }
}

void TopologyStep::Place(const WorkloadState& workload, ClusterQueueId cq, Assignment* assignment,
                         const WorkloadState* replaced) {
  if (assignment->mode == Mode::kNoFit || !Wants(workload, cq)) return;
  TopologyQuestion question = Ask(workload, cq, assignment, replaced);
  const auto find = [&] { return FindTopologyAssignments(cache_, options_, declared_.resources, question); };
  if (assignment->mode == Mode::kFit) {
    TopologyAnswer answer = find();
    if (const TopologyAnswer::PodSet* failed = answer.Failed()) {
      PodSetDecision& ps = assignment->pod_sets[failed->index];
      ps.reasons.push_back(Sentence(ToString(*failed->failure)));
      ps.topology_failure = failed->failure;
      SetMode(&ps, Mode::kPreempt);
      assignment->mode = Mode::kPreempt;
    } else {
      Adopt(std::move(answer), assignment);
    }
  }
  // Nobody is preempted for the replacement of a node.
  if (assignment->mode != Mode::kPreempt || !question.unhealthy_nodes.empty()) return;
  question.simulate_empty = true;
  const TopologyAnswer answer = find();
  if (const TopologyAnswer::PodSet* failed = answer.Failed()) {
    // In words there is what did not fit as things are; the numbers are those of the empty cluster.
    PodSetDecision& ps = assignment->pod_sets[failed->index];
    ps.topology_failure = failed->failure;
    SetMode(&ps, Mode::kNoFit);
    assignment->mode = Mode::kNoFit;
    return;
  }
  for (const TopologyPodSet& p : question.pod_sets) SetMode(&assignment->pod_sets[p.index], Mode::kPreempt);
}

bool TopologyStep::RoundToSlices(const WorkloadState& workload, absl::Span<const int32_t> least,
                                 std::vector<int32_t>* counts) const {
  if (!options_.strict_topology) return true;
  for (size_t i = 0; i < counts->size(); ++i) {
    const auto& request = workload.pod_sets[i].topology_request;
    if (!request.has_value()) continue;
    const std::vector<api::SliceConstraint> layers = SliceLayers(*request);
    if (layers.empty() || layers[0].size <= 0) continue;
    int32_t& count = (*counts)[i];
    count -= count % layers[0].size;
    if (count < least[i]) return false;
  }
  return true;
}

std::vector<TopologyUse> TopologyStep::NetUse(const WorkloadState& workload, const Assignment& assignment) const {
  std::vector<TopologyUse> out;
  for (size_t i = 0; i < assignment.pod_sets.size(); ++i) {
    const PodSetDecision& ps = assignment.pod_sets[i];
    if (!ps.topology.has_value() || ps.topology_flavor == kNoId) continue;
    std::map<DomainKey, int32_t> held;
    if (i < workload.held.size() && workload.held[i].topology.has_value()) {
      for (const TopologyPlacement::Domain& d : workload.held[i].topology->domains) held[d.key()] += d.count;
    }
    for (const TopologyPlacement::Domain& d : ps.topology->domains) {
      const auto it = held.find(d.key());
      const int64_t count = d.count - (it == held.end() ? 0 : it->second);
      if (count > 0) out.push_back({ps.topology_flavor, d.key(), &workload.pod_sets[i].topology_per_pod, count});
    }
  }
  return out;
}

std::vector<TopologyUse> TopologyStep::HeldUse(const WorkloadState& workload) const {
  std::vector<TopologyUse> out;
  for (const HeldPodSet& held : workload.held) {
    if (!held.topology.has_value()) continue;
    const auto ps = std::find_if(workload.pod_sets.begin(), workload.pod_sets.end(),
                                 [&](const PodSetState& p) { return p.name == held.name; });
    if (ps == workload.pod_sets.end()) continue;
    std::set<FlavorId> flavors;
    for (const HeldPodSet::Item& item : held.items) flavors.insert(item.flavor);
    if (flavors.empty() && held.topology_flavor != kNoId) flavors.insert(held.topology_flavor);
    for (const FlavorId flavor : flavors) {
      for (const TopologyPlacement::Domain& d : held.topology->domains) {
        out.push_back({flavor, d.key(), &ps->topology_per_pod, d.count});
      }
    }
  }
  return out;
}

void TopologyStep::Simulate(absl::Span<const TopologyUse> uses, int sign) {
  for (const TopologyUse& u : uses) cache_.Simulate(u.flavor, u.key, *u.per_pod, sign * u.count);
}

bool TopologyStep::StillFits(absl::Span<const TopologyUse> uses) {
  const bool strict = options_.strict_topology;
  std::optional<TopologyTrial> trial;
  if (strict) {
    trial.emplace(cache_);
    Simulate(uses, 1);
  }
  bool fits = true;
  const ResourceId pods = declared_.resources.Find("pods");
  for (const TopologyUse& u : uses) {
    const TopologyTree* tree = cache_.tree(u.flavor);
    const LeafId leaf = tree == nullptr ? LeafId(kNoId) : cache_.LeafOf(u.flavor, u.key);
    fits = leaf != kNoId;
    for (size_t i = 0; fits && i < u.per_pod->size(); ++i) {
      const ResourceAmount& a = (*u.per_pod)[i];
      const quota::Amount left = tree->Remaining(leaf, a.resource, /*empty=*/false);
      if (strict) {
        fits = left >= 0;
      } else if (a.resource != pods && a.amount > 0) {
        fits = left / a.amount >= u.count;
      }
    }
    if (!fits) break;
  }
  return fits;
}

}  // namespace muster::scheduler
