// Every forest of a small family, every short history of usage: the forest must agree with a naive model that keeps
// nothing but what each ClusterQueue uses and works everything else out from the definitions.
#include <algorithm>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "quota/forest.h"

namespace muster::quota {
namespace {

struct NaiveNode {
  int parent;
  bool cohort;
  long nominal;
  std::optional<long> borrow, lend;
};

class Naive {
 public:
  explicit Naive(std::vector<NaiveNode> nodes) : nodes_(std::move(nodes)), used_(nodes_.size(), 0) {}
  std::vector<long>& used() { return used_; }

  long Quota(int n) const {
    long sum = nodes_[n].nominal;
    for (int c = 0; c < Size(); ++c) {
      if (nodes_[c].parent == n) sum += Quota(c) - Kept(c);
    }
    return sum;
  }
  long Kept(int n) const { return nodes_[n].lend ? std::max(0L, Quota(n) - *nodes_[n].lend) : 0; }
  long Usage(int n) const {
    if (!nodes_[n].cohort) return used_[n];
    long sum = 0;
    for (int c = 0; c < Size(); ++c) {
      if (nodes_[c].parent == n) sum += std::max(0L, Usage(c) - Kept(c));
    }
    return sum;
  }
  long Available(int n) const {
    if (nodes_[n].parent < 0) return Quota(n) - Usage(n);
    long up = Available(nodes_[n].parent);
    if (nodes_[n].borrow) up = std::min(up, Quota(n) - Kept(n) - std::max(0L, Usage(n) - Kept(n)) + *nodes_[n].borrow);
    return std::max(0L, Kept(n) - Usage(n)) + up;
  }
  long Potential(int n) const {
    if (nodes_[n].parent < 0) return Quota(n);
    const long p = Kept(n) + Potential(nodes_[n].parent);
    return nodes_[n].borrow ? std::min(p, Quota(n) + *nodes_[n].borrow) : p;
  }
  bool AnyChildOver(int n) const {
    for (int c = 0; c < Size(); ++c) {
      if (nodes_[c].parent == n && Usage(c) > Quota(c)) return true;
    }
    return false;
  }

 private:
  int Size() const { return static_cast<int>(nodes_.size()); }
  std::vector<NaiveNode> nodes_;
  std::vector<long> used_;
};

// root > mid > {x, y}; root > z. Each choice of limits and quotas from a few values.
TEST(SmallWorlds, AgreeWithTheDefinitions) {
  const std::optional<long> kBorrow[] = {std::nullopt, 0, 2};
  const std::optional<long> kLend[] = {std::nullopt, 0, 1};
  int worlds = 0;
  for (int code = 0; code < 3 * 3 * 3 * 3 * 3 * 3 * 3 * 2; ++code) {
    int rest = code;
    const auto pick = [&rest](int n) {
      const int v = rest % n;
      rest /= n;
      return v;
    };
    std::vector<NaiveNode> nodes(5);
    nodes[0] = {-1, true, pick(2) * 2L, {}, {}};
    nodes[1] = {0, true, 1, kBorrow[pick(3)], kLend[pick(3)]};
    nodes[2] = {1, false, 2, kBorrow[pick(3)], kLend[pick(3)]};
    nodes[3] = {1, false, pick(3), kBorrow[pick(3)], {}};
    nodes[4] = {0, false, 3, {}, kLend[pick(3)]};
    ForestSpec spec;
    spec.resource_of_fr = {0};
    spec.num_resources = 1;
    for (size_t i = 0; i < nodes.size(); ++i) {
      QuotaSpec q{0, nodes[i].nominal, {}, {}};
      if (nodes[i].borrow) q.borrowing_limit = *nodes[i].borrow;
      if (nodes[i].lend) q.lending_limit = *nodes[i].lend;
      spec.nodes.push_back({"n" + std::to_string(i), nodes[i].cohort, nodes[i].parent, 1, {q}});
    }
    Forest forest = Forest::Build(spec).value();
    Naive naive(nodes);
    const auto check = [&](const char* when) {
      for (int n = 0; n < 5; ++n) {
        ASSERT_EQ(forest.subtree_quota(n, 0), naive.Quota(n)) << when << " world " << code << " node " << n;
        ASSERT_EQ(forest.usage(n, 0), naive.Usage(n)) << when << " world " << code << " node " << n;
        ASSERT_EQ(forest.Available(n, 0), naive.Available(n)) << when << " world " << code << " node " << n;
        ASSERT_EQ(forest.PotentialAvailable(n, 0), naive.Potential(n)) << when << " world " << code << " node " << n;
        ASSERT_EQ(forest.AnyChildOverNominal(n, {0}), naive.AnyChildOver(n))
            << when << " world " << code << " node " << n;
      }
    };
    // Four steps: who gets more, then who gives back, with a what-if in between that must leave no trace.
    for (int a = 2; a <= 4; ++a) {
      for (int b = 2; b <= 4; ++b) {
        forest.AddUsage(a, 0, 3);
        naive.used()[a] += 3;
        check("after first addition");
        const auto mark = forest.Mark(0);
        forest.AddUsage(b, 0, 5);
        forest.RemoveUsage(a, 0, 2);
        forest.Rollback(0, mark);
        check("after rollback");
        forest.AddUsage(b, 0, 2);
        naive.used()[b] += 2;
        check("after second addition");
        forest.RemoveUsage(a, 0, 3);
        naive.used()[a] -= 3;
        check("after removal");
        forest.RemoveUsage(b, 0, 2);
        naive.used()[b] -= 2;
        check("at the end");
        ++worlds;
      }
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(worlds, 4374 * 9);
}

}  // namespace
}  // namespace muster::quota
