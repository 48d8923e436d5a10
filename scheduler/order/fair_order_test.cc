// The tournament against one that keeps nothing: for every pop, all shares are worked out anew, and at every cohort
// everybody meets.
#include "scheduler/order/fair_order.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "quota/trial.h"

namespace muster::scheduler {
namespace {

using quota::Forest;
using quota::FrAmount;
using quota::kNoNode;
using quota::NodeId;

struct Entry {
  NodeId node;
  std::vector<FrAmount> usage;
  bool is_preemptor;
  int priority, second;
};

std::vector<FairEntry> ToEntries(const std::vector<Entry>& entries) {
  std::vector<FairEntry> out;
  for (const Entry& e : entries) {
    out.push_back({e.node, e.usage, e.is_preemptor, e.priority, absl::FromUnixSeconds(e.second)});
  }
  return out;
}

// Kueue's rule, in full each time.
class NaiveOrder {
 public:
  NaiveOrder(Forest& forest, const FeatureGates& gates, const std::vector<Entry>& entries)
      : forest_(forest), gates_(gates), entries_(entries) {
    for (int i = 0; i < static_cast<int>(entries.size()); ++i) left_[entries[i].node] = i;
  }

  // Of the tree of the first ClusterQueue that has one left.
  int Pop() {
    if (left_.empty()) return -1;
    int first = static_cast<int>(entries_.size());
    for (const auto& [node, entry] : left_) first = std::min(first, entry);
    const int winner = Winner(forest_.root(entries_[first].node));
    left_.erase(entries_[winner].node);
    return winner;
  }

 private:
  struct Standing {
    quota::Share share;
    bool borrows;
  };
  Standing With(int entry, NodeId side) {
    const quota::Trial trial(forest_, side);
    forest_.AddUsage(entries_[entry].node, entries_[entry].usage);
    return {forest_.DominantResourceShare(side), forest_.BorrowsAny(side, entries_[entry].usage)};
  }
  bool Better(int a, NodeId a_side, int b, NodeId b_side) {
    const Entry &x = entries_[a], &y = entries_[b];
    const Standing s = With(a, a_side), t = With(b, b_side);
    if (gates_[Gate::kPrioritizePreemptorWorkloads] && x.is_preemptor != y.is_preemptor) return x.is_preemptor;
    if (gates_[Gate::kFairSharingPrioritizeNonBorrowing] && s.borrows != t.borrows) return t.borrows;
    const int c = quota::CompareShares(s.share, t.share);
    if (c != 0) return c < 0;
    if (gates_[Gate::kPrioritySortingWithinCohort] && x.priority != y.priority) return x.priority > y.priority;
    return x.second < y.second;
  }
  // -1 if there is no entry below.
  int Winner(NodeId node) {
    if (!forest_.is_cohort(node)) return left_.count(node) > 0 ? left_[node] : -1;
    int best = -1;
    NodeId best_side = kNoNode;
    for (const bool cohorts : {true, false}) {
      for (const NodeId child : forest_.children(node)) {
        if (forest_.is_cohort(child) != cohorts) continue;
        const int winner = Winner(child);
        if (winner < 0 || (best >= 0 && !Better(winner, child, best, best_side))) continue;
        best = winner;
        best_side = child;
      }
    }
    return best;
  }

