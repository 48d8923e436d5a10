#include "scheduler/declared/cohort_trees.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(CohortTrees, QueuesUnderOneRootAreOneTree) {
  CohortTrees trees;
  trees.SetCohort(0, "a");
  trees.SetCohort(1, "b");
  trees.SetCohort(2, "");
  EXPECT_NE(trees.TreeOf(0), trees.TreeOf(1));
  trees.SetParent("a", "root");
  trees.SetParent("b", "root");
  EXPECT_EQ(trees.TreeOf(0), trees.TreeOf(1));
  EXPECT_EQ(trees.TreeOf(0), trees.TreeOfCohort("root"));
  EXPECT_TRUE(CohortTrees::IsCohort(trees.TreeOf(0)));
  EXPECT_THAT(trees.Members(trees.TreeOf(0)), UnorderedElementsAre(0, 1));
  // A ClusterQueue without a cohort is its own tree.
  EXPECT_FALSE(CohortTrees::IsCohort(trees.TreeOf(2)));
  EXPECT_THAT(trees.Members(trees.TreeOf(2)), UnorderedElementsAre(2));
}

TEST(CohortTrees, ARootThatIsNoneAnyMoreStandsForNobody) {
  CohortTrees trees;
  trees.SetCohort(0, "a");
  trees.SetCohort(1, "");
  const auto a = trees.TreeOf(0), alone = trees.TreeOf(1);
  trees.SetParent("a", "root");
  trees.SetCohort(1, "root");
  EXPECT_THAT(trees.Members(a), IsEmpty());
  EXPECT_THAT(trees.Members(alone), IsEmpty());
  trees.SetParent("a", "");
  EXPECT_THAT(trees.Members(a), UnorderedElementsAre(0));
}

TEST(CohortTrees, ACycleBelongsToNoTreeUntilItIsMended) {
  CohortTrees trees;
  trees.SetCohort(0, "leaf");
  trees.SetParent("leaf", "x");
  trees.SetParent("x", "y");
  trees.SetParent("y", "x");
  EXPECT_EQ(trees.TreeOf(0), CohortTrees::kNoTree);
  EXPECT_EQ(trees.TreeOfCohort("y"), CohortTrees::kNoTree);
  trees.SetParent("y", "");
  EXPECT_EQ(trees.TreeOf(0), trees.TreeOfCohort("y"));
  trees.SetParent("y", "y");
  EXPECT_EQ(trees.TreeOf(0), CohortTrees::kNoTree);
  EXPECT_EQ(trees.TreeOfCohort("never mentioned"), CohortTrees::kNoTree);
}

TEST(CohortTrees, RemovedQueuesLeaveTheirTree) {
  CohortTrees trees;
  trees.SetCohort(0, "a");
  trees.SetCohort(1, "a");
  const auto a = trees.TreeOf(0);
  trees.Remove(0);
  EXPECT_THAT(trees.Members(a), UnorderedElementsAre(1));
  trees.SetCohort(0, "");
  EXPECT_THAT(trees.Members(trees.TreeOf(0)), UnorderedElementsAre(0));
}

}  // namespace
}  // namespace muster::scheduler
