// The forest as a set of trees, each with the pairs it knows: what a tree does not know, what one tree means to another,
// and trees that are built anew.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quota/forest.h"
#include "quota/trial.h"

namespace muster::quota {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// 0 = root with pair 0; 1 = a (in root) with pair 1, borrows at most 3; 2 = b (in root) with pair 0.
// 3 = alone with pairs 0 and 2. Pair 3 has no quota anywhere.
ForestSpec TwoTrees() {
  ForestSpec s;
  s.resource_of_fr = {0, 0, 1, 1};
  s.num_resources = 2;
  s.nodes = {{"root", true, kNoNode, 1, {{0, 4, {}, {}}}},
             {"a", false, 0, 1, {{1, 10, 3, {}}}},
             {"b", false, 0, 1, {{0, 5, {}, {}}}},
             {"alone", false, kNoNode, 1, {{0, 7, {}, {}}, {2, 1, {}, {}}}}};
  return s;
}

TEST(ForestTrees, APairThatANodeDoesNotKnowHasNoQuotaAndNoLimits) {
  const Forest f = Forest::Build(TwoTrees()).value();
  const struct {
    const char* what;
    NodeId node;
    FrId fr;
    Amount available;  // what is above it, nothing at a root
  } kCases[] = {
      {"a quota of others in the tree is there to be borrowed", 1, 0, 9},
      {"what a has is all its cohort has", 2, 1, 10},
      {"a quota of another tree is none", 1, 2, 0},
      {"a root that knows nothing of it", 0, 2, 0},
      {"a pair without any quota", 3, 3, 0},
      {"an id that is none", 1, -1, 0},
  };
  for (const auto& c : kCases) {
    EXPECT_FALSE(f.HasQuota(c.node, c.fr)) << c.what;
    EXPECT_EQ(f.nominal(c.node, c.fr), 0) << c.what;
    EXPECT_EQ(f.borrowing_limit(c.node, c.fr), kUnlimited) << c.what;
    EXPECT_EQ(f.subtree_quota(c.node, c.fr), 0) << c.what;
    EXPECT_EQ(f.local_quota(c.node, c.fr), 0) << c.what;
    EXPECT_EQ(f.usage(c.node, c.fr), 0) << c.what;
    EXPECT_EQ(f.PotentialAvailable(c.node, c.fr), c.available) << c.what;
    EXPECT_EQ(f.Available(c.node, c.fr), c.available) << c.what;
    EXPECT_TRUE(f.IsWithinNominal(c.node, {c.fr})) << c.what;
    EXPECT_FALSE(f.AnyChildOverNominal(c.node, {c.fr})) << c.what;
    EXPECT_TRUE(f.BorrowingWith(c.node, c.fr, 1)) << c.what;
  }
  EXPECT_THAT(f.frs(0), ElementsAre(0, 1));
  EXPECT_THAT(f.frs(1), ElementsAre(1));
  EXPECT_THAT(f.frs(3), ElementsAre(0, 2));
}

TEST(ForestTrees, UsageOfAPairWithoutQuotaIsSeenUpToTheRoot) {
  Forest f = Forest::Build(TwoTrees()).value();
  {
    const Trial trial(f, 1);
    f.AddUsage(1, 3, 2);
    EXPECT_EQ(f.usage(0, 3), 2);
    EXPECT_EQ(f.Available(2, 3), -2);
    EXPECT_TRUE(f.AnyChildOverNominal(0, {3}));
    EXPECT_TRUE(f.IsBorrowing(1));
    EXPECT_FALSE(f.HasQuota(1, 3));
    EXPECT_FALSE(f.BorrowsAny(1, std::vector<FrAmount>{{3, 2}}));
    EXPECT_THAT(f.frs(1), ElementsAre(1));
  }
  EXPECT_EQ(f.usage(0, 3), 0);
  EXPECT_EQ(f.Available(2, 3), 0);
  EXPECT_FALSE(f.AnyChildOverNominal(0, {3}));
  EXPECT_FALSE(f.IsBorrowing(1));
  // The cell of the cohort is known, that of the ClusterQueue is not.
  f.AddUsage(1, 0, 6);
  EXPECT_EQ(f.usage(0, 0), 6);
  EXPECT_EQ(f.Available(2, 0), 3);
  f.RemoveUsage(1, 0, 6);
  EXPECT_EQ(f.usage(0, 0), 0);
}

TEST(ForestTrees, ACopyIsOnItsOwn) {
  Forest f = Forest::Build(TwoTrees()).value();
  f.AddUsage(1, 3, 1);
  Forest copy = f;
  copy.AddUsage(2, 0, 5);
  copy.AddUsage(1, 3, 1);
  EXPECT_EQ(copy.usage(0, 0), 5);
  EXPECT_EQ(copy.usage(0, 3), 2);
  EXPECT_EQ(f.usage(0, 0), 0);
  EXPECT_EQ(f.usage(0, 3), 1);
  copy = f;
  EXPECT_EQ(copy.usage(2, 0), 0);
}

TEST(ForestTrees, AMarkIsOfOneTree) {
  Forest f = Forest::Build(TwoTrees()).value();
  const auto mark = f.Mark(2);
  f.AddUsage(2, 0, 3);
  f.AddUsage(3, 0, 3);  // in the other tree, which nobody marked
  f.Rollback(0, mark);
  EXPECT_EQ(f.usage(2, 0), 0);
  EXPECT_EQ(f.usage(3, 0), 3);
  {
    const Trial both(f, std::vector<NodeId>{1, 3, 2});
    f.AddUsage(2, 0, 3);
    f.AddUsage(3, 0, 3);
  }
  EXPECT_EQ(f.usage(0, 0), 0);
  EXPECT_EQ(f.usage(3, 0), 3);
}

TEST(ForestTrees, ATreeBuiltAnewLeavesTheOthersAlone) {
  ForestSpec s = TwoTrees();
  Forest f = Forest::Build(s).value();
  f.AddUsage(3, 0, 3);
  EXPECT_THAT(f.RemoveTree(2), UnorderedElementsAre(0, 1, 2));
  EXPECT_FALSE(f.InTree(1));
  EXPECT_TRUE(f.InTree(3));
  // b goes, c comes; root and a stay who they are.
  f.FreeNode(2);
  EXPECT_EQ(f.NewNode(), 2);  // its place is c's now
  s.nodes[0].quotas = {{2, 6, {}, {}}};
  f.BuildTree({0, 1, 2}, std::vector<NodeSpec>{s.nodes[0], s.nodes[1], {"c", false, 0, 1, {{2, 1, {}, {}}}}});
  EXPECT_THAT(f.children(0), ElementsAre(1, 2));
  EXPECT_EQ(f.name(2), "c");
  EXPECT_EQ(f.root(2), 0);
  EXPECT_EQ(f.subtree_quota(0, 2), 7);
  EXPECT_EQ(f.subtree_quota(0, 1), 10);
  EXPECT_THAT(f.frs(0), ElementsAre(1, 2));
  EXPECT_EQ(f.usage(3, 0), 3);
  EXPECT_EQ(f.Available(3, 0), 4);
  EXPECT_EQ(f.NewNode(), 4);
}

TEST(ForestTrees, PairsThatWereUsedOnceCrowdATree) {
  ForestSpec s = TwoTrees();
  for (int i = 0; i < 1000; ++i) s.resource_of_fr.push_back(0);
  Forest f = Forest::Build(s).value();
  for (FrId fr = 4; fr < 24; ++fr) {
    f.AddUsage(1, fr, 1);
    f.RemoveUsage(1, fr, 1);
    EXPECT_FALSE(f.IsCrowded(0)) << "a few do not matter";
  }
  for (FrId fr = 24; fr < 124; ++fr) f.AddUsage(1, fr, 1);
  EXPECT_FALSE(f.IsCrowded(0)) << "most are in use";
  for (FrId fr = 24; fr < 124; ++fr) f.RemoveUsage(1, fr, 1);
  for (FrId fr = 124; fr < 424; ++fr) {
    f.AddUsage(1, fr, 1);
    f.RemoveUsage(1, fr, 1);
  }
  EXPECT_TRUE(f.IsCrowded(0));
}

TEST(ForestTrees, LevelsCountWithoutQueuesThatDoNot) {
  // root > mid > low > x; root > y
  ForestSpec s;
  s.resource_of_fr = {0};
  s.num_resources = 1;
  s.nodes = {{"root", true, kNoNode, 1, {}},
             {"mid", true, 0, 1, {}},
             {"low", true, 1, 1, {}},
             {"x", false, 2, 1, {{0, 1, {}, {}}}},
             {"y", false, 0, 1, {{0, 1, {}, {}}}}};
  Forest f = Forest::Build(s).value();
  const auto height = [&f] { return f.FindHeight(4, 0, 10).height; };
  EXPECT_EQ(height(), 3);
  f.SetCounted(3, false);
  EXPECT_EQ(height(), 2);
  f.SetCounted(4, false);
  EXPECT_EQ(height(), 2) << "cohorts are levels, whoever is in them";
  f.SetCounted(3, true);
  EXPECT_EQ(height(), 3);
}

TEST(ForestTrees, BuildRefusesCohortsThatAreTooDeep) {
  ForestSpec s;
  s.resource_of_fr = {0};
  s.num_resources = 1;
  for (int i = 0; i < kMaxCohortDepth; ++i) s.nodes.push_back({"c" + std::to_string(i), true, i - 1, 1, {}});
  s.nodes.push_back({"q", false, kMaxCohortDepth - 1, 1, {{0, 1, {}, {}}}});
  const Forest f = Forest::Build(s).value();
  EXPECT_EQ(f.depth(kMaxCohortDepth), kMaxCohortDepth);
  EXPECT_EQ(f.Available(kMaxCohortDepth, 0), 1);
  s.nodes.push_back({"one-more", true, kMaxCohortDepth - 1, 1, {}});
  const auto refused = Forest::Build(s);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().message(), "one-more: is below more than 64 cohorts; give one of them another parent");
}

