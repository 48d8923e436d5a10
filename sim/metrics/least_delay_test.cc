#include "sim/metrics/least_delay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace muster::sim {
namespace {

TEST(LeastDelayTest, WorkedOutByHand) {
  struct Case {
    const char* what;
    std::vector<DelayedJob> jobs;
    double capacity, least;
  };
  const Case cases[] = {
      {"nobody waits where there is room", {{0, 10, 1}, {0, 10, 1}}, 2, 0},
      {"of two that need all, one waits for the other", {{0, 10, 4}, {0, 10, 4}}, 4, 10},
      {"the shorter one goes first", {{0, 100, 4}, {0, 10, 4}}, 4, 10},
      {"who is interrupted counts by the mean of its times", {{0, 100, 4}, {50, 10, 4}}, 4, 5},
      {"three in a row: 10 + 20", {{0, 10, 1}, {0, 10, 1}, {0, 10, 1}}, 1, 30},
      {"parts of time do not make up for each other", {{0, 10, 4}, {0, 10, 4}, {1000, 10, 1}}, 4, 10},
      {"what asks for nothing waits for nothing", {{0, 10, 0}, {0, 0, 4}}, 4, 0},
      {"nobody", {}, 4, 0},
  };
  for (const Case& c : cases) EXPECT_NEAR(LeastDelay(c.jobs, c.capacity), c.least, 1e-9) << c.what;
}

// The least sum of delays of all schedules on whole seconds: every way to choose, each second, whom to work on.
int64_t BestOf(const std::vector<DelayedJob>& jobs, int64_t capacity, std::vector<int64_t> left, int64_t now,
               int64_t sum, int64_t best) {
  if (sum >= best) return best;
  if (std::all_of(left.begin(), left.end(), [](int64_t l) { return l == 0; })) return sum;
  for (unsigned chosen = 0; chosen < 1u << jobs.size(); ++chosen) {
    int64_t used = 0;
    bool may = true, idle = false;
    for (size_t j = 0; j < jobs.size(); ++j) {
      const bool runnable = left[j] > 0 && jobs[j].submit_s <= now;
      if (chosen >> j & 1) {
        may &= runnable;
        used += static_cast<int64_t>(jobs[j].amount);
      }
    }
    if (!may || used > capacity) continue;
    for (size_t j = 0; j < jobs.size(); ++j) {
      const bool runnable = left[j] > 0 && jobs[j].submit_s <= now;
      idle |= runnable && !(chosen >> j & 1) && used + jobs[j].amount <= static_cast<double>(capacity);
    }
    if (idle) continue;  // working on one more is never worse
    std::vector<int64_t> rest = left;
    int64_t cost = sum;
    for (size_t j = 0; j < jobs.size(); ++j) {
      if (!(chosen >> j & 1)) continue;
      if (--rest[j] == 0) cost += now + 1 - jobs[j].submit_s - jobs[j].duration_s;
    }
    best = BestOf(jobs, capacity, rest, now + 1, cost, best);
  }
  return best;
}

TEST(LeastDelayTest, NoScheduleIsBelowItAndItIsNotFarBelowTheBest) {
  double bound = 0, best = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const int64_t capacity = 1 + random() % 4;
    std::vector<DelayedJob> jobs(1 + random() % 4);
    std::vector<int64_t> left;
    for (DelayedJob& job : jobs) {
      job = {static_cast<int64_t>(random() % 6), static_cast<int64_t>(1 + random() % 4),
             static_cast<double>(1 + random() % capacity)};
      left.push_back(job.duration_s);
    }
    const double least = LeastDelay(jobs, static_cast<double>(capacity));
    const int64_t real = BestOf(jobs, capacity, left, 0, 0, std::numeric_limits<int64_t>::max());
    ASSERT_LE(least, static_cast<double>(real) + 1e-9) << "seed " << seed;
    bound += least;
    best += static_cast<double>(real);
  }
  EXPECT_GT(bound, best / 2);
}

}  // namespace
}  // namespace muster::sim
