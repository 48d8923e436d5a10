#include "sim/packing/packer.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "sim/packing/packing_worlds.h"

namespace muster::sim {
namespace {

// Every node looked at for every pod.
std::optional<int> BestNode(const std::vector<Machine>& machines, const PackingPolicy& policy, const PodShape& pod) {
  std::optional<int> best;
  int score = -1;
  for (int i = 0; i < static_cast<int>(machines.size()); ++i) {
    if (!Fits(machines[i], pod)) continue;
    const int own = policy.Score(machines[i], pod).score;
    if (own > score) score = own, best = i;
  }
  return best;
}

TEST(PackerTest, TakesTheNodeThatLookingAtAllOfThemFinds) {
  for (const std::string& name : PackingPolicyNames()) {
    if (name == "random") continue;
    PackingWorlds worlds(3);
    int placed = 0, refused = 0, released = 0;
    for (int w = 0; w < 30; ++w) {
      const std::vector<Machine> machines = worlds.Machines(1 + worlds.Below(70));
      const std::vector<PodShape> shapes = worlds.Pods(8);
      const std::vector<TypicalPod> typical = TypicalPods(shapes);
      const auto policy = MakePackingPolicy(name, {machines, typical});
      Packer packer(machines, *MakePackingPolicy(name, {machines, typical}));
      std::vector<std::pair<PodShape, PlacedPod>> running;
      int64_t demand = 0;
      for (int step = 0; step < 300; ++step) {
        if (!running.empty() && worlds.Below(3) == 0) {
          std::swap(running[worlds.Below(static_cast<int>(running.size()))], running.back());
          packer.Release(running.back().first, running.back().second);
          demand -= running.back().first.demand();
          running.pop_back();
          ++released;
          continue;
        }
        // Some shapes come seldom, so that much has changed since.
        const PodShape& pod = shapes[worlds.Below(step % 7 == 0 ? 8 : 3)];
        const std::optional<int> best = BestNode(packer.machines(), **policy, pod);
        const std::optional<PlacedPod> got = packer.Place(pod);
        ASSERT_EQ(got.has_value(), best.has_value()) << name << ", world " << w << ", step " << step;
        if (!got.has_value()) {
          ++refused;
          continue;
        }
        ASSERT_EQ(got->node, *best) << name << ", world " << w << ", step " << step;
        running.emplace_back(pod, *got);
        demand += pod.demand();
        ++placed;
      }
      EXPECT_EQ(packer.allocated_gpu_milli(), demand);
      for (const auto& [pod, where] : running) packer.Release(pod, where);
      for (size_t i = 0; i < machines.size(); ++i) {
        EXPECT_EQ(packer.machines()[i].gpu_milli, machines[i].gpu_milli) << "all is given back";
        EXPECT_EQ(packer.machines()[i].cpu_milli, machines[i].cpu_milli);
        EXPECT_EQ(packer.machines()[i].pods_by_gpus, machines[i].pods_by_gpus);
      }
    }
    EXPECT_GT(placed, 1000) << name;
    EXPECT_GT(refused, 100) << name;
    EXPECT_GT(released, 1000) << name;
  }
}

// Changes that are dropped from the list are seen all the same.
TEST(PackerTest, AShapeThatComesAgainAfterALongTimeSeesAllThatChanged) {
  PackingWorlds worlds(4);
  const std::vector<Machine> machines = worlds.Machines(3);
  Packer packer(machines, *MakePackingPolicy("best-fit", {machines, {}}));
  const PodShape often = {100, 0, 0, 0, 0}, seldom = {4000, 0, 0, 0, 0};
  ASSERT_TRUE(packer.Place(seldom).has_value());
  for (int i = 0; i < 20'000; ++i) {
    const auto placed = packer.Place(often);
    ASSERT_TRUE(placed.has_value());
    if (i < 19'995) packer.Release(often, *placed);
  }
  const auto policy = MakePackingPolicy("best-fit", {machines, {}});
  const std::optional<int> best = BestNode(packer.machines(), **policy, seldom);
  const std::optional<PlacedPod> got = packer.Place(seldom);
  ASSERT_EQ(got.has_value(), best.has_value());
  if (got.has_value()) {
    EXPECT_EQ(got->node, *best);
  }
}

TEST(PackerTest, DrawsFromAllThatFit) {
  PackingWorlds worlds(5);
  std::vector<Machine> machines = worlds.Machines(20);
  std::set<int> seen, fit;
  const PodShape pod = {1000, 0, 0, 0, 0};
  for (int i = 0; i < 20; ++i) {
    if (i % 4 == 0) machines[i].cpu_milli = 0;
    if (Fits(machines[i], pod)) fit.insert(i);
  }
  Packer packer(machines, *MakePackingPolicy("random", {machines, {}}), 7);
  for (int i = 0; i < 1000; ++i) {
    const auto placed = packer.Place(pod);
    ASSERT_TRUE(placed.has_value());
    seen.insert(placed->node);
    packer.Release(pod, *placed);
  }
  EXPECT_EQ(seen, fit);
}

TEST(PackerTest, WholeGpusAreTheFirstThatNobodyUsesAndPartsAreOfOne) {
  Machine m;
  m.cpu_milli = m.memory_mib = 1000;
  m.gpus = 4;
  std::fill(m.gpu_milli.begin(), m.gpu_milli.begin() + 4, kWholeGpu);
  const std::vector<Machine> machines = {m};
  Packer packer(machines, *MakePackingPolicy("best-fit", {machines, {}}));
  EXPECT_EQ(packer.Place({0, 0, 1, 400, 0}), (PlacedPod{0, 0b0001}));
  EXPECT_EQ(packer.Place({0, 0, 2, 1000, 0}), (PlacedPod{0, 0b0110}));
  EXPECT_EQ(packer.Place({0, 0, 1, 700, 0}), (PlacedPod{0, 0b1000})) << "600 are left of the first";
  EXPECT_EQ(packer.Place({0, 0, 1, 300, 0}), (PlacedPod{0, 0b1000})) << "the tightest";
  EXPECT_EQ(packer.Place({0, 0, 1, 1000, 0}), std::nullopt);
  EXPECT_EQ(packer.allocated_gpu_milli(), 3400);
}

}  // namespace
}  // namespace muster::sim
