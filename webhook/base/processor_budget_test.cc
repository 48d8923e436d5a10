#include "webhook/base/processor_budget.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace muster::webhook {
namespace {

TEST(ProcessorBudget, OnlyWorkSpendsIt) {
  const ProcessorBudget budget(absl::Milliseconds(20));
  absl::SleepFor(absl::Milliseconds(40));
  EXPECT_FALSE(budget.SpentNow()) << "others had the processor";
  int64_t turns = 0;
  while (!budget.Spent()) ++turns;
  EXPECT_GT(turns, 32);
  EXPECT_TRUE(budget.Spent()) << "it stays spent";
}

TEST(ProcessorBudget, NothingIsSpentAtOnce) { EXPECT_TRUE(ProcessorBudget(absl::ZeroDuration()).SpentNow()); }

}  // namespace
}  // namespace muster::webhook
