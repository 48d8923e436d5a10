#include "sim/replay/loop_watch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::sim {
namespace {

scheduler::WorkloadId Id(char letter) { return scheduler::WorkloadId(letter, 0); }

// Plays "A" (A starts) and "ab" (a is preempted for B: small letter the victim, then who it makes room for).
// Returns after how many starts a loop was reported, 0 = never, and leaves it in `loop`.
int StartsUntilLoop(const std::string& events, LoopWatch* watch, LoopWatch::Loop* loop) {
  int starts = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i] == '!') {
      watch->Disturbed();
    } else if (events[i] >= 'a') {
      watch->Preempted(Id(static_cast<char>(events[i] - 'a' + 'A')), Id(events[i + 1]));
      ++i;
    } else {
      ++starts;
      if (auto found = watch->Started(Id(events[i])); found.has_value()) {
        *loop = *found;
        return starts;
      }
    }
  }
  return 0;
}

std::string Times(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(LoopWatchTest, FindsTurnsThatRepeat) {
  struct Case {
    const char* about;
    std::string events;
    int starts;  // after which it is found; 0 = not
    size_t length;
  };
  const Case cases[] = {
      {"jobs that start and stay are no loop", "ABCDEFGHIJ", 0, 0},
      {"a job preempted now and then, each time by another, is no loop", "AaBBaCCaDDaEEaFFaGGaHH", 0, 0},
      {"two jobs that push each other aside", Times("AaBBbA", 20), 15, 4},
      {"seven turns are not enough", Times("AaBBbA", 7), 0, 0},
      {"something from outside in between: the count begins anew", Times("AaBBbA", 7) + "!" + Times("AaBBbA", 7), 0, 0},
      {"three jobs in a circle", Times("AaBBbCCcA", 20), 22, 6},
      {"what came before the loop does not hide it", "XYZxY" + Times("AaBBbA", 20), 18, 4},
      {"a turn in which a job starts twice", Times("AaBBbAAaCCcA", 20), 0, 8},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.about);
    LoopWatch watch;
    LoopWatch::Loop loop;
    const int starts = StartsUntilLoop(c.events, &watch, &loop);
    if (c.length == 0) {
      EXPECT_EQ(starts, 0);
      continue;
    }
    if (c.starts > 0) {
      EXPECT_EQ(starts, c.starts);
    }
    EXPECT_GT(starts, 0);
    EXPECT_EQ(loop.events.size(), c.length);
    EXPECT_EQ(loop.turns, LoopWatch::kTimes);
    EXPECT_TRUE(loop.events.back().started());
  }
}

TEST(LoopWatchTest, AJobThatStartsTooOftenIsALoopEvenIfNoTwoTurnsAreEqual) {
  LoopWatch watch;
  std::optional<LoopWatch::Loop> loop;
  int starts = 0;
  for (; !loop.has_value(); ++starts) {
    ASSERT_LT(starts, 1000);
    loop = watch.Started(Id('A'));
    // Each turn is longer than the last.
    for (int i = 0; i <= starts; ++i) watch.Preempted(Id('A'), scheduler::WorkloadId(1000 + i, 0));
  }
  EXPECT_EQ(starts, static_cast<int>(LoopWatch::kMaxStarts));
  EXPECT_EQ(loop->turns, 1);
  EXPECT_LE(loop->events.size(), LoopWatch::kMaxTurn);
}

}  // namespace
}  // namespace muster::sim
