// What a control plane that takes its time does to a replay.
#include <gtest/gtest.h>

#include <vector>

#include "sim/replay/simulation.h"
#include "sim/replay/testing_replays.h"

namespace muster::sim {
namespace {

using namespace small;
using Latency = ControlPlane::Latency;

SimulationOptions Fixed(int64_t seconds) {
  SimulationOptions options;
  options.model.control_plane.latency = Latency::kFixed;
  options.model.control_plane.fixed_s = seconds;
  return options;
}

SimulationOptions Kueue() {
  SimulationOptions options;
  options.model.control_plane.latency = Latency::kKueue;
  return options;
}

std::vector<int64_t> Starts(const SimulationResult& result) {
  std::vector<int64_t> starts;
  for (const JobRun& job : result.jobs) starts.push_back(job.first_start_s);
  return starts;
}

TEST(LatencyTest, FixedWhatHappensIsDecidedOnLater) {
  Told told;
  Play(Jobs({{0, 30, 1, 8}, {10, 5, 1, 8}}), Policy({Queue("q", {{"a", 8}})}), Fixed(5), &told);
  EXPECT_EQ(told, (Told{"5: 0 starts", "35: 0 Finished, lost 0, overhead 0", "40: 1 starts",
                        "45: 1 Finished, lost 0, overhead 0"}));
}

TEST(LatencyTest, FixedTogetherWithAllThatHappensMeanwhile) {
  const SimulationResult result = Play(Jobs({{0, 10, 1, 1}, {3, 10, 1, 1}, {5, 10, 1, 1}, {6, 10, 1, 1}}),
                                       Policy({Queue("q", {{"a", 8}})}), Fixed(5), nullptr);
  EXPECT_EQ(Starts(result), (std::vector<int64_t>{5, 5, 5, 11}));
  EXPECT_EQ(result.metrics.total.wait.max, 5);
}

TEST(LatencyTest, FixedAlsoForPreemptionAndWhatItFrees) {
  SimulationOptions options = Fixed(2);
  options.model.eviction_s = 3;
  Told told;
  Play(Jobs({{0, 30, 1, 8}, {20, 4, 1, 8, 1}}), Policy({Queue("q", {{"a", 8}})}), options, &told);
  EXPECT_EQ(told, (Told{"2: 0 starts", "25: 0 InClusterQueue, lost 23, overhead 0", "27: 1 starts",
                        "31: 1 Finished, lost 0, overhead 0", "33: 0 starts", "63: 0 Finished, lost 0, overhead 0"}));
}

TEST(LatencyTest, KueueLooksAtOnceAtHeadsAndASecondLaterAtThoseThatWereParked) {
  const Trace trace = Jobs({{0, 30, 1, 8}, {10, 5, 1, 8}});
  ReplayPolicy policy = Policy({Queue("q", {{"a", 8}})});
  EXPECT_EQ(Starts(Play(trace, policy, Kueue(), nullptr)), (std::vector<int64_t>{0, 30})) << "StrictFIFO parks nobody";
  policy.cluster_queues[0].queueing_strategy = "BestEffortFIFO";
  EXPECT_EQ(Starts(Play(trace, policy, Kueue(), nullptr)), (std::vector<int64_t>{0, 31}));
  EXPECT_EQ(Starts(Play(trace, policy, {}, nullptr)), (std::vector<int64_t>{0, 30}));
}

TEST(LatencyTest, KueueStopsAVictimsJobBeforeItsQuotaIsFree) {
  const Trace trace = Jobs({{0, 30, 1, 8}, {20, 4, 1, 8, 1}});
  Told told;
  Play(trace, Policy({Queue("q", {{"a", 8}})}), Kueue(), &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "21: 0 InClusterQueue, lost 21, overhead 0", "21: 1 starts",
                        "25: 1 Finished, lost 0, overhead 0", "25: 0 starts", "55: 0 Finished, lost 0, overhead 0"}));
  SimulationOptions at_once = Kueue();
  at_once.model.eviction_s = 0;
  EXPECT_EQ(Starts(Play(trace, Policy({Queue("q", {{"a", 8}})}), at_once, nullptr)), (std::vector<int64_t>{0, 20}));
}

TEST(LatencyTest, KueueGetsSoManyCyclesDoneInASecond) {
  std::vector<Row> rows(35, Row{0, 100, 1, 1});
  for (size_t i = 30; i < rows.size(); ++i) rows[i].submit = 1;
  SimulationOptions options = Kueue();
  options.model.control_plane.write_ms = 100;
  options.model.control_plane.cycle_ms = 0;
  std::vector<int64_t> expected;
  for (size_t i = 0; i < rows.size(); ++i) expected.push_back(static_cast<int64_t>(i) / 10);
  // One head of the queue per cycle, one write per admission.
  const SimulationResult result = Play(Jobs(rows), Policy({Queue("q", {{"a", 100}})}), options, nullptr);
  EXPECT_EQ(Starts(result), expected);
  // A head of each queue per cycle, written side by side.
  Trace two = Jobs(rows);
  for (size_t i = 0; i < rows.size(); ++i) {
    two.shapes[i].queue = i % 2 == 0 ? "q" : "r";
    expected[i] = static_cast<int64_t>(i) / 20;
  }
  EXPECT_EQ(Starts(Play(two, Policy({Queue("q", {{"a", 100}}), Queue("r", {{"a", 100}})}), options, nullptr)),
            expected);
}

TEST(LatencyTest, KueueWritesAConditionOnlyIfItDiffers) {
  // Thirty queues whose heads do not fit: thirty conditions of 100 ms each, written once. What arrives then is let in at
  // once, and after the next submission to one of them only that one is written.
  std::vector<api::ClusterQueue> queues = {Queue("q", {{"a", 8}})};
  std::vector<Row> rows(30, Row{0, 10, 1, 9});
  rows.push_back({0, 10, 1, 1});
  rows.push_back({10, 10, 1, 1});
  Trace trace = Jobs(rows);
  for (int i = 0; i < 30; ++i) {
    trace.shapes[i].queue = "r" + std::to_string(i);
    queues.push_back(Queue(trace.shapes[i].queue, {{"a", 8}}));
    queues.back().cohort_name.clear();
  }
  SimulationOptions options = Kueue();
  options.model.control_plane.write_ms = 100;
  Told told;
  const SimulationResult result = Play(trace, Policy(queues), options, &told);
  EXPECT_EQ(result.jobs[30].first_start_s, 0) << "in the same cycle";
  EXPECT_EQ(result.jobs[31].first_start_s, 10);
  rows.back().submit = 1;
  trace.jobs.back().submit_s = 1;
  EXPECT_EQ(Play(trace, Policy(queues), options, &told).jobs[31].first_start_s, 3) << "after 3,000 ms of writing";
}

TEST(LatencyTest, WithoutLatencyNothingIsDifferent) {
  const Trace trace = Jobs({{0, 30, 1, 8}, {10, 5, 1, 8}, {12, 5, 1, 4, 1}});
  Told none, zero;
  Play(trace, Policy({Queue("q", {{"a", 8}})}), {}, &none);
  SimulationOptions options;
  ASSERT_TRUE(options.model.control_plane.SetLatency("0").ok());
  Play(trace, Policy({Queue("q", {{"a", 8}})}), options, &zero);
  EXPECT_EQ(none, zero);
}

}  // namespace
}  // namespace muster::sim
