#include "sim/metrics/wait_histogram.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace muster::sim {
namespace {

TEST(WaitHistogramTest, StepsGrowByAThirdAtMostAndReachAYear) {
  const std::vector<int64_t>& bounds = WaitHistogram::Bounds();
  EXPECT_EQ(bounds.front(), 0);
  EXPECT_GT(bounds.back(), 365 * 86400);
  EXPECT_LT(bounds.size(), 70u);
  for (size_t i = 1; i < bounds.size(); ++i) {
    EXPECT_GT(bounds[i], bounds[i - 1]);
    if (bounds[i - 1] >= 3) {
      EXPECT_LE(bounds[i], bounds[i - 1] * 1.34 + 1) << bounds[i];
    }
  }
}

TEST(WaitHistogramTest, CountsAsGoingThroughAllStepsDoes) {
  std::mt19937_64 random(3);
  const std::vector<int64_t>& bounds = WaitHistogram::Bounds();
  WaitHistogram histogram;
  std::vector<int64_t> expected(bounds.size() + 1, 0);
  for (int i = 0; i < 5000; ++i) {
    int64_t wait_s = static_cast<int64_t>(random() >> (random() % 64)) & ((int64_t{1} << 40) - 1);
    if (i % 3 == 0) wait_s = bounds[random() % bounds.size()];  // on the edge
    histogram.Add(wait_s);
    size_t step = 0;
    while (step < bounds.size() && wait_s > bounds[step]) ++step;
    ++expected[step];
  }
  EXPECT_EQ(histogram.counts(), expected);
}

}  // namespace
}  // namespace muster::sim
