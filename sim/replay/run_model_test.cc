#include "sim/replay/run_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/trace/split_mix.h"

namespace muster::sim {
namespace {

RunTerms Terms(int64_t interval, int64_t cost, int64_t pull = 0, int64_t restart = 0) {
  RunTerms terms;
  terms.checkpoint_interval_s = interval;
  terms.checkpoint_cost_s = cost;
  terms.image_pull_s = pull;
  terms.restart_delay_s = restart;
  return terms;
}

TEST(RunCourseTest, WithoutAModelARunIsItsWorkAndAStopLosesAll) {
  const RunCourse run({}, {}, {}, "a", 100, 4, 4);
  EXPECT_EQ(run.length_s(), 100);
  EXPECT_EQ(run.cause(), StopCause::kFinished);
  const RunCourse::Split split = run.At(60, StopCause::kInClusterQueue);
  EXPECT_EQ(split.kept_s, 0);
  EXPECT_EQ(split.lost_s, 60);
  EXPECT_EQ(split.overhead_s, 0);
}

TEST(RunCourseTest, ARunIsStoppedAtEachPointOfItsCourse) {
  // Start 5, then 10 s of work and 3 s of checkpoint in turn, 25 s of work in all: 5 + 10 + 3 + 10 + 3 + 5.
  const RunCourse run({}, Terms(10, 3, 5), {}, "a", 25, 1, 1);
  ASSERT_EQ(run.length_s(), 36);
  struct Case {
    const char* what;
    int64_t elapsed, kept, lost, overhead;
  };
  for (const Case& c :
       {Case{"at once", 0, 0, 0, 0}, Case{"while it starts", 4, 0, 0, 4},
        Case{"in the first stretch of work", 12, 0, 7, 5}, Case{"as the first checkpoint begins", 15, 0, 10, 5},
        Case{"in the middle of it: it is worth nothing", 17, 0, 10, 7}, Case{"when it is written", 18, 10, 0, 8},
        Case{"in the second stretch", 20, 10, 2, 8}, Case{"in the last", 33, 20, 2, 11}}) {
    const RunCourse::Split split = run.At(c.elapsed, StopCause::kNodeFailed);
    EXPECT_EQ(split.kept_s, c.kept) << c.what;
    EXPECT_EQ(split.lost_s, c.lost) << c.what;
    EXPECT_EQ(split.overhead_s, c.overhead) << c.what;
  }
  const RunCourse::Split end = run.At(36, StopCause::kFinished);
  EXPECT_EQ(end.kept_s, 25);
  EXPECT_EQ(end.lost_s, 0);
  EXPECT_EQ(end.overhead_s, 11);
}

TEST(RunCourseTest, NoCheckpointIsWrittenAtTheEnd) {
  EXPECT_EQ(RunCourse({}, Terms(10, 3), {}, "a", 20, 1, 1).length_s(), 23);
  EXPECT_EQ(RunCourse({}, Terms(10, 3), {}, "a", 21, 1, 1).length_s(), 27);
  EXPECT_EQ(RunCourse({}, Terms(10, 3), {}, "a", 0, 1, 1).length_s(), 0);
}

TEST(RunCourseTest, WhoIsToldBeforeLosesNothing) {
  RunModel model;
  model.checkpoint_when_preempted = true;
  const RunCourse run(model, Terms(10, 0), {}, "a", 100, 1, 1);
  EXPECT_EQ(run.At(17, StopCause::kInCohortReclamation).lost_s, 0);
  EXPECT_EQ(run.At(17, StopCause::kMaintenance).lost_s, 0);
  EXPECT_EQ(run.At(17, StopCause::kNodeFailed).lost_s, 7);
}

TEST(RunCourseTest, FewerPodsTakeLongerInProportionAndEarlierWorkCounts) {
  EXPECT_EQ(RunCourse({}, {}, {}, "a", 100, 12, 8).length_s(), 150);
  EXPECT_EQ(RunCourse({}, {}, {}, "a", 100, 3, 2).length_s(), 150);
  EXPECT_EQ(RunCourse({}, {}, {}, "a", 101, 3, 2).length_s(), 152);  // 303 pod-seconds
  RunHistory history;
  history.run = 2;
  history.done = 12 * 40;
  EXPECT_EQ(RunCourse({}, Terms(0, 0, 0, 7), history, "a", 100, 12, 8).length_s(), 7 + 90);
  EXPECT_EQ(RunCourse({}, {}, history, "a", 100, 12, 8).Work(90), 720);
}

TEST(RunCourseTest, TimeLimitsCountAllRuns) {
  RunModel model;
  RunTerms terms;
  terms.time_limit_s = 50;
  EXPECT_EQ(RunCourse(model, terms, {}, "a", 100, 1, 1).length_s(), 100) << "not enforced";
  model.enforce_time_limit = true;
  RunHistory history;
  history.run = 2;
  history.ran_s = 20;
  const RunCourse run(model, terms, history, "a", 100, 1, 1);
  EXPECT_EQ(run.length_s(), 30);
  EXPECT_EQ(run.cause(), StopCause::kTimeLimit);
  EXPECT_EQ(RunCourse(model, terms, {}, "a", 50, 1, 1).cause(), StopCause::kFinished) << "just made it";
}

TEST(RunCourseTest, FailuresHaveTheMeanThatWasAskedForAndDoNotDependOnOtherJobs) {
  RunTerms terms;
  terms.pod_mtbf_s = 80000;
  double sum = 0;
  constexpr int kRuns = 20000;
  for (int i = 1; i <= kRuns; ++i) {
    RunHistory history;
    history.run = i;
    const RunCourse run({}, terms, history, "job", 1000000000, 8, 8);
    ASSERT_EQ(run.cause(), StopCause::kFailed);
    ASSERT_GE(run.length_s(), 1);
    sum += static_cast<double>(run.length_s());
  }
  // 8 pods: 10000 s, plus half a second for rounding up; the mean of 20,000 has a standard error of 71 s.
  EXPECT_NEAR(sum / kRuns, 10000.5, 4 * 71);
  const RunCourse again({}, terms, {}, "job", 1000000000, 8, 8), other({}, terms, {}, "jab", 1000000000, 8, 8);
  EXPECT_EQ(again.length_s(), RunCourse({}, terms, {}, "job", 1000000000, 8, 8).length_s());
  EXPECT_NE(again.length_s(), other.length_s());
}

TEST(RunCourseTest, AfterTheLastRetryItGivesUp) {
  RunTerms terms;
  terms.pod_mtbf_s = 1;
  terms.backoff_limit = 2;
  RunHistory history;
  history.failures = 1;
  EXPECT_EQ(RunCourse({}, terms, history, "a", 100000, 1, 1).cause(), StopCause::kFailed);
  history.failures = 2;
  EXPECT_EQ(RunCourse({}, terms, history, "a", 100000, 1, 1).cause(), StopCause::kGaveUp);
}

// Plays a run second by second.
RunCourse::Split Played(const RunTerms& terms, int64_t elapsed, int64_t work) {
  RunCourse::Split split;
  int64_t start = terms.image_pull_s, unsaved = 0, writing = 0;
  for (int64_t s = 0; s < elapsed; ++s) {
    if (start > 0) {
      --start;
      ++split.overhead_s;
    } else if (writing > 0) {
      ++split.overhead_s;
      if (--writing == 0) {
        split.kept_s += unsaved;
        unsaved = 0;
      }
    } else {
      ++unsaved;
      --work;
      if (unsaved == terms.checkpoint_interval_s && work > 0) {
        writing = terms.checkpoint_cost_s;
        if (writing == 0) {
          split.kept_s += unsaved;
          unsaved = 0;
        }
      }
    }
  }
  split.lost_s = unsaved;
  return split;
}

TEST(RunCourseTest, IsWhatPlayingItSecondBySecondGives) {
  SplitMix64 random(5);
  for (int i = 0; i < 20000; ++i) {
    const RunTerms terms = Terms(random.Next() % 8, random.Next() % 4, random.Next() % 5);
    const int64_t work = random.Next() % 40;
    const RunCourse run({}, terms, {}, "a", work, 1, 1);
    const int64_t elapsed = run.length_s() == 0 ? 0 : random.Next() % run.length_s();
    const RunCourse::Split got = run.At(elapsed, StopCause::kNodeFailed), want = Played(terms, elapsed, work);
    ASSERT_EQ(got.kept_s, want.kept_s) << i;
    ASSERT_EQ(got.lost_s, want.lost_s) << i;
    ASSERT_EQ(got.overhead_s, want.overhead_s) << i;
    const RunCourse::Split end = Played(terms, run.length_s(), work);
    ASSERT_EQ(end.kept_s + end.lost_s, work) << "the length is that of the work and all in between";
  }
}

struct ParseCase {
  const char* what;
  const char* yaml;
  const char* error;  // part of it
};

TEST(RunModelFileTest, MistakesAreNamed) {
  for (const ParseCase& c : {ParseCase{"a misspelt key", "all: {checkpointIntervalSecond: 5}",
                                       "line 1: all.checkpointIntervalSecond is not known"},
                             ParseCase{"a key nobody knows", "seed: 1\nspeed: 2", "line 2: speed is not known"},
                             ParseCase{"a negative number", "all: {imagePullSeconds: -1}", "whole number from 0"},
                             ParseCase{"a duration in words", "all: {imagePullSeconds: 5m}", "whole number from 0"},
                             ParseCase{"a flag in words", "enforceTimeLimit: yes", "true or false"},
                             ParseCase{"the same key twice", "seed: 1\nseed: 2", "seed is there twice"},
                             ParseCase{"no map", "[1, 2]", "YAML map"}, ParseCase{"no YAML", "a: [", "line"},
                             ParseCase{"a class that is no map", "classes: {high: 3}", "classes.high has to be a map"},
                             ParseCase{"nothing at all", "", "YAML map"}}) {
    const auto model = RunModel::Parse(c.yaml);
    ASSERT_FALSE(model.ok()) << c.what;
    EXPECT_NE(std::string(model.status().message()).find(c.error), std::string::npos)
        << c.what << ": " << model.status();
  }
}

TEST(RunModelFileTest, TheJobWinsOverItsClassAndTheClassOverAll) {
  const auto model = RunModel::Parse(
      "seed: 7\n"
      "checkpointWhenPreempted: true\n"
      "controlPlane: {admissionSeconds: 2, evictionSeconds: 30}\n"
      "all: {checkpointIntervalSeconds: 600, imagePullSeconds: 20}\n"
      "classes:\n"
      "  training: {checkpointIntervalSeconds: 1800, checkpointCostSeconds: 60}\n");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->seed, 7u);
  EXPECT_TRUE(model->checkpoint_when_preempted);
  EXPECT_EQ(model->admission_s, 2);
  EXPECT_EQ(model->eviction_s, 30);
  EXPECT_EQ(model->EvictionSeconds(), 30);
  EXPECT_EQ(model->TermsOf("", {}).checkpoint_interval_s, 600);
  EXPECT_EQ(model->TermsOf("training", {}).checkpoint_interval_s, 1800);
  EXPECT_EQ(model->TermsOf("training", {}).image_pull_s, 20);
  OwnTerms own;
  own.checkpoint_interval_s = 0;
  EXPECT_EQ(model->TermsOf("training", own).checkpoint_interval_s, 0);
  EXPECT_EQ(model->TermsOf("training", own).checkpoint_cost_s, 60);
}

TEST(RunModelFileTest, NodeGroups) {
  const auto model = RunModel::Parse(
      "nodeGroups:\n"
      "  gpu: {matchLabels: {pool: p5}, min: 2, max: 8, provisionSeconds: 300, idleSeconds: 600, pricePerHour: 98.32}\n"
      "  all: {matchLabels: {pool: any}}\n");
  ASSERT_TRUE(model.ok()) << model.status();
  const std::vector<NodeGroup> expected = {{"gpu", {{"pool", "p5"}}, 2, 8, 300, 600, 98.32},
                                           {"all", {{"pool", "any"}}, 0, {}, 0, {}, 0}};
  EXPECT_EQ(model->node_groups, expected);
  for (const auto& [yaml, message] :
       {std::pair{"nodeGroups: {a: {min: 1}}", "line 1: nodeGroups.a.matchLabels has to name the labels"},
        {"nodeGroups: {a: {matchLabels: {x: [1]}}}", "nodeGroups.a.matchLabels.x has to be the value of a label"},
        {"nodeGroups: {a: {matchLabels: {x: y}, pricePerHour: cheap}}", "nodeGroups.a.pricePerHour has to be a number"},
        {"nodeGroups: {a: {matchLabels: {x: y}, pricePerHour: -1}}", "nodeGroups.a.pricePerHour has to be a number"},
        {"nodeGroups: {a: {matchLabels: {x: y}, idle: 1}}", "nodeGroups.a.idle is not known; use matchLabels"},
        {"nodeGroups: {a: {matchLabels: {x: y}}, a: {matchLabels: {x: z}}}", "a is there twice"},
        {"nodeGroups: [a]", "nodeGroups has to be a map"}}) {
    const auto bad = RunModel::Parse(yaml);
    ASSERT_FALSE(bad.ok()) << yaml;
    EXPECT_NE(std::string(bad.status().message()).find(message), std::string::npos) << bad.status();
  }
}

TEST(RunModelFileTest, TheControlPlanesLatency) {
  const auto model = RunModel::Parse(
      "controlPlane:\n"
      "  latency: kueue\n"
      "  kueue: {writeMilliseconds: 20, cycleMilliseconds: 0, qps: 50, burst: 100, requeueBatchMilliseconds: 500}\n");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->control_plane, (ControlPlane{.latency = ControlPlane::Latency::kKueue,
                                                .fixed_s = 0,
                                                .write_ms = 20,
                                                .cycle_ms = 0,
                                                .qps = 50,
                                                .burst = 100,
                                                .requeue_batch_ms = 500}));
  EXPECT_EQ(model->EvictionSeconds(), 1) << "what it took on a real API server";
  EXPECT_EQ(RunModel::Parse("controlPlane: {latency: kueue, evictionSeconds: 0}")->EvictionSeconds(), 0);
  EXPECT_EQ(RunModel::Parse("controlPlane: {latency: 5}")->control_plane.fixed_s, 5);
  EXPECT_EQ(RunModel::Parse("seed: 1")->EvictionSeconds(), 0);
  for (const auto& [yaml, message] :
       {std::pair{"controlPlane: {latency: fast}", "line 1: controlPlane.latency: \"fast\" is neither none, kueue nor"},
        {"controlPlane: {latency: [1]}", "is neither none, kueue nor"},
        {"controlPlane: {kueue: {qps: 0}}", "controlPlane.kueue.qps has to be at least 1"},
        {"controlPlane: {kueue: {burst: -1}}", "controlPlane.kueue.burst has to be a whole number"},
        {"controlPlane: {kueue: {rate: 1}}", "controlPlane.kueue.rate is not known; use writeMilliseconds"},
        {"controlPlane: {speed: 1}", "controlPlane.speed is not known; use latency"}}) {
    const auto bad = RunModel::Parse(yaml);
    ASSERT_FALSE(bad.ok()) << yaml;
    EXPECT_NE(std::string(bad.status().message()).find(message), std::string::npos) << bad.status();
  }
}

}  // namespace
}  // namespace muster::sim
