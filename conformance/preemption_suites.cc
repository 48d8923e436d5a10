// preemption_*: who has to go so that a workload fits.
//
// The recorded question gives the flavors; here they are the engine's own choice: the workload is queued and one cycle
// is run. A case agrees when the cycle preempts exactly the recorded victims for the recorded reasons, and, if there
// are any, chose the recorded flavors.
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "conformance/suites.h"
#include "conformance/world.h"

namespace muster::conformance {
namespace {

using scheduler::Engine;

using Target = std::tuple<std::string, std::string, std::string>;  // workload, ClusterQueue, reason

bool IsDetermined(const Case& c) { return c["nondeterministicPaths"].empty(); }

Json Flavors(const Json& pod_sets) {
  Json out = Json::array();
  for (const Json& p : pod_sets) {
    Json flavors = Json::object();
    for (const auto& [resource, choice] : Get(p, "flavors").items()) flavors[resource] = GetString(choice, "flavor");
    out.push_back(std::move(flavors));
  }
  return out;
}

Json Flavors(const Engine& engine, const scheduler::Decision& d) {
  Json out = Json::array();
  for (const scheduler::PodSetDecision& p : d.pod_sets) {
    Json flavors = Json::object();
    for (const scheduler::ResourceFlavorChoice& choice : p.flavors) {
      flavors[engine.ResourceName(choice.resource)] = engine.FlavorName(choice.flavor);
    }
    out.push_back(std::move(flavors));
  }
  return out;
}

}  // namespace

void RunPreemption(const Case& c, Level, Verdict& v) {
  const Json& request = c["request"];
  absl::StatusOr<scheduler::EngineOptions> options = Options(c);
  if (!options.ok()) return v.Fail("config", "accepted", options.status().ToString());
  if (GetBool(request, "enableFairSharing")) {
    options->fair_sharing = scheduler::EngineOptions::FairSharing().fair_sharing;
    if (const Json& names = Get(Get(request, "fairSharing"), "preemptionStrategies"); names.is_array()) {
      options->fair_sharing->clear();
      for (const Json& name : names) {
        options->fair_sharing->push_back(name == "LessThanInitialShare"
                                             ? scheduler::FairSharingStrategy::kLessThanInitialShare
                                             : scheduler::FairSharingStrategy::kLessThanOrEqualToFinalShare);
      }
    }
  }
  if (GetBool(request, "enableAdmissionFairSharing")) options->admission_fair_sharing.emplace();
  Engine engine(*std::move(options));
  const absl::Time now = Now(c);

  Json objects = c["objects"];
  Json workload = Get(request, "workload");
  const std::string ns = GetString(workload["metadata"], "namespace");
  const std::string queue = "preemptor-queue";
  workload["spec"]["queueName"] = queue;
  // One fixture carries a reservation that the recorded question does not look at; here it would not be pending.
  workload["status"] = Json::object();
  Json lq_meta = {{"name", queue}};
  if (!ns.empty()) lq_meta["namespace"] = ns;
  objects.push_back({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}});
  objects.push_back({{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                     {"kind", "LocalQueue"},
                     {"metadata", lq_meta},
                     {"spec", {{"clusterQueue", Get(request, "clusterQueue")}}}});
  objects.push_back(workload);
  if (absl::Status s = ApplyAll(objects, now, engine); !s.ok()) return v.Fail("objects", "accepted", s.ToString());

  const std::string key = absl::StrCat(ns, "/", GetString(workload["metadata"], "name"));
  const scheduler::CycleResult cycle = engine.RunCycle(now);
  const scheduler::Decision* decision = nullptr;
  for (const scheduler::Decision& d : cycle.entries) {
    if (engine.WorkloadKey(d.workload) == key) decision = &d;
  }
  if (decision == nullptr) return v.Fail("request.workload", "nominated", "not nominated");

  std::set<Target> expected, got;
  for (const Json& t : Get(c["result"], "targets")) {
    expected.insert({GetString(t, "workload"), GetString(t, "clusterQueue"), GetString(t, "reason")});
  }
  for (const scheduler::PreemptionTarget& t : decision->targets) {
    got.insert({engine.WorkloadKey(t.workload), engine.ClusterQueueName(engine.ClusterQueueOf(t.workload)),
                std::string(scheduler::ToString(t.reason))});
  }
  if (IsDetermined(c)) {
    v.Equal("result.targets", expected, got);
  } else {
    v.Equal("result.targets(count)", expected.size(), got.size());
  }
  if (!expected.empty()) {
    v.Equal("request.assignment", Flavors(Get(Get(request, "assignment"), "podSets")), Flavors(engine, *decision));
  }
}

}  // namespace muster::conformance
