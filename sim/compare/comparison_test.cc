#include "sim/compare/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "sim/compare/text.h"
#include "sim/files/output_file.h"
#include "sim/files/result_folder.h"

namespace muster::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

constexpr char kHeader[] =
    "job_id,queue,cluster_queue,submit_s,first_start_s,finish_s,wait_s,duration_s,amount,preemptions\n";

// What a replay of three jobs wrote: job "long" of team red, "short" and "late" of team blue.
struct Written {
  std::string jobs = "long,q,red,0,0,100,0,100,4,0\nshort,q,blue,10,20,30,10,10,2,0\nlate,q,blue,20,,,,10,99,0\n";
  std::string decisions =
      "{\"t\":0,\"cycle\":1,\"job\":\"long\",\"queue\":\"red\",\"outcome\":\"admit\",\"borrows\":false,\"flavors\":[{"
      "\"pods\":"
      "1,\"gpu\":\"f\"}]}\n"
      "{\"t\":10,\"cycle\":2,\"job\":\"short\",\"queue\":\"blue\",\"outcome\":\"pending\",\"reason\":\"no room\"}\n"
      "{\"t\":20,\"cycle\":3,\"job\":\"short\",\"queue\":\"blue\",\"outcome\":\"admit\",\"borrows\":true}\n";
  Json summary = {{"resource", "gpu"},
                  {"total", {{"name", "total"}, {"resource_hours", 5.0}, {"borrowed_hours", 1.5}}},
                  {"teams", Json::array({{{"name", "blue"}, {"resource_hours", 1.0}}, {{"name", "red"}}})}};
  Json provenance = {{"muster", "1"},
                     {"trace", {{"file", "t"}, {"sha256", "aa"}}},
                     {"policy", Json::array({{{"file", "p"}, {"sha256", "bb"}}})},
                     {"options", {{"resume", false}}}};
};

class ComparisonTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
  }
  RunResult Write(const std::string& name, const Written& run) {
    const std::string dir = (root_ / name).string();
    absl::StatusOr<ResultFolder> folder = ResultFolder::Create(dir, true);
    EXPECT_TRUE(folder.ok()) << folder.status();
    EXPECT_TRUE(WriteFile(folder->staging() + "/summary.json", run.summary.dump()).ok());
    EXPECT_TRUE(WriteFile(folder->staging() + "/jobs.csv", kHeader + run.jobs).ok());
    if (!run.decisions.empty()) {
      EXPECT_TRUE(WriteFile(folder->staging() + "/decisions.jsonl", run.decisions).ok());
    }
    EXPECT_TRUE(folder->Commit(run.provenance).ok());
    absl::StatusOr<RunResult> read = ReadRun(dir);
    EXPECT_TRUE(read.ok()) << read.status();
    return *std::move(read);
  }
  std::filesystem::path root_;
};

const FigureChange& Figure(const Comparison& comparison, const std::string& team, const std::string& key) {
  for (const TeamChange& t : comparison.teams) {
    if (t.name != team) continue;
    for (const FigureChange& f : t.figures) {
      if (f.key == key) return f;
    }
  }
  ADD_FAILURE() << team << " has no " << key;
  static const FigureChange none;
  return none;
}

TEST_F(ComparisonTest, ARunDoesNotDifferFromItself) {
  const RunResult run = Write("a", {});
  const absl::StatusOr<Comparison> comparison = Compare(run, run, {});
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  EXPECT_TRUE(comparison->same);
  EXPECT_THAT(FormatComparisons({*comparison}, {}), HasSubstr("no difference: all 3 jobs"));
  EXPECT_EQ(Json::parse(ComparisonsAsJson({*comparison}, {}))["others"][0]["same"], true);
}

