#include "sim/report/html/policy_data.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "api/feature_gates.h"
#include "api/kueue.h"
#include "scheduler/options.h"

namespace muster::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxRows = 2000;  // of each table

Json OrNull(const std::optional<api::Quantity>& quantity) {
  return quantity.has_value() ? Json(quantity->ToString()) : Json(nullptr);
}

Json WeightOf(const std::optional<api::FairSharing>& fair_sharing) {
  return fair_sharing.has_value() && fair_sharing->weight.has_value() ? Json(fair_sharing->weight->ToDouble())
                                                                      : Json(1);
}

std::string Or(const std::string& text, const char* otherwise) { return text.empty() ? otherwise : text; }

// Rows that are bounded in number, and how many there would have been besides.
struct Rows {
  Json rows = Json::array();
  size_t left = 0;
  void Add(Json row) {
    if (rows.size() < kMaxRows) {
      rows.push_back(std::move(row));
    } else {
      ++left;
    }
  }
};

void AddQuotas(const char* kind, const std::string& owner, const std::vector<api::ResourceGroup>& groups, Rows* rows) {
  for (const api::ResourceGroup& group : groups) {
    for (const api::FlavorQuotas& flavor : group.flavors) {
      for (const api::ResourceQuota& quota : flavor.resources) {
        rows->Add({{"owner", owner},
                   {"kind", kind},
                   {"flavor", flavor.name},
                   {"resource", quota.name},
                   {"nominal", quota.nominal_quota.ToString()},
                   {"borrowing", OrNull(quota.borrowing_limit)},
                   {"lending", OrNull(quota.lending_limit)}});
      }
    }
  }
}

Json QueueRow(const api::ClusterQueue& queue) {
  const api::ClusterQueuePreemption rules = queue.preemption.value_or(api::ClusterQueuePreemption{});
  std::string borrow = "Never";
  if (rules.borrow_within_cohort.has_value()) {
    borrow = Or(rules.borrow_within_cohort->policy, "Never");
    if (const auto most = rules.borrow_within_cohort->max_priority_threshold; most.has_value()) {
      absl::StrAppend(&borrow, " (up to priority ", *most, ")");
    }
  }
  return {{"name", queue.metadata.name},
          {"cohort", queue.cohort_name},
          {"strategy", Or(queue.queueing_strategy, "BestEffortFIFO")},
          {"weight", WeightOf(queue.fair_sharing)},
          {"withinClusterQueue", Or(rules.within_cluster_queue, "Never")},
          {"reclaimWithinCohort", Or(rules.reclaim_within_cohort, "Never")},
          {"borrowWithinCohort", borrow},
          {"stop", Or(queue.stop_policy, "None")}};
}

Json Settings(const ReplayPolicy& policy) {
  const scheduler::EngineOptions& options = policy.options;
  Json settings = Json::array();
  const auto add = [&settings](const char* name, const std::string& value) {
    settings.push_back({{"name", name}, {"value", value}});
  };
  if (options.fair_sharing.has_value()) {
    std::vector<std::string> strategies;
    for (const scheduler::FairSharingStrategy strategy : *options.fair_sharing) {
      strategies.emplace_back(strategy == scheduler::FairSharingStrategy::kLessThanInitialShare
                                  ? "LessThanInitialShare"
                                  : "LessThanOrEqualToFinalShare");
    }
    add("Fair sharing", absl::StrCat("on, preemption strategies ", absl::StrJoin(strategies, ", ")));
  } else {
    add("Fair sharing", "off");
  }
  add("Admission fair sharing",
      options.admission_fair_sharing.has_value()
          ? absl::StrCat("on, usage half-life ", absl::FormatDuration(options.admission_fair_sharing->usage_half_life))
          : "off");
  add("Topology", options.strict_topology ? "strict: no node is over-committed" : "as Kueue");
  std::vector<std::string> gates;
  for (size_t g = 0; g < api::kGates.size(); ++g) {
    const bool on = options.gates.IsOn(static_cast<api::Gate>(g));
    if (on != api::kGates[g].default_on) gates.push_back(absl::StrCat(api::kGates[g].name, on ? "=true" : "=false"));
  }
  add("Feature gates", gates.empty() ? "the defaults" : absl::StrJoin(gates, ", "));
  add("Objects", absl::StrCat(policy.cluster_queues.size(), " ClusterQueues, ", policy.cohorts.size(), " Cohorts, ",
                              policy.flavors.size(), " ResourceFlavors, ", policy.local_queues.size(), " LocalQueues, ",
                              policy.topologies.size(), " Topologies, ", policy.nodes.size(), " Nodes"));
  return settings;
}

}  // namespace

Json PolicyData(const ReplayPolicy& policy) {
  Rows queues, quotas, cohorts;
  for (const api::ClusterQueue& queue : policy.cluster_queues) {
    queues.Add(QueueRow(queue));
    AddQuotas("ClusterQueue", queue.metadata.name, queue.resource_groups, &quotas);
  }
  for (const api::Cohort& cohort : policy.cohorts) {
    cohorts.Add(
        {{"name", cohort.metadata.name}, {"parent", cohort.parent_name}, {"weight", WeightOf(cohort.fair_sharing)}});
    AddQuotas("Cohort", cohort.metadata.name, cohort.resource_groups, &quotas);
  }
  return {{"settings", Settings(policy)},       {"fairSharing", policy.options.fair_sharing.has_value()},
          {"queues", std::move(queues.rows)},   {"quotas", std::move(quotas.rows)},
          {"cohorts", std::move(cohorts.rows)}, {"left", queues.left + quotas.left + cohorts.left}};
}

}  // namespace muster::sim
