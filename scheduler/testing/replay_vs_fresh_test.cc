// An engine that saw every event answers as one that is told what there is in the end (engine.h, "Incremental =
// fresh"): after random histories over every kind of object and event, both say the same of themselves and decide the
// same about whatever comes next. A failure names the seed and the shortest beginning of its history that shows it.
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "scheduler/testing/replay_history.h"

namespace muster::scheduler {
namespace {

constexpr int kSteps = 100, kBetween = 20;

// Runs so many steps of the history, comparing now and then and at the end. "" or what differs.
std::string Play(ReplayHistory& history, int steps, int* failed_at) {
  for (*failed_at = 1; *failed_at <= steps; ++*failed_at) {
    history.Step();
    if (*failed_at % kBetween != 0 && *failed_at != steps) continue;
    std::string difference = history.Compare();
    if (!difference.empty()) return difference;
  }
  return "";
}

TEST(ReplayVsFresh, AnEngineThatSawEverythingAnswersAsOneToldTheEnd) {
  std::map<std::string, int> seen;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    ReplayHistory history(seed);
    int failed_at = 0;
    if (Play(history, kSteps, &failed_at).empty()) {
      for (const auto& [what, times] : history.seen()) seen[what] += times;
      continue;
    }
    for (int steps = 1; steps <= failed_at; ++steps) {
      ReplayHistory shorter(seed);
      int at = 0;
      const std::string difference = Play(shorter, steps, &at);
      if (difference.empty()) continue;
      FAIL() << "seed " << seed << " after " << steps << " steps: " << difference << "\nwhat happened:\n"
             << absl::StrJoin(shorter.log(), "\n");
    }
    FAIL() << "seed " << seed << " differs only once";
  }
  // What the histories are about did happen.
  for (const auto& [what, least] : std::map<std::string, int>{{"creates", 5000},
                                                              {"changes", 5000},
                                                              {"deletes", 300},
                                                              {"admitted", 1500},
                                                              {"placed", 700},
                                                              {"victim", 150},
                                                              {"stopped", 200},
                                                              {"second pass", 20},
                                                              {"finishes", 200},
                                                              {"fails", 100}}) {
    EXPECT_GE(seen[what], least) << what;
  }
}

}  // namespace
}  // namespace muster::scheduler
