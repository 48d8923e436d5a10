#include "tools/mutation/example/clamp.h"

#include <gtest/gtest.h>

namespace muster::mutation_example {
namespace {

// Leaves the low end untried on purpose: expected.txt says what survives.
TEST(Clamp, GivesTheEndThatTheValueIsBeyond) {
  EXPECT_EQ(Clamp(5, 0, 9), 5);
  EXPECT_EQ(Clamp(10, 0, 9), 9);
}

TEST(MoreEven, CountsBoth) {
  EXPECT_TRUE(MoreEven(0, 1));
  EXPECT_FALSE(MoreEven(0, 2));
  EXPECT_FALSE(MoreEven(1, 2));
}

}  // namespace
}  // namespace muster::mutation_example
