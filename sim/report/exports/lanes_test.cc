#include "sim/report/exports/lanes.h"

#include <gtest/gtest.h>

namespace muster::sim {
namespace {

TEST(LanesTest, TheLowestThatIsFreeIsTakenAndNoneTwice) {
  Lanes lanes;
  EXPECT_EQ(lanes.Take(), 0u);
  EXPECT_EQ(lanes.Take(), 1u);
  EXPECT_EQ(lanes.Take(), 2u);
  lanes.Give(1);
  lanes.Give(0);
  EXPECT_EQ(lanes.Take(), 0u);
  EXPECT_EQ(lanes.Take(), 1u);
  EXPECT_EQ(lanes.Take(), 3u);
  EXPECT_EQ(lanes.count(), 4u);
}

}  // namespace
}  // namespace muster::sim
