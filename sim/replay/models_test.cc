// What models, changes and outages do to a replay. That no law is broken is in random_replays_test.cc.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "api/vocabulary.h"
#include "sim/replay/conservation.h"
#include "sim/replay/simulation.h"

namespace muster::sim {
namespace {

using Quotas = std::vector<std::pair<std::string, int64_t>>;

api::ClusterQueue Queue(const std::string& name, const Quotas& quotas, const std::string& resource = "gpu") {
  api::ClusterQueue cq;
  cq.metadata.name = name;
  cq.cohort_name = "org";
  cq.queueing_strategy = "StrictFIFO";
  cq.namespace_selector.emplace();
  cq.preemption.emplace();
  cq.preemption->within_cluster_queue = "LowerPriority";
  cq.resource_groups = {{{resource}, {}}};
  for (const auto& [flavor, amount] : quotas) {
    cq.resource_groups[0].flavors.push_back({flavor, {{resource, api::Quantity::FromValue(amount), {}, {}}}});
  }
  return cq;
}

ReplayPolicy Policy(const std::vector<api::ClusterQueue>& queues, const std::vector<api::Object>& others = {}) {
  std::vector<api::Object> objects = others;
  for (const char* name : {"a", "b"}) {
    api::ResourceFlavor flavor;
    flavor.metadata.name = name;
    objects.push_back(flavor);
  }
  objects.insert(objects.end(), queues.begin(), queues.end());
  return *MakePolicy(objects);
}

struct Row {
  int64_t submit, duration;
  int32_t pods;
  int64_t gpus;
  int32_t priority = 0, min_pods = 0;
};

Trace Jobs(const std::vector<Row>& rows, const std::string& resource = "gpu") {
  Trace trace;
  for (const Row& row : rows) {
    JobShape shape;
    shape.queue = "q";
    shape.priority = row.priority;
    shape.pods = {{row.pods, {{resource, api::Quantity::FromValue(row.gpus)}}, row.min_pods}};
    trace.Add({.id = std::to_string(trace.jobs.size()), .submit_s = row.submit, .duration_s = row.duration},
              std::move(shape));
  }
  return trace;
}

// What was told, a line each.
class Lines : public ReplayObserver {
 public:
  void OnWait(const JobWait& e) override {
    Add(e.now_s, e.job, e.behind == JobWait::kNobody ? " waits" : " waits behind " + std::to_string(e.behind));
  }
  void OnStart(const RunStart& e) override { Add(e.now_s, e.job, " starts"); }
  void OnStop(const RunStop& e) override {
    Add(e.now_s, e.job,
        " " + std::string(ToString(e.cause)) + ", lost " + std::to_string(e.lost_s) + ", overhead " +
            std::to_string(e.overhead_s));
  }
  std::vector<std::string> lines;

 private:
  void Add(int64_t now_s, size_t job, const std::string& what) {
    lines.push_back(std::to_string(now_s) + ": " + std::to_string(job) + what);
  }
};
using Told = std::vector<std::string>;

SimulationResult Play(const Trace& trace, const ReplayPolicy& policy, const SimulationOptions& options, Told* told) {
  ConservationCheck check(&trace);
  Lines lines;
  SimulationHooks hooks;
  hooks.observers = {&check, &lines};
  auto result = Simulate(trace, policy, options, hooks);
  EXPECT_TRUE(result.ok()) << result.status();
  if (told != nullptr) *told = lines.lines;
  return result.ok() ? *std::move(result) : SimulationResult();
}

TEST(ModelsTest, FewerPodsHoldLessAndTakeLonger) {
  const Trace trace = Jobs({{0, 100, 12, 2, 0, 1}});
  Told told;
  const SimulationResult result = Play(trace, Policy({Queue("q", {{"a", 16}})}), {}, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "150: 0 Finished, lost 0, overhead 0"}));
  EXPECT_EQ(result.OutcomeOf(trace, 0).amount, 16);
  EXPECT_EQ(result.metrics.total.utilisation, 1);
}

