// The scale runner's own replay, on a scenario small enough to work out by hand.
#include <cstdlib>
#include <fstream>
#include <string>

#include "conformance/scale_replay.h"
#include "conformance/scale_scenario.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two ClusterQueues of 4 CPUs share a cohort. Low-priority work in "lo" borrows all there is; at 500 ms "hi" takes its
// own back from the one that was admitted last.
constexpr char kReclaim[] = R"({
  "format": "kq-scenario/1", "name": "reclaim",
  "options": {"fairSharing": false, "requeueBatchMs": 1000, "evictionLatencyMs": 0, "cycleCostMs": 0},
  "flavors": [{"name": "rf", "topology": null}], "topology": null,
  "cohorts": [{"name": "team", "parent": null}],
  "clusterQueues": [
    {"name": "hi", "cohort": "team", "queueingStrategy": "BestEffortFIFO", "flavors": ["rf"],
     "quotas": {"rf": {"cpu": {"nominal": "4", "borrowingLimit": null, "lendingLimit": null}}}, "fairWeight": null,
     "preemption": {"reclaimWithinCohort": "Any", "withinClusterQueue": "LowerPriority"}},
    {"name": "lo", "cohort": "team", "queueingStrategy": "BestEffortFIFO", "flavors": ["rf"],
     "quotas": {"rf": {"cpu": {"nominal": "4", "borrowingLimit": null, "lendingLimit": null}}}, "fairWeight": null,
     "preemption": {"reclaimWithinCohort": "Any", "withinClusterQueue": "LowerPriority"}}],
  "classes": [
    {"name": "bg", "priority": 0, "runtimeMs": 2000, "podCount": 2, "request": {"cpu": "2"}, "topologyRequest": null},
    {"name": "hi", "priority": 9, "runtimeMs": 100, "podCount": 1, "request": {"cpu": "4"}, "topologyRequest": null}],
  "workloads": {"columns": ["cq", "class", "createMs"], "rows": [[1, 0, 0], [1, 0, 1], [0, 1, 500]]}
})";

std::string Write(const std::string& text) {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/scenario.json";
  std::ofstream(path) << text;
  return path;
}

TEST(Scale, EvictionsCompleteAtOnceAndTheVictimRunsAgainInFull) {
  const auto scenario = ReadScaleScenario(Write(kReclaim));
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const ScaleOutcome got = ReplayScale(*scenario);
  // Cycle 5 looks at the victim and parks it. Its tree has been waiting for a batch since the ClusterQueues were
  // declared at 0; what happened at 500 and 600 is merged into it, so the victim is looked at again at 1000.
  EXPECT_THAT(got.log, ElementsAre("1 A 0 w0000000 lo cpu=rf n=2",             //
                                   "2 A 1 w0000001 lo cpu=rf n=2",             //
                                   "3 E 500 w0000001 lo InCohortReclamation",  //
                                   "4 A 500 w0000002 hi cpu=rf n=1",           //
                                   "6 A 1000 w0000001 lo cpu=rf n=2"));
  EXPECT_EQ(got.admissions, 4);
  EXPECT_EQ(got.evictions, 1);
  EXPECT_EQ(got.finished, 3);
  // printf '%s\n' 'w0000000 1 true' 'w0000001 2 true' 'w0000002 1 true' | sha256sum
  EXPECT_EQ(got.digest_final, "ed07d41556d38b63dac7b61c87b7983c69a9231bf32bab4d5c23049d99f20ef2");
  EXPECT_EQ(got.digest_strict.size(), 64u);
  EXPECT_NE(got.digest_strict, got.digest_time);
}

TEST(Scale, WhatIsNotAScenarioSaysWhy) {
  EXPECT_THAT(ReadScaleScenario(Write("{}")).status().message(), HasSubstr("kq-scenario/1"));
  EXPECT_THAT(ReadScaleScenario("/nowhere.json").status().message(), HasSubstr("/nowhere.json"));
  std::string far = kReclaim;
  far.replace(far.find("[1, 0, 1]"), 9, "[7, 0, 1]");
  EXPECT_THAT(ReadScaleScenario(Write(far)).status().message(), HasSubstr("rows[1]"));
  std::string slow = kReclaim;
  slow.replace(slow.find("\"cycleCostMs\": 0"), 16, "\"cycleCostMs\": 5");
  EXPECT_THAT(ReadScaleScenario(Write(slow)).status().message(), HasSubstr("cycleCostMs"));
}

}  // namespace
}  // namespace muster::conformance
