// schedule*: whole scheduling cycles.
//
// The engine decides; the conditions a controller would write from its decisions are derived here, in Conditions.
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "conformance/suites.h"
#include "conformance/world.h"
#include "scheduler/engine/internals.h"

namespace muster::conformance {
namespace {

using scheduler::Decision;
using scheduler::Engine;
using scheduler::EntryStatus;

std::string Text(std::string_view text) { return std::string(text); }

struct ConditionText {
  std::string status, reason, message;
};
using ConditionMap = std::map<std::string, ConditionText>;  // by type

// What happened to workloads so far, as their status would tell.
class Conditions {
 public:
  Conditions(const Engine& engine, const Json& objects) : engine_(engine) {
    for (const Json& o : objects) {
      if (GetString(o, "kind") != "Workload") continue;
      const auto workload = ParseWorkload(o);
      if (!workload.ok()) continue;
      ConditionMap& conditions = of_[api::ObjectKey(workload->metadata)];
      for (const api::Condition& c : workload->status.conditions) conditions[c.type] = {c.status, c.reason, c.message};
      std::set<std::string>& open = open_checks_[api::ObjectKey(workload->metadata)];
      for (const api::AdmissionCheckState& check : workload->status.admission_checks) {
        if (check.state != "Ready") open.insert(check.name);
      }
    }
  }

  void Record(const Decision& d) {
    const std::string& key = engine_.WorkloadKey(d.workload);
    ConditionMap& conditions = of_[key];
    const api::GatesOf<api::GateReader::kSimulator> gates = engine_.options().gates;
    const bool observable = gates[api::Gate::kUnadmittedWorkloadsObservability];
    for (const scheduler::PreemptionTarget& target : d.targets) {
      if (!target.newly_evicted) continue;
      const std::string& victim = engine_.WorkloadKey(target.workload);
      const std::string reason = Text(scheduler::ToString(target.reason));
      const std::string message = engine_.PreemptionMessage(d, target);
      of_[victim]["Evicted"] = {"True", "Preempted", message};
      of_[victim]["Preempted"] = {"True", reason, message};
      preempted_.insert({victim, reason});
      evicted_.insert({victim, "Preempted"});
    }
    if (d.migrates != scheduler::kNoId) {
      const std::string& sibling = engine_.WorkloadKey(d.migrates);
      of_[sibling]["Evicted"] = {"True", "FlavorMigration", engine_.MigrationMessage(d)};
      evicted_.insert({sibling, "FlavorMigration"});
    }
    if (d.replaces != scheduler::kNoId) {
      of_[engine_.WorkloadKey(d.replaces)]["Finished"] = {"True", "WorkloadSliceReplaced",
                                                          engine_.ReplacementMessage(d)};
    }
    switch (d.status) {
      case EntryStatus::kAssumed: {
        conditions["QuotaReserved"] = {
            "True", "QuotaReserved",
            absl::StrCat("Quota reserved in ClusterQueue ", engine_.ClusterQueueName(d.cluster_queue))};
        if (open_checks_[key].empty()) {
          conditions["Admitted"] = {"True", "Admitted", "The workload is admitted"};
        } else if (observable) {
          conditions["Admitted"] = {"False", "UnsatisfiedAdmissionChecks", "The workload has not all checks ready"};
        }
        return;
      }
      case EntryStatus::kEvicted:
        conditions["Evicted"] = {"True", "NodeFailures", engine_.Message(d)};
        evicted_.insert({key, "NodeFailures"});
        return;
      case EntryStatus::kPreemptionGated:
        conditions["BlockedOnPreemptionGates"] = {"True", "PreemptionGated", engine_.Message(d)};
        break;
      default:
        break;
    }
    if (d.second_pass) return;  // it keeps what it has
    conditions["QuotaReserved"] = {"False", observable ? Text(scheduler::ToString(d.pending_reason)) : "Pending",
                                   engine_.Message(d)};
    if (observable) conditions["Admitted"] = {"False", "NoReservation", "The workload has no reservation"};
  }

