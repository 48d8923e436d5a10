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
      "20,cluster,17,1/1/1970 0:01,1/1/1970 1:00,59,Memory Dimm\n"
      "17,cluster,,1/1/1970 0:02,1/1/1970 0:03,1,\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->lanl);
  EXPECT_EQ(read->outages, (std::vector<Outage>{{"20-17", 60, 3600, 60, false}, {"17-", 120, 180, 120, false}}))
      << "a row without a node number is kept for the count, under a name that no node can have";
}

TEST(ReadOutagesTest, WindowsAreOfDomainsAndComeAgain) {
  const auto read = Read(
      "node,down,up,kind,cordon,every,until\n"
      "rack=r1,100,160,maintenance,40,7d,2000000\n"
      "*,5,,,,,\n"
      "n0,10,20,,,90m,\n"
      "n1,10,20,,,,\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->outages, (std::vector<Outage>{{"n1", 10, 20, 10, false}}));
  EXPECT_EQ(read->windows, (std::vector<OutageWindow>{{{"rack=r1", 100, 160, 40, true}, 7 * 86400, 2000000, 2},
                                                      {{"*", 5, Outage::kNever, 5, false}, 0, Outage::kNever, 3},
                                                      {{"n0", 10, 20, 10, false}, 5400, Outage::kNever, 4}}));
}

std::vector<api::Node> Racks(int racks, int nodes) {
  std::vector<api::Node> out;
  for (int r = 0; r < racks; ++r) {
    for (int n = 0; n < nodes; ++n) {
      api::Node& node = out.emplace_back();
      node.metadata.name = "r" + std::to_string(r) + "n" + std::to_string(n);
      node.metadata.labels["rack"] = "r" + std::to_string(r);
    }
  }
  return out;
}

TEST(SpreadWindowsTest, OneForEachNodeAndTime) {
  const std::vector<api::Node> nodes = Racks(2, 2);
  const struct {
    const char* what;
    OutageWindow window;
    int64_t begin_s, horizon_s;
    std::vector<Outage> outages;
  } kCases[] = {
      {"a rack, once",
       {{"rack=r1", 10, 20, 5, true}, 0, Outage::kNever, 2},
       0,
       1000,
       {{"r1n0", 10, 20, 5, true}, {"r1n1", 10, 20, 5, true}}},
      {"a node, every 100 s, up to the horizon",
       {{"r0n1", 10, 20, 10, false}, 100, Outage::kNever, 2},
       0,
       210,
       {{"r0n1", 10, 20, 10, false}, {"r0n1", 110, 120, 110, false}, {"r0n1", 210, 220, 210, false}}},
      {"no later than said", {{"r0n1", 10, 20, 10, false}, 100, 109, 2}, 0, 210, {{"r0n1", 10, 20, 10, false}}},
      {"what ended before the replay began is left out, what had not is not",
       {{"r0n1", 10, 20, 10, false}, 100, 310, 2},
       119,
       500,
       {{"r0n1", 110, 120, 110, false}, {"r0n1", 210, 220, 210, false}, {"r0n1", 310, 320, 310, false}}},
      {"all of it after the horizon", {{"r0n1", 600, 700, 600, false}, 100, Outage::kNever, 2}, 0, 500, {}},
      {"every node, for good",
       {{"*", 7, Outage::kNever, 7, false}, 0, Outage::kNever, 2},
       0,
       1,
       {{"r0n0", 7, Outage::kNever, 7, false},
        {"r0n1", 7, Outage::kNever, 7, false},
        {"r1n0", 7, Outage::kNever, 7, false},
        {"r1n1", 7, Outage::kNever, 7, false}}},
  };
  for (const auto& c : kCases) {
    const auto spread = SpreadWindows({&c.window, 1}, nodes, c.begin_s, c.horizon_s);
    ASSERT_TRUE(spread.ok()) << c.what << ": " << spread.status();
    EXPECT_EQ(*spread, c.outages) << c.what;
  }
}

TEST(SpreadWindowsTest, MistakesNameTheRow) {
  const OutageWindow nowhere = {{"rack=r7", 1, 2, 1, true}, 0, Outage::kNever, 9};
  EXPECT_EQ(SpreadWindows({&nowhere, 1}, Racks(2, 2), 0, 10).status().message(),
            "9: column node: no node has the label rack=r7");
  const OutageWindow often = {{"*", 1, 2, 1, true}, 1, Outage::kNever, 3};
  EXPECT_EQ(SpreadWindows({&often, 1}, Racks(2, 2), 0, 5000000).status().message(),
            "3: column node: 4 nodes, 5000000 times over are more than 10000000 outages");
  EXPECT_EQ(SpreadWindows({&often, 1}, {}, 0, 10).status().message(), "3: column node: there are no nodes");
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
        Case{"every so often and never back", "node,down,up,every\na,5,,9\n",
             "column every: is for nodes that come back"},
        Case{"more often than it can be", "node,down,up,every\na,5,15,9\n", "column every: is shorter than the outage"},
        Case{"a span in words", "node,down,up,every\na,5,6,weekly\n", "\"weekly\" is neither whole seconds nor"},
        Case{"a span of nothing", "node,down,up,every\na,5,6,0h\n", "\"0h\" is neither whole seconds nor"},
        Case{"an end without repetition", "node,down,up,until\na,5,6,9\n", "column until: is for what comes"},
        Case{"an end before the first", "node,down,up,every,until\na,5,6,9,2\n", "column until: is before the first"},
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
