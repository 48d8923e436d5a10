#include "scheduler/testing/small_world_engine.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace muster::scheduler::small {
namespace {

absl::Time At(long seconds) { return absl::FromUnixSeconds(1700000000 + seconds); }

const char* Wire(Policy policy) {
  constexpr const char* kNames[] = {"Never", "LowerPriority", "LowerOrNewerEqualPriority", "Any"};
  return kNames[static_cast<int>(policy)];
}

class Maker {
 public:
  Maker(const World& world, const Disguise& disguise) : w_(world), d_(disguise) {}

  std::vector<api::ResourceGroup> Groups(const Node& node) const {
    if (node.quota.empty()) return {};
    api::ResourceGroup group;
    for (int r = 0; r < w_.resources; ++r) group.covered_resources.push_back(ResourceName(r));
    for (int f = 0; f < w_.flavors; ++f) {
      api::FlavorQuotas flavor;
      flavor.name = d_.prefix + FlavorNameOf(f);
      for (int r = 0; r < w_.resources; ++r) {
        const Quota& quota = node.quota[f * w_.resources + r];
        api::ResourceQuota q;
        q.name = ResourceName(r);
        q.nominal_quota = Amount(quota.nominal);
        if (quota.borrow) q.borrowing_limit = Amount(*quota.borrow);
        if (quota.lend) q.lending_limit = Amount(*quota.lend);
        flavor.resources.push_back(std::move(q));
      }
      group.flavors.push_back(std::move(flavor));
    }
    return {group};
  }

  api::Cohort Cohort(const Node& node) const {
    api::Cohort c;
    c.metadata.name = d_.prefix + node.name;
    if (node.parent >= 0) c.parent_name = d_.prefix + w_.nodes[node.parent].name;
    c.resource_groups = Groups(node);
    c.fair_sharing = Weight(node);
    return c;
  }

  api::ClusterQueue ClusterQueue(const Node& node) const {
    api::ClusterQueue cq;
    cq.metadata.name = d_.prefix + node.name;
    if (node.parent >= 0) cq.cohort_name = d_.prefix + w_.nodes[node.parent].name;
    cq.namespace_selector = api::LabelSelector();
    cq.resource_groups = Groups(node);
    cq.fair_sharing = Weight(node);
    cq.flavor_fungibility = api::FlavorFungibility{node.borrow_next ? "TryNextFlavor" : "MayStopSearch",
                                                   node.preempt_stop ? "MayStopSearch" : "TryNextFlavor",
                                                   node.prefer_preempt ? "PreemptionOverBorrowing" : ""};
    api::ClusterQueuePreemption p;
    p.within_cluster_queue = Wire(node.within);
    p.reclaim_within_cohort = Wire(node.reclaim);
    if (node.borrow_within) p.borrow_within_cohort = {"LowerPriority", node.threshold};
    cq.preemption = p;
    cq.queueing_strategy = node.strict ? "StrictFIFO" : "BestEffortFIFO";
    cq.stop_policy = node.stopped ? "Hold" : "None";
    if (w_.checked) cq.admission_checks = {{"check", {}}};
    return cq;
  }

  api::Workload Workload(const Job& job) const {
    api::Workload w;
    w.metadata.ns = "ns";
    w.metadata.name = w.metadata.uid = d_.prefix + job.name;
    w.metadata.creation_timestamp = At(job.created);
    w.spec.queue_name = d_.prefix + w_.nodes[job.queue].name;
    w.spec.priority = job.priority;
    for (const Pods& p : job.pods) {
      api::PodSet& pods = w.spec.pod_sets.emplace_back();
      pods.name = p.name;
      pods.count = p.count;
      if (p.least >= 0) pods.min_count = p.least;
      pods.pod_template.spec.containers.resize(1);
      for (int r = 0; r < w_.resources; ++r) {
        if (p.request[r] > 0) {
          pods.pod_template.spec.containers[0].resources.requests[ResourceName(r)] = Amount(p.request[r]);
        }
      }
    }
    if (job.holds()) {
      api::PodSetAssignment assignment;
      assignment.name = "main";
      assignment.count = 1;
      for (int pair = 0; pair < static_cast<int>(job.held.size()); ++pair) {
        if (job.held[pair] == 0) continue;
        const std::string resource = ResourceName(pair % w_.resources);
        assignment.resource_usage[resource] = Amount(job.held[pair]);
        assignment.flavors[resource] = d_.prefix + FlavorNameOf(pair / w_.resources);
      }
      w.status.admission = api::Admission{w.spec.queue_name, {assignment}};
      w.status.conditions.push_back({"QuotaReserved", "True", "QuotaReserved", "", At(job.reserved), {}});
    }
    if (job.evicted) w.status.conditions.push_back({"Evicted", "True", "Preempted", "", At(job.reserved), {}});
    return w;
  }

 private:
  api::Quantity Amount(long amount) const { return api::Quantity::FromValue(amount * d_.scale); }
  std::optional<api::FairSharing> Weight(const Node& node) const {
    if (node.weight == 1) return std::nullopt;
    return api::FairSharing{api::Quantity::FromValue(static_cast<int64_t>(node.weight))};
  }