TEST(ModelsTest, WhatAResourceIsTransformedIntoCounts) {
  ReplayPolicy policy = Policy({Queue("q", {{"a", 80}}, "gpu-memory")});
  policy.options.transformations = {
      {.input = "slice", .replace = true, .multiply_by = "", .outputs = {{"gpu-memory", 10}}}};
  const Trace trace = Jobs({{0, 3600, 2, 2}, {0, 10, 9, 1}}, "slice");
  const SimulationResult result = Play(trace, policy, {}, nullptr);
  EXPECT_EQ(result.OutcomeOf(trace, 0).amount, 40);
  EXPECT_EQ(result.OutcomeOf(trace, 1).amount, 90) << "also of what never ran";
  EXPECT_EQ(result.metrics.total.amount_hours, 40);
  EXPECT_EQ(result.metrics.total.utilisation, 0.5);
}

TEST(ModelsTest, BorrowingIsCountedFlavorByFlavor) {
  const Trace trace = Jobs({{0, 3600, 1, 16}});
  const SimulationResult result =
      Play(trace, Policy({Queue("q", {{"a", 8}, {"b", 8}}), Queue("lender", {{"a", 8}, {"b", 0}})}), {}, nullptr);
  EXPECT_EQ(result.metrics.teams[1].name, "q");
  EXPECT_EQ(result.metrics.teams[1].borrowed_hours, 8);
}

TEST(ModelsTest, PreemptedWorkIsLostBackToTheLastCheckpoint) {
  SimulationOptions options;
  options.model.all = {.checkpoint_interval_s = 10, .checkpoint_cost_s = 2, .image_pull_s = 3, .restart_delay_s = 5};
  Told told;
  const SimulationResult result =
      Play(Jobs({{0, 30, 1, 8}, {20, 4, 1, 8, 1}}), Policy({Queue("q", {{"a", 8}})}), options, &told);
  // 3 s of start, 10 of work, 2 of checkpoint, 5 of work; then 8 of start, 10 + 2 + 10.
  EXPECT_EQ(told, (Told{"0: 0 starts", "20: 0 InClusterQueue, lost 5, overhead 5", "20: 1 starts",
                        "27: 1 Finished, lost 0, overhead 3", "27: 0 starts", "57: 0 Finished, lost 0, overhead 10"}));
  EXPECT_EQ(result.metrics.total.stops, (std::map<std::string, int64_t>{{"InClusterQueue", 1}}));
  EXPECT_DOUBLE_EQ(result.metrics.total.lost_hours * 3600, 40);
}

TEST(ModelsTest, AVictimThatTakesItsTimeHoldsItsQuotaMeanwhile) {
  SimulationOptions options;
  options.model.eviction_s = 7;
  options.model.admission_s = 1;
  Told told;
  Play(Jobs({{0, 30, 1, 8}, {20, 4, 1, 8, 1}}), Policy({Queue("q", {{"a", 8}})}), options, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "27: 0 InClusterQueue, lost 26, overhead 1", "27: 1 starts",
                        "32: 1 Finished, lost 0, overhead 1", "32: 0 starts", "63: 0 Finished, lost 0, overhead 1"}));
  // Who ends before it has to go has finished.
  Play(Jobs({{0, 22, 1, 8}, {20, 4, 1, 8, 1}}), Policy({Queue("q", {{"a", 8}})}), options, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "23: 0 Finished, lost 0, overhead 1", "23: 1 starts",
                        "28: 1 Finished, lost 0, overhead 1"}));
}

TEST(ModelsTest, AJobThatWaitsForAnotherIsSubmittedThen) {
  Trace trace = Jobs({{0, 30, 1, 8}, {10, 5, 1, 8}});
  trace.terms.emplace_back();
  trace.terms[0].after = {"0"};
  trace.terms[0].think_s = 15;
  trace.terms[0].deadline_s = 49;
  trace.jobs[1].terms = 1;
  Told told;
  const SimulationResult result = Play(trace, Policy({Queue("q", {{"a", 8}})}), {}, &told);
  EXPECT_EQ(told[2], "45: 1 starts");
  EXPECT_EQ(result.OutcomeOf(trace, 1).submit_s, 45);
  EXPECT_EQ(result.metrics.total.wait.max, 0);
  EXPECT_EQ(result.metrics.total.missed_deadlines, 1);
}

std::vector<api::Object> Cluster(int nodes) {
  std::vector<api::Object> objects;
  api::Topology topology;
  topology.metadata.name = "hosts";
  topology.levels = {api::kHostnameLabel};
  objects.push_back(topology);
  for (int i = 0; i < nodes; ++i) {
    api::Node node;
    node.metadata.name = "n" + std::to_string(i);
    node.metadata.labels[api::kHostnameLabel] = node.metadata.name;
    node.allocatable = {{"gpu", api::Quantity::FromValue(8)}, {"pods", api::Quantity::FromValue(110)}};
    SetReady(true, &node);
    objects.push_back(node);
  }
  return objects;
}

