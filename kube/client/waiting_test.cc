// How long to wait: clocks, steps that grow, and when it is believed that a kind is gone.
#include "kube/client/waiting.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "kube/client/absence.h"
#include "kube/client/backoff.h"

namespace muster::kube {
namespace {

TEST(Waiting, DeadlinesStayInRange) {
  const SteadyTime now = SteadyNow();
  EXPECT_EQ(Since(now, After(absl::Seconds(3), now)), absl::Seconds(3));
  EXPECT_GT(After(absl::InfiniteDuration(), now), After(absl::Hours(24), now));
  EXPECT_LT(After(-absl::InfiniteDuration(), now), now);
}

TEST(Waiting, ASleeperIsWokenAtTheEnd) {
  StopSignal stop;
  EXPECT_TRUE(stop.Sleep(absl::Milliseconds(1)));
  std::thread sleeper([&] { EXPECT_FALSE(stop.Sleep(absl::Hours(1))); });
  stop.Set();
  sleeper.join();
  EXPECT_FALSE(stop.Sleep(absl::Hours(1)));
}

TEST(Backoff, StepsDoubleAndEndSomewhereInTheirUpperHalf) {
  Backoff backoff(absl::Seconds(1), absl::Seconds(10), 7);
  for (const int step : {1, 2, 4, 8, 10, 10}) {
    const absl::Duration wait = backoff.Next();
    EXPECT_GE(wait, absl::Seconds(step) / 2);
    EXPECT_LT(wait, absl::Seconds(step));
  }
  backoff.Reset();
  EXPECT_LT(backoff.Next(), absl::Seconds(1));
}

TEST(Backoff, TheSeedDecides) {
  const auto waits = [](uint64_t seed) {
    Backoff backoff(absl::Seconds(1), absl::Seconds(60), seed);
    std::vector<absl::Duration> all;
    for (int i = 0; i < 8; ++i) all.push_back(backoff.Next());
    return all;
  };
  EXPECT_EQ(waits(1), waits(1));
  EXPECT_NE(waits(1), waits(2));
}

TEST(Absence, IsBelievedWhenItWasSeenOftenAndForLongWithoutABreak) {
  const SteadyTime start = SteadyNow();
  const auto at = [&](int seconds) { return After(absl::Seconds(seconds), start); };
  struct Step {
    int second;
    bool absent;
  };
  const struct {
    const char* about;
    std::vector<Step> steps;
    bool believed;
  } cases[] = {
      {"never seen", {}, false},
      {"once", {{0, true}}, false},
      {"often, but all at once", {{0, true}, {1, true}, {2, true}, {3, true}}, false},
      {"over a long time, but only twice", {{0, true}, {30, true}}, false},
      {"often and over time", {{0, true}, {5, true}, {10, true}}, true},
      {"with a break in between", {{0, true}, {5, true}, {7, false}, {10, true}}, false},
      {"and again after it", {{0, true}, {7, false}, {10, true}, {15, true}, {20, true}}, true},
  };
  for (const auto& c : cases) {
    Absence absence(3, absl::Seconds(10));
    int last = 0;
    for (const Step& step : c.steps) {
      last = step.second;
      step.absent ? absence.Seen(at(last)) : absence.Reset();
    }
    EXPECT_EQ(absence.Believed(at(last)), c.believed) << c.about;
  }
}

}  // namespace
}  // namespace muster::kube
