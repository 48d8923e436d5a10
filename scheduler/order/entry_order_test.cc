#include "scheduler/order/entry_order.h"

#include <algorithm>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

absl::Time At(int seconds) { return absl::FromUnixSeconds(seconds); }

// Each entry is before the next, whatever comes behind the reason it is.
TEST(EntryOrder, OneReasonAfterTheOther) {
  struct Case {
    const char* about;
    EntryKey first, second;
    bool preemptors_first, by_priority;
  };
  const Case kCases[] = {
      {"a second pass before everything", {1, true, false, 9, 0, At(9)}, {0, false, true, 0, 9, At(0)}, true, true},
      {"a preemptor, with the gate", {1, false, true, 9, 0, At(9)}, {0, false, false, 0, 9, At(0)}, true, true},
      {"without the gate that is no reason",
       {1, false, false, 0, 0, At(9)},
       {0, false, true, 1, 9, At(0)},
       false,
       true},
      {"less borrowing", {1, false, false, 1, 0, At(9)}, {0, false, false, 2, 9, At(0)}, true, true},
      {"higher priority", {1, false, false, 1, 9, At(9)}, {0, false, false, 1, 8, At(0)}, true, true},
      {"without the gate priority is no reason",
       {1, false, false, 1, 1, At(0)},
       {0, false, false, 1, 9, At(1)},
       true,
       false},
      {"who came earlier", {1, false, false, 1, 9, At(0)}, {0, false, false, 1, 9, At(1)}, true, true},
      {"the order they were given in", {0, false, false, 1, 9, At(0)}, {1, false, false, 1, 9, At(0)}, true, true},
  };
  for (const Case& c : kCases) {
    FeatureGates gates;
    ASSERT_TRUE(gates.Set("PrioritizePreemptorWorkloads", c.preemptors_first).ok());
    ASSERT_TRUE(gates.Set("PrioritySortingWithinCohort", c.by_priority).ok());
    for (const bool swapped : {false, true}) {
      std::vector<EntryKey> entries = {c.first, c.second};
      if (swapped) std::swap(entries[0], entries[1]);
      SortClassically(gates, &entries);
      EXPECT_EQ(entries[0].index, c.first.index) << c.about;
    }
  }
}

TEST(EntryOrder, IsTotal) {
  std::mt19937 random(1);
  std::vector<EntryKey> entries;
  for (int i = 0; i < 60; ++i) {
    entries.push_back({i, random() % 4 == 0, random() % 2 == 0, static_cast<int>(random() % 3),
                       static_cast<int64_t>(random() % 3), At(static_cast<int>(random() % 3))});
  }
  const FeatureGates gates;
  std::vector<EntryKey> sorted = entries;
  SortClassically(gates, &sorted);
  for (int round = 0; round < 20; ++round) {
    std::vector<EntryKey> again = entries;
    std::shuffle(again.begin(), again.end(), random);
    SortClassically(gates, &again);
    for (size_t i = 0; i < sorted.size(); ++i) ASSERT_EQ(again[i].index, sorted[i].index);
  }
}

}  // namespace
}  // namespace muster::scheduler
