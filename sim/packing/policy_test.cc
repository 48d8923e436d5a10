#include "sim/packing/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sim/packing/packing_worlds.h"

namespace muster::sim {
namespace {

Machine Node(int64_t cpu, std::vector<int32_t> gpus) {
  Machine m;
  m.cpu_milli = cpu;
  m.memory_mib = 1024;
  m.gpus = static_cast<int32_t>(gpus.size());
  std::copy(gpus.begin(), gpus.end(), m.gpu_milli.begin());
  return m;
}

constexpr PodShape kHalf = {2000, 0, 1, 500, 0};
constexpr PodShape kTwo = {2000, 0, 2, 1000, 0};
constexpr PodShape kCpu = {2000, 0, 0, 0, 0};

TEST(PolicyTest, ScoresByHand) {
  const std::vector<Machine> machines = {Node(10000, {1000, 1000, 1000, 1000}), Node(4000, {1000})};
  Machine used = Node(6000, {1000, 700, 1000, 0});
  used.pods_by_gpus[0] = 1;
  used.pods_by_gpus[1] = 1;
  Machine sharing = Node(6000, {500, 1000, 1000, 1000});
  sharing.pods_by_gpus[0] = 1;
  const struct {
    const char* policy;
    Machine node;
    PodShape pod;
    int score, device;
    const char* why;
  } kCases[] = {
      {"best-fit", used, kHalf, 52, 1, "left over: 4 of 10 cpu, 2.2 of 4 GPUs"},
      {"best-fit", used, kTwo, 71, -1, "left over: 4 of 10 cpu, 0.7 of 4 GPUs"},
      {"best-fit", used, kCpu, 46, -1, "left over: 4 of 10 cpu, 2.7 of 4 GPUs"},
      {"dot-product", used, kHalf, 89, 1, "(0.6 x 0.2 + 0.675 x 0.125) / 2 = 0.102"},
      {"gpu-packing", machines[0], kHalf, 29, 0, "a free node: a third of 100 less its GPUs"},
      {"gpu-packing", used, kHalf, 93, 1, "a GPU in use: 100 less a tenth of what is left of it"},
      {"gpu-packing", used, kTwo, 48, -1, "free GPUs of a node in use: 50 less those it takes"},
      {"gpu-packing", used, kCpu, 0, -1, "no GPU, no matter"},
      {"gpu-clustering", sharing, kHalf, 78, 0, "the same kind alone: 75, and 3 of 25 for the part in use"},
      {"gpu-clustering", used, kHalf, 58, 1, "the same among others: 50, and 8"},
      {"gpu-clustering", machines[0], kTwo, 25, -1, "nothing on it"},
      {"gpu-clustering", used, kTwo, 8, -1, "others alone"},
  };
  for (const auto& c : kCases) {
    const auto policy = MakePackingPolicy(c.policy, {machines, {}});
    ASSERT_TRUE(policy.ok());
    const NodeScore score = (*policy)->Score(c.node, c.pod);
    EXPECT_EQ(score.score, c.score) << c.policy << ": " << c.why;
    EXPECT_EQ(score.device, c.device) << c.policy << ": " << c.why;
  }
}

// The score of the paper's plugin, with doubles, for whatever comes.
TEST(PolicyTest, FgdIsTheSigmoidOfTheGain) {
  PackingWorlds worlds(2);
  int compared = 0, shared = 0;
  for (int w = 0; w < 200; ++w) {
    const std::vector<Machine> machines = worlds.Machines(6);
    const std::vector<TypicalPod> typical = TypicalPods(worlds.Pods(30));
    const Fragmentation fragmentation(typical);
    const auto policy = MakePackingPolicy("fgd", {machines, typical});
    ASSERT_TRUE(policy.ok());
    for (Machine m : machines) {
      for (int i = 0; i < m.gpus; ++i) m.gpu_milli[i] = worlds.Below(2) == 0 ? kWholeGpu : 100 * worlds.Below(11);
      const PodShape pod = worlds.Pod();
      if (!Fits(m, pod)) continue;
      NodeScore best = {-1, -1};
      for (int device = 0; device < (pod.shared() ? m.gpus : 1); ++device) {
        if (pod.shared() && m.gpu_milli[device] < pod.gpu_milli) continue;
        Machine after = m;
        Take(pod, device, &after);
        const double gain = fragmentation.Gpus(m) - fragmentation.Gpus(after);
        const double exact = 100 / (1 + std::exp(-gain));
        // What is a hair from the next whole number may be either.
        if (std::abs(exact - std::round(exact)) < 1e-9 && gain != 0) goto next;
        if (static_cast<int>(exact) > best.score) best = {static_cast<int>(exact), pod.shared() ? device : -1};
      }
      {
        const NodeScore score = (*policy)->Score(m, pod);
        ASSERT_EQ(score.score, best.score);
        ASSERT_EQ(score.device, best.device);
        ++compared;
        shared += pod.shared();
      }
    next:;
    }
  }
  EXPECT_GT(compared, 400);
  EXPECT_GT(shared, 100);
}

TEST(PolicyTest, ANameThatIsNoneListsThem) {
  const auto policy = MakePackingPolicy("worst-fit", {});
  EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(policy.status().message()),
              testing::HasSubstr("best-fit, fgd, gpu-packing, gpu-clustering, dot-product, random"));
}

}  // namespace
}  // namespace muster::sim
