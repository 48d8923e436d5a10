#include "sim/metrics/largest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace muster::sim {
namespace {

TEST(LargestTest, IsTheFrontOfAStableSort) {
  std::mt19937 random(5);
  for (int world = 0; world < 200; ++world) {
    const size_t most = random() % 12;
    Largest<int> largest(most);
    std::vector<std::pair<double, int>> all;
    for (int i = 0; i < 60; ++i) {
      all.emplace_back(random() % 9, i);
      largest.Offer(all.back().first, i);
    }
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<int> expected;
    for (size_t i = 0; i < most; ++i) expected.push_back(all[i].second);
    EXPECT_EQ(std::move(largest).Take(), expected) << "world " << world;
  }
}

}  // namespace
}  // namespace muster::sim
