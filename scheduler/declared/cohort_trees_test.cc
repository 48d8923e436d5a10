#include "scheduler/declared/cohort_trees.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quota/forest.h"

namespace muster::scheduler {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

ClusterQueueId Cq(int32_t index) { return ClusterQueueId(index); }

TEST(CohortTrees, QueuesUnderOneRootAreOneTree) {
  CohortTrees trees;
  trees.SetCohort(Cq(0), "a");
  trees.SetCohort(Cq(1), "b");
  trees.SetCohort(Cq(2), "");
  EXPECT_NE(trees.TreeOf(Cq(0)), trees.TreeOf(Cq(1)));
  trees.SetParent("a", "root");
  trees.SetParent("b", "root");
  EXPECT_EQ(trees.TreeOf(Cq(0)), trees.TreeOf(Cq(1)));
  EXPECT_EQ(trees.TreeOf(Cq(0)), trees.TreeOfCohort("root"));
  EXPECT_TRUE(CohortTrees::IsCohort(trees.TreeOf(Cq(0))));
  EXPECT_THAT(trees.Members(trees.TreeOf(Cq(0))), UnorderedElementsAre(0, 1));
  // A ClusterQueue without a cohort is its own tree.
  EXPECT_FALSE(CohortTrees::IsCohort(trees.TreeOf(Cq(2))));
  EXPECT_THAT(trees.Members(trees.TreeOf(Cq(2))), UnorderedElementsAre(2));
}

TEST(CohortTrees, ARootThatIsNoneAnyMoreStandsForNobody) {
  CohortTrees trees;
  trees.SetCohort(Cq(0), "a");
  trees.SetCohort(Cq(1), "");
  const auto a = trees.TreeOf(Cq(0)), alone = trees.TreeOf(Cq(1));
  trees.SetParent("a", "root");
  trees.SetCohort(Cq(1), "root");
  EXPECT_THAT(trees.Members(a), IsEmpty());
  EXPECT_THAT(trees.Members(alone), IsEmpty());
  trees.SetParent("a", "");
  EXPECT_THAT(trees.Members(a), UnorderedElementsAre(0));
}

TEST(CohortTrees, ACycleBelongsToNoTreeUntilItIsMended) {
  CohortTrees trees;
  trees.SetCohort(Cq(0), "leaf");
  trees.SetParent("leaf", "x");
  trees.SetParent("x", "y");
  trees.SetParent("y", "x");
  EXPECT_EQ(trees.TreeOf(Cq(0)), CohortTrees::kNoTree);
  EXPECT_EQ(trees.TreeOfCohort("y"), CohortTrees::kNoTree);
  trees.SetParent("y", "");
  EXPECT_EQ(trees.TreeOf(Cq(0)), trees.TreeOfCohort("y"));
  trees.SetParent("y", "y");
  EXPECT_EQ(trees.TreeOf(Cq(0)), CohortTrees::kNoTree);
  EXPECT_EQ(trees.TreeOfCohort("never mentioned"), CohortTrees::kNoTree);
}

TEST(CohortTrees, RemovedQueuesLeaveTheirTree) {
  CohortTrees trees;
  trees.SetCohort(Cq(0), "a");
  trees.SetCohort(Cq(1), "a");
  const auto a = trees.TreeOf(Cq(0));
  trees.Remove(Cq(0));
  EXPECT_THAT(trees.Members(a), UnorderedElementsAre(1));
  trees.SetCohort(Cq(0), "");
  EXPECT_THAT(trees.Members(trees.TreeOf(Cq(0))), UnorderedElementsAre(0));
}

TEST(CohortTrees, WhatIsTooDeepBelongsToNoTreeInWhateverOrderItCame) {
  constexpr int kDepth = quota::kMaxCohortDepth;
  const auto name = [](int level) { return absl::StrCat("c", level); };
  for (const bool from_the_root : {true, false}) {
    CohortTrees trees;
    trees.SetCohort(Cq(0), name(kDepth - 1));
    trees.SetCohort(Cq(1), name(kDepth));
    trees.SetCohort(Cq(2), "circle");
    trees.SetParent("circle", "circle");
    for (int i = 1; i <= kDepth + 100; ++i) {
      const int level = from_the_root ? i : kDepth + 101 - i;
      trees.SetParent(name(level), name(level - 1));
    }
    EXPECT_EQ(trees.TreeOf(Cq(0)), trees.TreeOfCohort("c0"));
    EXPECT_EQ(trees.TreeOf(Cq(1)), CohortTrees::kNoTree);
    EXPECT_FALSE(trees.IsTooDeep(Cq(0)));
    EXPECT_TRUE(trees.IsTooDeep(Cq(1)));
    EXPECT_FALSE(trees.IsTooDeep(Cq(2)));
    EXPECT_THAT(trees.Members(trees.TreeOfCohort("c0")), UnorderedElementsAre(0));
    // One cohort less, and there is room.
    trees.SetParent("c1", "");
    EXPECT_EQ(trees.TreeOf(Cq(1)), trees.TreeOfCohort("c1"));
    EXPECT_THAT(trees.Members(trees.TreeOfCohort("c1")), UnorderedElementsAre(0, 1));
  }
}

}  // namespace
}  // namespace muster::scheduler
