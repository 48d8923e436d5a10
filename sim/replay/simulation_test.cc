#include "sim/replay/simulation.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace muster::sim {
namespace {

api::ClusterQueue Queue(const std::string& name, int64_t quota, const std::string& cohort = "",
                        const std::string& strategy = "StrictFIFO") {
  api::ClusterQueue cq;
  cq.metadata.name = name;
  cq.cohort_name = cohort;
  cq.queueing_strategy = strategy;
  cq.namespace_selector.emplace();
  api::FlavorQuotas flavor{"f", {{"gpu", api::Quantity::FromValue(quota), {}, {}}}};
  cq.resource_groups = {{{"gpu"}, {flavor}}};
  return cq;
}

ReplayPolicy With(std::vector<api::ClusterQueue> queues) {
  std::vector<api::Object> objects(queues.begin(), queues.end());
  api::ResourceFlavor flavor;
  flavor.metadata.name = "f";
  objects.push_back(flavor);
  return *MakePolicy(objects);
}

struct Row {
  const char* queue;
  int64_t submit, duration, gpus;
  int32_t priority = 0;
};

Trace Jobs(const std::vector<Row>& rows) {
  Trace trace;
  for (const Row& row : rows) {
    JobShape shape;
    shape.queue = row.queue;
    shape.pods = SplitIntoPods(row.gpus, 8, "gpu");
    shape.priority = row.priority;
    trace.Add({.id = std::to_string(trace.jobs.size()), .submit_s = row.submit, .duration_s = row.duration},
              std::move(shape));
  }
  return trace;
}

std::vector<int64_t> Starts(const SimulationResult& result) {
  std::vector<int64_t> starts;
  for (const JobRun& job : result.jobs) starts.push_back(job.first_start_s);
  return starts;
}

TEST(SimulationTest, AReplayThatIsMadeToStopSaysHowThingsStandThen) {
  const Trace trace = Jobs({{"q", 0, 100, 6}, {"q", 10, 50, 8}, {"q", 20, 5, 1}, {"q", 500, 5, 1}});
  SimulationHooks hooks;
  int instants = 0;
  hooks.stop = [&instants] { return ++instants == 4; };  // 0, 10, 20 and 100 s
  const auto result = Simulate(trace, With({Queue("q", 8)}), {}, hooks);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->stopped);
  EXPECT_EQ(Starts(*result), (std::vector<int64_t>{0, 100, -1, -1}));
  EXPECT_EQ(result->metrics.end_s, 100);
  EXPECT_EQ(result->metrics.total.finished, 1);
  EXPECT_EQ(result->metrics.total.never_admitted, 2);
  EXPECT_EQ(result->metrics.total.wait_so_far.max, 90) << "who had not arrived has not waited";
  EXPECT_TRUE(result->OutcomeOf(trace, 2).submitted);
  EXPECT_FALSE(result->OutcomeOf(trace, 3).submitted);
}

TEST(SimulationTest, StrictFifoWaitsBehindTheHead) {
  auto result = Simulate(Jobs({{"q", 0, 100, 6}, {"q", 10, 50, 8}, {"q", 20, 5, 1}}), With({Queue("q", 8)}), {}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Starts(*result), (std::vector<int64_t>{0, 100, 150}));
  EXPECT_EQ(result->metrics.total.finished, 3);
  EXPECT_EQ(result->metrics.end_s, 155);
}

TEST(SimulationTest, BestEffortFifoFillsGapsBehindManyBlockedHeads) {
  auto result =
      Simulate(Jobs({{"q", 0, 100, 6}, {"q", 10, 50, 8}, {"q", 11, 50, 8}, {"q", 12, 50, 8}, {"q", 20, 5, 1}}),
               With({Queue("q", 8, "", "BestEffortFIFO")}), {}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Starts(*result), (std::vector<int64_t>{0, 100, 150, 200, 20}));
}

TEST(SimulationTest, ABlockedStrictQueueDoesNotHoldUpOthers) {
  auto result = Simulate(Jobs({{"a", 0, 10, 99}, {"b", 0, 10, 8}, {"b", 0, 10, 8}}),
                         With({Queue("a", 8), Queue("b", 8)}), {}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Starts(*result), (std::vector<int64_t>{-1, 0, 10}));
  EXPECT_EQ(result->metrics.total.never_admitted, 1);
}

TEST(SimulationTest, EndsFreeQuotaBeforeArrivalsOfTheSameSecond) {
  auto result = Simulate(Jobs({{"q", 0, 10, 8}, {"q", 10, 10, 8}}), With({Queue("q", 8)}), {}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Starts(*result), (std::vector<int64_t>{0, 10}));
}

TEST(SimulationTest, BorrowingIsMeasured) {
  auto result = Simulate(Jobs({{"a", 0, 3600, 12}}), With({Queue("a", 8, "c"), Queue("b", 8, "c")}), {}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->metrics.teams[0].amount_hours, 12);
  EXPECT_EQ(result->metrics.teams[0].borrowed_hours, 4);
}

TEST(SimulationTest, UnknownQueuesAreNamed) {
  auto result = Simulate(Jobs({{"x", 0, 1, 1}, {"y", 0, 1, 1}}), With({Queue("q", 8)}), {}, {});
  ASSERT_FALSE(result.ok());
  const std::string text(result.status().message());
  EXPECT_NE(text.find("\"x\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"y\""), std::string::npos) << text;
}

TEST(SimulationTest, TheEngineUsesIdsAgainAndJobsAreToldApart) {
  // One job at a time runs, so all of them have the same id in the engine, one after the other.
  auto result = Simulate(Jobs({{"q", 0, 10, 8}, {"q", 20, 5, 8}, {"q", 40, 30, 8}, {"q", 40, 1, 8}}),
                         With({Queue("q", 8)}), {}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Starts(*result), (std::vector<int64_t>{0, 20, 40, 70}));
  EXPECT_EQ(result->jobs[2].finish_s, 70);
  EXPECT_EQ(result->metrics.end_s, 71);
}

}  // namespace
}  // namespace muster::sim
