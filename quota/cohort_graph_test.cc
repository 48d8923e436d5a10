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

TEST(CohortGraph, AChainHoweverLongIsWalkedOnce) {
  std::vector<CohortEdge> edges;
  for (int i = 1; i < 200000; ++i) edges.push_back({"c" + std::to_string(i), "c" + std::to_string(i - 1)});
  EXPECT_TRUE(FindCohortCycles(edges).empty());
  edges.push_back({"c0", "c199999"});
  ASSERT_EQ(FindCohortCycles(edges).size(), 1u);
  EXPECT_EQ(FindCohortCycles(edges)[0].size(), 200000u);
}

}  // namespace
}  // namespace muster::quota
