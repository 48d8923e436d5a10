#include "sim/packing/fragmentation.h"

#include <gtest/gtest.h>

#include "sim/packing/packing_worlds.h"

namespace muster::sim {
namespace {

// The definition, written down: pod by pod, GPU by GPU.
int64_t ByDefinition(const std::vector<TypicalPod>& typical, const Machine& m) {
  int64_t sum = 0;
  for (const TypicalPod& t : typical) {
    PodShape pod = t.shape;
    pod.memory_mib = 0;
    const bool usable = pod.gpus > 0 && Fits(m, pod);
    for (int i = 0; i < m.gpus; ++i) {
      if (!usable || m.gpu_milli[i] < pod.gpu_milli) sum += t.count * m.gpu_milli[i];
    }
  }
  return sum;
}

TEST(FragmentationTest, IsWhatTheDefinitionSays) {
  PackingWorlds worlds(1);
  int fragmented = 0;
  for (int w = 0; w < 300; ++w) {
    const std::vector<TypicalPod> typical = TypicalPods(worlds.Pods(1 + worlds.Below(40)), 50 + worlds.Below(51));
    const Fragmentation fragmentation(typical);
    for (Machine& m : worlds.Machines(10)) {
      for (int i = 0; i < m.gpus; ++i) m.gpu_milli[i] = worlds.Below(3) == 0 ? kWholeGpu : 50 * worlds.Below(21);
      m.cpu_milli = 500 * worlds.Below(20);
      const int64_t amount = fragmentation.Amount(m);
      ASSERT_EQ(amount, ByDefinition(typical, m)) << "world " << w;
      fragmented += amount > 0;
    }
  }
  EXPECT_GT(fragmented, 1000);
}

TEST(FragmentationTest, AnExampleByHand) {
  // Three pods in four share half a GPU, one wants two whole ones.
  const std::vector<TypicalPod> typical = {{{1000, 0, 1, 500, 0}, 3}, {{4000, 0, 2, 1000, 0}, 1}};
  const Fragmentation fragmentation(typical);
  Machine m;
  m.cpu_milli = 8000;
  m.gpus = 3;
  m.gpu_milli = {1000, 1000, 1000};
  EXPECT_EQ(fragmentation.Gpus(m), 0) << "all of it is of use to both";
  m.gpu_milli = {1000, 1000, 400};
  EXPECT_DOUBLE_EQ(fragmentation.Gpus(m), 0.4) << "four tenths are of use to nobody";
  m.gpu_milli = {1000, 600, 0};
  EXPECT_DOUBLE_EQ(fragmentation.Gpus(m), 0.25 * 1.6) << "one whole GPU is none to those who want two";
  m.cpu_milli = 2000;
  m.gpu_milli = {1000, 1000, 0};
  EXPECT_DOUBLE_EQ(fragmentation.Gpus(m), 0.25 * 2) << "and two are none without the cpu";
  m.cpu_milli = 0;
  EXPECT_DOUBLE_EQ(fragmentation.Gpus(m), 2);
}

TEST(FragmentationTest, TypicalAreTheMostFrequent) {
  const PodShape often = {1000, 0, 1, 500, 0}, seldom = {2000, 0, 1, 1000, 0}, once = {1, 0, 0, 0, 0};
  std::vector<PodShape> pods(6, often);
  pods.insert(pods.end(), 3, seldom);
  pods.push_back(once);
  EXPECT_EQ(TypicalPods(pods, 60), (std::vector<TypicalPod>{{often, 6}}));
  EXPECT_EQ(TypicalPods(pods, 61), (std::vector<TypicalPod>{{often, 6}, {seldom, 3}}));
  EXPECT_EQ(TypicalPods(pods, 100).size(), 3);
  EXPECT_TRUE(TypicalPods(std::vector<PodShape>()).empty());
  PodShape more_memory = often;
  more_memory.memory_mib = 1;
  EXPECT_EQ(TypicalPods(std::vector<PodShape>{often, more_memory}).size(), 1) << "memory makes no difference";
}

}  // namespace
}  // namespace muster::sim
