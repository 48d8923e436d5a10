#include "sim/replay/arrivals.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::sim {
namespace {

struct Row {
  const char* id;
  int64_t submit;
  std::vector<std::string> after;
  int64_t think = 0;
};

Trace Of(const std::vector<Row>& rows) {
  Trace trace;
  trace.source = "t.csv";
  for (const Row& row : rows) {
    Job job{.id = row.id, .submit_s = row.submit, .duration_s = 1, .row = static_cast<int64_t>(trace.jobs.size()) + 2};
    if (!row.after.empty()) {
      trace.terms.emplace_back();
      trace.terms.back().after = row.after;
      trace.terms.back().think_s = row.think;
      job.terms = static_cast<uint32_t>(trace.terms.size());
    }
    trace.Add(std::move(job), {});
  }
  return trace;
}

std::vector<std::string> TakeAll(Arrivals* arrivals, const Trace& trace, int64_t now_s) {
  std::vector<std::string> ids;
  while (const auto job = arrivals->Take(now_s)) ids.push_back(trace.jobs[*job].id);
  return ids;
}

TEST(ArrivalsTest, AJobArrivesAfterThoseItWaitsForAndAPause) {
  const Trace trace = Of({{"a", 0, {}}, {"b", 5, {"a", "c"}, 10}, {"c", 6, {}}, {"d", 100, {"a"}, 1}});
  Arrivals arrivals(&trace);
  ASSERT_TRUE(arrivals.Link().ok());
  EXPECT_EQ(TakeAll(&arrivals, trace, 6), (std::vector<std::string>{"a", "c"}));
  EXPECT_FALSE(arrivals.NextAt().has_value()) << "b and d wait for what has not ended";
  EXPECT_TRUE(arrivals.IsHeldBack(1));
  arrivals.Ended(0, 20);
  EXPECT_EQ(arrivals.NextAt(), 100) << "not before its own time";
  arrivals.Ended(2, 30);
  EXPECT_EQ(arrivals.NextAt(), 40);
  EXPECT_EQ(TakeAll(&arrivals, trace, 39), (std::vector<std::string>{}));
  EXPECT_EQ(TakeAll(&arrivals, trace, 200), (std::vector<std::string>{"b", "d"}));
  EXPECT_EQ(arrivals.SubmittedAt(1), 40);
  EXPECT_EQ(arrivals.SubmittedAt(2), 6);
  EXPECT_FALSE(arrivals.IsHeldBack(1));
  EXPECT_EQ(arrivals.taken(), 4);
}

TEST(ArrivalsTest, AtOneInstantTheOrderIsThatOfTimeThenOfTheTrace) {
  const Trace trace = Of({{"a", 0, {}}, {"late", 1, {"a"}}, {"b", 10, {}}, {"c", 11, {}}});
  Arrivals arrivals(&trace);
  ASSERT_TRUE(arrivals.Link().ok());
  TakeAll(&arrivals, trace, 0);
  arrivals.Ended(0, 10);
  EXPECT_EQ(TakeAll(&arrivals, trace, 11), (std::vector<std::string>{"late", "b", "c"}));
}

TEST(ArrivalsTest, NamesThatAreNotThereAndCirclesAreErrors) {
  const Trace missing = Of({{"a", 0, {"nobody"}}});
  EXPECT_EQ(Arrivals(&missing).Link().message(), "t.csv:2: waits for job \"nobody\", which is not in the trace");
  const Trace circle = Of({{"x", 0, {}}, {"a", 0, {"b"}}, {"b", 0, {"c", "x"}}, {"c", 0, {"a"}}});
  EXPECT_EQ(Arrivals(&circle).Link().message(), "t.csv:3: job a waits for jobs that wait, in a circle, for each other");
  const Trace itself = Of({{"a", 0, {"a"}}});
  EXPECT_FALSE(Arrivals(&itself).Link().ok());
}

}  // namespace
}  // namespace muster::sim
