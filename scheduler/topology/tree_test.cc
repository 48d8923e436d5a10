// Trees of domains: leaves are paths, ranks are the order of the values whatever the order of arrival, and what is
// taken back leaves no trace but in the journal.
#include "scheduler/topology/tree.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

constexpr ResourceId kGpu(0), kCpu(1);

TopologyTree Racks() { return TopologyTree("t", {"block", "rack", kHostnameLabel}); }

std::vector<std::string> PathsAt(const TopologyTree& tree, int level) {
  std::vector<std::string> out;
  for (const DomainId id : tree.AtLevel(level)) out.push_back(tree.Path(id));
  return out;
}

TEST(TopologyTree, LeavesArePaths) {
  TopologyTree tree = Racks();
  EXPECT_EQ(tree.num_levels(), 3);
  EXPECT_TRUE(tree.lowest_is_host());
  EXPECT_EQ(tree.LevelIndex("rack"), 1);
  EXPECT_EQ(tree.LevelIndex("zone"), -1);
  const LeafId h = tree.AddLeaf({"b1", "r1", "h"});
  EXPECT_EQ(tree.AddLeaf({"b1", "r1", "h"}), h);
  // The same host name in another rack, and the same rack name in another block, are others.
  const LeafId moved = tree.AddLeaf({"b1", "r2", "h"}), far = tree.AddLeaf({"b2", "r1", "h"});
  EXPECT_EQ(tree.num_leaves(), 3);
  EXPECT_EQ(tree.num_domains(), 2 + 3 + 3);
  EXPECT_EQ(tree.LeafName(moved), "h");
  EXPECT_EQ(tree.Path(tree.DomainOf(far)), "b2,r1,h");
  EXPECT_EQ(tree.Values(tree.DomainOf(moved)), (std::vector<std::string>{"b1", "r2", "h"}));
  EXPECT_EQ(tree.AncestorAt(tree.DomainOf(h), 0), tree.AncestorAt(tree.DomainOf(moved), 0));
  EXPECT_NE(tree.AncestorAt(tree.DomainOf(h), 1), tree.AncestorAt(tree.DomainOf(moved), 1));
  EXPECT_EQ(tree.domain(tree.DomainOf(h)).leaf, h);
  TopologyTree racks("t", {"block", "rack"});
  EXPECT_FALSE(racks.lowest_is_host());
  EXPECT_EQ(racks.LeafName(racks.AddLeaf({"b", "r"})), "b,r");
}

TEST(TopologyTree, KnowsWhatIsPresentBelow) {
  TopologyTree tree = Racks();
  const LeafId a = tree.AddLeaf({"b", "r1", "a"}), b = tree.AddLeaf({"b", "r2", "b"});
  const DomainId block = tree.AncestorAt(tree.DomainOf(a), 0), rack = tree.AncestorAt(tree.DomainOf(a), 1);
  EXPECT_FALSE(tree.has_present(block));
  api::Node node;
  tree.SetLeaf(a, true, {8}, &node);
  tree.SetLeaf(a, true, {6}, &node);
  tree.SetLeaf(b, true, {4, 2}, nullptr);
  EXPECT_EQ(tree.num_present(), 2);
  EXPECT_EQ(tree.node(a), &node);
  EXPECT_EQ(tree.free(a, kGpu), 6);
  EXPECT_EQ(tree.free(a, kCpu), 0) << "widened";
  EXPECT_EQ(tree.free(b, kCpu), 2);
  tree.SetLeaf(a, false, {}, nullptr);
  EXPECT_FALSE(tree.has_present(rack));
  EXPECT_TRUE(tree.has_present(block));
  EXPECT_EQ(tree.num_present(), 1);
  EXPECT_EQ(tree.free(a, kGpu), 0);
  EXPECT_EQ(tree.node(a), nullptr);
}