  const World& w_;
  const Disguise& d_;
};

}  // namespace

Engine MakeEngine(const World& world, const Disguise& disguise) {
  EngineOptions options;
  options.reactivation_batch = absl::ZeroDuration();
  if (world.fair) {
    options.fair_sharing.emplace();
    for (const bool final_share : world.final_share) {
      options.fair_sharing->push_back(final_share ? FairSharingStrategy::kLessThanOrEqualToFinalShare
                                                  : FairSharingStrategy::kLessThanInitialShare);
    }
  }
  Engine engine(std::move(options));
  const Maker make(world, disguise);
  api::Namespace ns;
  ns.metadata.name = "ns";
  std::vector<std::function<void()>> declare = {[&] { engine.Apply(ns, At(0)); }};
  for (int f = 0; f < world.flavors; ++f) {
    declare.push_back([&, f] {
      api::ResourceFlavor flavor;
      flavor.metadata.name = disguise.prefix + FlavorNameOf(f);
      engine.Apply(flavor, At(0));
    });
  }
  for (const Node& node : world.nodes) {
    if (node.cohort) {
      declare.push_back([&] { engine.Apply(make.Cohort(node), At(0)); });
      continue;
    }
    declare.push_back([&] { engine.Apply(make.ClusterQueue(node), At(0)); });
    declare.push_back([&] {
      api::LocalQueue lq;
      lq.metadata.ns = "ns";
      lq.metadata.name = lq.cluster_queue = disguise.prefix + node.name;
      engine.Apply(lq, At(0));
    });
  }
  if (world.checked) {
    declare.push_back([&] {
      api::AdmissionCheck check;
      check.metadata.name = "check";
      check.conditions = {{"Active", world.check_active ? "True" : "False", "", "", At(0), {}}};
      engine.Apply(check, At(0));
    });
  }
  for (const Job& job : world.jobs) declare.push_back([&] { engine.Apply(make.Workload(job), At(1000)); });
  if (disguise.backwards) std::reverse(declare.begin(), declare.end());
  for (const auto& step : declare) step();
  return engine;
}

api::ClusterQueue ClusterQueueOf(const World& world, const Node& node) {
  const Disguise none;
  return Maker(world, none).ClusterQueue(node);
}

api::Workload WorkloadOf(const World& world, const Job& job) {
  const Disguise none;
  return Maker(world, none).Workload(job);
}

std::vector<Verdict> VerdictsOf(const Engine& engine, const CycleResult& result, const Disguise& disguise) {
  const auto plain = [&](const std::string& name) { return name.substr(disguise.prefix.size()); };
  const auto job_name = [&](WorkloadId id) { return plain(engine.WorkloadKey(id).substr(3)); };
  std::vector<Verdict> out;
  for (const Decision& d : result.entries) {
    Verdict v;
    v.job = job_name(d.workload);
    v.mode = d.mode;
    v.status = d.status;
    v.reason = d.pending_reason;
    if (d.mode != Mode::kNoFit) {
      v.borrowing = d.borrowing;
      for (const PodSetDecision& ps : d.pod_sets) {
        v.counts.push_back(ps.count);
        for (const ResourceFlavorChoice& c : ps.flavors) v.flavors.push_back(plain(engine.FlavorName(c.flavor)));
      }
    }
    for (const PreemptionTarget& t : d.targets) {
      v.targets.push_back(absl::StrCat(job_name(t.workload), " ", std::string(ToString(t.reason))));
    }
    std::sort(v.targets.begin(), v.targets.end());
    out.push_back(std::move(v));
  }
  return out;
}

std::vector<long> UsageOf(Engine& engine, const World& world, const Disguise& disguise) {
  std::vector<long> out;
  const auto pairs = engine.flavor_resources();
  for (const Node& node : world.nodes) {
    const std::string name = disguise.prefix + node.name;
    const quota::NodeId id =
        node.cohort ? engine.NodeOfCohort(name) : engine.NodeOfClusterQueue(*engine.FindClusterQueue(name));
    std::vector<long> usage(world.flavors * world.resources, 0);
    for (size_t fr = 0; fr < pairs.size(); ++fr) {
      for (int p = 0; p < static_cast<int>(usage.size()); ++p) {
        if (engine.FlavorName(pairs[fr].flavor) == disguise.prefix + FlavorNameOf(p / world.resources) &&
            engine.ResourceName(pairs[fr].resource) == ResourceName(p % world.resources)) {
          usage[p] = engine.forest().usage(id, static_cast<quota::FrId>(fr)) / disguise.scale;
        }
      }
    }
    out.insert(out.end(), usage.begin(), usage.end());
  }
  return out;
}

Outcome DecideWithEngine(const World& world, const Disguise& disguise) {
  Engine engine = MakeEngine(world, disguise);
  engine.Advance(At(1000));
  Outcome out;
  out.verdicts = VerdictsOf(engine, engine.RunCycle(At(1000)), disguise);
  out.usage = UsageOf(engine, world, disguise);
  return out;
}

}  // namespace muster::scheduler::small