// A forest that knows only what it has to must answer as one in which every node has a quota of 0 for every other pair:
// random trees, random histories.
TEST(ForestTrees, WhatIsLeftOutIsZero) {
  constexpr int kNodes = 9, kPairs = 6;
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&random](int n) { return static_cast<int>(random() % n); };
    ForestSpec sparse;
    sparse.num_resources = 2;
    for (int p = 0; p < kPairs; ++p) sparse.resource_of_fr.push_back(p % 2);
    for (int i = 0; i < kNodes; ++i) {
      NodeSpec node{"n" + std::to_string(i), i < 4, i == 0 || pick(6) == 0 ? kNoNode : pick(std::min(i, 4)), 1, {}};
      for (FrId p = 0; p < kPairs; ++p) {
        if (pick(3) > 0) continue;
        QuotaSpec q{p, pick(10), {}, {}};
        if (pick(2) == 0) q.borrowing_limit = pick(6);
        if (pick(2) == 0) q.lending_limit = pick(6);
        node.quotas.push_back(q);
      }
      std::shuffle(node.quotas.begin(), node.quotas.end(), random);
      sparse.nodes.push_back(node);
    }
    ForestSpec full = sparse;
    for (NodeSpec& node : full.nodes) {
      for (FrId p = 0; p < kPairs; ++p) {
        if (std::none_of(node.quotas.begin(), node.quotas.end(), [p](const QuotaSpec& q) { return q.fr == p; })) {
          node.quotas.push_back({p, 0, {}, {}});
        }
      }
    }
    Forest a = Forest::Build(sparse).value(), b = Forest::Build(full).value();
    const auto compare = [&](const std::string& when) {
      for (NodeId n = 0; n < kNodes; ++n) {
        for (FrId p = 0; p < kPairs; ++p) {
          const std::string at =
              when + " seed " + std::to_string(seed) + " node " + std::to_string(n) + " pair " + std::to_string(p);
          ASSERT_EQ(a.usage(n, p), b.usage(n, p)) << at;
          ASSERT_EQ(a.subtree_quota(n, p), b.subtree_quota(n, p)) << at;
          ASSERT_EQ(a.local_quota(n, p), b.local_quota(n, p)) << at;
          ASSERT_EQ(a.Available(n, p), b.Available(n, p)) << at;
          ASSERT_EQ(a.PotentialAvailable(n, p), b.PotentialAvailable(n, p)) << at;
          ASSERT_EQ(a.BorrowingWith(n, p, 2), b.BorrowingWith(n, p, 2)) << at;
          ASSERT_EQ(a.AnyChildOverNominal(n, {p}), b.AnyChildOverNominal(n, {p})) << at;
          ASSERT_EQ(a.IsWithinNominal(n, {p}), b.IsWithinNominal(n, {p})) << at;
          std::vector<FrAmount> x, y;
          const FrAmount request{p, 3};
          ASSERT_EQ(a.FitsInQuota(n, {&request, 1}, &x), b.FitsInQuota(n, {&request, 1}, &y)) << at;
          ASSERT_EQ(x, y) << at;
          if (n < 4) continue;
          ASSERT_EQ(a.FindHeight(n, p, 3).height, b.FindHeight(n, p, 3).height) << at;
          ASSERT_EQ(a.FindHeight(n, p, 3).smaller_than_tree, b.FindHeight(n, p, 3).smaller_than_tree) << at;
        }
        ASSERT_EQ(a.IsBorrowing(n), b.IsBorrowing(n)) << when << " seed " << seed << " node " << n;
      }
    };
    compare("fresh");
    struct Use {
      NodeId node;
      FrId pair;
      Amount amount;
    };
    std::vector<Use> held;
    const auto step = [&] {
      if (!held.empty() && pick(3) == 0) {
        std::swap(held[pick(static_cast<int>(held.size()))], held.back());
        const Use u = held.back();
        held.pop_back();
        a.RemoveUsage(u.node, u.pair, u.amount);
        b.RemoveUsage(u.node, u.pair, u.amount);
        return;
      }
      const Use u{4 + pick(kNodes - 4), pick(kPairs), pick(8)};
      held.push_back(u);
      a.AddUsage(u.node, u.pair, u.amount);
      b.AddUsage(u.node, u.pair, u.amount);
    };
    for (int i = 0; i < 6; ++i) {
      step();
      compare("after a step");
      const std::vector<Use> before = held;
      {
        const NodeId n = pick(kNodes);
        const std::vector<NodeId> all = {0, 1, 2, 3, 4, 5, 6, 7, 8, n};
        const Trial x(a, all), y(b, all);
        step();
        step();
        compare("in a trial");
      }
      held = before;
      compare("after a trial");
    }
    if (HasFatalFailure()) return;
    // Shares: what is used without quota is nobody's to lend. The same where all that is used has one.
    for (const Use& u : held) {
      a.RemoveUsage(u.node, u.pair, u.amount);
      b.RemoveUsage(u.node, u.pair, u.amount);
    }
    for (NodeId n = 4; n < kNodes; ++n) {
      for (const FrId p : a.frs(n)) {
        const Amount amount = pick(20);
        a.AddUsage(n, p, amount);
        b.AddUsage(n, p, amount);
      }
    }
    for (NodeId n = 0; n < kNodes; ++n) {
      const Share x = a.DominantResourceShare(n), y = b.DominantResourceShare(n);
      EXPECT_EQ(x.ratio, y.ratio) << "seed " << seed << " node " << n;
      EXPECT_EQ(x.dominant, y.dominant) << "seed " << seed << " node " << n;
      EXPECT_EQ(x.borrowing, y.borrowing) << "seed " << seed << " node " << n;
    }
  }
}

}  // namespace
}  // namespace muster::quota
