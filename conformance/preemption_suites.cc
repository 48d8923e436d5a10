// preemption_*: who has to go so that a workload fits with given flavors, and in which order victims are considered.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "conformance/suites.h"
#include "conformance/world.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/engine/internals.h"
#include "scheduler/preemption/victim_order.h"

namespace muster::conformance {
namespace {

using scheduler::Engine;

using Target = std::tuple<std::string, std::string, std::string>;  // workload, ClusterQueue, reason

bool IsDetermined(const Case& c) { return c["nondeterministicPaths"].empty(); }

scheduler::Mode ToMode(const std::string& name) {
  return name == "Preempt" ? scheduler::Mode::kPreempt : scheduler::Mode::kFit;
}

// The recorded assignment, with the requests of the workload's pods.
scheduler::Assignment ToAssignment(const Json& recorded, const scheduler::WorkloadState& w,
                                   scheduler::EngineImpl& impl) {
  scheduler::Assignment out;
  for (const Json& p : Get(recorded, "podSets")) {
    const scheduler::PodSetState& pod_set = w.pod_sets.at(out.pod_sets.size());
    scheduler::PodSetDecision d;
    d.name = GetString(p, "name");
    d.count = Get(p, "count").get<int32_t>();
    for (const auto& [resource, choice] : Get(p, "flavors").items()) {
      d.flavors.push_back({impl.declared.resources.Intern(resource),
                           impl.declared.flavors.Intern(GetString(choice, "flavor")),
                           ToMode(GetString(choice, "mode"))});
    }
    scheduler::ResourceAmounts requests;
    for (const scheduler::ResourceAmount& a : pod_set.per_pod) {
      requests.push_back({a.resource, quota::Mul(a.amount, d.count)});
    }
    out.pod_sets.push_back(std::move(d));
    out.requests.push_back(std::move(requests));
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

  if (absl::Status s = ApplyAll(c["objects"], now, engine); !s.ok()) return v.Fail("objects", "accepted", s.ToString());
  Json object = Get(request, "workload");
  // One fixture carries a reservation that the recorded question does not look at; here it would not be pending.
  object["status"] = Json::object();
  const absl::StatusOr<api::Workload> workload = ParseWorkload(object);
  if (!workload.ok()) return v.Fail("request.workload", "readable", workload.status().ToString());
  const scheduler::WorkloadId id = engine.Apply(*workload, now);
  const auto cq = engine.FindClusterQueue(GetString(request, "clusterQueue"));
  if (!cq) return v.Fail("request.clusterQueue", "exists", "no such ClusterQueue");
  scheduler::EngineImpl& impl = scheduler::EngineInternals::Of(engine);
  engine.forest();  // brings the policy up to date
  const std::vector<scheduler::PreemptionTarget> targets =
      impl.FindTargets(id, *cq, ToAssignment(Get(request, "assignment"), impl.workloads[id], impl));

  std::set<Target> expected, got;
  for (const Json& t : Get(c["result"], "targets")) {
    expected.insert({GetString(t, "workload"), GetString(t, "clusterQueue"), GetString(t, "reason")});
  }
  for (const scheduler::PreemptionTarget& t : targets) {
    got.insert({engine.WorkloadKey(t.workload), engine.ClusterQueueName(engine.ClusterQueueOf(t.workload)),
                std::string(scheduler::ToString(t.reason))});
  }
  if (IsDetermined(c)) {
    v.Equal("result.targets", expected, got);
  } else {
    v.Equal("result.targets(count)", expected.size(), got.size());
  }
}

void RunCandidatesOrdering(const Case& c, Level, Verdict& v) {
  absl::StatusOr<scheduler::EngineOptions> options = Options(c);
  if (!options.ok()) return v.Fail("config", "accepted", options.status().ToString());
  Engine engine(*std::move(options));
  const Json& request = c["request"];
  const bool by_usage = GetBool(request, "admissionFairSharing");
  std::map<std::string, scheduler::ClusterQueueId> queues;
  const auto id_of = [&](const std::string& queue) {
    return queues.try_emplace(queue, static_cast<scheduler::ClusterQueueId>(queues.size())).first->second;
  };
  const scheduler::ClusterQueueId own = id_of(GetString(request, "preemptorClusterQueue"));
  struct Candidate {
    scheduler::VictimCandidate candidate;
    std::string name;
  };
  std::vector<Candidate> candidates;
  std::deque<std::string> local_queues;  // the candidates point to them
  for (const Json& e : Get(request, "candidates")) {
    const absl::StatusOr<api::Workload> w = ParseWorkload(Get(e, "workload"));
    if (!w.ok()) return v.Fail("request.candidates", "readable", w.status().ToString());
    const scheduler::WorkloadId id = engine.Apply(*w, Now(c));
    scheduler::VictimKey key = scheduler::EngineInternals::Of(engine).VictimKeyFor(id);
    // Kueue takes a missing reservation for one made now.
    const api::Condition* reserved = api::FindCondition(w->status.conditions, "QuotaReserved");
    key.reserved_at = reserved == nullptr ? Now(c) : reserved->last_transition_time;
    std::optional<double> used;
    for (const auto& [name, value] : e.items()) {
      if (by_usage && value.is_number()) used = value.get<double>();  // the usage is the only number
    }
    local_queues.push_back(w->spec.queue_name);
    candidates.push_back({{key, id_of(GetString(e, "clusterQueue")), local_queues.back(), used}, w->metadata.name});
  }
  std::sort(candidates.begin(), candidates.end(), [own](const Candidate& a, const Candidate& b) {
    return scheduler::GoesBefore(a.candidate, b.candidate, own);
  });
  Json order = Json::array();
  for (const Candidate& candidate : candidates) order.push_back(candidate.name);
  v.Equal("result.order", Get(c["result"], "order"), order);
}

}  // namespace muster::conformance
