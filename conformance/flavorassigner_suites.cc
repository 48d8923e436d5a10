// flavorassigner_*: which flavors a workload gets, with a stub instead of preemption.
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "conformance/suites.h"
#include "conformance/world.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/engine/internals.h"
#include "scheduler/flavors/flavor_assigner.h"
#include "scheduler/flavors/topology_step.h"

namespace muster::conformance {
namespace {

using scheduler::Engine;
using scheduler::FitMode;
using scheduler::RatedMode;

FitMode ToFitMode(const std::string& possibility) {
  if (possibility == "Reclaim") return FitMode::kReclaim;
  return possibility == "Preempt" ? FitMode::kPreempt : FitMode::kNoCandidates;
}

// Answers what the case says.
class RecordedOracle : public scheduler::PreemptionOracle {
 public:
  RecordedOracle(const Json& oracle, const FrTable& frs) {
    const auto read = [](const Json& e) {
      return RatedMode{ToFitMode(GetString(e, "possibility")),
                       Get(e, "borrow").is_number() ? Get(e, "borrow").get<int>() : 0};
    };
    default_ = read(Get(oracle, "default"));
    for (const Json& e : Get(oracle, "overrides")) {
      if (const auto fr = frs.Find(GetString(e, "flavor"), GetString(e, "resource"))) overrides_[*fr] = read(e);
    }
  }
  RatedMode Ask(const scheduler::WorkloadState&, scheduler::ClusterQueueId, quota::FrId fr, quota::Amount) override {
    const auto it = overrides_.find(fr);
    return it == overrides_.end() ? default_ : it->second;
  }

