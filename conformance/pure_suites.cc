// Suites about single small rules of the scheduler: orderings, preferences, the search for reduced pod counts.
#include <map>
#include <numeric>

#include "conformance/suites.h"
#include "conformance/world.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/engine/internals.h"
#include "scheduler/flavors/flavor_assigner.h"
#include "scheduler/order/entry_order.h"

namespace muster::conformance {
namespace {

using scheduler::FitMode;

FitMode ToFitMode(const std::string& name) {
  if (name == "fit") return FitMode::kFit;
  if (name == "reclaim") return FitMode::kReclaim;
  if (name == "preempt") return FitMode::kPreempt;
  return name == "noPreemptionCandidates" ? FitMode::kNoCandidates : FitMode::kNoFit;
}

}  // namespace

void RunEntryOrdering(const Case& c, Level, Verdict& v) {
  absl::StatusOr<scheduler::EngineOptions> options = Options(c);
  if (!options.ok()) return v.Fail("config", "accepted", options.status().ToString());
  scheduler::Engine engine(*options);
  std::vector<scheduler::EntryKey> keys;
  std::vector<std::string> names;
  for (const Json& e : Get(c["request"], "entries")) {
    const absl::StatusOr<api::Workload> workload = ParseWorkload(Get(e, "workload"));
    if (!workload.ok()) return v.Fail("request.entries", "readable", workload.status().ToString());
    const scheduler::WorkloadState& state =
        scheduler::EngineInternals::Of(engine).workloads[engine.Apply(*workload, Now(c))];
    scheduler::EntryKey key;
    key.index = static_cast<int>(names.size());
    key.is_preemptor = GetBool(e, "isPreemptor");
    key.borrowing = Get(e, "borrowing").get<int>();
    key.priority = state.priority;
    key.timestamp = state.queue_timestamp;
    keys.push_back(key);
    names.push_back(workload->metadata.name);
  }
  scheduler::SortClassically(options->gates, &keys);
  Json order = Json::array();
  for (const scheduler::EntryKey& key : keys) order.push_back(names[key.index]);
  v.Equal("result.order", Get(c["result"], "order"), order);
}

void RunIsPreferred(const Case& c, Level, Verdict& v) {
  const Json& request = c["request"];
  api::ClusterQueue queue;
  const Json& fungibility = Get(request, "flavorFungibility");
  queue.flavor_fungibility = {GetString(fungibility, "whenCanBorrow"), GetString(fungibility, "whenCanPreempt"),
                              GetString(fungibility, "preference")};
  const auto read = [&](const char* key) {
    const Json& e = Get(request, key);
    return scheduler::RatedMode{ToFitMode(GetString(e, "preemptionMode")), Get(e, "borrowingLevel").get<int>()};
  };
  v.Equal("result.aIsPreferred", Get(c["result"], "aIsPreferred"),
          scheduler::IsPreferred(read("a"), read("b"), scheduler::ParseRules(queue).preemption_over_borrowing));
}

void RunPodSetReducer(const Case& c, Level, Verdict& v) {
  std::vector<int32_t> full, least;
  for (const Json& p : Get(c["request"], "podSets")) {
    full.push_back(Get(p, "count").get<int32_t>());
    least.push_back(Get(p, "minCount").is_null() ? full.back() : Get(p, "minCount").get<int32_t>());
  }
  const int64_t limit = Get(c["request"], "fitsWhenTotalCountAtMost").get<int64_t>();
  Json tried = Json::array();
  int64_t best = 0;
  const bool found = scheduler::SearchReducedCounts(full, least, [&](absl::Span<const int32_t> counts) {
    const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
    tried.push_back(std::vector<int32_t>(counts.begin(), counts.end()));
    if (total > limit) return false;
    best = total;
    return true;
  });
  v.Equal("result.found", Get(c["result"], "found"), found);
  v.Equal("result.totalCount", Get(c["result"], "totalCount"), found ? best : 0);
  const Json& expected = Get(c["result"], "triedCounts");
  v.Equal("result.triedCounts", expected.is_null() ? Json::array() : expected, tried);
}

void RunLastAssignmentOutdated(const Case& c, Level, Verdict& v) {
  const Json& request = c["request"];
  const Json& last = Get(request, "last");
  // Hashes are classes here; what is not known is no class.
  std::map<std::string, int> classes;
  const auto equivalence = [&](const std::string& hash) {
    if (hash.empty() || hash == "unknown") return -1;
    return classes.emplace(hash, static_cast<int>(classes.size())).first->second;
  };
  scheduler::ScanProgress progress;
  progress.cluster_queue_generation = Get(last, "clusterQueueGeneration").get<int64_t>();
  progress.cycle = Get(last, "schedulingCycle").get<int64_t>();
  progress.equivalence = equivalence(GetString(last, "schedulingHash"));
  const absl::StatusOr<scheduler::EngineOptions> options = Options(c);
  if (!options.ok()) return v.Fail("config", "accepted", options.status().ToString());
  v.Equal("result.outdated", Get(c["result"], "outdated"),
          scheduler::IsOutdated(progress, Get(request, "currentClusterQueueGeneration").get<int64_t>(),
                                Get(request, "currentSchedulingCycle").get<int64_t>(),
                                equivalence(GetString(request, "currentSchedulingHash")),
                                options->gates[scheduler::Gate::kFlavorFungibilityPreserveScanProgress]));
}

void RunResourcesToReserve(const Case& c, Level, Verdict& v) {
  absl::StatusOr<scheduler::Engine> engine = BuildWorld(c);
  if (!engine.ok()) return v.Fail("objects", "accepted", engine.status().ToString());
  quota::Forest forest = engine->forest();
  const FrTable frs(*engine);
  const auto amounts = [&](const Json& list) {
    std::vector<quota::FrAmount> out;
    for (const Json& e : list) {
      const auto fr = frs.Find(GetString(e, "flavor"), GetString(e, "resource"));
      if (!fr) {
        v.Fail("request", e.dump(), "no such flavor and resource");
        continue;
      }
      out.push_back({*fr, ToAmount(Get(e, "value"))});
    }
    return out;
  };
  const Json& request = c["request"];
  quota::NodeId node = quota::kNoNode;
  for (const auto& [name, usage] : Get(request, "usage").items()) {
    const auto id = engine->FindClusterQueue(name);
    node = id ? engine->NodeOfClusterQueue(*id) : quota::kNoNode;
    if (node == quota::kNoNode) return v.Fail("request.usage", name, "no such ClusterQueue");
    forest.AddUsage(node, amounts(usage));
  }
  if (node == quota::kNoNode) return v.Fail("request.usage", "a ClusterQueue", "none");
  scheduler::Mode mode = scheduler::Mode::kFit;
  for (scheduler::Mode m : {scheduler::Mode::kNoFit, scheduler::Mode::kPreempt, scheduler::Mode::kDeferredFit}) {
    if (GetString(request, "representativeMode") == std::string(scheduler::ToString(m))) mode = m;
  }
  std::map<quota::FrId, quota::Amount> expected, got;
  for (const quota::FrAmount& a : amounts(Get(c["result"], "reserved"))) expected[a.fr] = a.amount;
  for (const quota::FrAmount& a : scheduler::ResourcesToReserve(
           forest, node, mode, Get(request, "borrowing").get<int>(), amounts(Get(request, "assignmentUsage")))) {
    got[a.fr] = a.amount;
  }
  v.Equal("result.reserved", expected, got);
}

}  // namespace muster::conformance
