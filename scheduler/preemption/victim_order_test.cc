// Who goes first of two holders of quota: one reason after the other, whatever comes behind.
#include "scheduler/preemption/victim_order.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

absl::Time At(int second) { return absl::FromUnixSeconds(second); }
WorkloadId Id(int index) { return WorkloadId(index, 0); }

TEST(VictimKey, IsOrderedByOneReasonAfterTheOther) {
  // Each goes before the next, though everything behind the reason speaks against it.
  struct Case {
    const char* about;
    VictimKey first, second;
  };
  const Case kCases[] = {
      {"already evicted", {true, 9, At(1), "b", Id(2)}, {false, 0, At(2), "a", Id(1)}},
      {"lower priority", {false, 0, At(1), "b", Id(2)}, {false, 1, At(2), "a", Id(1)}},
      {"of the evicted, too", {true, 0, At(1), "b", Id(2)}, {true, 1, At(2), "a", Id(1)}},
      {"reserved later", {false, 0, At(2), "b", Id(2)}, {false, 0, At(1), "a", Id(1)}},
      {"smaller UID", {false, 0, At(1), "a", Id(2)}, {false, 0, At(1), "b", Id(1)}},
      {"smaller id", {false, 0, At(1), "a", Id(1)}, {false, 0, At(1), "a", Id(2)}},
  };
  for (const Case& c : kCases) {
    EXPECT_TRUE(c.first < c.second) << c.about;
    EXPECT_FALSE(c.second < c.first) << c.about;
    EXPECT_FALSE(c.first < c.first) << c.about;
  }
}

TEST(VictimCandidate, IsOrderedByQueueThenUsageThenKey) {
  constexpr ClusterQueueId kOwn(1), kOther(2), kThird(3);
  const VictimKey low = {false, 0, At(1), "a", Id(1)}, high = {false, 9, At(1), "b", Id(2)},
                  evicted = {true, 9, At(1), "b", Id(2)};
  struct Case {
    const char* about;
    VictimCandidate first, second;
  };
  const Case kCases[] = {
      {"an evicted one of the own queue goes before others'", {evicted, kOwn, "x", {}}, {low, kOther, "x", {}}},
      {"others' go before the own", {high, kOther, "x", {}}, {low, kOwn, "x", {}}},
      {"of two other queues the key decides, not usage", {low, kOther, "x", 1.0}, {high, kThird, "y", 5.0}},
      {"of one queue the LocalQueue that used more", {high, kOwn, "x", 5.0}, {low, kOwn, "y", 1.0}},
      {"also in a queue that is not the own", {high, kOther, "x", 5.0}, {low, kOther, "y", 1.0}},
      {"one LocalQueue: the key", {low, kOwn, "x", 1.0}, {high, kOwn, "x", 5.0}},
      {"one that says nothing of its usage: the key", {low, kOwn, "x", {}}, {high, kOwn, "y", 5.0}},
      {"the other one says nothing: the key", {low, kOwn, "x", 1.0}, {high, kOwn, "y", {}}},
      {"equal usage: the key", {low, kOwn, "x", 5.0}, {high, kOwn, "y", 5.0}},
  };
  for (const Case& c : kCases) {
    EXPECT_TRUE(GoesBefore(c.first, c.second, kOwn)) << c.about;
    EXPECT_FALSE(GoesBefore(c.second, c.first, kOwn)) << c.about;
  }
}

TEST(Holders, AreWalkedInThatOrder) {
  const Holders holders = {{false, 3, At(1), "a", Id(0)}, {true, 9, At(1), "b", Id(1)}, {false, 1, At(1), "c", Id(2)}};
  std::vector<int> ids;
  for (const VictimKey& key : holders) ids.push_back(key.id);
  EXPECT_EQ(ids, (std::vector<int>{1, 2, 0}));
}

}  // namespace
}  // namespace muster::scheduler
