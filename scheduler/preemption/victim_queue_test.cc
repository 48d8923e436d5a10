// Who may be a victim by each policy, and that a queue of candidates yields those and stops where nobody else can pass.
#include "scheduler/preemption/victim_queue.h"

#include <deque>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using Policy = PreemptionPolicy;

absl::Time At(int second) { return absl::FromUnixSeconds(second); }
WorkloadId Id(int index) { return WorkloadId(index, 0); }

// The preemptor has priority 5 and came at 10.
VictimFilter Filter(Policy rule, absl::Span<const quota::FrId> frs) { return {rule, 5, At(10), frs}; }

TEST(VictimFilter, AllowsWhomThePolicyAllows) {
  struct Case {
    const char* about;
    Policy rule;
    int64_t priority;
    int queued;
    bool allowed;
    bool ends;  // nobody of that priority or above can pass
  };
  const Case kCases[] = {
      {"unset allows nobody", Policy::kUnset, 0, 20, false, true},
      {"never allows nobody", Policy::kNever, 0, 20, false, true},
      {"lower priority", Policy::kLowerPriority, 4, 0, true, false},
      {"equal priority is not lower", Policy::kLowerPriority, 5, 20, false, true},
      {"higher priority", Policy::kLowerPriority, 6, 20, false, true},
      {"lower or newer: lower and older", Policy::kLowerOrNewerEqualPriority, 4, 0, true, false},
      {"lower or newer: equal and newer", Policy::kLowerOrNewerEqualPriority, 5, 11, true, false},
      {"lower or newer: equal and as old", Policy::kLowerOrNewerEqualPriority, 5, 10, false, false},
      {"lower or newer: equal and older", Policy::kLowerOrNewerEqualPriority, 5, 9, false, false},
      {"lower or newer: higher and newer", Policy::kLowerOrNewerEqualPriority, 6, 20, false, true},
      {"any", Policy::kAny, 9, 0, true, false},
  };
  const quota::FrId kFrs[] = {3, 7};
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    const VictimFilter filter = Filter(c.rule, kFrs);
    WorkloadState w;
    w.priority = c.priority;
    w.queue_timestamp = At(c.queued);
    EXPECT_EQ(filter.AllowsPriority(w), c.allowed);
    EXPECT_EQ(filter.EndsAt(c.priority), c.ends);
    EXPECT_FALSE(filter.Allows(w)) << "it uses nothing";
    w.usage = {{1, 4}};
    EXPECT_FALSE(filter.Allows(w)) << "it uses something else";
    w.usage = {{1, 4}, {7, 0}};
    EXPECT_EQ(filter.Allows(w), c.allowed) << "one of the pairs is enough, whatever the amount";
    w.removed = true;
    EXPECT_FALSE(filter.Allows(w)) << "it is gone already";
  }
}

class VictimQueueTest : public testing::Test {
 protected:
  void Add(int64_t priority, bool evicted = false, quota::FrId fr = 3) {
    const WorkloadId id = Id(static_cast<int>(workloads_.size()));
    WorkloadState& w = workloads_.emplace_back();
    w.priority = priority;
    w.queue_timestamp = At(0);
    w.usage = {{fr, 1}};
    holders_.insert({evicted, priority, At(0), "uid", id});
  }
  std::vector<int> Drain(Policy rule) {
    const quota::FrId kFrs[] = {3};
    const VictimFilter filter = Filter(rule, kFrs);
    VictimQueue queue(ClusterQueueId(4), 6, holders_, workloads_, filter);
    EXPECT_EQ(queue.cq(), ClusterQueueId(4));
    EXPECT_EQ(queue.node(), 6);
    std::vector<int> out;
    while (!queue.empty()) {
      const WorkloadId next = queue.Peek().id;
      out.push_back(queue.Pop().id);
      EXPECT_EQ(out.back(), next);
    }
    return out;
  }

  std::deque<WorkloadState> workloads_;
  Holders holders_;
};

TEST_F(VictimQueueTest, YieldsThoseThatPassInOrder) {
  Add(4);                    // 0
  Add(1);                    // 1
  Add(2, false, 9);          // 2: uses another pair
  Add(7);                    // 3: of higher priority
  Add(8, /*evicted=*/true);  // 4: evicted, but of higher priority
  Add(3, /*evicted=*/true);  // 5
  EXPECT_EQ(Drain(Policy::kLowerPriority), (std::vector<int>{5, 1, 0}));
  EXPECT_EQ(Drain(Policy::kAny), (std::vector<int>{5, 4, 1, 0, 3}));
  EXPECT_EQ(Drain(Policy::kNever), std::vector<int>());
  workloads_[1].removed = true;
  EXPECT_EQ(Drain(Policy::kLowerPriority), (std::vector<int>{5, 0}));
}

TEST_F(VictimQueueTest, NobodyIsInAnEmptyOne) { EXPECT_EQ(Drain(Policy::kAny), std::vector<int>()); }

TEST(VictimQueue, OverAListYieldsTheList) {
  VictimQueue queue(ClusterQueueId(1), 2, {{false, 9, At(0), "a", Id(5)}, {true, 0, At(0), "b", Id(3)}});
  EXPECT_EQ(queue.cq(), ClusterQueueId(1));
  ASSERT_FALSE(queue.empty());
  EXPECT_EQ(queue.Pop().id, 5);
  VictimQueue moved = std::move(queue);
  EXPECT_EQ(moved.Peek().id, 3);
  EXPECT_EQ(moved.Pop().id, 3);
  EXPECT_TRUE(moved.empty());
  EXPECT_TRUE(VictimQueue(ClusterQueueId(1), 2, std::vector<VictimKey>()).empty());
}

}  // namespace
}  // namespace muster::scheduler
