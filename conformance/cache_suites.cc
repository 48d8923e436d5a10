// cache_*: the quota tree with everything derived from it, readiness and usage of ClusterQueues.
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "api/quantity.h"
#include "api/resource_units.h"
#include "conformance/suites.h"
#include "conformance/world.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/engine/internals.h"

namespace muster::conformance {
namespace {

using scheduler::Engine;

// A quota tree to compare: the engine's forest with what the question adds to it, and who is in it.
struct Tree {
  Engine* engine;
  FrTable frs;
  quota::Forest forest;
  std::map<std::string, std::set<std::string>> workloads;  // by ClusterQueue
  std::vector<quota::FrAmount> additional;                 // on top of the usage when shares are asked for
  std::set<std::string> implicit_cohorts;                  // without an object
  std::set<std::string> topology_flavors;
};

std::vector<quota::FrAmount> ToAmounts(const FrTable& frs, const Json& list) {
  std::vector<quota::FrAmount> out;
  for (const Json& e : list) {
    if (auto fr = frs.Find(GetString(e, "flavor"), GetString(e, "resource")))
      out.push_back({*fr, ToAmount(Get(e, "value"))});
  }
  return out;
}

// Every pair has to have the listed amount, 0 if it is not listed.
template <class F>
void CompareAll(const std::string& path, const Json& list, const FrTable& frs, F got, Verdict& v) {
  std::vector<quota::Amount> expected(frs.size(), 0);
  for (const Json& e : list) {
    const auto fr = frs.Find(GetString(e, "flavor"), GetString(e, "resource"));
    if (fr) {
      expected[*fr] = ToAmount(Get(e, "value"));
    } else if (ToAmount(Get(e, "value")) != 0) {
      v.Fail(path, e.dump(), "no such flavor and resource");
    }
  }
  for (quota::FrId fr = 0; fr < frs.size(); ++fr) {
    v.Equal(absl::StrCat(path, "[", frs.name(fr).first, ",", frs.name(fr).second, "]"), expected[fr], got(fr));
  }
}

// Listed pairs only: what a queue could get of a pair it has no quota for is not recorded.
template <class F>
void CompareListed(const std::string& path, const Json& list, const FrTable& frs, F got, Verdict& v) {
  for (const Json& e : list) {
    const auto fr = frs.Find(GetString(e, "flavor"), GetString(e, "resource"));
    const std::string at = absl::StrCat(path, "[", GetString(e, "flavor"), ",", GetString(e, "resource"), "]");
    v.Equal(at, ToAmount(Get(e, "value")), fr ? got(*fr) : 0);
  }
}

void CompareQuotas(const std::string& path, const Json& list, const Tree& t, quota::NodeId n, Verdict& v) {
  std::set<quota::FrId> listed;
  for (const Json& e : list) {
    const auto fr = t.frs.Find(GetString(e, "flavor"), GetString(e, "resource"));
    const std::string at = absl::StrCat(path, "[", GetString(e, "flavor"), ",", GetString(e, "resource"), "]");
    if (!fr) {
      v.Fail(at, e.dump(), "no such flavor and resource");
      continue;
    }
    listed.insert(*fr);
    v.Equal(at + ".nominal", ToAmount(Get(e, "nominal")), t.forest.nominal(n, *fr));
    const Json& limit = Get(e, "borrowingLimit");
    v.Equal(at + ".borrowingLimit", limit.is_null() ? quota::kUnlimited : ToAmount(limit),
            t.forest.borrowing_limit(n, *fr));
    // The forest keeps of the lending limit what follows from it: the part that is never lent.
    const Json& lending = Get(e, "lendingLimit");
    const quota::Amount kept =
        lending.is_null() ? 0
                          : std::max<quota::Amount>(0, quota::Sub(t.forest.subtree_quota(n, *fr), ToAmount(lending)));
    v.Equal(at + ".lendingLimit(kept)", kept, t.forest.local_quota(n, *fr));
  }
  for (quota::FrId fr = 0; fr < t.frs.size(); ++fr) {
    if (!listed.count(fr)) v.Equal(absl::StrCat(path, "[", t.frs.name(fr).first, "]"), 0, t.forest.nominal(n, fr));
  }
}

void CompareShare(const std::string& path, const Json& expected, const Tree& t, quota::NodeId n, Verdict& v) {
  const quota::Share share = t.forest.DominantResourceShare(n, t.additional);
  const double weighted = share.Weighted();
  const int64_t rounded =
      std::isinf(weighted) ? std::numeric_limits<int64_t>::max() : static_cast<int64_t>(std::ceil(weighted));
  v.Equal(path + ".borrowing", GetBool(expected, "borrowing"), share.borrowing);
  v.Equal(path + ".dominantResource", GetString(expected, "dominantResource"), t.frs.ResourceName(share.dominant));
  v.Equal(path + ".weightedShareRounded", Get(expected, "weightedShareRounded"), rounded);
  const std::string precise = GetString(expected, "preciseWeightedShare");
  const bool same = precise == "+Inf" ? std::isinf(weighted) : std::strtod(precise.c_str(), nullptr) == weighted;
  if (!same) v.Fail(path + ".preciseWeightedShare", precise, absl::StrCat(weighted));
}

// What ClusterQueues and cohorts have in common.
void CompareNode(const std::string& path, const Json& expected, const Tree& t, quota::NodeId n, Verdict& v) {
  CompareQuotas(path + ".quotas", Get(expected, "quotas"), t, n, v);
  CompareAll(
      path + ".subtreeQuota", Get(expected, "subtreeQuota"), t.frs,
      [&](quota::FrId fr) { return t.forest.subtree_quota(n, fr); }, v);
  CompareAll(
      path + ".usage", Get(expected, "usage"), t.frs, [&](quota::FrId fr) { return t.forest.usage(n, fr); }, v);
  CompareShare(path + ".dominantResourceShare", Get(expected, "dominantResourceShare"), t, n, v);
  const quota::NodeId parent = t.forest.parent(n);
  v.Equal(path + ".parent", GetString(expected, "parent"), parent == quota::kNoNode ? "" : t.forest.name(parent));
}

void CompareWeight(const std::string& path, const Json& expected, double got, Verdict& v) {
  const std::string weight = GetString(expected, "fairWeight");
  if (!weight.empty()) v.Equal(path + ".fairWeight", std::strtod(weight.c_str(), nullptr), got);
}

// {flavor: {domain: {resource: amount}}} of the topology-aware flavors in use.
Json TopologyUsage(const Tree& t) {
  Json out = Json::object();
  for (const std::string& flavor : t.topology_flavors) {
    scheduler::EngineImpl& impl = scheduler::EngineInternals::Of(*t.engine);
    const auto usage = impl.topology.Usage(impl.declared.flavors.Intern(flavor));
    if (!usage.empty()) out[flavor] = usage;
  }
  return out;
}

void CompareTree(const std::string& path, const Json& expected, Tree& t, Verdict& v) {
  Engine& engine = *t.engine;
  std::set<std::string> expected_names, got_names;
  for (const auto& [name, unused] : Get(expected, "clusterQueues").items()) expected_names.insert(name);
  std::set<std::string> inactive;
  for (scheduler::ClusterQueueId id : engine.ClusterQueues()) {
    // Inactive here is what takes no part: also a ClusterQueue under a cohort that is its own ancestor.
    const std::string& name = engine.ClusterQueueName(id);
    const bool takes_part = engine.StatusOf(name).active && engine.NodeOfClusterQueue(id) != quota::kNoNode;
    (takes_part ? got_names : inactive).insert(name);
  }
  v.Equal(path + ".inactiveClusterQueues", Get(expected, "inactiveClusterQueues"), inactive);
  if (!v.Equal(path + ".clusterQueues", expected_names, got_names)) return;

  for (const auto& [name, want] : Get(expected, "clusterQueues").items()) {
    const std::string at = absl::StrCat(path, ".clusterQueues.", name);
    const std::optional<scheduler::ClusterQueueId> id = engine.FindClusterQueue(name);
    const quota::NodeId n = id.has_value() ? engine.NodeOfClusterQueue(*id) : quota::kNoNode;
    if (n == quota::kNoNode) {
      v.Fail(at, "a node", "none");
      continue;
    }
    CompareNode(at, want, t, n, v);
    CompareListed(
        at + ".available", Get(want, "available"), t.frs,
        [&](quota::FrId fr) { return t.forest.AvailableClipped(n, fr); }, v);
    CompareListed(
        at + ".potentialAvailable", Get(want, "potentialAvailable"), t.frs,
        [&](quota::FrId fr) { return t.forest.PotentialAvailable(n, fr); }, v);
    CompareWeight(at, want, t.forest.weight(n), v);
    if (const Json& generation = Get(want, "allocatableResourceGeneration"); !generation.is_null()) {
      v.Equal(at + ".allocatableResourceGeneration", generation,
              scheduler::EngineInternals::Of(engine).declared.cq(*id).generation);
    }
    if (const Json& workloads = Get(want, "workloads"); !workloads.is_null()) {
      v.Equal(at + ".workloads", workloads, t.workloads[name]);
    }
    if (const Json& domains = Get(want, "tasUsage"); !domains.is_null()) {
      v.Equal(at + ".tasUsage", domains, TopologyUsage(t));
    }
  }

  expected_names.clear();
  got_names.clear();
  for (const auto& [name, unused] : Get(expected, "cohorts").items()) expected_names.insert(name);
  for (const std::string& name : engine.Cohorts()) {
    if (engine.NodeOfCohort(name) != quota::kNoNode) got_names.insert(name);
  }
  if (!v.Equal(path + ".cohorts", expected_names, got_names)) return;
  for (const auto& [name, want] : Get(expected, "cohorts").items()) {
    const std::string at = absl::StrCat(path, ".cohorts.", name);
    const quota::NodeId n = engine.NodeOfCohort(name);
    CompareNode(at, want, t, n, v);
    // Kueue prints 0 for a cohort without an object and never uses it: such a cohort is a root.
    if (!t.implicit_cohorts.count(name)) CompareWeight(at, want, t.forest.weight(n), v);
  }
}

// Removes (adds) a workload of the engine from (to) the tree.
void Change(Tree& t, const std::string& key, bool add, Verdict& v) {
  const size_t slash = key.find('/');
  const auto id = t.engine->FindWorkload(key.substr(0, slash), key.substr(slash + 1));
  if (!id) {
    v.Fail("request", key, "no such workload");
    return;
  }
  const scheduler::ClusterQueueId queue = t.engine->ClusterQueueOf(*id);
  const quota::NodeId n = t.engine->NodeOfClusterQueue(queue);
  std::set<std::string>& members = t.workloads[t.engine->ClusterQueueName(queue)];
  for (const scheduler::FlavorResourceAmount& usage : t.engine->ReservedUsage(*id)) {
    const auto fr = t.frs.Find(usage.flavor, usage.resource);
    if (!fr) continue;
    if (add) {
      t.forest.AddUsage(n, *fr, usage.amount);
    } else {
      t.forest.RemoveUsage(n, *fr, usage.amount);
    }
  }
  if (add) {
    members.insert(key);
  } else {
    members.erase(key);
  }
}

}  // namespace

void RunCacheSnapshot(const Case& c, Level, Verdict& v) {
  absl::StatusOr<Engine> engine = BuildWorld(c);
  if (!engine.ok()) return v.Fail("objects", "accepted", engine.status().ToString());
  Tree t{.engine = &*engine,
         .frs = FrTable(*engine),
         .forest = engine->forest(),
         .workloads = {},
         .additional = {},
         .implicit_cohorts = {},
         .topology_flavors = {}};
  std::set<std::string> objects;
  for (const Json& o : c["objects"]) {
    const std::string name = GetString(Get(o, "metadata"), "name");
    if (GetString(o, "kind") == "Cohort") objects.insert(name);
    if (!GetString(Get(o, "spec"), "topologyName").empty()) t.topology_flavors.insert(name);
  }
  for (const std::string& name : engine->Cohorts()) {
    if (!objects.count(name)) t.implicit_cohorts.insert(name);
  }
  for (scheduler::ClusterQueueId id : engine->ClusterQueues()) {
    for (scheduler::WorkloadId w : engine->Reserving(id)) {
      t.workloads[engine->ClusterQueueName(id)].insert(engine->WorkloadKey(w));
    }
  }

  const Json& request = c["request"];
  const Json& result = c["result"];
  t.additional = ToAmounts(t.frs, Get(request, "additionalRequest"));
  if (const Json& before = Get(result, "snapshotBeforeUsage"); !before.is_null()) {
    CompareTree("result.snapshotBeforeUsage", before, t, v);
  }
  for (const auto& [name, list] : Get(request, "usage").items()) {
    const auto id = engine->FindClusterQueue(name);
    const quota::NodeId n = id ? engine->NodeOfClusterQueue(*id) : quota::kNoNode;
    if (n == quota::kNoNode) return v.Fail("request.usage", name, "no such ClusterQueue");
    t.forest.AddUsage(n, ToAmounts(t.frs, list));
  }
  for (const auto& [flavor, entries] : Get(request, "tasFlavorUsage").items()) {
    for (const Json& e : entries) {
      scheduler::EngineImpl& impl = scheduler::EngineInternals::Of(*engine);
      std::vector<scheduler::ResourceAmount> per_pod;
      for (const auto& [resource, amount] : Get(e, "singlePodRequests").items()) {
        per_pod.push_back({impl.declared.resources.Intern(resource), ToAmount(amount)});
      }
      per_pod.push_back({impl.declared.resources.Intern("pods"), 1});
      impl.topology.Record(impl.declared.flavors.Intern(flavor),
                           impl.topology.Intern(Get(e, "values").get<std::vector<std::string>>())->key, per_pod,
                           Get(e, "count").get<int64_t>());
    }
  }
  for (const Json& o : Get(request, "resourceFlavorsReappliedAfterUsage")) {
    if (absl::Status s = ApplyObject(o, Now(c), *engine); !s.ok()) return v.Fail("request", "accepted", s.ToString());
  }
  for (const Json& key : Get(request, "remove")) Change(t, key.get<std::string>(), false, v);
  for (const Json& key : Get(request, "add")) Change(t, key.get<std::string>(), true, v);

  if (const Json& borrowing = Get(result, "isBorrowing"); !borrowing.is_null()) {
    const quota::NodeId n = engine->NodeOfClusterQueue(
        engine->FindClusterQueue(GetString(request, "clusterQueue")).value_or(scheduler::kNoId));
    v.Equal("result.isBorrowing", borrowing, t.forest.IsBorrowing(n));
    v.Equal("result.isBorrowingOnRequested", Get(result, "isBorrowingOnRequested"),
            t.forest.BorrowsAny(n, ToAmounts(t.frs, Get(request, "requested"))));
  }
  CompareTree("result.snapshot", Get(result, "snapshot"), t, v);
}

void RunReadiness(const Case& c, Level level, Verdict& v) {
  const std::string name = GetString(c["request"], "clusterQueue");
  Case input = c;
  if (GetBool(c["request"], "terminate")) {
    for (Json& o : input.doc["objects"]) {
      if (GetString(o, "kind") != "ClusterQueue") continue;
      o["metadata"]["deletionTimestamp"] = "2025-01-01T12:00:00Z";
      o["metadata"]["finalizers"] = {"kueue.x-k8s.io/resource-in-use"};
    }
  }
  absl::StatusOr<Engine> engine = BuildWorld(input);
  if (!engine.ok()) return v.Fail("objects", "accepted", engine.status().ToString());
  const scheduler::ClusterQueueStatus status = engine->StatusOf(name);
  const Json& result = c["result"];
  v.Equal("result.active", Get(result, "active"), status.active);
  v.Equal("result.terminating", Get(result, "terminating"), status.terminating);
  v.Equal("result.reason", Get(result, "reason"), status.reason);
  (void)level;  // there is nothing to this answer but its wording
  v.Equal("result.message", Get(result, "message"), status.message);
}

void RunClusterQueueUsage(const Case& c, Level, Verdict& v) {
  absl::StatusOr<Engine> engine = BuildWorld(c);
  if (!engine.ok()) return v.Fail("objects", "accepted", engine.status().ToString());
  const std::string name = GetString(c["request"], "clusterQueue");
  const auto queue = engine->FindClusterQueue(name);
  if (!queue) return v.Fail("request.clusterQueue", name, "no such ClusterQueue");

  // Which of the workloads count as admitted is the caller's knowledge: it wrote the conditions.
  std::set<std::string> admitted;
  std::map<std::pair<std::string, std::string>, quota::Amount> nominal;
  bool has_cohort = false;
  for (const Json& o : c["objects"]) {
    if (GetString(o, "kind") == "Workload") {
      const auto workload = ParseWorkload(o);
      if (workload.ok() && api::IsConditionTrue(workload->status.conditions, "Admitted")) {
        admitted.insert(api::ObjectKey(workload->metadata));
      }
    } else if (GetString(o, "kind") == "ClusterQueue") {
      has_cohort = !GetString(Get(o, "spec"), "cohortName").empty();
      for (const Json& group : Get(Get(o, "spec"), "resourceGroups")) {
        for (const Json& flavor : Get(group, "flavors")) {
          for (const Json& resource : Get(flavor, "resources")) {
            const std::string r = GetString(resource, "name");
            const auto quantity = api::Quantity::Parse(GetString(resource, "nominalQuota"));
            nominal[{GetString(flavor, "name"), r}] = api::CountedAmount(r, *quantity);
          }
        }
      }
    }
  }
  std::map<std::pair<std::string, std::string>, quota::Amount> reserved, used;
  int num_admitted = 0;
  const std::vector<scheduler::WorkloadId> reserving = engine->Reserving(*queue);
  for (scheduler::WorkloadId w : reserving) {
    const bool is_admitted = admitted.count(engine->WorkloadKey(w)) > 0;
    num_admitted += is_admitted;
    for (const scheduler::FlavorResourceAmount& u : engine->ReservedUsage(w)) {
      reserved[{u.flavor, u.resource}] += u.amount;
      if (is_admitted) used[{u.flavor, u.resource}] += u.amount;
    }
  }
  const Json& result = c["result"];
  v.Equal("result.reservingWorkloads", Get(result, "reservingWorkloads"), static_cast<int>(reserving.size()));
  v.Equal("result.admittedWorkloads", Get(result, "admittedWorkloads"), num_admitted);
  const auto compare = [&](const char* key, auto& amounts) {
    for (const Json& flavor : Get(result, key)) {
      for (const Json& resource : Get(flavor, "resources")) {
        const std::pair<std::string, std::string> fr = {GetString(flavor, "name"), GetString(resource, "name")};
        const auto number = [&](const char* field) {
          const auto quantity = api::Quantity::Parse(GetString(resource, field));
          return api::CountedAmount(fr.second, *quantity);
        };
        const std::string at = absl::StrCat("result.", key, "[", fr.first, ",", fr.second, "]");
        v.Equal(at + ".total", number("total"), amounts[fr]);
        const quota::Amount over = has_cohort ? std::max<quota::Amount>(0, amounts[fr] - nominal[fr]) : 0;
        v.Equal(at + ".borrowed", number("borrowed"), over);
      }
    }
  };
  compare("flavorsReservation", reserved);
  compare("flavorsUsage", used);
}

}  // namespace muster::conformance
