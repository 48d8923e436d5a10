// Every question a forest answers, against the definitions worked out anew each time, on random forests of several
// cohorts deep, several flavors and two resources: who borrows, from how high up, what a parent would have to give, and
// how shares compare.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "quota/forest.h"

namespace muster::quota {
namespace {

// Kueue's definitions (resource_node.go, fair_sharing.go), over what each ClusterQueue uses.
class Definitions {
 public:
  explicit Definitions(const ForestSpec& spec) : spec_(spec), used_(spec.nodes.size(), std::vector<long>(Frs())) {}

  int Frs() const { return static_cast<int>(spec_.resource_of_fr.size()); }
  int Nodes() const { return static_cast<int>(spec_.nodes.size()); }
  std::vector<long>& used(int n) { return used_[n]; }

  int Parent(int n) const { return spec_.nodes[n].parent; }
  bool IsCohort(int n) const { return spec_.nodes[n].is_cohort; }
  const QuotaSpec* Spec(int n, int f) const {
    for (const QuotaSpec& q : spec_.nodes[n].quotas) {
      if (q.fr == f) return &q;
    }
    return nullptr;
  }
  long Nominal(int n, int f) const { return Spec(n, f) == nullptr ? 0 : Spec(n, f)->nominal; }
  bool HasQuota(int n, int f) const {
    if (Spec(n, f) != nullptr) return true;
    for (int c = 0; c < Nodes(); ++c) {
      if (Parent(c) == n && HasQuota(c, f)) return true;
    }
    return false;
  }
  long Subtree(int n, int f) const {
    long sum = Nominal(n, f);
    for (int c = 0; c < Nodes(); ++c) {
      if (Parent(c) == n) sum += Subtree(c, f) - Local(c, f);
    }
    return sum;
  }
  long Local(int n, int f) const {
    const QuotaSpec* q = Spec(n, f);
    return q != nullptr && q->lending_limit ? std::max(0L, Subtree(n, f) - static_cast<long>(*q->lending_limit)) : 0;
  }
  long Usage(int n, int f) const {
    if (!IsCohort(n)) return used_[n][f];
    long sum = 0;
    for (int c = 0; c < Nodes(); ++c) {
      if (Parent(c) == n) sum += std::max(0L, Usage(c, f) - Local(c, f));
    }
    return sum;
  }
  long LocalAvailable(int n, int f) const { return std::max(0L, Local(n, f) - Usage(n, f)); }
  long Available(int n, int f) const {
    if (Parent(n) < 0) return Subtree(n, f) - Usage(n, f);
    long up = Available(Parent(n), f);
    if (const QuotaSpec* q = Spec(n, f); q != nullptr && q->borrowing_limit) {
      const long stored = Subtree(n, f) - Local(n, f), taken = std::max(0L, Usage(n, f) - Local(n, f));
      up = std::min(up, stored - taken + static_cast<long>(*q->borrowing_limit));
    }
    return LocalAvailable(n, f) + up;
  }
  long Potential(int n, int f) const {
    if (Parent(n) < 0) return Subtree(n, f);
    const long p = Local(n, f) + Potential(Parent(n), f);
    const QuotaSpec* q = Spec(n, f);
    return q != nullptr && q->borrowing_limit ? std::min(p, Subtree(n, f) + static_cast<long>(*q->borrowing_limit)) : p;
  }
  bool BorrowingWith(int n, int f, long amount) const {
    return (IsCohort(n) ? Subtree(n, f) : Nominal(n, f)) < Usage(n, f) + amount;
  }
  int Height(int cohort, const std::vector<uint8_t>& counted) const {
    int height = 0;
    for (int c = 0; c < Nodes(); ++c) {
      if (Parent(c) != cohort) continue;
      if (IsCohort(c)) height = std::max(height, 1 + Height(c, counted));
      if (!IsCohort(c) && counted[c]) height = std::max(height, 1);
    }
    return height;
  }
  Forest::Height FindHeight(int n, int f, long amount, const std::vector<uint8_t>& counted) const {
    if (Parent(n) < 0 || !BorrowingWith(n, f, amount)) return {0, Parent(n) >= 0};
    long rest = amount - LocalAvailable(n, f);
    int root = n;
    for (int c = Parent(n); c >= 0; c = Parent(c)) {
      if (!BorrowingWith(c, f, rest)) return {Height(c, counted), Parent(c) >= 0};
      rest -= LocalAvailable(c, f);
      root = c;
    }
    return {Height(root, counted), false};
  }
  Share ShareOf(int n, const std::vector<FrAmount>& extra) const {
    Share out;
    if (Parent(n) < 0) return out;
    out.weight = spec_.nodes[n].weight;
    std::vector<long> borrowed(spec_.num_resources);
    for (int f = 0; f < Frs(); ++f) {
      if (!HasQuota(n, f)) continue;
      long over = Usage(n, f) - Subtree(n, f);
      for (const FrAmount& e : extra) over += e.fr == f ? e.amount : 0;
      if (over > 0) borrowed[spec_.resource_of_fr[f]] += over;
      out.borrowing = out.borrowing || over > 0;
    }
    int root = n;
    while (Parent(root) >= 0) root = Parent(root);
    for (int r = 0; r < spec_.num_resources; ++r) {
      long lendable = 0;
      for (int f = 0; f < Frs(); ++f) {
        if (spec_.resource_of_fr[f] == r && HasQuota(root, f)) lendable += Potential(Parent(n), f);
      }
      if (borrowed[r] == 0 || lendable <= 0) continue;
      const double ratio = borrowed[r] * 1000.0 / lendable;
      if (out.dominant >= 0 && ratio <= out.ratio) continue;
      out.ratio = ratio;
      out.dominant = r;
    }
    return out;
  }