TEST_F(ComparisonTest, TellsPerTeamAndInAllWhatChanged) {
  Written other;
  other.jobs = "long,q,red,0,50,150,50,100,4,2\nshort,q,blue,10,10,20,0,10,2,0\nlate,q,blue,20,30,40,10,10,99,0\n";
  other.summary["total"]["resource_hours"] = 6.5;
  const RunResult a = Write("a", {}), b = Write("b", other);
  const absl::StatusOr<Comparison> c = Compare(a, b, {});
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_FALSE(c->same);
  EXPECT_EQ(c->jobs_that_differ, 3u);
  EXPECT_EQ(Figure(*c, "red", "wait_mean_s").change(), 50);
  EXPECT_EQ(Figure(*c, "red", "preemptions").change(), 2);
  EXPECT_EQ(Figure(*c, "blue", "wait_mean_s").change(), -10) << "of the job that starts in both";
  EXPECT_EQ(Figure(*c, "blue", "never_admitted").change(), -1);
  EXPECT_EQ(Figure(*c, "total", "resource_hours").change(), 1.5);
  EXPECT_EQ(Figure(*c, "total", "jct_mean_s").change(), (50 - 10) / 2.0);
  EXPECT_FALSE(Figure(*c, "total", "resource_hours").interval.has_value());
  ASSERT_EQ(c->gained.size(), 2u);
  EXPECT_EQ(c->gained[0].id, "late") << "starting at all is more than starting earlier";
  EXPECT_EQ(FateText(c->gained[0]), "ends now");
  EXPECT_EQ(*c->gained[1].later_s, -10);
  ASSERT_EQ(c->lost.size(), 1u);
  EXPECT_EQ(FateText(c->lost[0]),
            "ends 00:00:50 later, waits 00:00:50 instead of 00:00:00, preempted 2 times instead of 0");
}

TEST_F(ComparisonTest, TellsTheFirstDecisionsThatDiffer) {
  Written other;
  other.jobs = "long,q,red,0,0,100,0,100,4,0\nshort,q,blue,10,40,50,30,10,2,0\nlate,q,blue,20,,,,10,99,0\n";
  other.decisions =
      "{\"t\":0,\"cycle\":5,\"job\":\"long\",\"queue\":\"red\",\"outcome\":\"admit\",\"borrows\":false,\"flavors\":[{"
      "\"pods\":"
      "1,\"gpu\":\"f\"}]}\n"
      "{\"t\":10,\"cycle\":6,\"job\":\"short\",\"queue\":\"blue\",\"outcome\":\"pending\",\"reason\":\"no room\"}\n"
      "{\"t\":12,\"cycle\":7,\"job\":\"late\",\"queue\":\"blue\",\"outcome\":\"preempt\",\"victims\":[\"short\","
      "\"long\"],"
      "\"reason\":\"because\"}\n";
  const RunResult a = Write("a", {}), b = Write("b", other);
  const absl::StatusOr<Comparison> c = Compare(a, b, {});
  ASSERT_TRUE(c.ok()) << c.status();
  ASSERT_TRUE(c->first_parting.has_value());
  EXPECT_EQ(DecisionText(c->first_parting->a), "t=20 short is let in, borrowing") << "another cycle is no difference";
  EXPECT_EQ(DecisionText(c->first_parting->b), "t=12 late makes short, long go: because");
  ASSERT_EQ(c->lost.size(), 1u);
  EXPECT_EQ(DecisionText(c->lost[0].why->b), "t=12 late makes short, long go: because") << "who made it go counts";
}

TEST_F(ComparisonTest, WhatAJobWaitsForIsNoDifferenceAsLongAsItWaits) {
  const auto wait = [](int t, const char* reason) {
    return absl::StrCat("{\"t\":", t,
                        ",\"cycle\":1,\"job\":\"late\",\"queue\":\"blue\",\"outcome\":\"pending\",\"reason\":\"",
                        reason, "\"}\n");
  };
  Written one, other;
  one.decisions = absl::StrCat(wait(20, "no room"), wait(30, "still none"));
  other.decisions = absl::StrCat(wait(25, "no quota"),
                                 "{\"t\":40,\"cycle\":9,\"job\":\"late\",\"queue\":\"blue\",\"outcome\":\"admit\"}\n");
  other.jobs = "long,q,red,0,0,100,0,100,4,0\nshort,q,blue,10,20,30,10,10,2,0\nlate,q,blue,20,40,50,20,10,99,0\n";
  const RunResult a = Write("a", one), b = Write("b", other);
  const absl::StatusOr<Comparison> c = Compare(a, b, {});
  ASSERT_TRUE(c.ok()) << c.status();
  ASSERT_EQ(c->gained.size(), 1u);
  EXPECT_EQ(DecisionText(c->gained[0].why->a), "t=20 late has to wait: no room");
  EXPECT_EQ(DecisionText(c->gained[0].why->b), "t=40 late is let in");
}