 private:
  RatedMode default_;
  std::map<quota::FrId, RatedMode> overrides_;
};

// Brings the usage of every ClusterQueue to what is recorded.
bool SetUsage(const Json& usage, Engine& engine, const FrTable& frs, quota::Forest& forest, Verdict& v) {
  for (const auto& [name, value] : usage.items()) {
    for (const auto& [flavor, domains] : Get(value, "tasUsage").items()) {
      scheduler::EngineImpl& impl = scheduler::EngineInternals::Of(engine);
      for (const auto& [domain, amounts] : domains.items()) {
        std::vector<scheduler::ResourceAmount> used;
        for (const auto& [resource, amount] : amounts.items()) {
          used.push_back({impl.declared.resources.Intern(resource), ToAmount(amount)});
        }
        const std::vector<std::string> values = absl::StrSplit(domain, ',');
        impl.topology.Record(impl.declared.flavors.Intern(flavor), impl.topology.Intern(values)->key, used, 1);
      }
    }
    const auto id = engine.FindClusterQueue(name);
    const quota::NodeId n = id ? engine.NodeOfClusterQueue(*id) : quota::kNoNode;
    for (const Json& e : Get(value, "usage")) {
      const auto fr = frs.Find(GetString(e, "flavor"), GetString(e, "resource"));
      const quota::Amount wanted = ToAmount(Get(e, "value"));
      if (n == quota::kNoNode || !fr) {
        if (wanted == 0) continue;
        v.Fail("request.usage", e.dump(), "no such ClusterQueue, flavor or resource");
        return false;
      }
      const quota::Amount more = quota::Sub(wanted, forest.usage(n, *fr));
      if (more > 0) forest.AddUsage(n, *fr, more);
    }
  }
  return true;
}

std::string ModeName(scheduler::Mode mode) { return std::string(scheduler::ToString(mode)); }

Json NonZero(const Json& list) {
  Json out = Json::object();
  for (const Json& e : list) {
    if (ToAmount(Get(e, "value")) != 0) {
      out[absl::StrCat(GetString(e, "flavor"), ",", GetString(e, "resource"))] = ToAmount(Get(e, "value"));
    }
  }
  return out;
}

}  // namespace

void RunFlavorAssigner(const Case& c, Level level, Verdict& v) {
  const Json& request = c["request"];
  if (request.is_null()) return v.Unsupported("two calls that share state");
  Case input = c;
  if (GetBool(request, "enableFairSharing")) input.doc["config"]["fairSharing"]["enable"] = true;
  absl::StatusOr<Engine> engine = BuildWorld(input);
  if (!engine.ok()) return v.Fail("objects", "accepted", engine.status().ToString());
  const absl::StatusOr<api::Workload> workload = ParseWorkload(Get(request, "workload"));
  if (!workload.ok()) return v.Fail("request.workload", "readable", workload.status().ToString());
  const scheduler::WorkloadId id = engine->Apply(*workload, Now(c));
  const std::string name = GetString(request, "clusterQueue");
  const auto cq = engine->FindClusterQueue(name);
  engine->forest();  // brings the policy up to date
  if (!cq || engine->NodeOfClusterQueue(*cq) == quota::kNoNode) return v.Fail("request.clusterQueue", name, "no node");

  scheduler::EngineImpl& impl = scheduler::EngineInternals::Of(*engine);
  const FrTable frs(*engine);
  if (!SetUsage(Get(request, "usage"), *engine, frs, impl.declared.forest(), v)) return;
  for (const Json& o : c["deletedAfterSnapshot"]) {
    if (GetString(o, "kind") == "ResourceFlavor") impl.declared.DeleteFlavor(GetString(o, "name"));
  }
  std::vector<int32_t> counts;
  for (const Json& r : Get(request, "totalRequests")) counts.push_back(Get(r, "count").get<int32_t>());
  RecordedOracle oracle(Get(request, "preemptionOracle"), frs);
  scheduler::TopologyStep topology(impl.declared, impl.options, impl.topology);
  scheduler::FlavorAssigner assigner(impl.declared, impl.options, oracle, &topology);
  scheduler::WorkloadState replaced;
  const Json& slice = Get(request, "replaceWorkloadSlice");
  for (const Json& r : Get(slice, "totalRequests")) {
    scheduler::HeldPodSet held;
    held.name = GetString(r, "name");
    for (const auto& [resource, flavor] : Get(r, "flavors").items()) {
      const Json& amount = Get(Get(r, "requests"), resource.c_str());
      held.items.push_back({impl.declared.resources.Intern(resource),
                            impl.declared.flavors.Intern(flavor.get<std::string>()),
                            amount.is_null() ? 0 : ToAmount(amount)});
    }
    replaced.held.push_back(std::move(held));
  }
  const scheduler::Assignment got =
      assigner.Assign(impl.workloads[id], *cq, counts, nullptr, nullptr, slice.is_null() ? nullptr : &replaced);

  const Json& want = c["result"];
  v.Equal("result.representativeMode", Get(want, "representativeMode"), ModeName(got.mode));
  if (!v.Equal("result.podSets.length", Get(want, "podSets").size(), got.pod_sets.size())) return;
  for (size_t i = 0; i < got.pod_sets.size(); ++i) {
    const std::string at = absl::StrCat("result.podSets[", i, "]");
    const Json& p = Get(want, "podSets")[i];
    const scheduler::PodSetDecision& g = got.pod_sets[i];
    v.Equal(at + ".name", GetString(p, "name"), g.name);
    v.Equal(at + ".mode", GetString(p, "mode"), ModeName(g.mode));
    v.Equal(at + ".count", Get(p, "count"), g.count);
    Json expected = Json::object(), flavors = Json::object();
    for (const auto& [resource, f] : Get(p, "flavors").items()) {
      expected[resource] = {Get(f, "flavor"), Get(f, "mode"), Get(f, "borrow"), Get(f, "triedFlavorIdx")};
    }
    for (const scheduler::ResourceFlavorChoice& f : g.flavors) {
      flavors[engine->ResourceName(f.resource)] = {engine->FlavorName(f.flavor), ModeName(f.mode), f.borrow,
                                                   f.tried_flavor_idx};
    }
    v.Equal(at + ".flavors(flavor,mode,borrow,triedFlavorIdx)", expected, flavors);
    Json domains = Json::array();
    for (size_t d = 0; g.topology.has_value() && d < g.topology->domains.size(); ++d) {
      domains.push_back({{"count", g.topology->domains[d].count}, {"values", g.topology->domains[d].domain->values}});
    }
    const Json& wanted = Get(Get(p, "topologyAssignment"), "domains");
    v.Equal(at + ".topologyAssignment", wanted.is_null() ? Json::array() : wanted, domains);
  }
  v.Equal("result.borrowing", Get(want, "borrowing"), got.borrowing);
  Json usage = Json::object();
  for (const quota::FrAmount& u : got.usage) {
    if (u.amount == 0) continue;
    const auto& [flavor, resource] = frs.name(u.fr);
    Json& sum = usage[absl::StrCat(flavor, ",", resource)];
    sum = (sum.is_null() ? 0 : sum.get<quota::Amount>()) + u.amount;
  }
  v.Equal("result.usage", NonZero(Get(want, "usage")), usage);
  Json tried = Json::array();
  for (const auto& pod_set : got.last_tried) {
    Json indices = Json::object();
    for (const auto& [resource, index] : pod_set) indices[engine->ResourceName(resource)] = index;
    tried.push_back(std::move(indices));
  }
  v.Equal("result.lastTriedFlavorIdx", Get(want, "lastTriedFlavorIdx"), tried);
  if (level == Level::kDecisions) return;
  if (got.mode == scheduler::Mode::kNoFit) {
    v.Equal("result.noFitReason", GetString(want, "noFitReason"), std::string(scheduler::ToString(got.no_fit_reason)));
  }
  if (level == Level::kReasons) return;
  scheduler::Decision decision;
  decision.workload = id;
  decision.cluster_queue = *cq;
  decision.mode = got.mode;
  decision.pod_sets = got.pod_sets;
  impl.Complete(&decision, /*refused=*/false);
  v.Equal("result.message", GetString(want, "message"), engine->Message(decision));
}

}  // namespace muster::conformance
