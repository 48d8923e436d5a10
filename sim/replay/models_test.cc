// What models, changes and outages do to a replay. That no law is broken is in random_replays_test.cc.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/replay/simulation.h"
#include "sim/replay/testing_replays.h"

namespace muster::sim {
namespace {

using namespace small;

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

TEST(ModelsTest, ARowSaysWhatItsRunsCostOverTheModel) {
  SimulationOptions options;
  options.model.all = {.checkpoint_interval_s = 100, .image_pull_s = 3, .restart_delay_s = 1, .time_limit_s = 20};
  options.model.enforce_time_limit = true;
  Trace trace = Jobs({{0, 30, 1, 8}, {20, 4, 1, 8, 1}});
  trace.terms.emplace_back();
  OwnTerms& own = trace.terms[0].own;
  own.checkpoint_interval_s = 10;
  own.checkpoint_cost_s = 2;
  own.image_pull_s = 0;
  own.restart_delay_s = 5;
  own.time_limit_s = 1000;
  trace.terms[0].estimate_s = 7;  // ends nothing
  trace.jobs[0].terms = 1;
  Told told;
  Play(trace, Policy({Queue("q", {{"a", 8}})}), options, &told);
  // 10 s of work, 2 of checkpoint, 8 of work; then 5 of restart, 10 + 2 + 10 of work.
  EXPECT_EQ(told, (Told{"0: 0 starts", "20: 0 InClusterQueue, lost 8, overhead 2", "20: 1 starts",
                        "27: 1 Finished, lost 0, overhead 3", "27: 0 starts", "54: 0 Finished, lost 0, overhead 7"}));
}

TEST(ModelsTest, CheckpointsWithoutEndAreRefused) {
  Trace trace = Jobs({{0, int64_t{1} << 40, 1, 8}});
  trace.terms.emplace_back();
  trace.terms[0].own.checkpoint_interval_s = 1;
  trace.terms[0].own.checkpoint_cost_s = int64_t{1} << 40;
  trace.jobs[0].terms = 1;
  const absl::Status status = Simulate(trace, Policy({Queue("q", {{"a", 8}})}), {}, {}).status();
  EXPECT_NE(std::string(status.message()).find("checkpoints of 1099511627776 s is beyond reckoning"), std::string::npos)
      << status;
}

TEST(ModelsTest, OnlyJobsThatTolerateAFlavorsTaintsGetIt) {
  ReplayPolicy policy = Policy({Queue("q", {{"a", 8}})});
  policy.flavors[0].node_taints = {{"spot", "true", "NoSchedule"}};
  Trace trace = Jobs({{0, 10, 1, 8}, {5, 10, 1, 8}});
  trace.shapes[1].tolerations = {{"spot", "Exists", "", "NoSchedule", {}}};
  policy.cluster_queues[0].queueing_strategy = "BestEffortFIFO";
  const SimulationResult result = Play(trace, policy, {}, nullptr);
  EXPECT_EQ(result.jobs[0].first_start_s, -1);
  EXPECT_EQ(result.jobs[1].first_start_s, 5);
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