ReplayPolicy Placed(int nodes) {
  ReplayPolicy policy = Policy({Queue("q", {{"a", 16}})}, Cluster(nodes));
  policy.flavors[0].topology_name = "hosts";
  return policy;
}

TEST(ModelsTest, JobsOnANodeThatFailsStopAndStartElsewhere) {
  SimulationOptions options;
  options.node_steps = StepsOf({{"n0", 10, 100, 10, false}, {"n1", 30, 40, 20, true}});
  Told told;
  const SimulationResult result = Play(Jobs({{0, 15, 1, 8}, {0, 15, 1, 8}}), Placed(2), options, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "0: 1 starts", "10: 0 NodeFailed, lost 10, overhead 0",
                        "15: 1 Finished, lost 0, overhead 0", "15: 0 starts", "30: 0 Finished, lost 0, overhead 0"}));
  EXPECT_DOUBLE_EQ(result.metrics.node_hours * 3600, 8 * 30 + 8 * 10);
}

TEST(ModelsTest, MaintenanceIsAnnouncedWithACordon) {
  SimulationOptions options;
  options.node_steps = StepsOf({{"n0", 30, 40, 20, true}});
  options.model.checkpoint_when_preempted = true;
  Told told;
  Play(Jobs({{0, 35, 1, 8}, {25, 5, 1, 8}}), Placed(1), options, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "30: 0 Maintenance, lost 0, overhead 0", "40: 0 starts",
                        "45: 0 Finished, lost 0, overhead 0", "45: 1 starts", "50: 1 Finished, lost 0, overhead 0"}));
}

TEST(ModelsTest, OutagesNeedNodesThatJobsRunOn) {
  SimulationOptions options;
  options.node_steps = StepsOf({{"n7", 10, 20, 10, false}});
  EXPECT_NE(std::string(Simulate(Jobs({{0, 5, 1, 8}}), Placed(2), options, {}).status().message()).find("n7"),
            std::string::npos);
  options.node_steps = StepsOf({{"n0", 10, 20, 10, false}});
  ReplayPolicy policy = Placed(2);
  policy.topologies.clear();
  EXPECT_NE(
      std::string(Simulate(Jobs({{0, 5, 1, 8}}), policy, options, {}).status().message()).find("no job has a host"),
      std::string::npos);
}

TEST(ModelsTest, APolicyChangesWhileTheReplayRuns) {
  SimulationOptions options;
  options.policy_changes.push_back({20, "later.yaml", {Queue("q", {{"a", 4}})}});
  Told told;
  const SimulationResult result =
      Play(Jobs({{0, 30, 1, 8}, {5, 10, 1, 4}, {6, 10, 1, 8}}), Policy({Queue("q", {{"a", 8}})}), options, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "6: 2 waits behind 1", "30: 0 Finished, lost 0, overhead 0", "30: 1 starts",
                        "40: 1 Finished, lost 0, overhead 0"}));
  EXPECT_DOUBLE_EQ(result.metrics.total.capacity_hours * 3600, 8 * 20 + 4 * 20);
  EXPECT_EQ(result.metrics.total.never_admitted, 1) << "8 are more than there will ever be";
  options.policy_changes[0].objects = {Queue("new", {{"a", 4}})};
  EXPECT_NE(
      std::string(Simulate(Jobs({{0, 5, 1, 8}}), Policy({Queue("q", {{"a", 8}})}), options, {}).status().message())
          .find("later.yaml: ClusterQueue/new is new"),
      std::string::npos);
}

TEST(ModelsTest, AQueueThatIsDrainedStopsItsJobs) {
  api::ClusterQueue drained = Queue("q", {{"a", 8}});
  drained.stop_policy = "HoldAndDrain";
  SimulationOptions options;
  options.policy_changes = {{20, "drain.yaml", {drained}}, {50, "go on.yaml", {Queue("q", {{"a", 8}})}}};
  Told told;
  Play(Jobs({{0, 30, 1, 8}}), Policy({Queue("q", {{"a", 8}})}), options, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "20: 0 ClusterQueueStopped, lost 20, overhead 0", "50: 0 starts",
                        "80: 0 Finished, lost 0, overhead 0"}));
}

}  // namespace
}  // namespace muster::sim
