#include "quota/amount.h"

#include "gtest/gtest.h"

namespace muster::quota {
namespace {

constexpr Amount kMax = kUnlimited - 1;  // the largest that is a number

struct Case {
  Amount a, b, want;
};

TEST(Amount, SumsSaturateAndUnlimitedStays) {
  const Case kCases[] = {
      {2, 3, 5},
      {-2, 3, 1},
      {kUnlimited, 1, kUnlimited},
      {kUnlimited, -1, kUnlimited},
      {-1, kUnlimited, kUnlimited},
      {kUnlimited, kUnlimited, kUnlimited},
      {kMax, 0, kMax},
      {kMax - 1, 1, kMax},
      {kMax, 2, kUnlimited},
      {kMax, kMax, kUnlimited},
      {kAmountMin, -1, kAmountMin},
      {-1, kAmountMin, kAmountMin},
      {kAmountMin, 1, kAmountMin + 1},
  };
  for (const Case& c : kCases) EXPECT_EQ(Add(c.a, c.b), c.want) << c.a << " + " << c.b;
}

TEST(Amount, DifferencesSaturateAndUnlimitedStays) {
  const Case kCases[] = {
      {5, 3, 2},
      {3, 5, -2},
      {kUnlimited, 5, kUnlimited},
      {kUnlimited, kUnlimited, kUnlimited},
      {5, kUnlimited, kAmountMin},
      {0, kAmountMin, kUnlimited},
      {kAmountMin, 1, kAmountMin},
      {kAmountMin, -1, kAmountMin + 1},
      {kMax, -2, kUnlimited},
  };
  for (const Case& c : kCases) EXPECT_EQ(Sub(c.a, c.b), c.want) << c.a << " - " << c.b;
}

TEST(Amount, ProductsSaturateAndNothingTimesUnlimitedIsNothing) {
  const Case kCases[] = {
      {3, 4, 12},
      {-3, 4, -12},
      {0, kUnlimited, 0},
      {kUnlimited, 0, 0},
      {kUnlimited, 1, kUnlimited},
      {kUnlimited, 7, kUnlimited},
      {kMax, 1, kMax},
      {kMax / 2, 3, kUnlimited},
      {-kMax, 3, kAmountMin},
      {kAmountMin, 1, kAmountMin},
  };
  for (const Case& c : kCases) EXPECT_EQ(Mul(c.a, c.b), c.want) << c.a << " * " << c.b;
}

}  // namespace
}  // namespace muster::quota
