#include "sim/report/exports/sampled_series.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <vector>

namespace muster::sim {
namespace {

// What each look sees, by the definition; nullopt = no such series yet.
std::vector<std::optional<double>> Seen(const SampledSeries& series, size_t s) {
  std::vector<std::optional<double>> seen;
  const auto& changes = series.changes(s);
  size_t next = 0;
  for (int64_t look = 0; look < series.looks(); ++look) {
    while (next < changes.size() && changes[next].look <= look) ++next;
    seen.push_back(next == 0 ? std::nullopt : std::optional(changes[next - 1].value));
  }
  return seen;
}

TEST(SampledSeriesTest, ALookSeesWhatHoldsAfterAllThatHappenedUpToIt) {
  SampledSeries series(100, 10);
  const size_t a = series.Add(1, 100);
  series.Set(a, 2, 100);  // still the first look's
  series.Set(a, 3, 101);
  series.Set(a, 4, 110);  // the second look's own second
  const size_t b = series.Add(7, 111);
  series.Set(a, 5, 135);
  series.CloseAt(136);
  using Values = std::vector<std::optional<double>>;
  EXPECT_EQ(series.looks(), 5);
  EXPECT_EQ(Seen(series, a), Values({2, 4, 4, 4, 5}));
  EXPECT_EQ(Seen(series, b), Values({std::nullopt, std::nullopt, 7, 7, 7}));
  EXPECT_EQ(series.LookAt(4), 140);
}

TEST(SampledSeriesTest, WhateverHappensLooksSeeTheStateOfTheirSecond) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const int64_t begin_s = seed % 3 * 1000;
    // Few looks and changes are allowed, so that the step doubles for both reasons.
    SampledSeries series(begin_s, seed % 2 == 0 ? 0 : 7, seed % 2 == 0 ? 8 + seed % 5 : 1 << 20,
                         seed % 4 == 0 ? 40 : 1 << 20);
    std::vector<std::map<int64_t, double>> told;  // of each series, by second
    int64_t now_s = begin_s;
    for (int event = 0; event < 300; ++event) {
      now_s += random() % 4 == 0 ? static_cast<int64_t>(random() % 50) : 0;
      const double value = static_cast<double>(random() % 4);
      if (told.empty() || random() % 60 == 0) {
        told.emplace_back();
        ASSERT_EQ(series.Add(value, now_s), told.size() - 1);
        told.back()[now_s] = value;
      } else {
        const size_t which = random() % told.size();
        series.Set(which, value, now_s);
        told[which][now_s] = value;
      }
    }
    series.CloseAt(now_s);
    ASSERT_TRUE(series.status().ok());
    ASSERT_GE(series.LookAt(series.looks() - 1), now_s) << "the last look sees the end";
    ASSERT_LT(series.LookAt(series.looks() - 2), now_s) << "and no look comes after it";
    ASSERT_LE(series.looks(), seed % 2 == 0 ? 8 + static_cast<int64_t>(seed % 5) : 1 << 20);
    for (size_t s = 0; s < told.size(); ++s) {
      const auto seen = Seen(series, s);
      for (int64_t look = 0; look < series.looks(); ++look) {
        const auto after = told[s].upper_bound(series.LookAt(look));
        const std::optional<double> right =
            after == told[s].begin() ? std::nullopt : std::optional(std::prev(after)->second);
        ASSERT_EQ(seen[look], right) << "seed " << seed << ", series " << s << ", look " << look;
      }
    }
  }
}

TEST(SampledSeriesTest, AFixedStepThatIsTooSmallIsAnErrorNotMemory) {
  SampledSeries series(0, 1, 0, 100);
  const size_t a = series.Add(0, 0);
  for (int64_t t = 0; t < 100; ++t) series.Set(a, static_cast<double>(t), t);
  EXPECT_TRUE(series.status().ok());
  for (int64_t t = 100; t < 1000; ++t) series.Set(a, static_cast<double>(t), t);
  series.CloseAt(1000);
  EXPECT_EQ(series.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LE(series.changes(a).size(), 101u);
}

}  // namespace
}  // namespace muster::sim
