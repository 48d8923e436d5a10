// queue_*: who is at the head, in which order the rest waits, and what wakes parked workloads.
#include <set>

#include "absl/strings/str_cat.h"
#include "conformance/suites.h"
#include "conformance/world.h"

namespace muster::conformance {
namespace {

using scheduler::Engine;

std::vector<std::string> Keys(const Engine& engine, const std::vector<scheduler::WorkloadId>& ids) {
  std::vector<std::string> out;
  for (scheduler::WorkloadId id : ids) out.push_back(engine.WorkloadKey(id));
  return out;
}

Json MakeObject(const char* kind, const std::string& ns, const std::string& name, Json spec) {
  Json metadata = {{"name", name}};
  if (!ns.empty()) metadata["namespace"] = ns;
  return {{"apiVersion", "kueue.x-k8s.io/v1beta2"}, {"kind", kind}, {"metadata", metadata}, {"spec", std::move(spec)}};
}

// The recorded order tests of single queues name no ClusterQueue and no LocalQueue, or leave them unconnected:
// completes the objects to one ClusterQueue with everything in it.
Json Completed(const Case& c, const std::string& queue) {
  Json out = Json::array();
  bool has_queue = false;
  std::set<std::pair<std::string, std::string>> local_queues;
  for (Json o : c["objects"]) {
    const std::string kind = GetString(o, "kind");
    if (kind == "ClusterQueue") has_queue = true;
    if (kind == "LocalQueue") {
      o["spec"]["clusterQueue"] = queue;
      local_queues.insert({GetString(o["metadata"], "namespace"), GetString(o["metadata"], "name")});
    }
    if (kind == "Workload" && GetString(o["spec"], "queueName").empty()) o["spec"]["queueName"] = "queue";
    out.push_back(std::move(o));
  }
  if (!has_queue) {
    std::string strategy = GetString(c["request"], "queueingStrategy");
    if (strategy.empty()) strategy = "BestEffortFIFO";
    out.push_back(
        MakeObject("ClusterQueue", "", queue, {{"namespaceSelector", Json::object()}, {"queueingStrategy", strategy}}));
  }
  for (const Json& o : c["objects"]) {
    if (GetString(o, "kind") != "Workload") continue;
    const std::string ns = GetString(Get(o, "metadata"), "namespace");
    std::string name = GetString(Get(o, "spec"), "queueName");
    if (name.empty()) name = "queue";
    if (local_queues.insert({ns, name}).second)
      out.push_back(MakeObject("LocalQueue", ns, name, {{"clusterQueue", queue}}));
  }
  return out;
}

}  // namespace

void RunQueueOrder(const Case& c, Level, Verdict& v) {
  std::string queue = GetString(c["request"], "clusterQueue");
  if (queue.empty()) queue = "queue";
  Case input = c;
  input.doc["objects"] = Completed(c, queue);
  absl::StatusOr<Engine> engine = BuildWorld(input);
  if (!engine.ok()) return v.Fail("objects", "accepted", engine.status().ToString());
  if (absl::Status s = SetConsumedResources(c, *engine); !s.ok()) {
    return v.Fail("initialLocalQueueUsage", "accepted", s.ToString());
  }
  const auto id = engine->FindClusterQueue(queue);
  if (!id) return v.Fail("request.clusterQueue", queue, "no such ClusterQueue");
  std::vector<std::string> order = Keys(*engine, engine->PendingInOrder(*id));
  const std::vector<std::string> parked = Keys(*engine, engine->Inadmissible(*id));
  if (const Json& expected = Get(c["request"], "requeuedAsInadmissible"); !expected.is_null()) {
    v.Equal("request.requeuedAsInadmissible", expected, parked);
  }
  order.insert(order.end(), parked.begin(), parked.end());
  v.Equal("result.order", Get(c["result"], "order"), order);
}

void RunQueueHeads(const Case& c, Level, Verdict& v) {
  Case input = c;
  std::set<std::string> inactive;
  for (const Json& name : Get(c["request"], "inactiveClusterQueues")) inactive.insert(name.get<std::string>());
  for (Json& o : input.doc["objects"]) {
    if (GetString(o, "kind") == "ClusterQueue" && inactive.count(GetString(o["metadata"], "name"))) {
      o["spec"]["stopPolicy"] = "Hold";
    }
  }
  absl::StatusOr<Engine> engine = BuildWorld(input);
  if (!engine.ok()) return v.Fail("objects", "accepted", engine.status().ToString());
  std::set<std::string> heads;
  const scheduler::CycleResult cycle = engine->RunCycle(Now(c));
  for (const auto* list : {&cycle.entries, &cycle.rejected}) {
    for (const scheduler::Decision& d : *list) {
      heads.insert(absl::StrCat(engine->ClusterQueueName(d.cluster_queue), ":", engine->WorkloadKey(d.workload)));
    }
  }
  v.Equal("result.heads", Get(c["result"], "heads"), heads);
}

// Workloads are parked by cycles that find their namespace missing. That happens before the cohorts are known: a cohort
// that is its own ancestor makes its queues inactive, and those are not looked at.
void RunInadmissibleRequeue(const Case& c, Level, Verdict& v) {
  absl::StatusOr<scheduler::EngineOptions> options = Options(c);
  if (!options.ok()) return v.Fail("config", "accepted", options.status().ToString());
  Engine engine(*std::move(options));
  const absl::Time now = Now(c);
  Json cohorts = Json::array(), others = Json::array();
  for (const Json& o : c["objects"]) (GetString(o, "kind") == "Cohort" ? cohorts : others).push_back(o);
  if (absl::Status s = ApplyAll(others, now, engine); !s.ok()) return v.Fail("objects", "accepted", s.ToString());
  for (size_t i = 0; i <= others.size() && engine.HasPendingHeads(); ++i) engine.RunCycle(now);

  const auto state = [&](bool parked) {
    Json out = Json::object();
    for (scheduler::ClusterQueueId id : engine.ClusterQueues()) {
      const std::vector<std::string> keys = Keys(engine, parked ? engine.Inadmissible(id) : engine.PendingInOrder(id));
      if (!keys.empty()) out[engine.ClusterQueueName(id)] = keys;
    }
    return out;
  };
  v.Equal("request.inadmissibleBefore", Get(c["request"], "inadmissibleBefore"), state(true));
  // Applying a cohort notifies its tree, which is what the request says happened. A workload of an unknown namespace
  // would stay where it is.
  for (const Json& o : c["objects"]) {
    const std::string ns = GetString(Get(o, "metadata"), "namespace");
    if (GetString(o, "kind") == "Workload") {
      cohorts.push_back({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}});
    }
  }
  if (absl::Status s = ApplyAll(cohorts, now, engine); !s.ok()) return v.Fail("objects", "accepted", s.ToString());
  engine.Advance(now);

  const Json left = state(false);
  size_t moved = 0;
  for (const auto& [name, keys] : left.items()) moved += keys.size();
  v.Equal("result.left", Get(c["result"], "left"), left);
  v.Equal("result.inadmissibleLeft", Get(c["result"], "inadmissibleLeft"), state(true));
  v.Equal("result.moved", Get(c["result"], "moved"), moved);
}

}  // namespace muster::conformance
