// What is read off a workload's state.
#include "scheduler/workload/workload_state.h"

#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

constexpr ResourceId kCpu(0), kGpu(1);

TEST(ScanProgress, HasUntriedWhileAnIndexIsNotTheLast) {
  ScanProgress p;
  EXPECT_FALSE(p.HasUntried()) << "nothing was looked at";
  p.last_tried = {{{kCpu, -1}, {kGpu, -1}}, {}};
  EXPECT_FALSE(p.HasUntried());
  p.last_tried[0][1].second = 0;
  EXPECT_TRUE(p.HasUntried());
  p.last_tried = {{{kCpu, -1}}, {{kCpu, 2}}};
  EXPECT_TRUE(p.HasUntried()) << "of the second pod set";
}

TEST(Reclaimed, IsTheCountOfThatPodSet) {
  const std::vector<api::ReclaimablePod> pods = {{"a", 2}, {"b", 3}};
  EXPECT_EQ(Reclaimed(pods, "a"), 2);
  EXPECT_EQ(Reclaimed(pods, "b"), 3);
  EXPECT_EQ(Reclaimed(pods, "c"), 0);
  EXPECT_EQ(Reclaimed({}, "a"), 0);
}

TEST(HeldItem, IsThatOfThePodSetAndTheResource) {
  WorkloadState w;
  EXPECT_EQ(HeldItem(w, "a", kCpu), nullptr);
  w.held.resize(2);
  w.held[0].name = "a";
  w.held[0].items = {{kCpu, FlavorId(0), 1}, {kGpu, FlavorId(1), 2}};
  w.held[1].name = "b";
  w.held[1].items = {{kCpu, FlavorId(2), 3}};
  EXPECT_EQ(HeldItem(w, "a", kCpu)->amount, 1);
  EXPECT_EQ(HeldItem(w, "a", kGpu)->amount, 2);
  EXPECT_EQ(HeldItem(w, "b", kCpu)->amount, 3);
  EXPECT_EQ(HeldItem(w, "b", kGpu), nullptr) << "the other one's is not its own";
  EXPECT_EQ(HeldItem(w, "c", kCpu), nullptr);
}

}  // namespace
}  // namespace muster::scheduler