// Any order of arrival gives the order of the values, also when the gaps between ranks are used up.
TEST(TopologyTree, RanksAreTheOrderOfTheValues) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<std::string>> leaves;
    for (int i = 0; i < 60; ++i) {
      leaves.push_back({absl::StrCat("b", random() % 3), absl::StrCat("r", random() % 4), absl::StrCat("h", i)});
    }
    TopologyTree tree = Racks();
    for (const auto& leaf : leaves) tree.AddLeaf(leaf);
    for (int level = 0; level < 3; ++level) {
      std::vector<std::vector<std::string>> values;
      int64_t before = -1;
      for (const DomainId id : tree.AtLevel(level)) {
        values.push_back(tree.Values(id));
        EXPECT_GT(tree.domain(id).rank, before);
        before = tree.domain(id).rank;
      }
      EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
    }
    for (const DomainId rack : tree.AtLevel(1)) {
      const auto& children = tree.domain(rack).children;
      EXPECT_TRUE(std::is_sorted(children.begin(), children.end(),
                                 [&](DomainId a, DomainId b) { return tree.domain(a).value < tree.domain(b).value; }));
    }
  }
  // Each one just before the last: the gap is halved every time.
  TopologyTree tree("t", {"block"});
  tree.AddLeaf({"a"});
  for (int i = 0; i < 100; ++i) tree.AddLeaf({absl::StrCat("b", 999 - i)});
  EXPECT_GT(tree.rank_version(), 0);
  const std::vector<std::string> paths = PathsAt(tree, 0);
  EXPECT_EQ(paths.size(), 101u);
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
}

TEST(TopologyTree, RollbackRestoresWhatWasAddedSinceTheMark) {
  TopologyTree tree = Racks();
  const LeafId leaf = tree.AddLeaf({"b", "r", "h"});
  tree.SetLeaf(leaf, true, {8}, nullptr);
  const std::vector<ResourceAmount> one = {{kGpu, 1}}, both = {{kGpu, 1}, {kCpu, 2}};
  tree.AddUsed(leaf, one, 2);
  const TopologyTree::UndoMark outer = tree.Mark();
  tree.AddUsed(leaf, both, 1);
  const TopologyTree::UndoMark inner = tree.Mark();
  tree.AddAssumed(leaf, one, 3);
  tree.AddUsed(leaf, one, -1);
  EXPECT_EQ(tree.used(leaf, kGpu), 2);
  EXPECT_EQ(tree.Remaining(leaf, kGpu, false), 8 - 2 - 3);
  EXPECT_EQ(tree.Remaining(leaf, kGpu, true), 8 - 3) << "as if nobody used anything, but what is assumed";
  tree.Rollback(inner);
  EXPECT_EQ(tree.Remaining(leaf, kGpu, false), 8 - 3);
  EXPECT_EQ(tree.used(leaf, kCpu), 2);
  tree.Rollback(outer);
  EXPECT_EQ(tree.used(leaf, kGpu), 2);
  EXPECT_EQ(tree.used(leaf, kCpu), 0);
  EXPECT_EQ(tree.Remaining(leaf, kCpu, false), 0);
}

TEST(TopologyTree, TheJournalNamesEveryLeafTouched) {
  TopologyTree tree = Racks();
  const LeafId a = tree.AddLeaf({"b", "r", "a"}), b = tree.AddLeaf({"b", "r", "b"});
  const std::vector<ResourceAmount> one = {{kGpu, 1}};
  uint64_t seen = tree.journal_end();
  tree.SetLeaf(a, true, {8}, nullptr);
  tree.AddUsed(b, one, 1);
  ASSERT_EQ(tree.journal_end(), seen + 2);
  EXPECT_EQ(tree.journal(seen).leaf, a);
  EXPECT_TRUE(tree.journal(seen).node_changed);
  EXPECT_EQ(tree.journal(seen + 1).leaf, b);
  EXPECT_FALSE(tree.journal(seen + 1).node_changed);
  EXPECT_TRUE(tree.journal(seen + 1).only_used);
  const TopologyTree::UndoMark mark = tree.Mark();
  tree.AddUsed(b, one, 1);
  seen = tree.journal_end();
  tree.Rollback(mark);
  ASSERT_EQ(tree.journal_end(), seen + 1) << "taking back is a change, too";
  EXPECT_EQ(tree.journal(seen).leaf, b);
  EXPECT_TRUE(tree.journal(seen).only_used);
  const TopologyTree::UndoMark both = tree.Mark();
  tree.AddUsed(b, one, 1);
  tree.AddAssumed(b, one, 1);
  seen = tree.journal_end();
  tree.Rollback(both);
  ASSERT_EQ(tree.journal_end(), seen + 2) << "what is assumed counts even where use does not";
  EXPECT_FALSE(tree.journal(seen).only_used);
  // It forgets its oldest half when nobody could want to follow it.
  for (int i = 0; i < 10000; ++i) tree.AddUsed(a, one, 1);
  EXPECT_GT(tree.journal_begin(), 0u);
  EXPECT_LE(tree.journal_end() - tree.journal_begin(), 4096u + 8);
}

}  // namespace
}  // namespace muster::scheduler
