// Counts kept up to date are counts made anew, in every domain and every order, whatever happens to the tree.
#include "scheduler/topology/counts.h"

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

constexpr ResourceId kGpu(0), kPods(1);

// What the orders say, from first to last.
std::vector<std::string> Walk(const TopologyTree& tree, const TopologyCounts::Order& order) {
  std::vector<std::string> out;
  for (const TopologyCounts::OrderKey& key : order) {
    // Domains without a node may come and go.
    if (tree.has_present(key.id)) out.push_back(absl::StrCat(tree.Path(key.id), ":", key.slices, "/", key.pods));
  }
  return out;
}

void ExpectSame(TopologyCounts& kept, TopologyCounts& fresh) {
  const TopologyTree& tree = kept.tree();
  kept.Sync();
  fresh.Sync();
  for (DomainId id = 0; id < tree.num_domains(); ++id) ASSERT_EQ(kept.at(id), fresh.at(id)) << tree.Path(id);
  EXPECT_EQ(kept.Exclusions(), fresh.Exclusions());
  EXPECT_EQ(kept.total_slices(), fresh.total_slices());
  for (int level = 0; level < tree.num_levels(); ++level) {
    EXPECT_EQ(Walk(tree, kept.LevelOrder(level)), Walk(tree, fresh.LevelOrder(level)));
    for (const DomainId id : tree.AtLevel(level)) {
      if (tree.domain(id).children.empty()) continue;
      EXPECT_EQ(Walk(tree, kept.ChildOrder(id)), Walk(tree, fresh.ChildOrder(id)));
    }
  }
}

std::vector<PodShape> Shapes() {
  const std::vector<ResourceAmount> one = {{kGpu, 1}, {kPods, 1}}, two = {{kGpu, 2}, {kPods, 1}};
  std::vector<PodShape> out;
  for (const bool leader : {false, true}) {
    for (int slice_level = 0; slice_level < 3; ++slice_level) {
      PodShape s;
      s.requests = leader ? two : one;
      if (leader) s.leader = one;
      s.slice_level = slice_level;
      s.slice_size = 1 + slice_level;
      s.empty = slice_level == 1;
      if (slice_level == 0) s.inner_size = {0, 2, 0};
      out.push_back(s);
    }
  }
  api::PreferredSchedulingTerm warm;
  warm.weight = 10;
  warm.preference.match_expressions = {{"warm", "In", {"yes"}}};
  api::NodeAffinity affinity;
  affinity.preferred = {warm};
  for (const bool scored : {false, true}) {
    PodShape s = out[2];
    s.filter = std::make_shared<const NodeFilter>(api::StringMap{{"zone", "z"}}, affinity,
                                                  std::vector<api::Toleration>{}, scored);
    out.push_back(s);
  }
  return out;
}

// The first with at least so many slices and the last of the level, by looking at all of it.
void ExpectEnds(TopologyCounts& kept, int level, int32_t slices) {
  std::optional<TopologyCounts::OrderKey> first, last;
  for (const DomainId id : kept.tree().AtLevel(level)) {
    const TopologyCounts::OrderKey key = kept.KeyOf(id);
    if (key.slices >= slices && (!first.has_value() || key < *first)) first = key;
    if (!last.has_value() || *last < key) last = key;
  }
  const auto found = kept.FirstAt(level, slices);
  ASSERT_EQ(found.has_value(), first.has_value());
  if (first.has_value()) {
    EXPECT_EQ(found->id, first->id);
    EXPECT_EQ(found->pods, first->pods);
  }
  if (!last.has_value()) return;
  EXPECT_EQ(kept.LastAt(level).id, last->id);
  EXPECT_EQ(kept.LastAt(level).pods, last->pods);
}

