#include "sim/replay/node_groups.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/vocabulary.h"

namespace muster::sim {
namespace {

std::vector<api::Node> Nodes(int count, const std::string& label = "big") {
  std::vector<api::Node> nodes(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    nodes[static_cast<size_t>(i)].metadata.name = label + std::to_string(i);
    nodes[static_cast<size_t>(i)].metadata.labels = {{"group", label}};
  }
  return nodes;
}

NodeGroup Group(int64_t min, std::optional<int64_t> max = {}) {
  return {.name = "g",
          .match_labels = {{"group", "big"}},
          .min = min,
          .max = max,
          .provision_s = 60,
          .idle_s = 100,
          .price_per_hour = 36};
}

NodeGroups Make(int64_t min, int nodes, std::optional<int64_t> max = {}) {
  auto groups = NodeGroups::Make({Group(min, max)}, Nodes(nodes), 0);
  EXPECT_TRUE(groups.ok()) << groups.status();
  return *std::move(groups);
}

std::string Moves(NodeGroups* groups) {
  std::string text;
  for (const NodeMove& move : groups->TakeMoves()) text += (move.there ? "+" : "-") + move.node + " ";
  return text;
}

TEST(NodeGroupsTest, WhatIsNotThereIsLaunchedAndWaitedFor) {
  NodeGroups groups = Make(1, 3);
  EXPECT_EQ(Moves(&groups), "+big0 ") << "the minimum is there, and ready";
  EXPECT_EQ(groups.Take("big0", 10), 10);
  EXPECT_EQ(groups.Take("big1", 10), 70);
  EXPECT_EQ(Moves(&groups), "+big1 ");
  EXPECT_EQ(groups.Take("big1", 40), 70) << "it is on its way already";
  EXPECT_EQ(groups.Take("big1", 90), 90);
  EXPECT_EQ(groups.Take("another", 90), 90) << "what is in no group is there";
  groups.GiveBack("another", 95);
  const NodeGroupUse use = groups.Uses(110)[0];
  EXPECT_EQ(use.launched, 1);
  EXPECT_EQ(use.peak, 2);
  EXPECT_EQ(use.node_seconds, 110 + 100);
  EXPECT_DOUBLE_EQ(use.cost, 2.1);
}

TEST(NodeGroupsTest, AnIdleMachineTakesThePlaceOfOneThatWouldBeLaunched) {
  NodeGroups groups = Make(0, 3);
  EXPECT_EQ(groups.Take("big2", 0), 60);
  groups.GiveBack("big2", 30);
  EXPECT_EQ(Moves(&groups), "+big2 ");
  EXPECT_EQ(groups.Take("big0", 40), 60) << "on its way, for nobody";
  EXPECT_EQ(Moves(&groups), "-big2 +big0 ");
  EXPECT_EQ(groups.Uses(100)[0].launched, 1);
  EXPECT_EQ(groups.Uses(100)[0].node_seconds, 100);
}

TEST(NodeGroupsTest, WhoIsIdleForLongGoesButForTheMinimum) {
  NodeGroups groups = Make(1, 3);
  EXPECT_EQ(groups.NextRemoval(), std::nullopt) << "of one node with a minimum of one none goes";
  groups.Take("big1", 0);
  groups.Take("big2", 10);
  groups.GiveBack("big1", 20);
  EXPECT_EQ(groups.NextRemoval(), 120);
  groups.GiveBack("big2", 30);
  groups.TakeMoves();
  EXPECT_EQ(groups.NextRemoval(), 120) << "big1 since 20, big2 on its way until 70 and not idle before";
  groups.RemoveIdle(119);
  EXPECT_EQ(Moves(&groups), "");
  groups.RemoveIdle(120);
  EXPECT_EQ(Moves(&groups), "-big1 ");
  EXPECT_EQ(groups.NextRemoval(), std::nullopt) << "the last one stays";
  groups.RemoveIdle(100000);
  EXPECT_EQ(Moves(&groups), "");
  EXPECT_EQ(groups.Uses(200)[0].removed, 1);
  EXPECT_EQ(groups.Uses(200)[0].node_seconds, 120 + 190);
}

TEST(NodeGroupsTest, AnotherRunKeepsANode) {
  NodeGroups groups = Make(0, 1);
  groups.Take("big0", 0);
  groups.Take("big0", 50);
  groups.GiveBack("big0", 70);
  EXPECT_EQ(groups.NextRemoval(), std::nullopt);
  groups.GiveBack("big0", 80);
  EXPECT_EQ(groups.NextRemoval(), 180);
  groups.Take("big0", 179);
  EXPECT_EQ(groups.NextRemoval(), std::nullopt);
}

TEST(NodeGroupsTest, AMachineThatFailsIsGoneAndReplacedForTheMinimum) {
  NodeGroups groups = Make(1, 2);
  groups.Take("big0", 0);
  groups.TakeMoves();
  groups.Fail("big0", 10);
  EXPECT_EQ(Moves(&groups), "-big0 +big1 ");
  groups.GiveBack("big0", 10);
  EXPECT_EQ(groups.Take("big1", 10), 70) << "it has to be launched";
  groups.Fail("big1", 20);
  groups.GiveBack("big1", 20);
  EXPECT_EQ(Moves(&groups), "-big1 ") << "there is no other that could be launched";
  groups.Repair("big0", 30);
  EXPECT_EQ(Moves(&groups), "+big0 ");
  const NodeGroupUse use = groups.Uses(40)[0];
  EXPECT_EQ(use.failed, 2);
  EXPECT_EQ(use.launched, 2);
  EXPECT_EQ(use.node_seconds, 10 + 10 + 10);
}

TEST(NodeGroupsTest, NodesBeyondTheMaximumAreNotUsed) {
  NodeGroups groups = Make(0, 4, 2);
  EXPECT_EQ(groups.unused(), (std::set<std::string>{"big2", "big3"}));
  EXPECT_EQ(groups.host_of(), (std::map<std::string, std::string>{{"big0", "big0"}, {"big1", "big1"}}));
  EXPECT_TRUE(groups.Scales("big0"));
  EXPECT_FALSE(groups.Scales("big2"));
}

TEST(NodeGroupsTest, MistakesAreErrors) {
  NodeGroup other = Group(0);
  other.name = "other";
  NodeGroup none = Group(0);
  none.match_labels = {{"group", "small"}};
  std::vector<api::Node> shared = Nodes(2);
  for (api::Node& node : shared) node.metadata.labels[api::kHostnameLabel] = "h";
  const struct {
    const char* what;
    std::vector<NodeGroup> groups;
    std::vector<api::Node> nodes;
    const char* message;
  } kCases[] = {
      {"no node", {none}, Nodes(3), "nodeGroups.g: no node carries its matchLabels"},
      {"too large a maximum", {Group(0, 4)}, Nodes(3), "max is 4, and 3 nodes carry its matchLabels"},
      {"too large a minimum", {Group(4)}, Nodes(3), "min is 4, and there can be no more than 3"},
      {"a node in two groups", {Group(0), other}, Nodes(3), "nodeGroups.other: Node/big0 is in another group too"},
      {"a node in one and beyond the maximum of another", {Group(0, 0), other}, Nodes(1), "is in two groups"},
      {"two nodes of one host name", {Group(0)}, shared, "shares its host name"},
  };
  for (const auto& c : kCases) {
    const auto groups = NodeGroups::Make(c.groups, c.nodes, 0);
    ASSERT_FALSE(groups.ok()) << c.what;
    EXPECT_NE(std::string(groups.status().message()).find(c.message), std::string::npos) << groups.status();
  }
}

}  // namespace
}  // namespace muster::sim
