#include "quota/fr_sum.h"

#include "gtest/gtest.h"

namespace muster::quota {
namespace {

TEST(FrSum, AddsUpByPairAndKeepsTheOrderOfFirstMention) {
  FrAmounts sum;
  AddTo(&sum, {3, 5});
  AddTo(&sum, {1, 2});
  AddTo(&sum, {3, 7});
  AddTo(&sum, {2, 0});
  EXPECT_EQ(sum, (FrAmounts{{3, 12}, {1, 2}, {2, 0}}));
  AddTo(&sum, {1, kUnlimited});
  AddTo(&sum, {1, -5});
  EXPECT_EQ(sum[1].amount, kUnlimited);
}

}  // namespace
}  // namespace muster::quota
