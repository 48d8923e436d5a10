#include "scheduler/topology/ranks.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

// Every way to spread up to 6 pods over the hosts of a small tree: no order of the pods crosses fewer domains on any
// level.
TEST(RankOrder, NoOrderCrossesFewerDomains) {
  TopologyTree tree("t", {"block", "rack", kHostnameLabel});
  // Added out of order, so that the walk is not the order of arrival.
  const std::vector<std::vector<std::string>> hosts = {
      {"b1", "r1", "h4"}, {"b0", "r0", "h0"}, {"b1", "r0", "h3"}, {"b0", "r1", "h2"}, {"b0", "r0", "h1"}};
  std::vector<LeafId> leaves;
  for (const auto& values : hosts) leaves.push_back(tree.AddLeaf(values));
  int cases = 0;
  for (int code = 1; code < 243; ++code) {
    std::vector<PlacedPods> placement;
    int pods = 0;
    for (int i = 0, rest = code; i < 5; ++i, rest /= 3) {
      if (rest % 3 == 0) continue;
      placement.push_back({leaves[i], rest % 3});
      pods += rest % 3;
    }
    if (pods > 6) continue;
    ++cases;
    const std::vector<LeafId> ordered = RankOrder(tree, placement);
    ASSERT_EQ(static_cast<int>(ordered.size()), pods);
    const std::vector<int> got = RingCrossings(tree, ordered);
    std::vector<LeafId> other = ordered;
    std::sort(other.begin(), other.end());
    do {
      const std::vector<int> crossings = RingCrossings(tree, other);
      for (size_t level = 0; level < crossings.size(); ++level) ASSERT_LE(got[level], crossings[level]) << code;
    } while (std::next_permutation(other.begin(), other.end()));
  }
  EXPECT_GT(cases, 100);
}

TEST(RankOrder, CountsCrossings) {
  TopologyTree tree("t", {"rack", kHostnameLabel});
  const std::vector<std::string> a = {"r0", "h0"}, b = {"r0", "h1"}, c = {"r1", "h2"};
  const LeafId h0 = tree.AddLeaf(a), h1 = tree.AddLeaf(b), h2 = tree.AddLeaf(c);
  EXPECT_EQ(RingCrossings(tree, std::vector<LeafId>{h0, h2, h1, h2}), (std::vector<int>{4, 4}));
  EXPECT_EQ(RingCrossings(tree, std::vector<LeafId>{h0, h1, h2, h2}), (std::vector<int>{2, 3}));
  EXPECT_EQ(RingCrossings(tree, std::vector<LeafId>{h0, h0}), (std::vector<int>{0, 0}));
}

}  // namespace
}  // namespace muster::scheduler
