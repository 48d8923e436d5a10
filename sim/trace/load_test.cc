#include "sim/trace/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace muster::sim {
namespace {

Trace Of(const std::vector<int64_t>& submits) {
  Trace trace;
  for (const int64_t at_s : submits) {
    trace.Add({.id = "j" + std::to_string(trace.jobs.size()), .submit_s = at_s, .duration_s = 10}, {});
  }
  return trace;
}

std::vector<int64_t> Submits(const Trace& trace) {
  std::vector<int64_t> out;
  for (const Job& job : trace.jobs) out.push_back(job.submit_s);
  return out;
}

TEST(ShapeLoadTest, NothingAskedForChangesNothing) {
  Trace trace = Of({5, 7});
  ASSERT_TRUE(ShapeLoad({}, &trace).ok());
  EXPECT_EQ(Submits(trace), (std::vector<int64_t>{5, 7}));
}

TEST(ShapeLoadTest, ScalingDividesTheTimesBetweenArrivals) {
  Trace trace = Of({100, 110, 131});
  ASSERT_TRUE(ShapeLoad({.scale = 2}, &trace).ok());
  EXPECT_EQ(Submits(trace), (std::vector<int64_t>{100, 105, 116}));
  EXPECT_EQ(trace.jobs[2].duration_s, 10);
}

TEST(ShapeLoadTest, RepeatingGoesOnWhereTheTraceEndsAndKeepsHoursOfTheDay) {
  Trace trace = Of({10, 12});
  ASSERT_TRUE(ShapeLoad({.repeat = 3}, &trace).ok());
  EXPECT_EQ(Submits(trace), (std::vector<int64_t>{10, 12, 13, 15, 16, 18}));
  EXPECT_EQ(trace.jobs[5].id, "j1#3");
  Trace days = Of({0, 100000});
  ASSERT_TRUE(ShapeLoad({.repeat = 2}, &days).ok());
  EXPECT_EQ(Submits(days), (std::vector<int64_t>{0, 100000, 2 * 86400, 2 * 86400 + 100000}));
}

TEST(ShapeLoadTest, RepeatedJobsWaitForThoseOfTheirOwnTime) {
  Trace trace = Of({0, 1});
  trace.terms.push_back({.own = {},
                         .after = {"j0"},
                         .think_s = 0,
                         .estimate_s = {},
                         .deadline_s = 50,
                         .start_s = {},
                         .user = {},
                         .group = {}});
  trace.jobs[1].terms = 1;
  ASSERT_TRUE(ShapeLoad({.repeat = 2, .shift_s = 1000}, &trace).ok());
  const JobTerms* second = trace.TermsOf(trace.jobs[3]);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->after, (std::vector<std::string>{"j0#2"}));
  EXPECT_EQ(second->deadline_s, 1052);
  EXPECT_EQ(trace.TermsOf(trace.jobs[1])->deadline_s, 1050);
}

TEST(ShapeLoadTest, ThinningKeepsTheShareItWasAskedForAndTheSameJobsEachTime) {
  Trace trace = Of(std::vector<int64_t>(20000, 0)), again = trace, other = trace;
  trace.terms.push_back({.own = {},
                         .after = {"j0", "j1", "j2", "j3", "j4"},
                         .think_s = 0,
                         .estimate_s = {},
                         .deadline_s = {},
                         .start_s = {},
                         .user = {},
                         .group = {}});
  ASSERT_TRUE(ShapeLoad({.thin = 0.25}, &trace).ok());
  EXPECT_NEAR(static_cast<double>(trace.jobs.size()), 5000, 4 * 62);
  for (const std::string& name : trace.terms[0].after) {
    EXPECT_TRUE(std::any_of(trace.jobs.begin(), trace.jobs.end(), [&](const Job& j) { return j.id == name; })) << name;
  }
  ASSERT_TRUE(ShapeLoad({.thin = 0.25}, &again).ok());
  ASSERT_EQ(again.jobs.size(), trace.jobs.size());
  for (size_t i = 0; i < again.jobs.size(); ++i) ASSERT_EQ(again.jobs[i].id, trace.jobs[i].id);
  ASSERT_TRUE(ShapeLoad({.thin = 0.25, .seed = 2}, &other).ok());
  EXPECT_NE(other.jobs[0].id + other.jobs[1].id + other.jobs[2].id,
            trace.jobs[0].id + trace.jobs[1].id + trace.jobs[2].id);
}

TEST(ShapeLoadTest, WhatMakesNoSenseIsRefused) {
  struct Case {
    const char* what;
    LoadShape load;
  };
  for (const Case& c :
       {Case{"nothing is kept", {.thin = 0}}, Case{"more than all", {.thin = 1.5}}, Case{"never", {.repeat = 0}},
        Case{"too often", {.repeat = int64_t{1} << 40}}, Case{"no speed", {.scale = 0}},
        Case{"no number", {.scale = 0.0 / 0.0}}, Case{"before time begins", {.shift_s = -100}}}) {
    Trace trace = Of({5, 7});
    EXPECT_FALSE(ShapeLoad(c.load, &trace).ok()) << c.what;
  }
}

}  // namespace
}  // namespace muster::sim
