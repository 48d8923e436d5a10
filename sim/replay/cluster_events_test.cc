#include "sim/replay/cluster_events.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "sim/trace/split_mix.h"

namespace muster::sim {
namespace {

absl::StatusOr<Outages> Read(const std::string& text) {
  std::istringstream in(text);
  return ReadOutages(&in, "outages.csv");
}

TEST(ReadOutagesTest, ReadsItsOwnColumns) {
  const auto read = Read(
      "node,down,up,kind,cordon\n"
      "b,100,,,\n"
      "a,50,60,maintenance,20\n"
      "a,1970-01-01T00:00:10Z,1970-01-01T00:00:30Z,failure,\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->lanl);
  EXPECT_EQ(
      read->outages,
      (std::vector<Outage>{{"a", 10, 30, 10, false}, {"a", 50, 60, 20, true}, {"b", 100, Outage::kNever, 100, false}}));
}

TEST(ReadOutagesTest, ReadsTheLogOfLosAlamos) {
  const auto read = Read(
      "System,machine type,nodenum,Prob Started,Prob Fixed,Down Time,Hardware\n"
      "20,cluster,17,1/1/1970 0:01,1/1/1970 1:00,59,Memory Dimm\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->lanl);
  EXPECT_EQ(read->outages, (std::vector<Outage>{{"20-17", 60, 3600, 60, false}}));
}

TEST(ReadOutagesTest, MistakesAreNamed) {
  struct Case {
    const char* what;
    const char* text;
    const char* error;
  };
  for (const Case& c :
       {Case{"a missing column", "node,down\na,1\n", "outages.csv:1: there is no column up"},
        Case{"a misspelt column", "node,down,up,knd\na,1,2,\n", "outages.csv:1: column knd is not known"},
        Case{"a time in words", "node,down,up\na,1,2\na,soon,2\n", "outages.csv:3: column down: \"soon\""},
        Case{"back before it is down", "node,down,up\na,5,2\n", "outages.csv:2: column up: is before it went down"},
        Case{"another kind", "node,down,up,kind\na,1,2,fire\n", "\"fire\" is neither failure nor maintenance"},
        Case{"a failure that is announced", "node,down,up,cordon\na,5,9,2\n", "column cordon: is for maintenance"},
        Case{"no node", "node,down,up\n,1,2\n", "column node: is empty"},
        Case{"a negative time", "node,down,up\na,-1,2\n", "column down: -1 is out of range"}}) {
    const auto read = Read(c.text);
    ASSERT_FALSE(read.ok()) << c.what;
    EXPECT_NE(std::string(read.status().message()).find(c.error), std::string::npos) << c.what << ": " << read.status();
  }
}

TEST(StepsOfTest, OverlappingOutagesOfANodeAreOne) {
  using State = NodeStep::State;
  const std::vector<NodeStep> steps = StepsOf(
      {{"a", 10, 30, 10, false}, {"a", 20, 40, 5, true}, {"b", 10, Outage::kNever, 10, true}, {"c", 7, 7, 7, false}});
  EXPECT_EQ(steps, (std::vector<NodeStep>{{5, "a", State::kCordoned, false},
                                          {10, "a", State::kDown, false},
                                          {10, "b", State::kDown, true},
                                          {40, "a", State::kUp, false}}));
}

TEST(StepsOfTest, EverySecondIsWhatTheOutagesSay) {
  SplitMix64 random(3);
  for (int world = 0; world < 2000; ++world) {
    std::vector<Outage> outages;
    for (uint64_t i = random.Next() % 6; i > 0; --i) {
      Outage o;
      o.node = random.Next() % 2 == 0 ? "a" : "b";
      o.down_s = random.Next() % 20;
      o.up_s = random.Next() % 5 == 0 ? Outage::kNever : o.down_s + static_cast<int64_t>(random.Next() % 8);
      o.maintenance = random.Next() % 2 == 0;
      o.cordon_s = o.maintenance ? o.down_s - static_cast<int64_t>(random.Next() % (o.down_s + 1)) : o.down_s;
      outages.push_back(o);
    }
    std::map<std::string, NodeStep::State> state;
    const std::vector<NodeStep> steps = StepsOf(outages);
    size_t next = 0;
    for (int64_t t = 0; t < 40; ++t) {
      std::set<std::string> told;
      for (; next < steps.size() && steps[next].at_s == t; ++next) {
        ASSERT_TRUE(told.insert(steps[next].node).second) << "one step a node and second";
        ASSERT_NE(state[steps[next].node], steps[next].state) << "a step changes something";
        state[steps[next].node] = steps[next].state;
      }
      for (const char* node : {"a", "b"}) {
        NodeStep::State want = NodeStep::State::kUp;
        for (const Outage& o : outages) {
          if (o.node != node || o.up_s <= o.down_s) continue;
          if (o.cordon_s <= t && t < o.down_s) want = std::max(want, NodeStep::State::kCordoned);
          if (o.down_s <= t && t < o.up_s) want = NodeStep::State::kDown;
        }
        ASSERT_EQ(state[node], want) << "world " << world << ", " << node << " at " << t;
      }
    }
  }
}

TEST(DrawOutagesTest, HasTheMeansThatWereAskedForAndNodesDoNotDependOnEachOther) {
  const std::vector<std::string> nodes = {"a", "b", "c"};
  constexpr int64_t kUntil = 100000000, kMtbf = 9000, kMttr = 1000;
  const std::vector<Outage> drawn = DrawOutages(nodes, 0, kUntil, kMtbf, kMttr, 1);
  // Some 10,000 outages a node: one in 10,000 s. The standard error of the count is below 1 %.
  EXPECT_NEAR(static_cast<double>(drawn.size()), 30000, 600);
  double down = 0;
  for (const Outage& o : drawn) down += static_cast<double>(o.up_s - o.down_s);
  EXPECT_NEAR(down / static_cast<double>(drawn.size()), kMttr + 0.5, 4 * 6);
  std::vector<Outage> of_b, alone = DrawOutages({nodes.data() + 1, 1}, 0, kUntil, kMtbf, kMttr, 1);
  for (const Outage& o : drawn) {
    if (o.node == "b") of_b.push_back(o);
  }
  EXPECT_EQ(of_b, alone);
  EXPECT_NE(DrawOutages(nodes, 0, kUntil, kMtbf, kMttr, 2), drawn);
}

}  // namespace
}  // namespace muster::sim
