// tas_find_topology_assignments*: where the pods of pod sets go in one topology.
#include <map>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "conformance/suites.h"
#include "conformance/world.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/engine/internals.h"
#include "scheduler/requests/pod_requests.h"
#include "scheduler/topology/assigner.h"

namespace muster::conformance {
namespace {

using scheduler::EngineImpl;
using scheduler::ResourceAmount;
using scheduler::TopologyPlacement;

std::vector<ResourceAmount> PerPod(const Json& requests, EngineImpl& impl) {
  std::map<std::string, quota::Amount> by_name;
  for (const auto& [resource, amount] : requests.items()) by_name[resource] = ToAmount(amount);
  by_name["pods"] += 1;
  std::vector<ResourceAmount> out;
  for (const auto& [name, amount] : by_name) out.push_back({impl.declared.resources.Intern(name), amount});
  return out;
}

TopologyPlacement ToPlacement(const api::TopologyAssignment& assignment, EngineImpl& impl) {
  TopologyPlacement out;
  out.levels = std::make_shared<const std::vector<std::string>>(assignment.levels);
  for (const api::TopologyDomainAssignment& d : assignment.domains) {
    out.domains.push_back({impl.topology.Intern(d.values), d.count});
  }
  return out;
}

Json ToJson(const TopologyPlacement& placement) {
  Json domains = Json::array();
  for (const TopologyPlacement::Domain& d : placement.domains) {
    domains.push_back({{"values", d.domain->values}, {"count", d.count}});
  }
  return {{"levels", *placement.levels}, {"domains", domains}};
}

}  // namespace

void RunFindTopologyAssignments(const Case& c, Level level, Verdict& v) {
  absl::StatusOr<scheduler::Engine> engine = BuildWorld(c);
  if (!engine.ok()) return v.Fail("objects", "accepted", engine.status().ToString());
  EngineImpl& impl = scheduler::EngineInternals::Of(*engine);
  const Json& request = c["request"];
  const scheduler::FlavorId flavor = impl.declared.flavors.Find(GetString(request, "resourceFlavor"));
  if (impl.topology.tree(flavor) == nullptr) return v.Fail("request.resourceFlavor", "known", "no topology");

  for (const Json& u : Get(request, "priorOwnUsage")) {
    impl.topology.Record(flavor, impl.topology.Intern(Get(u, "values").get<std::vector<std::string>>())->key,
                         PerPod(Get(u, "singlePodRequests"), impl), Get(u, "count").get<int64_t>());
  }
  // What other flavors use on the same hosts is recorded under another flavor of the same topology.
  for (const auto& [domain, amounts] : Get(request, "aggregatedDomainUsages").items()) {
    std::vector<ResourceAmount> used;
    for (const auto& [resource, amount] : amounts.items()) {
      used.push_back({impl.declared.resources.Intern(resource), ToAmount(amount)});
    }
    impl.topology.Record(flavor, impl.topology.Intern({domain})->key, used, 1);
  }
  std::optional<api::Workload> workload;
  scheduler::TopologyQuestion question;
  if (!Get(request, "workload").is_null()) {
    auto parsed = ParseWorkload(Get(request, "workload"));
    if (!parsed.ok()) return v.Fail("request.workload", "readable", parsed.status().ToString());
    workload = *std::move(parsed);
    question.unhealthy_nodes = workload->status.unhealthy_nodes;
    question.keep_on_node_failure = scheduler::OwnedBySinglePod(workload->metadata);
  }
  std::vector<api::PodSet> pod_sets;
  std::vector<std::optional<TopologyPlacement>> previous, existing;
  const Json& list = Get(request, "podSets");
  for (const Json& p : list) {
    auto pod_set = api::DecodePart<api::PodSet>(Get(p, "podSet"));
    if (!pod_set.ok()) return v.Fail("request.podSets", "readable", pod_set.status().ToString());
    if (Get(p, "podSet").find("name") == Get(p, "podSet").end()) pod_set->name = "";
    previous.emplace_back();
    existing.emplace_back();
    if (const Json& before = Get(p, "previousAssignment"); !before.is_null()) {
      auto assignment = api::DecodePart<api::TopologyAssignment>(before);
      if (!assignment.ok()) return v.Fail("previousAssignment", "readable", assignment.status().ToString());
      previous.back() = ToPlacement(*assignment, impl);
    }
    if (workload.has_value() && workload->status.admission.has_value()) {
      for (const api::PodSetAssignment& psa : workload->status.admission->pod_set_assignments) {
        if (psa.name == pod_set->name && psa.topology_assignment) {
          existing.back() = ToPlacement(*psa.topology_assignment, impl);
        }
      }
    }
    pod_sets.push_back(*std::move(pod_set));
  }
  for (size_t i = 0; i < pod_sets.size(); ++i) {
    scheduler::TopologyPodSet p;
    p.index = static_cast<int>(i);
    p.flavor = flavor;
    p.spec = &pod_sets[i].pod_template.spec;
    if (pod_sets[i].topology_request) p.request = &*pod_sets[i].topology_request;
    p.implied = GetBool(list[i], "implied");
    p.per_pod = PerPod(Get(list[i], "singlePodRequests"), impl);
    p.count = Get(list[i], "count").get<int32_t>();
    if (!Get(list[i], "podSetGroupName").is_null()) p.group = GetString(list[i], "podSetGroupName");
    if (previous[i]) p.previous = &*previous[i];
    if (existing[i]) p.existing = &*existing[i];
    question.pod_sets.push_back(std::move(p));
  }
  const scheduler::TopologyAnswer answer =
      scheduler::FindTopologyAssignments(impl.topology, impl.options, impl.declared.resources, question);
  Json got = Json::object();
  for (const auto& p : answer.pod_sets) {
    Json one = Json::object();
    one["failureReason"] = p.failure ? scheduler::ToString(*p.failure) : std::string();
    if (p.placement) one["topologyAssignment"] = ToJson(*p.placement);
    got[pod_sets[p.index].name] = std::move(one);
  }
  Json want = Get(c["result"], "podSets");
  for (Json* side : {&want, &got}) {
    for (auto& [name, one] : side->items()) {
      if (level != Level::kMessages) one["failureReason"] = one["failureReason"] != "";
    }
  }
  v.Equal("result.podSets", want, got);
}

}  // namespace muster::conformance
