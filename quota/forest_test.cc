#include "quota/forest.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace muster::quota {
namespace {

// nodes: 0 = root, 1 = mid (child of root), 2 = a (in mid), 3 = b (in mid), 4 = c (in root)
ForestSpec Family() {
  ForestSpec s;
  s.resource_of_fr = {0};
  s.num_resources = 1;
  s.nodes = {{"root", true, kNoNode, 1, {{0, 4, {}, {}}}},
             {"mid", true, 0, 1, {}},
             {"a", false, 1, 1, {{0, 10, {}, 6}}},
             {"b", false, 1, 1, {{0, 5, 2, {}}}},
             {"c", false, 0, 1, {{0, 8, {}, {}}}}};
  return s;
}

TEST(Forest, SubtreeQuotaIsWhatChildrenDoNotKeep) {
  const Forest f = Forest::Build(Family()).value();
  EXPECT_EQ(f.local_quota(2, 0), 4);          // lends 6 of 10
  EXPECT_EQ(f.subtree_quota(1, 0), 11);       // 6 from a, 5 from b
  EXPECT_EQ(f.subtree_quota(0, 0), 23);       // 4 of its own, 11, 8
  EXPECT_EQ(f.PotentialAvailable(2, 0), 27);  // its own 4 and all of the tree
  EXPECT_EQ(f.PotentialAvailable(3, 0), 7);   // nominal 5, may borrow 2
}

TEST(Forest, UsageClimbsOnlyWithWhatLocalQuotaDoesNotHold) {
  Forest f = Forest::Build(Family()).value();
  f.AddUsage(2, 0, 7);
  EXPECT_EQ(f.usage(2, 0), 7);
  EXPECT_EQ(f.usage(1, 0), 3);
  EXPECT_EQ(f.usage(0, 0), 3);
  f.RemoveUsage(2, 0, 5);
  EXPECT_EQ(f.usage(2, 0), 2);
  EXPECT_EQ(f.usage(1, 0), 0);
  EXPECT_EQ(f.usage(0, 0), 0);
}

TEST(Forest, BorrowingLimitCapsWhatComesFromTheParent) {
  Forest f = Forest::Build(Family()).value();
  EXPECT_EQ(f.Available(3, 0), 7);
  f.AddUsage(4, 0, 20);  // c takes nearly everything
  EXPECT_EQ(f.Available(3, 0), 3);
  f.AddUsage(4, 0, 9);
  EXPECT_EQ(f.Available(3, 0), -6);
  EXPECT_EQ(f.AvailableClipped(3, 0), 0);
}

TEST(Forest, HeightIsThatOfTheSmallestSubtreeThatHoldsTheRequest) {
  const Forest f = Forest::Build(Family()).value();
  EXPECT_EQ(f.FindHeight(2, 0, 10).height, 0);
  EXPECT_TRUE(f.FindHeight(2, 0, 10).smaller_than_tree);
  EXPECT_EQ(f.FindHeight(2, 0, 14).height, 1);  // mid has 11, a keeps 4
  EXPECT_TRUE(f.FindHeight(2, 0, 14).smaller_than_tree);
  EXPECT_EQ(f.FindHeight(2, 0, 20).height, 2);
  EXPECT_FALSE(f.FindHeight(2, 0, 20).smaller_than_tree);
}

TEST(Forest, RollbackRestoresEveryNodeAndMarksNest) {
  Forest f = Forest::Build(Family()).value();
  f.AddUsage(2, 0, 6);
  const auto outer = f.Mark(0);
  f.AddUsage(3, 0, 5);
  const auto inner = f.Mark(0);
  f.RemoveUsage(2, 0, 6);
  f.Rollback(0, inner);
  EXPECT_EQ(f.usage(2, 0), 6);
  EXPECT_EQ(f.usage(3, 0), 5);
  const auto kept = f.Mark(0);
  f.AddUsage(4, 0, 1);
  f.Release(0, kept);
  f.Rollback(0, outer);
  EXPECT_EQ(f.usage(3, 0), 0);
  EXPECT_EQ(f.usage(4, 0), 0);
  EXPECT_EQ(f.usage(0, 0), 2);
}

TEST(Forest, ShareIsBorrowedOverLendableOverWeight) {
  ForestSpec s = Family();
  s.nodes[3].weight = 2;
  s.nodes[4].weight = 0;
  Forest f = Forest::Build(s).value();
  f.AddUsage(3, 0, 7);
  const Share b = f.DominantResourceShare(3);
  EXPECT_TRUE(b.borrowing);
  EXPECT_EQ(b.dominant, 0);
  EXPECT_EQ(b.ratio, 2 * 1000.0 / 23);
  EXPECT_EQ(b.Weighted(), b.ratio / 2);
  f.AddUsage(4, 0, 9);
  const Share c = f.DominantResourceShare(4);
  EXPECT_EQ(c.Weighted(), std::numeric_limits<double>::infinity());
  EXPECT_GT(CompareShares(c, b), 0);
  EXPECT_EQ(f.DominantResourceShare(0).Weighted(), 0);  // a root has nobody to borrow from
  EXPECT_EQ(f.DominantResourceShare(2).Weighted(), 0);
  const FrAmount extra{0, 11};
  EXPECT_EQ(f.DominantResourceShare(2, {&extra, 1}).ratio, 1000.0 / 23);
}

TEST(Forest, UnlimitedStaysUnlimited) {
  ForestSpec s = Family();
  s.nodes[4].quotas[0].nominal = kUnlimited;
  Forest f = Forest::Build(s).value();
  f.AddUsage(2, 0, 1000);
  EXPECT_EQ(f.Available(2, 0), kUnlimited);
  EXPECT_EQ(f.Available(3, 0), 7);
}

TEST(Forest, BuildRefusesACycleAndPrintsIt) {
  ForestSpec s = Family();
  s.nodes[0].parent = 1;
  const auto f = Forest::Build(s);
  ASSERT_FALSE(f.ok());
  EXPECT_NE(f.status().message().find("mid -> root -> mid"), std::string::npos) << f.status();
}

TEST(Forest, BuildRefusesParentsThatAreNoCohorts) {
  ForestSpec s = Family();
  s.nodes[3].parent = 2;
  EXPECT_FALSE(Forest::Build(s).ok());
  s.nodes[3].parent = 99;
  EXPECT_FALSE(Forest::Build(s).ok());
}

}  // namespace
}  // namespace muster::quota
