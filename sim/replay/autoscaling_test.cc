// Nodes that come when jobs need them and go when they are idle.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/replay/simulation.h"
#include "sim/replay/testing_replays.h"

namespace muster::sim {
namespace {

using namespace small;

// Nodes "n0", "n1", ... that may be there, 8 of "gpu" each, of which queue "q" has a quota of 16.
ReplayPolicy Scaled(int nodes) {
  ReplayPolicy policy = Placed(nodes);
  for (api::Node& node : policy.nodes) node.metadata.labels["pool"] = "p";
  return policy;
}

SimulationOptions Groups(int64_t min, int64_t provision_s, int64_t idle_s) {
  SimulationOptions options;
  NodeGroup group;
  group.name = "p";
  group.match_labels = {{"pool", "p"}};
  group.min = min;
  group.provision_s = provision_s;
  group.idle_s = idle_s;
  group.price_per_hour = 3600;
  options.model.node_groups = {group};
  return options;
}

TEST(AutoscalingTest, ARunHoldsItsQuotaWhileItsNodeIsOnItsWay) {
  Told told;
  const SimulationResult result = Play(Jobs({{0, 10, 2, 8}, {5, 10, 1, 8}}), Scaled(3), Groups(1, 60, 100), &told);
  // The first job has the one node that is there and waits for the other; the second finds no quota.
  EXPECT_EQ(told, (Told{"0: 0 starts", "70: 0 Finished, lost 0, overhead 60", "70: 1 starts",
                        "80: 1 Finished, lost 0, overhead 0"}));
  ASSERT_EQ(result.metrics.node_groups.size(), 1u);
  const NodeGroupMetrics& group = result.metrics.node_groups[0];
  EXPECT_EQ(group.launched, 1);
  EXPECT_EQ(group.peak, 2);
  EXPECT_EQ(group.max, 3);
  EXPECT_DOUBLE_EQ(group.node_hours * 3600, 2 * 80);
  EXPECT_DOUBLE_EQ(group.cost, 160);
  EXPECT_DOUBLE_EQ(result.metrics.node_hours * 3600, 8 * 160) << "the nodes' hardware counts while they are there";
  EXPECT_DOUBLE_EQ(result.metrics.total.overhead_hours * 3600, 16 * 60);
}

TEST(AutoscalingTest, IdleNodesGoAndAreLaunchedAgain) {
  Told told;
  const SimulationResult result =
      Play(Jobs({{0, 10, 1, 8}, {100, 10, 1, 8}, {200, 10, 1, 8}}), Scaled(2), Groups(0, 20, 80), &told);
  // There from 0 to 190: idle since 30, taken at 100, idle since 110; launched again at 200.
  EXPECT_EQ(told,
            (Told{"0: 0 starts", "30: 0 Finished, lost 0, overhead 20", "100: 1 starts",
                  "110: 1 Finished, lost 0, overhead 0", "200: 2 starts", "230: 2 Finished, lost 0, overhead 20"}));
  const NodeGroupMetrics& group = result.metrics.node_groups[0];
  EXPECT_EQ(group.launched, 2);
  EXPECT_EQ(group.removed, 1);
  EXPECT_EQ(group.peak, 1);
  EXPECT_DOUBLE_EQ(group.node_hours * 3600, 190 + 30);
}

TEST(AutoscalingTest, AJobThatIsPreemptedWhileItWaitsHasLostNothing) {
  Told told;
  SimulationOptions options = Groups(0, 60, 100);
  Play(Jobs({{0, 10, 2, 8}, {5, 10, 2, 8, 1}}), Scaled(2), options, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "5: 0 InClusterQueue, lost 0, overhead 5", "5: 1 starts",
                        "70: 1 Finished, lost 0, overhead 55", "70: 0 starts", "80: 0 Finished, lost 0, overhead 0"}));
}

TEST(AutoscalingTest, ANodeThatFailsIsReplacedByOneThatIsLaunched) {
  Told told;
  SimulationOptions options = Groups(1, 20, 1000);
  options.node_steps = StepsOf({{"n0", 5, 500, 5, false}});
  const SimulationResult result = Play(Jobs({{0, 50, 1, 8}}), Scaled(2), options, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "5: 0 NodeFailed, lost 5, overhead 0", "5: 0 starts",
                        "75: 0 Finished, lost 0, overhead 20"}));
  EXPECT_EQ(result.metrics.node_groups[0].failed, 1);
  EXPECT_EQ(result.metrics.node_groups[0].launched, 1);
}

TEST(AutoscalingTest, NoMoreThanTheMaximumIsUsed) {
  SimulationOptions options = Groups(0, 0, 1000);
  options.model.node_groups[0].max = 1;
  Told told;
  Play(Jobs({{0, 10, 1, 8}, {0, 10, 1, 8}}), Scaled(2), options, &told);
  EXPECT_EQ(told, (Told{"0: 0 starts", "10: 0 Finished, lost 0, overhead 0", "10: 1 starts",
                        "20: 1 Finished, lost 0, overhead 0"}));
}

TEST(AutoscalingTest, GroupsNeedNodesThatJobsRunOn) {
  ReplayPolicy policy = Scaled(2);
  policy.topologies.clear();
  const auto no_hosts = Simulate(Jobs({{0, 5, 1, 8}}), policy, Groups(0, 1, 1), {});
  EXPECT_NE(std::string(no_hosts.status().message()).find("no job is placed on a node of theirs"), std::string::npos)
      << no_hosts.status();
  SimulationOptions options = Groups(0, 1, 1);
  options.model.node_groups[0].match_labels = {{"pool", "other"}};
  const auto no_nodes = Simulate(Jobs({{0, 5, 1, 8}}), Scaled(2), options, {});
  EXPECT_NE(std::string(no_nodes.status().message()).find("nodeGroups.p: no node carries its matchLabels"),
            std::string::npos)
      << no_nodes.status();
}

}  // namespace
}  // namespace muster::sim