TEST(TopologyCounts, KeptAsIfCountedAnew) {
  std::mt19937 random(11);
  const auto pick = [&random](int n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 30; ++round) {
    TopologyTree tree("t", {"block", "rack", kHostnameLabel});
    std::vector<std::unique_ptr<TopologyCounts>> kept, walked;  // walked: never asked for an order
    for (const PodShape& shape : Shapes()) {
      kept.push_back(std::make_unique<TopologyCounts>(tree, shape));
      walked.push_back(std::make_unique<TopologyCounts>(tree, shape));
    }
    std::deque<api::Node> nodes;
    std::vector<LeafId> leaves;
    for (int step = 0; step < 40; ++step) {
      for (int i = pick(4); i >= 0; --i) {
        if (leaves.empty() || pick(5) == 0) {
          leaves.push_back(
              tree.AddLeaf({absl::StrCat("b", pick(3)), absl::StrCat("r", pick(3)), absl::StrCat("h", leaves.size())}));
          nodes.emplace_back();
        }
        const int which = pick(static_cast<int>(leaves.size()));
        const LeafId leaf = leaves[which];
        const std::vector<ResourceAmount> amount = {{kGpu, pick(3)}};
        if (pick(2) == 0) {
          api::Node& node = nodes[which];
          node.metadata.labels = {{"zone", pick(4) == 0 ? "y" : "z"}, {"warm", pick(2) == 0 ? "yes" : "no"}};
          node.taints.clear();
          if (pick(4) == 0) node.taints.push_back({"t", absl::StrCat(pick(100)), "NoSchedule"});
          tree.SetLeaf(leaf, pick(4) != 0, {pick(9), 4}, &node);
        } else if (pick(2) == 0) {
          tree.AddUsed(leaf, amount, 1 - 2 * pick(2));
        } else {
          const TopologyTree::UndoMark mark = tree.Mark();
          tree.AddAssumed(leaf, amount, 1);
          for (auto* all : {&kept, &walked}) {
            for (auto& counts : *all) counts->Sync();
          }
          tree.Rollback(mark);
        }
      }
      if (pick(3) == 0) continue;  // so that there is more to catch up with
      for (auto& counts : kept) {
        TopologyCounts fresh(tree, counts->shape());
        ExpectSame(*counts, fresh);
        ASSERT_FALSE(HasFailure()) << "round " << round << " step " << step;
      }
      for (auto& counts : walked) {
        counts->Sync();
        for (int level = 0; level < tree.num_levels(); ++level) {
          if (pick(4) == 0) ExpectEnds(*counts, level, pick(4));
          ExpectEnds(*counts, level, 1);
        }
        ASSERT_FALSE(HasFailure()) << "round " << round << " step " << step;
      }
    }
  }
}

TEST(TopologyCounts, SaysWhatFitsAndWhyTheRestDoesNot) {
  TopologyTree tree("t", {"rack", kHostnameLabel});
  api::Node plain, tainted;
  tainted.taints.push_back({"gpu", "broken", "NoSchedule"});
  const LeafId a = tree.AddLeaf({"r1", "a"}), b = tree.AddLeaf({"r1", "b"}), c = tree.AddLeaf({"r2", "c"}),
               gone = tree.AddLeaf({"r2", "d"});
  tree.SetLeaf(a, true, {5, 9}, &plain);
  tree.SetLeaf(b, true, {1, 9}, &plain);
  tree.SetLeaf(c, true, {8, 9}, &tainted);
  PodShape shape;
  shape.requests = {{kGpu, 2}, {kPods, 1}};
  shape.slice_level = 0;
  shape.slice_size = 2;
  shape.filter =
      std::make_shared<const NodeFilter>(api::StringMap{}, std::nullopt, std::vector<api::Toleration>{}, false);
  TopologyCounts counts(tree, shape);
  counts.Sync();
  EXPECT_EQ(counts.at(tree.DomainOf(a)).pods, 2);
  EXPECT_EQ(counts.at(tree.DomainOf(b)).pods, 0);
  EXPECT_EQ(counts.at(tree.AncestorAt(tree.DomainOf(a), 0)).slices, 1);
  EXPECT_EQ(counts.total_slices(), 1);
  const TopologyExclusions out = counts.Exclusions();
  EXPECT_EQ(out.total_nodes, 3);
  EXPECT_EQ(out.taints, (std::map<std::string, int>{{"gpu=broken:NoSchedule", 1}}));
  EXPECT_EQ(out.resources, (std::vector<std::pair<ResourceId, int>>{{kGpu, 1}}));
  // Only below one domain.
  TopologyCounts within(tree, shape, tree.AncestorAt(tree.DomainOf(c), 0));
  within.Sync();
  EXPECT_EQ(within.total_slices(), 0);
  EXPECT_EQ(within.Exclusions().topology_domain, 2);
  tree.SetLeaf(gone, true, {4, 1}, &plain);
  within.Sync();
  EXPECT_EQ(within.at(tree.DomainOf(gone)).pods, 1) << "the pods of a node run out, too";
}

}  // namespace
}  // namespace muster::scheduler