TEST_F(ComparisonTest, WithoutDecisionsTheReasonIsNotKnownAndSaysSo) {
  Written other;
  other.jobs = "long,q,red,0,1,101,1,100,4,0\nshort,q,blue,10,20,30,10,10,2,0\nlate,q,blue,20,,,,10,99,0\n";
  other.decisions.clear();
  const RunResult a = Write("a", {}), b = Write("b", other);
  EXPECT_THAT(FormatComparisons({*Compare(a, b, {})}, {}), HasSubstr("replay without --no-decisions"));
}

TEST_F(ComparisonTest, SaysInWhatTheRunsWereMadeOfTheyDiffer) {
  Written other;
  other.provenance["policy"][0]["sha256"] = "cc";
  other.provenance["policy"][0]["file"] = "elsewhere";
  other.provenance["options"]["resume"] = true;
  other.provenance["muster"] = "2";
  const RunResult a = Write("a", {}), b = Write("b", other);
  EXPECT_THAT(DiffersIn(a, b), testing::ElementsAre("version", "policy", "options.resume"));
  other = {};
  other.provenance["policy"][0]["file"] = "elsewhere";
  EXPECT_THAT(DiffersIn(a, Write("c", other)), testing::IsEmpty());
}

TEST(FigureText, HasAsManyDigitsAsAreOfUse) {
  struct Case {
    double value;
    const char* text;
    const char* with_sign;
  };
  for (const Case& c : {Case{0, "0", "0"}, Case{-0.0001, "0", "0"}, Case{0.1944, "0.194", "+0.194"},
                        Case{-2.5, "-2.5", "-2.5"}, Case{22.126, "22.13", "+22.13"}, Case{1000, "1000", "+1000"},
                        Case{1234.56, "1234.6", "+1234.6"}, Case{3e15, "3.000e+15", "+3.000e+15"}}) {
    EXPECT_EQ(FigureText(c.value), c.text);
    EXPECT_EQ(FigureText(c.value, true), c.with_sign);
  }
}

TEST_F(ComparisonTest, RunsThatCannotBeComparedAreRefused) {
  const RunResult base = Write("base", {});
  struct Case {
    const char* sentence;
    Written run;
    const char* says;
  };
  std::vector<Case> cases(7);
  cases[0] = {"another trace", {}, "different traces"};
  cases[0].run.provenance["trace"]["sha256"] = "bb";
  cases[1] = {"another load", {}, "load differs (--thin)"};
  cases[1].run.provenance["options"]["thin"] = "0.5";
  cases[2] = {"another mapping", {}, "mappings"};
  cases[2].run.provenance["mapping"] = {{"file", "m"}, {"sha256", "1"}};
  cases[3] = {"another resource", {}, "--resource"};
  cases[3].run.summary["resource"] = "cpu";
  cases[4] = {"fewer jobs", {}, "--max-jobs"};
  cases[4].run.jobs = "long,q,red,0,0,100,0,100,4,0\n";
  cases[5] = {"other jobs", {}, "job 2 is short in one and tall in the other"};
  cases[5].run.jobs = "long,q,red,0,0,100,0,100,4,0\ntall,q,blue,10,20,30,10,10,2,0\nlate,q,blue,20,,,,10,99,0\n";
  cases[6] = {"other durations", {}, "job short takes 10 s in one and 11 s in the other"};
  cases[6].run.jobs = "long,q,red,0,0,100,0,100,4,0\nshort,q,blue,10,20,30,10,11,2,0\nlate,q,blue,20,,,,10,99,0\n";
  for (const Case& c : cases) {
    const absl::StatusOr<Comparison> comparison = Compare(base, Write("other", c.run), {});
    EXPECT_FALSE(comparison.ok()) << c.sentence;
    EXPECT_THAT(comparison.status().message(), HasSubstr(c.says)) << c.sentence;
  }
}

