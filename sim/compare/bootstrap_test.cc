#include "sim/compare/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace muster::sim {
namespace {

using Values = std::vector<int64_t>;

// Nearest rank, on a sample that is written out and sorted.
double NaivePercentile(Values sample, size_t percent) {
  std::sort(sample.begin(), sample.end());
  return static_cast<double>(sample[(sample.size() * percent + 99) / 100 - 1]);
}
double NaiveMean(const Values& sample) {
  double sum = 0;
  for (int64_t v : sample) sum += static_cast<double>(v);
  return sum / static_cast<double>(sample.size());
}

// Draws pairs one by one, as the header says it.
struct NaiveInterval {
  Interval mean, p90;
};
NaiveInterval Naive(const Values& a, const Values& b, const BootstrapOptions& options) {
  std::mt19937_64 random(options.seed);
  std::vector<double> means, p90s;
  for (int r = 0; r < options.resamples; ++r) {
    Values x, y;
    for (size_t i = 0; i < a.size(); ++i) {
      const size_t k = static_cast<size_t>((static_cast<unsigned __int128>(random()) * a.size()) >> 64);
      x.push_back(a[k]);
      y.push_back(b[k]);
    }
    means.push_back(NaiveMean(y) - NaiveMean(x));
    p90s.push_back(NaivePercentile(y, 90) - NaivePercentile(x, 90));
  }
  std::sort(means.begin(), means.end());
  std::sort(p90s.begin(), p90s.end());
  const size_t cut = static_cast<size_t>((1 - options.level) / 2 * options.resamples);
  return {{means[cut], means[means.size() - 1 - cut]}, {p90s[cut], p90s[p90s.size() - 1 - cut]}};
}

TEST(Bootstrap, AgreesWithDrawingPairsOneByOne) {
  std::mt19937_64 random(7);
  for (int world = 0; world < 30; ++world) {
    Values a, b;
    const size_t n = 1 + random() % 40;
    for (size_t i = 0; i < n; ++i) {
      a.push_back(static_cast<int64_t>(random() % 100));
      b.push_back(random() % 3 == 0 ? a.back() : static_cast<int64_t>(random() % 100));
    }
    const BootstrapOptions options{.seed = random(), .resamples = 100, .level = 0.9};
    const PairedSpread spread = BootstrapPaired(a, b, options);
    if (a == b) continue;
    const NaiveInterval naive = Naive(a, b, options);
    EXPECT_NEAR(spread.mean.difference.low, naive.mean.low, 1e-9) << world;
    EXPECT_NEAR(spread.mean.difference.high, naive.mean.high, 1e-9) << world;
    EXPECT_EQ(spread.p90.difference, naive.p90) << world;
    EXPECT_EQ(spread.p50.a, NaivePercentile(a, 50));
    EXPECT_EQ(spread.p99.b, NaivePercentile(b, 99));
    EXPECT_NEAR(spread.mean.a, NaiveMean(a), 1e-9);
  }
}

TEST(Bootstrap, HoldsTheTrueDifferenceAboutAsOftenAsItsLevelSays) {
  // Pairs whose difference is 10 on average, drawn anew in every world.
  std::mt19937_64 random(11);
  std::normal_distribution<double> noise(0, 50);
  int held = 0;
  constexpr int kWorlds = 300;
  for (int world = 0; world < kWorlds; ++world) {
    Values a, b;
    for (int i = 0; i < 100; ++i) {
      a.push_back(static_cast<int64_t>(1000 + noise(random)));
      b.push_back(static_cast<int64_t>(static_cast<double>(a.back()) + 10 + noise(random)));
    }
    const Interval interval =
        BootstrapPaired(a, b, {.seed = static_cast<uint64_t>(world), .resamples = 300}).mean.difference;
    held += interval.low <= 10 && 10 <= interval.high ? 1 : 0;
  }
  EXPECT_GT(held, kWorlds * 89 / 100);
  EXPECT_LT(held, kWorlds * 99 / 100);
}

TEST(Bootstrap, TheSameValuesDifferByNothingAndNoPairsByNothing) {
  const PairedSpread same = BootstrapPaired({1, 5, 9}, {1, 5, 9}, {});
  EXPECT_EQ(same.mean.a, 5);
  EXPECT_EQ(same.p90.b, 9);
  EXPECT_EQ(same.mean.difference, (Interval{0, 0}));
  EXPECT_EQ(BootstrapPaired({}, {}, {}).pairs, 0u);
}

TEST(Bootstrap, DependsOnTheSeedAlone) {
  const Values a = {1, 2, 3, 50, 7, 8}, b = {4, 2, 9, 10, 70, 1};
  EXPECT_EQ(BootstrapPaired(a, b, {.seed = 3}).mean.difference, BootstrapPaired(a, b, {.seed = 3}).mean.difference);
  EXPECT_NE(BootstrapPaired(a, b, {.seed = 3}).mean.difference, BootstrapPaired(a, b, {.seed = 4}).mean.difference);
}

}  // namespace
}  // namespace muster::sim
