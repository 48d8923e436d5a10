#include "manager/jobs/batch_job.h"

#include <gtest/gtest.h>

namespace muster::manager {
namespace {

TEST(BatchJob, IndexesThatWillNotRunAgain) {
  const struct {
    const char* why;
    const char* completed;
    const char* failed;
    int64_t completions;
    int64_t want;
  } kCases[] = {
      {"none", "", "", 5, 0},
      {"ranges and single ones", "0-2,4", "", 9, 4},
      {"one that is in both counts once", "0-2", "2-3", 9, 4},
      {"only those below completions", "0-9", "", 3, 3},
      {"what is no range does not count", "x,3-1,-5,2-,4", "1-y", 9, 1},
      {"no completions", "0-2", "", 0, 0},
  };
  for (const auto& c : kCases) EXPECT_EQ(TerminalIndexes(c.completed, c.failed, c.completions), c.want) << c.why;
}

}  // namespace
}  // namespace muster::manager
