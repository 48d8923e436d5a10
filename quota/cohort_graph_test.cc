#include "quota/cohort_graph.h"

#include "gtest/gtest.h"

namespace muster::quota {
namespace {

using Names = std::vector<std::string>;

TEST(CohortGraph, AForestHasNoCycles) {
  EXPECT_TRUE(FindCohortCycles({{"a", "root"}, {"b", "root"}, {"root", ""}}).empty());
  EXPECT_TRUE(FindCohortCycles({}).empty());
}

TEST(CohortGraph, FindsEveryCycleAndStartsItAtTheSmallestName) {
  const auto cycles = FindCohortCycles({{"c", "b"}, {"b", "a"}, {"a", "c"}, {"z", "z"}, {"leaf", "a"}});
  ASSERT_EQ(cycles.size(), 2u);
  EXPECT_EQ(cycles[0], (Names{"a", "c", "b"}));
  EXPECT_EQ(FormatCycle(cycles[0]), "a -> c -> b -> a");
  EXPECT_EQ(cycles[1], Names{"z"});
  EXPECT_EQ(FormatCycle(cycles[1]), "z -> z");
}

TEST(CohortGraph, WhoHangsBelowACycleLeadsToIt) {
  EXPECT_EQ(CohortsLeadingToCycle({{"a", "b"}, {"b", "a"}, {"leaf", "a"}, {"free", "top"}}), (Names{"a", "b", "leaf"}));
}

}  // namespace
}  // namespace muster::quota