 private:
  const ForestSpec& spec_;
  std::vector<std::vector<long>> used_;
};

class Random {
 public:
  explicit Random(int seed) : random_(seed) {}
  int Below(int n) { return static_cast<int>(random_() % n); }
  std::optional<Amount> Maybe(int n) { return Below(3) == 0 ? std::optional<Amount>(Below(n)) : std::nullopt; }

 private:
  std::mt19937 random_;
};

ForestSpec MakeSpec(Random& random) {
  ForestSpec spec;
  spec.num_resources = 2;
  spec.resource_of_fr = {0, 1, 0};
  const double kWeights[] = {1, 1, 2, 0, 0.5};
  const int n = 2 + random.Below(7);
  for (int i = 0; i < n; ++i) {
    NodeSpec node;
    node.name = "n" + std::to_string(i);
    node.is_cohort = i == 0 || (i < n - 1 && random.Below(2) == 0);
    node.weight = kWeights[random.Below(5)];
    std::vector<NodeId> cohorts;
    for (int c = 0; c < i; ++c) {
      if (spec.nodes[c].is_cohort) cohorts.push_back(c);
    }
    // Mostly deep.
    if (!cohorts.empty() && random.Below(8) != 0) {
      node.parent = random.Below(2) == 0 ? cohorts.back() : cohorts[random.Below(static_cast<int>(cohorts.size()))];
    }
    for (int f = 0; f < 3; ++f) {
      if (random.Below(node.is_cohort ? 3 : 6) == 0) continue;
      QuotaSpec q{f, random.Below(5), {}, {}};
      if (node.parent != kNoNode) {
        q.borrowing_limit = random.Maybe(4);
        q.lending_limit = random.Maybe(4);
      }
      node.quotas.push_back(q);
    }
    spec.nodes.push_back(node);
  }
  return spec;
}

void ExpectSame(const Forest& forest, const Definitions& d, const std::vector<uint8_t>& counted,
                const std::vector<FrAmount>& asked) {
  const std::vector<FrId> frs = {0, 2};
  for (int n = 0; n < d.Nodes(); ++n) {
    SCOPED_TRACE(testing::Message() << "node " << n);
    for (int f = 0; f < d.Frs(); ++f) {
      ASSERT_EQ(forest.HasQuota(n, f), d.HasQuota(n, f));
      ASSERT_EQ(forest.subtree_quota(n, f), d.Subtree(n, f));
      ASSERT_EQ(forest.local_quota(n, f), d.Local(n, f));
      ASSERT_EQ(forest.usage(n, f), d.Usage(n, f));
      ASSERT_EQ(forest.Available(n, f), d.Available(n, f));
      ASSERT_EQ(forest.AvailableClipped(n, f), std::max(0L, d.Available(n, f)));
      ASSERT_EQ(forest.PotentialAvailable(n, f), d.Potential(n, f));
      for (const long amount : {0, 1, 3}) {
        ASSERT_EQ(forest.BorrowingWith(n, f, amount), d.BorrowingWith(n, f, amount));
        if (d.IsCohort(n)) continue;
        const Forest::Height real = forest.FindHeight(n, f, amount), defined = d.FindHeight(n, f, amount, counted);
        ASSERT_EQ(real.height, defined.height);
        ASSERT_EQ(real.smaller_than_tree, defined.smaller_than_tree);
      }
    }
    bool within = true, borrows = false, any_child_over = false, fits = true, borrows_any = false;
    std::vector<FrAmount> rest;
    for (const int f : frs) {
      within = within && d.Subtree(n, f) >= d.Usage(n, f);
      for (int c = 0; c < d.Nodes(); ++c) {
        any_child_over = any_child_over || (d.Parent(c) == n && d.Usage(c, f) > d.Subtree(c, f));
      }
    }
    for (int f = 0; f < d.Frs(); ++f) borrows = borrows || (d.Parent(n) >= 0 && d.BorrowingWith(n, f, 0));
    for (const FrAmount& a : asked) {
      fits = fits && d.Subtree(n, a.fr) >= d.Usage(n, a.fr) + a.amount;
      rest.push_back({a.fr, std::max(0L, static_cast<long>(a.amount) - d.LocalAvailable(n, a.fr))});
      borrows_any = borrows_any || (a.amount > 0 && d.HasQuota(n, a.fr) && d.Usage(n, a.fr) > d.Subtree(n, a.fr));
    }
    ASSERT_EQ(forest.IsWithinNominal(n, frs), within);
    ASSERT_EQ(forest.AnyChildOverNominal(n, frs), any_child_over);
    ASSERT_EQ(forest.IsBorrowing(n), borrows);
    std::vector<FrAmount> remaining = {{7, 7}};
    ASSERT_EQ(forest.FitsInQuota(n, asked, &remaining), fits);
    ASSERT_EQ(remaining, rest);
    ASSERT_EQ(forest.FitsInQuota(n, asked, nullptr), fits);
    ASSERT_EQ(forest.BorrowsAny(n, asked), borrows_any);
    for (const bool with : {false, true}) {
      const std::vector<FrAmount> extra = with ? asked : std::vector<FrAmount>();
      const Share real = forest.DominantResourceShare(n, extra), defined = d.ShareOf(n, extra);
      ASSERT_EQ(real.ratio, defined.ratio);
      ASSERT_EQ(real.weight, defined.weight);
      ASSERT_EQ(real.dominant, defined.dominant);
      ASSERT_EQ(real.borrowing, defined.borrowing);
    }
  }
}

TEST(ForestRules, AgreeWithTheDefinitions) {
  Random random(3);
  for (int round = 0; round < 3000; ++round) {
    const ForestSpec spec = MakeSpec(random);
    Forest forest = Forest::Build(spec).value();
    Definitions defined(spec);
    std::vector<uint8_t> counted(spec.nodes.size(), 1);
    if (random.Below(2) == 0) {
      for (uint8_t& c : counted) c = random.Below(3) != 0;
      for (NodeId n = 0; n < forest.num_nodes(); ++n) {
        if (!forest.is_cohort(n)) forest.SetCounted(n, counted[n] != 0);
      }
    }
    for (int step = 0; step < 4; ++step) {
      for (int n = 0; n < defined.Nodes(); ++n) {
        if (defined.IsCohort(n)) continue;
        const int f = random.Below(3);
        if (random.Below(3) == 0 && defined.used(n)[f] > 0) {
          const long less = 1 + random.Below(static_cast<int>(defined.used(n)[f]));
          defined.used(n)[f] -= less;
          forest.RemoveUsage(n, f, less);
        } else {
          const long more = random.Below(5);
          defined.used(n)[f] += more;
          forest.AddUsage(n, f, more);
        }
      }
      std::vector<FrAmount> asked;
      for (int f = 0; f < 3; ++f) {
        if (random.Below(3) != 0) asked.push_back({f, random.Below(4)});
      }
      ExpectSame(forest, defined, counted, asked);
      ASSERT_FALSE(HasFailure()) << "round " << round << " step " << step;
    }
  }
}

// A borrower of weight 0 is above everybody else, and of two such the ratio decides.
TEST(CompareShares, ByWeightThenRatio) {
  const auto share = [](double ratio, double weight) {
    Share s;
    s.ratio = ratio;
    s.weight = weight;
    s.borrowing = ratio > 0;
    return s;
  };
  struct Case {
    const char* about;
    Share a, b;
    int order;
  };
  const Case kCases[] = {
      {"less is less", share(1, 1), share(2, 1), -1},
      {"the same is the same", share(2, 1), share(2, 1), 0},
      {"weight divides", share(3, 2), share(2, 1), -1},
      {"so that they may be the same", share(4, 2), share(2, 1), 0},
      {"weight 0 is above", share(1, 0), share(100, 1), 1},
      {"weight 0 that borrows nothing is not", share(0, 0), share(1, 1), -1},
      {"nor does it differ from others that borrow nothing", share(0, 0), share(0, 1), 0},
      {"two of weight 0 by ratio", share(1, 0), share(2, 0), -1},
      {"two of weight 0 and one ratio", share(2, 0), share(2, 0), 0},
      {"one of weight 0 borrows", share(0, 0), share(2, 0), -1},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(CompareShares(c.a, c.b), c.order) << c.about;
    EXPECT_EQ(CompareShares(c.b, c.a), -c.order) << c.about;
  }
  EXPECT_EQ(share(3, 0).Weighted(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(share(0, 0).Weighted(), 0);
  EXPECT_EQ(share(3, 2).Weighted(), 1.5);
}

// Each mistake in what is declared is named; what is only just right is taken.
TEST(ForestBuild, NamesWhatIsWrong) {
  const auto spec = [](std::vector<NodeSpec> nodes) {
    ForestSpec s;
    s.resource_of_fr = {0};
    s.num_resources = 1;
    s.nodes = std::move(nodes);
    return s;
  };
  const auto cohort = [](NodeId parent, const char* name = "c") { return NodeSpec{name, true, parent, 1, {}}; };
  const auto queue = [](NodeId parent, FrId fr) { return NodeSpec{"q", false, parent, 1, {{fr, 1, {}, {}}}}; };
  EXPECT_TRUE(Forest::Build(spec({})).ok());
  EXPECT_TRUE(Forest::Build(spec({cohort(1), cohort(kNoNode, "d"), queue(0, 0)})).ok()) << "a parent may come later";
  EXPECT_FALSE(Forest::Build(spec({cohort(kNoNode), queue(2, 0)})).ok()) << "no such parent";
  EXPECT_FALSE(Forest::Build(spec({cohort(kNoNode), queue(-2, 0)})).ok()) << "no such parent";
  EXPECT_FALSE(Forest::Build(spec({queue(kNoNode, 0), queue(0, 0)})).ok()) << "a queue is no parent";
  EXPECT_FALSE(Forest::Build(spec({cohort(0), queue(0, 0)})).ok()) << "its own parent";
  EXPECT_FALSE(Forest::Build(spec({cohort(kNoNode), queue(0, 1)})).ok()) << "no such pair";
  EXPECT_FALSE(Forest::Build(spec({cohort(kNoNode), queue(0, -1)})).ok()) << "no such pair";
}

}  // namespace
}  // namespace muster::quota
