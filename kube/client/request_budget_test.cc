#include "kube/client/request_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "kube/client/waiting.h"

namespace muster::kube {
namespace {

TEST(TokenBucket, GivesTheBurstAndThenTheRate) {
  const SteadyTime start = SteadyNow();
  const auto at = [&](int milliseconds) { return After(absl::Milliseconds(milliseconds), start); };
  struct Step {
    int milliseconds;
    int wait;  // milliseconds
  };
  const struct {
    const char* about;
    std::vector<Step> steps;
  } cases[] = {
      {"the burst is there at once", {{0, 0}, {0, 0}, {0, 0}}},
      {"then each waits for its own", {{0, 0}, {0, 0}, {0, 0}, {0, 100}, {0, 200}, {50, 250}}},
      {"it fills while nobody asks", {{0, 0}, {0, 0}, {0, 0}, {100, 0}, {100, 100}}},
      {"but not over the burst", {{0, 0}, {60'000, 0}, {60'000, 0}, {60'000, 0}, {60'000, 100}}},
      {"a clock that stands still gives nothing", {{10, 0}, {0, 0}, {0, 0}, {0, 100}}},
  };
  for (const auto& c : cases) {
    TokenBucket bucket(10, 3, start);
    for (const Step& step : c.steps) {
      const absl::Duration wait = bucket.Take(at(step.milliseconds));
      EXPECT_NEAR(absl::ToDoubleMilliseconds(wait), step.wait, 0.01) << c.about << ", at " << step.milliseconds;
    }
  }
}

absl::Duration TimeOf(RequestBudget& budget, int requests) {
  const SteadyTime start = SteadyNow();
  for (int i = 0; i < requests; ++i) EXPECT_TRUE(budget.Await());
  return Since(start);
}

TEST(RequestBudget, ManyShareIt) {
  RequestBudget budget({.rate = 200, .burst = 10});
  const SteadyTime start = SteadyNow();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 15; ++j) EXPECT_TRUE(budget.Await());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(Since(start), absl::Milliseconds(245));  // 50 of the 60 wait for a token
}

TEST(RequestBudget, WithoutARateNobodyWaits) {
  RequestBudget budget({.rate = -1, .burst = 1});
  EXPECT_LT(TimeOf(budget, 1000), absl::Seconds(1));
}

TEST(RequestBudget, AServerThatIsBusyIsLeftAloneAsLongAsItAsks) {
  RequestBudget budget({.min_pause = absl::Milliseconds(1)});
  budget.Busy(absl::Milliseconds(200));
  EXPECT_GE(TimeOf(budget, 1), absl::Milliseconds(195));
  EXPECT_LT(TimeOf(budget, 1), absl::Milliseconds(100));
}

TEST(RequestBudget, PausesGrowUntilTheServerIsWell) {
  RequestBudget budget({.min_pause = absl::Milliseconds(20), .max_pause = absl::Milliseconds(320)});
  for (const int step : {20, 40, 80, 160}) {
    budget.Busy(absl::ZeroDuration());
    budget.Busy(absl::ZeroDuration());  // was on its way with the first
    EXPECT_GE(TimeOf(budget, 1), absl::Milliseconds(step / 2 - 5));
  }
  budget.Served();
  budget.Busy(absl::ZeroDuration());
  EXPECT_LT(TimeOf(budget, 1), absl::Milliseconds(150));
}

TEST(RequestBudget, AnAskThatWouldNeverEndIsCut) {
  RequestBudget budget({.max_pause = absl::Milliseconds(100)});
  budget.Busy(absl::Hours(1));
  EXPECT_LT(TimeOf(budget, 1), absl::Seconds(5));
}

TEST(RequestBudget, StopSendsEverybodyHome) {
  RequestBudget budget({.rate = 0.001, .burst = 1});
  EXPECT_TRUE(budget.Await());
  std::thread waits([&] { EXPECT_FALSE(budget.Await()); });
  budget.Stop();
  waits.join();
  EXPECT_FALSE(budget.Await());
}

}  // namespace
}  // namespace muster::kube
