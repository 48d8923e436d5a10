#include "scheduler/testing/replay_portrait.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace muster::scheduler {
namespace {

// Of one node of the forest: pairs about which there is anything to say, by name.
Lines Figures(Engine& engine, quota::NodeId node) {
  const quota::Forest& forest = engine.forest();
  std::map<std::string, std::string> by_pair;
  const auto pairs = engine.flavor_resources();
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto fr = static_cast<quota::FrId>(i);
    const quota::Amount figures[] = {forest.usage(node, fr), forest.Available(node, fr),
                                     forest.PotentialAvailable(node, fr), forest.nominal(node, fr)};
    // A pair that only somebody who is gone has used.
    if (!forest.HasQuota(node, fr) && std::all_of(figures, figures + 4, [](quota::Amount a) { return a == 0; })) {
      continue;
    }
    by_pair[absl::StrCat(engine.FlavorName(pairs[i].flavor), "/", engine.ResourceName(pairs[i].resource))] =
        absl::StrJoin(figures, " ");
  }
  Lines out;
  for (const auto& [pair, text] : by_pair) out.push_back(absl::StrCat("  ", pair, ": ", text));
  return out;
}

Lines Names(const Engine& engine, const std::vector<WorkloadId>& ids) {
  Lines out;
  for (const WorkloadId id : ids) out.push_back(engine.WorkloadKey(id));
  return out;
}

std::string Place(const api::PodSetAssignment& a) {
  if (!a.topology_assignment.has_value()) return a.delayed_topology_request;
  std::string out = absl::StrCat(" on ", absl::StrJoin(a.topology_assignment->levels, "/"));
  for (const api::TopologyDomainAssignment& d : a.topology_assignment->domains) {
    absl::StrAppend(&out, " ", absl::StrJoin(d.values, "/"), ":", d.count);
  }
  return out + a.delayed_topology_request;
}

std::string Admission(const api::Admission& admission) {
  std::string out = admission.cluster_queue;
  for (const api::PodSetAssignment& a : admission.pod_set_assignments) {
    absl::StrAppend(&out, "; ", a.name, " x", a.count.value_or(-1));
    for (const auto& [resource, flavor] : a.flavors) {
      absl::StrAppend(&out, " ", resource, "=", flavor, ":", a.resource_usage.at(resource).ToString());
    }
    absl::StrAppend(&out, Place(a));
  }
  return out;
}

std::string Describe(const Engine& engine, const PodSetDecision& ps) {
  std::string out = absl::StrCat("  ", ps.name, " x", ps.count, " ", std::string(ToString(ps.mode)));
  for (const ResourceFlavorChoice& c : ps.flavors) {
    absl::StrAppend(&out, " ", engine.ResourceName(c.resource), "=", engine.FlavorName(c.flavor), "/",
                    std::string(ToString(c.mode)), "/", c.borrow);
  }
  if (ps.topology.has_value()) {
    for (const auto& d : ps.topology->domains) absl::StrAppend(&out, " ", d.domain->name, ":", d.count);
  }
  return absl::StrCat(out, " ", ps.delayed_topology, ps.error);
}

}  // namespace

Lines Portrait(Engine& engine, const Lines& workloads) {
  Lines out;
  for (const ClusterQueueId cq : engine.ClusterQueues()) {
    const std::string& name = engine.ClusterQueueName(cq);
    const ClusterQueueStatus status = engine.StatusOf(name);
    out.push_back(absl::StrCat("ClusterQueue ", name, ": ", status.reason, ": ", status.message));
    const quota::NodeId node = engine.NodeOfClusterQueue(cq);
    if (node != quota::kNoNode) {
      const Lines figures = Figures(engine, node);
      out.insert(out.end(), figures.begin(), figures.end());
    }
    Lines waiting = Names(engine, engine.PendingInOrder(cq));
    for (std::string& parked : Names(engine, engine.Inadmissible(cq))) waiting.push_back(std::move(parked));
    std::sort(waiting.begin(), waiting.end());
    out.push_back(absl::StrCat("  waiting: ", absl::StrJoin(waiting, " ")));
    out.push_back(absl::StrCat("  reserving: ", absl::StrJoin(Names(engine, engine.Reserving(cq)), " ")));
  }
  for (const std::string& cohort : engine.Cohorts()) {
    out.push_back(absl::StrCat("Cohort ", cohort));
    const quota::NodeId node = engine.NodeOfCohort(cohort);
    if (node == quota::kNoNode) continue;
    const Lines figures = Figures(engine, node);
    out.insert(out.end(), figures.begin(), figures.end());
  }
  for (const std::string& key : workloads) {
    const std::vector<std::string> parts = absl::StrSplit(key, '/');
    const WorkloadId id = *engine.FindWorkload(parts[0], parts[1]);
    WorkloadPhase phase = engine.Phase(id);
    if (phase == WorkloadPhase::kInadmissible) phase = WorkloadPhase::kPending;
    const std::optional<api::Admission> admission = engine.AdmissionOf(id);
    out.push_back(absl::StrCat("Workload ", key, ": ", static_cast<int>(phase), engine.IsEvicted(id) ? " evicted" : "",
                               " ", admission.has_value() ? Admission(*admission) : ""));
    for (const FlavorResourceAmount& a : engine.ReservedUsage(id)) {
      out.push_back(absl::StrCat("  ", a.flavor, "/", a.resource, ": ", a.amount));
    }
  }
  return out;
}

Lines WaitingInOrder(Engine& engine) {
  Lines out;
  for (const ClusterQueueId cq : engine.ClusterQueues()) {
    out.push_back(absl::StrCat(engine.ClusterQueueName(cq), ": ",
                               absl::StrJoin(Names(engine, engine.PendingInOrder(cq)), " "),
                               "; parked: ", absl::StrJoin(Names(engine, engine.Inadmissible(cq)), " ")));
  }
  return out;
}

Lines Transcript(const Engine& engine, const CycleResult& result) {
  Lines out;
  for (const auto* decisions : {&result.entries, &result.rejected}) {
    for (const Decision& d : *decisions) {
      out.push_back(absl::StrCat(engine.ClusterQueueName(d.cluster_queue), " ", engine.WorkloadKey(d.workload), ": ",
                                 std::string(ToString(d.mode)), " ", std::string(ToString(d.status)), " ",
                                 std::string(ToString(d.requeue_reason)), " ", std::string(ToString(d.pending_reason)),
                                 d.second_pass ? " second pass" : "", " borrowing ", d.borrowing, " waits for ",
                                 d.pending_preemptions));
      if (d.status != EntryStatus::kAssumed) out.push_back(absl::StrCat("  ", engine.Message(d)));
      for (const PodSetDecision& ps : d.pod_sets) out.push_back(Describe(engine, ps));
      for (const PreemptionTarget& t : d.targets) {
        out.push_back(absl::StrCat("  victim ", engine.WorkloadKey(t.workload), " ", std::string(ToString(t.reason)),
                                   t.newly_evicted ? "" : " again"));
      }
    }
  }
  return out;
}

}  // namespace muster::scheduler
