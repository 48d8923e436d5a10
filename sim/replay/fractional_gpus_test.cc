// Parts of GPUs in a replay, in the ways HyperPod and the GPU operator offer them: as resources of their own (MIG
// partitions, replicas of a GPU that is shared in time), counted against quotas as what they are or as what a
// Configuration's resources.transformations make of them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/replay/simulation.h"
#include "sim/replay/testing_replays.h"

namespace muster::sim {
namespace {

using namespace small;

constexpr char kSlice[] = "nvidia.com/mig-1g.10gb";

// Two nodes with so many of a resource, and a queue with a quota of `quota` of `counted`.
ReplayPolicy Nodes(const std::string& resource, int64_t each, const std::string& counted, int64_t quota) {
  std::vector<api::Object> cluster = Cluster(2);
  for (api::Object& object : cluster) {
    if (auto* node = std::get_if<api::Node>(&object)) {
      node->allocatable = {{resource, api::Quantity::FromValue(each)}, {"pods", api::Quantity::FromValue(110)}};
    }
  }
  ReplayPolicy policy = Policy({Queue("q", {{"a", quota}}, counted)}, cluster);
  policy.flavors[0].topology_name = "hosts";
  return policy;
}

std::vector<int64_t> Starts(const Trace& trace, const ReplayPolicy& policy, Told* told = nullptr) {
  std::vector<int64_t> starts;
  for (const JobRun& job : Play(trace, policy, {}, told).jobs) starts.push_back(job.first_start_s);
  return starts;
}

TEST(FractionalGpusTest, PartitionsAreCountedPerNode) {
  // Seven partitions a node: 7 + 6 pods run, the next two-partition pod waits although two partitions are free.
  const ReplayPolicy policy = Nodes(kSlice, 7, kSlice, 100);
  EXPECT_EQ(Starts(Jobs({{0, 10, 6, 1}, {0, 20, 6, 1}, {1, 5, 1, 2}}, kSlice), policy),
            (std::vector<int64_t>{0, 0, 10}));
  EXPECT_EQ(Starts(Jobs({{0, 10, 6, 1}, {0, 20, 6, 1}, {1, 5, 2, 1}}, kSlice), policy),
            (std::vector<int64_t>{0, 0, 1}));
}

TEST(FractionalGpusTest, QuotasOfMemoryAndNodesOfPartitions) {
  const auto with = [](int64_t quota, bool replace) {
    ReplayPolicy policy = Nodes(kSlice, 7, "gpu-memory", quota);
    policy.options.transformations = {
        {.input = kSlice, .replace = replace, .multiply_by = "", .outputs = {{"gpu-memory", 10}}}};
    return policy;
  };
  // 14 partitions are 140 of memory. The nodes have no more, whatever the quota.
  EXPECT_EQ(Starts(Jobs({{0, 10, 14, 1}, {5, 5, 1, 1}}, kSlice), with(1000, true)), (std::vector<int64_t>{0, 10}));
  // And the quota counts memory: 13 partitions fit into 130, 14 do not.
  EXPECT_EQ(Starts(Jobs({{0, 10, 13, 1}, {5, 5, 1, 1}}, kSlice), with(130, true)), (std::vector<int64_t>{0, 10}));
  EXPECT_EQ(Starts(Jobs({{0, 10, 14, 1}}, kSlice), with(130, true)), (std::vector<int64_t>{-1}));
  // With Retain both count, and the queue has no quota of partitions.
  EXPECT_EQ(Starts(Jobs({{0, 10, 1, 1}}, kSlice), with(1000, false)), (std::vector<int64_t>{-1}));
  const Trace trace = Jobs({{0, 3600, 13, 1}}, kSlice);
  const SimulationResult result = Play(trace, with(260, true), {}, nullptr);
  EXPECT_EQ(result.OutcomeOf(trace, 0).amount, 130) << "amounts are what quotas count";
  EXPECT_DOUBLE_EQ(result.metrics.total.utilisation, 0.5);
}

TEST(FractionalGpusTest, MemoryOfEachPartitionByItsProfile) {
  constexpr char kHalf[] = "nvidia.com/mig-3g.40gb";
  ReplayPolicy policy = Nodes(kSlice, 2, "gpu-memory", 100);
  for (api::Node& node : policy.nodes) node.allocatable[kHalf] = api::Quantity::FromValue(1);
  policy.options.transformations = {
      {.input = kSlice, .replace = true, .multiply_by = "", .outputs = {{"gpu-memory", 10}}},
      {.input = kHalf, .replace = true, .multiply_by = "", .outputs = {{"gpu-memory", 40}}}};
  Trace trace = Jobs({{0, 10, 1, 1}, {0, 10, 2, 1}, {1, 10, 1, 1}}, kSlice);
  trace.shapes[0].pods[0].requests = {{kHalf, api::Quantity::FromValue(1)}};
  trace.shapes[2].pods[0].requests = {{kHalf, api::Quantity::FromValue(1)}};
  // 40 + 2 x 10 are held, 40 are left: the other node's half is free, and it fits.
  EXPECT_EQ(Starts(trace, policy), (std::vector<int64_t>{0, 0, 1}));
  policy.cluster_queues[0].resource_groups[0].flavors[0].resources[0].nominal_quota = api::Quantity::FromValue(99);
  EXPECT_EQ(Starts(trace, policy), (std::vector<int64_t>{0, 0, 10}));
}

TEST(FractionalGpusTest, ReplicasOfGpusThatAreSharedInTime) {
  // Two GPUs a node, four replicas of each.
  constexpr char kShared[] = "nvidia.com/gpu.shared";
  ReplayPolicy policy = Nodes(kShared, 8, kShared, 16);
  EXPECT_EQ(Starts(Jobs({{0, 10, 16, 1}, {1, 5, 1, 1}}, kShared), policy), (std::vector<int64_t>{0, 10}));
  // Kueue counts whole numbers: a quarter of a GPU is a whole one, for each pod.
  const auto counted_as = [&](const std::string& resource, double amount, int64_t quota) {
    ReplayPolicy out = Nodes(kShared, 8, resource, quota);
    out.options.transformations = {
        {.input = kShared, .replace = true, .multiply_by = "", .outputs = {{resource, amount}}}};
    return out;
  };
  const Trace three = Jobs({{0, 10, 3, 1}, {1, 5, 1, 1}}, kShared);
  EXPECT_EQ(Starts(three, counted_as("nvidia.com/gpu", 0.25, 3)), (std::vector<int64_t>{0, 10}));
  // In a smaller unit it is what it is.
  EXPECT_EQ(Starts(three, counted_as("gpu-milli", 250, 1000)), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(Starts(three, counted_as("gpu-milli", 250, 999)), (std::vector<int64_t>{0, 10}));
}

}  // namespace
}  // namespace muster::sim