TEST_F(ComparisonTest, OfDifferentTracesTheJobsThatBothHaveAreComparedOnRequest) {
  Written other;
  other.provenance["trace"]["sha256"] = "bb";
  // "short" waits 8 s less; "tall" is not in the base, "late" not here.
  other.jobs = "tall,q,blue,0,0,10,0,10,2,0\nshort,q,blue,110,112,122,2,10,2,0\nlong,q,red,200,200,300,0,100,4,0\n";
  const RunResult a = Write("a", {}), b = Write("b", other);
  EXPECT_THAT(Compare(a, b, {}).status().message(), HasSubstr("--any-trace"));
  CompareOptions any;
  any.any_trace = true;
  const absl::StatusOr<Comparison> c = Compare(a, b, any);
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_EQ(c->jobs, 2u);
  EXPECT_EQ(c->only_base, 1u);
  EXPECT_EQ(c->only_other, 1u);
  EXPECT_EQ(c->jobs_that_differ, 1u) << "another time of submission alone is no difference";
  ASSERT_EQ(c->gained.size(), 1u);
  EXPECT_EQ(c->gained[0].id, "short");
  EXPECT_EQ(*c->gained[0].later_s, -8);
  EXPECT_THAT(FormatComparisons({*c}, any), HasSubstr("2 jobs in both; 1 that only A has and 1 that only B has"));
  other.jobs = "tall,q,blue,0,0,10,0,10,2,0\n";
  EXPECT_THAT(Compare(a, Write("c", other), any).status().message(), HasSubstr("no job is in both"));
}

TEST_F(ComparisonTest, AFolderOfVariantsNamesTheFoldersToName) {
  Written variants;
  variants.summary = {{"variants", {"base", "more"}}};
  const std::string dir = (root_ / "v").string();
  absl::StatusOr<ResultFolder> folder = ResultFolder::Create(dir, true);
  ASSERT_TRUE(folder.ok());
  ASSERT_TRUE(WriteFile(folder->staging() + "/summary.json", variants.summary.dump()).ok());
  ASSERT_TRUE(folder->Commit(variants.provenance).ok());
  EXPECT_THAT(ReadRun(dir).status().message(), HasSubstr("v/base"));
}

TEST_F(ComparisonTest, WhatCannotBeReadIsNamedByFileLineAndColumn) {
  struct Case {
    const char* jobs;
    const char* says;
  };
  for (const Case& c : {Case{"a,q,t,soon,,,,1,1,0\n", "jobs.csv:2: column submit_s: \"soon\""},
                        Case{"a,q,t,0,,,,1,x,0\n", "jobs.csv:2: column amount: \"x\""}, Case{"a,q\n", "jobs.csv:2"}}) {
    const std::string dir = (root_ / "x").string();
    absl::StatusOr<ResultFolder> folder = ResultFolder::Create(dir, true);
    ASSERT_TRUE(folder.ok());
    ASSERT_TRUE(WriteFile(folder->staging() + "/summary.json", Written().summary.dump()).ok());
    ASSERT_TRUE(WriteFile(folder->staging() + "/jobs.csv", absl::StrCat(kHeader, c.jobs)).ok());
    ASSERT_TRUE(folder->Commit(Written().provenance).ok());
    EXPECT_THAT(ReadRun(dir).status().message(), HasSubstr(c.says));
  }
  Written broken, other;
  broken.decisions = "{\"t\":0}\n";
  const RunResult a = Write("a", broken), b = Write("b", other);
  EXPECT_THAT(Compare(a, b, {}).status().message(), HasSubstr("decisions.jsonl:1"));
}

}  // namespace
}  // namespace muster::sim