  // The object is gone, and its status with it.
  void Forget(const std::string& key) {
    of_.erase(key);
    for (auto* set : {&preempted_, &evicted_}) {
      for (auto it = set->begin(); it != set->end();) it = it->first == key ? set->erase(it) : std::next(it);
    }
  }

  const ConditionMap& Of(const std::string& key) { return of_[key]; }
  // {workload, reason}
  const std::set<std::pair<std::string, std::string>>& preempted() const { return preempted_; }
  const std::set<std::pair<std::string, std::string>>& evicted() const { return evicted_; }

 private:
  const Engine& engine_;
  std::map<std::string, ConditionMap> of_;
  std::map<std::string, std::set<std::string>> open_checks_;
  std::set<std::pair<std::string, std::string>> preempted_, evicted_;
};

Json QueueState(Engine& engine, bool parked) {
  Json out = Json::object();
  for (scheduler::ClusterQueueId id : engine.ClusterQueues()) {
    std::set<std::string> keys;
    for (scheduler::WorkloadId w : parked ? engine.Inadmissible(id) : engine.PendingInOrder(id)) {
      keys.insert(engine.WorkloadKey(w));
    }
    if (!keys.empty()) out[engine.ClusterQueueName(id)] = keys;
  }
  return out;
}

Json Sets(const Json& lists) {
  Json out = Json::object();
  for (const auto& [name, list] : lists.items()) out[name] = list.get<std::set<std::string>>();
  return out;
}

void CompareReasons(const std::string& path, const Json& workloads, Level level, Conditions& conditions, Verdict& v) {
  for (const Json& w : workloads) {
    const std::string key = absl::StrCat(GetString(w, "namespace"), "/", GetString(w, "name"));
    const std::string at = absl::StrCat(path, ".workloads[", key, "]");
    Json expected = Json::object(), got = Json::object();
    for (const Json& c : Get(Get(w, "status"), "conditions")) {
      expected[GetString(c, "type")] = absl::StrCat(GetString(c, "status"), "/", GetString(c, "reason"));
    }
    for (const auto& [type, c] : conditions.Of(key)) got[type] = absl::StrCat(c.status, "/", c.reason);
    v.Equal(at + ".conditions", expected, got);
    if (level != Level::kMessages) continue;
    for (const Json& c : Get(Get(w, "status"), "conditions")) {
      const std::string type = GetString(c, "type");
      const ConditionMap& all = conditions.Of(key);
      const auto it = all.find(type);
      v.Equal(absl::StrCat(at, ".", type, ".message"), GetString(c, "message"),
              it == all.end() ? std::string() : it->second.message);
    }
  }
}

void CompareState(const std::string& path, const Json& expected, Level level, Engine& engine, Conditions& conditions,
                  Verdict& v) {
  Json admissions = Json::object();
  std::set<std::string> active;
  for (scheduler::ClusterQueueId id : engine.ClusterQueues()) {
    if (!engine.StatusOf(engine.ClusterQueueName(id)).active) continue;
    active.insert(engine.ClusterQueueName(id));
    for (scheduler::WorkloadId w : engine.Reserving(id)) {
      if (const auto admission = engine.AdmissionOf(w)) admissions[engine.WorkloadKey(w)] = Canonical(*admission);
    }
  }
  std::set<std::string> expected_active;
  for (const auto& [name, unused] : Get(expected, "cache").items()) expected_active.insert(name);
  v.Equal(path + ".cache", expected_active, active);

  std::set<std::string> expected_keys, got_keys;
  for (const auto& [key, unused] : Get(expected, "cacheAdmissions").items()) expected_keys.insert(key);
  for (const auto& [key, unused] : admissions.items()) got_keys.insert(key);
  if (v.Equal(path + ".cacheAdmissions", expected_keys, got_keys)) {
    for (const auto& [key, want] : Get(expected, "cacheAdmissions").items()) {
      const auto canonical = CanonicalAdmission(want);
      const std::string at = absl::StrCat(path, ".cacheAdmissions[", key, "]");
      if (canonical.ok()) {
        v.Equal(at, *canonical, admissions[key]);
      } else {
        v.Fail(at, "readable", canonical.status().ToString());
      }
    }
  }
  const auto reasons = [&](const char* key, const std::set<std::pair<std::string, std::string>>& got) {
    if (Get(expected, key).is_null()) return;
    std::set<std::pair<std::string, std::string>> want;
    for (const Json& e : Get(expected, key)) want.insert({GetString(e, "workload"), GetString(e, "reason")});
    v.Equal(absl::StrCat(path, ".", key), want, got);
  };
  reasons("preempted", conditions.preempted());
  reasons("evicted", conditions.evicted());
  v.Equal(path + ".left", Sets(Get(expected, "left")), QueueState(engine, false));
  v.Equal(path + ".inadmissibleLeft", Sets(Get(expected, "inadmissibleLeft")), QueueState(engine, true));
  if (level != Level::kDecisions) CompareReasons(path, Get(expected, "workloads"), level, conditions, v);
}

// Applies the ClusterQueue again with another quota.
absl::Status SetNominalQuota(const Json& step, absl::Time now, Json& objects, Engine& engine) {
  for (Json& o : objects) {
    if (GetString(o, "kind") != "ClusterQueue" || GetString(o["metadata"], "name") != GetString(step, "clusterQueue"))
      continue;
    for (Json& group : o["spec"]["resourceGroups"]) {
      for (Json& flavor : group["flavors"]) {
        if (flavor["name"] != Get(step, "flavor")) continue;
        for (Json& resource : flavor["resources"]) {
          if (resource["name"] == Get(step, "resource")) resource["nominalQuota"] = Get(step, "nominalQuota");
        }
      }
    }
    return ApplyObject(o, now, engine);
  }
  return absl::NotFoundError("setNominalQuota: no such ClusterQueue");
}

}  // namespace

void RunSchedule(const Case& c, Level level, Verdict& v) {
  absl::StatusOr<Engine> built = BuildWorld(c);
  if (!built.ok()) return v.Fail("objects", "accepted", built.status().ToString());
  Engine& engine = *built;
  if (absl::Status s = SetConsumedResources(c, engine); !s.ok()) {
    return v.Fail("initialLocalQueueUsage", "accepted", s.ToString());
  }
  const absl::Time now = Now(c);
  Json objects = c["objects"];
  Conditions conditions(engine, objects);
  // What the objects notified while they arrived is over before the first step.
  engine.Advance(now);

  int index = 0;
  for (const Json& step : c["steps"]) {
    const std::string op = GetString(step, "op");
    if (op == "schedule") {
      const scheduler::CycleResult cycle = engine.RunCycle(now);
      for (const Decision& d : cycle.rejected) conditions.Record(d);
      for (const Decision& d : cycle.entries) conditions.Record(d);
    } else if (op == "deleteWorkloads") {
      for (const Json& w : Get(step, "workloads")) {
        const auto id = engine.FindWorkload(GetString(w, "namespace"), GetString(w, "name"));
        if (!id) continue;
        conditions.Forget(engine.WorkloadKey(*id));
        engine.DeleteWorkload(*id, now);
      }
    } else if (op == "processRequeues") {
      engine.Advance(now);
    } else if (op == "setNominalQuota") {
      if (absl::Status s = SetNominalQuota(step, now, objects, engine); !s.ok())
        return v.Fail("steps", "done", s.ToString());
    } else if (op == "deleteLocalQueueFromAPI") {
      scheduler::EngineInternals::Of(engine).LocalQueueMissing(GetString(step, "namespace"), GetString(step, "name"));
    } else {
      return v.Unsupported(absl::StrCat("step ", op));
    }
    if (const Json& after = Get(c["afterStep"], std::to_string(index).c_str()); !after.is_null()) {
      CompareState(absl::StrCat("afterStep.", index), after, level, engine, conditions, v);
    }
    ++index;
  }
  CompareState("result", c["result"], level, engine, conditions, v);
}

}  // namespace muster::conformance