  Forest& forest_;
  const FeatureGates& gates_;
  const std::vector<Entry>& entries_;
  std::map<NodeId, int> left_;
};

quota::NodeSpec Cohort(const std::string& name, NodeId parent, double weight = 1) {
  return {name, true, parent, weight, {}};
}
quota::NodeSpec Queue(const std::string& name, NodeId parent, quota::Amount nominal, double weight = 1) {
  return {name, false, parent, weight, {{0, nominal, {}, {}}}};
}
quota::ForestSpec OneResource(std::vector<quota::NodeSpec> nodes) {
  quota::ForestSpec spec;
  spec.resource_of_fr = {0};
  spec.num_resources = 1;
  spec.nodes = std::move(nodes);
  return spec;
}

// Whoever is popped uses what it asked for.
std::vector<int> PopAll(const quota::ForestSpec& spec, const FeatureGates& gates, const std::vector<Entry>& entries) {
  Forest forest = Forest::Build(spec).value();
  FairOrder order(forest, gates, ToEntries(entries));
  std::vector<int> out;
  for (int i = order.Pop(); i >= 0; i = order.Pop()) {
    out.push_back(i);
    forest.AddUsage(entries[i].node, entries[i].usage);
    if (out.size() > entries.size()) break;
  }
  EXPECT_EQ(order.Pop(), -1) << "and it stays so";
  return out;
}

FeatureGates Gates(std::vector<const char*> on, std::vector<const char*> off = {}) {
  FeatureGates gates;
  for (const char* name : {"PrioritizePreemptorWorkloads", "FairSharingPrioritizeNonBorrowing"}) {
    gates.Set(name, false).IgnoreError();
  }
  for (const char* name : on) gates.Set(name, true).IgnoreError();
  for (const char* name : off) gates.Set(name, false).IgnoreError();
  return gates;
}

TEST(FairOrder, DecidesByOneReasonAfterTheOther) {
  // Two queues of 2 in a cohort of 8.
  const quota::ForestSpec spec =
      OneResource({Cohort("c", kNoNode), Queue("a", 0, 2), Queue("b", 0, 2), Queue("c", 0, 4)});
  struct Case {
    const char* about;
    FeatureGates gates;
    Entry a, b;
    std::vector<int> order;
  };
  const Case kCases[] = {
      {"the smaller share", Gates({}), {1, {{0, 4}}, false, 9, 1}, {2, {{0, 3}}, false, 0, 2}, {1, 0}},
      {"then the higher priority", Gates({}), {1, {{0, 3}}, false, 0, 1}, {2, {{0, 3}}, false, 1, 2}, {1, 0}},
      {"unless priorities do not count",
       Gates({}, {"PrioritySortingWithinCohort"}),
       {1, {{0, 3}}, false, 0, 1},
       {2, {{0, 3}}, false, 1, 2},
       {0, 1}},
      {"then the earlier", Gates({}), {1, {{0, 3}}, false, 1, 2}, {2, {{0, 3}}, false, 1, 1}, {1, 0}},
      {"then the name", Gates({}), {1, {{0, 3}}, false, 1, 1}, {2, {{0, 3}}, false, 1, 1}, {0, 1}},
      {"a preemptor is like others", Gates({}), {1, {{0, 3}}, false, 0, 1}, {2, {{0, 4}}, true, 0, 2}, {0, 1}},
      {"with the gate it goes first",
       Gates({"PrioritizePreemptorWorkloads"}),
       {1, {{0, 3}}, false, 0, 1},
       {2, {{0, 4}}, true, 0, 2},
       {1, 0}},
      {"of two preemptors the share decides",
       Gates({"PrioritizePreemptorWorkloads"}),
       {1, {{0, 4}}, true, 0, 1},
       {2, {{0, 3}}, true, 0, 2},
       {1, 0}},
  };
  for (const Case& c : kCases) EXPECT_EQ(PopAll(spec, c.gates, {c.a, c.b}), c.order) << c.about;
}

// One that borrows nothing of what it asks for goes before one that does, whatever is borrowed otherwise.
TEST(FairOrder, WhoBorrowsNothingOfWhatItAsksGoesFirst) {
  quota::ForestSpec spec;
  spec.resource_of_fr = {0, 0};
  spec.num_resources = 1;
  spec.nodes = {{"c", true, kNoNode, 1, {{0, 8, {}, {}}, {1, 8, {}, {}}}},
                {"a", false, 0, 1, {{0, 2, {}, {}}, {1, 2, {}, {}}}},
                {"b", false, 0, 1, {{0, 2, {}, {}}, {1, 2, {}, {}}}}};
  const std::vector<Entry> entries = {{1, {{0, 3}}, false, 0, 1}, {2, {{1, 1}}, false, 0, 2}};
  for (const bool gate : {false, true}) {
    Forest forest = Forest::Build(spec).value();
    forest.AddUsage(2, 0, 6);  // b borrows of the other pair: its share is larger
    const FeatureGates gates = gate ? Gates({"FairSharingPrioritizeNonBorrowing"}) : Gates({});
    FairOrder order(forest, gates, ToEntries(entries));
    EXPECT_EQ(order.Pop(), gate ? 1 : 0);
  }
}

TEST(FairOrder, OfTwoEntriesOfOneQueueTheLaterTakesPart) {
  const quota::ForestSpec spec = OneResource({Cohort("c", kNoNode), Queue("a", 0, 2), Queue("alone", kNoNode, 2)});
  EXPECT_EQ(PopAll(spec, Gates({}), {{1, {{0, 1}}, false, 9, 1}, {1, {{0, 1}}, false, 0, 2}}), (std::vector<int>{1}));
  EXPECT_EQ(PopAll(spec, Gates({}), {{2, {{0, 1}}, false, 9, 1}, {2, {{0, 1}}, false, 0, 2}}), (std::vector<int>{1}));
  EXPECT_EQ(PopAll(spec, Gates({}), {}), std::vector<int>());
}

TEST(FairOrder, AgreesWithATournamentThatKeepsNothing) {
  std::mt19937 random(5);
  const auto pick = [&random](int n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 4000; ++round) {
    // Node ids are in name order, cohorts before queues, parents in any order among cohorts.
    const int cohorts = 1 + pick(5), queues = 1 + pick(7);
    quota::ForestSpec spec;
    spec.resource_of_fr = {0, 1, 0};
    spec.num_resources = 2;
    const double kWeights[] = {1, 2, 0, 0.5};
    for (int i = 0; i < cohorts; ++i) {
      quota::NodeSpec node = Cohort(absl::StrCat("c", i), kNoNode, kWeights[pick(4)]);
      // No cycles: the parent comes before in a fixed shuffle of the ids (i * 3 mod 7).
      std::vector<NodeId> above;
      for (int j = 0; j < cohorts; ++j) {
        if (j * 3 % 7 < i * 3 % 7) above.push_back(j);
      }
      if (!above.empty() && pick(4) != 0) node.parent = above[pick(static_cast<int>(above.size()))];
      for (int fr = 0; fr < 3; ++fr) node.quotas.push_back({fr, pick(3), {}, {}});
      spec.nodes.push_back(node);
    }
    for (int i = 0; i < queues; ++i) {
      quota::NodeSpec node = {
          absl::StrCat("q", i), false, pick(8) == 0 ? kNoNode : pick(cohorts), kWeights[pick(4)], {}};
      for (int fr = 0; fr < 3; ++fr) node.quotas.push_back({fr, pick(4), {}, {}});
      spec.nodes.push_back(node);
    }
    FeatureGates gates;
    for (const char* name :
         {"PrioritizePreemptorWorkloads", "FairSharingPrioritizeNonBorrowing", "PrioritySortingWithinCohort"}) {
      ASSERT_TRUE(gates.Set(name, pick(2) == 0).ok());
    }
    std::vector<Entry> entries;
    for (int i = 0; i < queues; ++i) {
      for (int n = pick(9) == 0 ? 2 : pick(6) == 0 ? 0 : 1; n > 0; --n) {
        std::vector<FrAmount> usage;
        for (int fr = 0; fr < 3; ++fr) {
          if (pick(2) == 0) usage.push_back({fr, pick(4)});
        }
        entries.push_back({cohorts + i, usage, pick(4) == 0, pick(2), pick(3)});
      }
    }
    Forest forest = Forest::Build(spec).value();
    for (int i = 0; i < queues; ++i) {
      for (int fr = 0; fr < 3; ++fr) forest.AddUsage(cohorts + i, fr, pick(4));
    }
    NaiveOrder naive(forest, gates, entries);
    FairOrder order(forest, gates, ToEntries(entries));
    while (true) {
      const int expected = naive.Pop();
      ASSERT_EQ(order.Pop(), expected) << "round " << round;
      if (expected < 0) break;
      // Some get what they asked for.
      if (pick(3) != 0) forest.AddUsage(entries[expected].node, entries[expected].usage);
    }
  }
}

}  // namespace
}  // namespace muster::scheduler
