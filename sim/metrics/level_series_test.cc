#include "sim/metrics/level_series.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace muster::sim {
namespace {

// The oracle: every second by itself.
class Seconds {
 public:
  explicit Seconds(int64_t begin_s) : begin_s_(begin_s) {}
  void Set(double level, int64_t now_s) {
    CloseAt(now_s);
    level_ = level;
  }
  void CloseAt(int64_t now_s) { levels_.resize(static_cast<size_t>(now_s - begin_s_), level_); }
  double Sum(int64_t from, int64_t to) const {
    double sum = 0;
    for (int64_t s = from; s < std::min<int64_t>(to, static_cast<int64_t>(levels_.size())); ++s) sum += levels_[s];
    return sum;
  }

 private:
  int64_t begin_s_;
  double level_ = 0;
  std::vector<double> levels_;
};

TEST(LevelSeriesTest, BucketsHoldWhatAddingUpSecondsGives) {
  std::mt19937 random(7);
  for (int world = 0; world < 300; ++world) {
    const size_t count = 1 + random() % 4, max_buckets = 2 * (1 + random() % 8);
    const int64_t begin_s = static_cast<int64_t>(random() % 1000) - 500;
    // Steps from none at all to many times what there are buckets for.
    const int longest = 1 + static_cast<int>(random() % 200);
    LevelSeries series(begin_s, count, max_buckets);
    std::vector<Seconds> seconds(count, Seconds(begin_s));
    int64_t now_s = begin_s;
    for (int step = 0; step < 40; ++step) {
      if (random() % 3 != 0) now_s += static_cast<int64_t>(random() % longest);
      const size_t which = random() % count;
      const double level = static_cast<double>(random() % 5);
      series.Set(which, level, now_s);
      seconds[which].Set(level, now_s);
      EXPECT_EQ(series.level(which), level);
    }
    now_s += static_cast<int64_t>(random() % longest);
    series.CloseAt(now_s);
    const std::string where = "world " + std::to_string(world);
    const int64_t length = now_s - begin_s, width = series.width_s();
    ASSERT_LE(series.buckets(), max_buckets) << where;
    // No coarser than it has to be.
    if (width > 1) {
      ASSERT_GT(length, width / 2 * static_cast<int64_t>(max_buckets)) << where;
    }
    for (size_t s = 0; s < count; ++s) {
      seconds[s].CloseAt(now_s);
      EXPECT_EQ(series.Total(s), seconds[s].Sum(0, length)) << where;
      for (size_t b = 0; b < series.buckets(); ++b) {
        const int64_t from = static_cast<int64_t>(b) * width, to = std::min(from + width, length);
        EXPECT_EQ(series.Integral(s, b), seconds[s].Sum(from, to)) << where << " bucket " << b;
        EXPECT_DOUBLE_EQ(series.Mean(s, b), seconds[s].Sum(from, to) / static_cast<double>(to - from)) << where;
      }
    }
  }
}

TEST(LevelSeriesTest, ALevelLeftInTheSecondItBeganInLeavesNoTrace) {
  LevelSeries series(0, 1, 4);
  series.Set(0, 100, 3);
  series.Set(0, 2, 3);
  series.CloseAt(4);
  EXPECT_EQ(series.Total(0), 2);
}

TEST(LevelSeriesTest, AReplayOfNoTimeHasNoBuckets) {
  LevelSeries series(50, 2, 4);
  series.Set(1, 9, 50);
  series.CloseAt(50);
  EXPECT_EQ(series.buckets(), 0u);
  EXPECT_EQ(series.Total(1), 0);
}

TEST(LevelSeriesTest, CenturiesFit) {
  LevelSeries series(0, 1, 512);
  series.Set(0, 1, 0);
  const int64_t end_s = int64_t{100} * 365 * 86400;
  series.CloseAt(end_s);
  EXPECT_EQ(series.Total(0), static_cast<double>(end_s));
  EXPECT_LE(series.buckets(), 512u);
  EXPECT_GT(series.buckets(), 256u);
}

}  // namespace
}  // namespace muster::sim
