// The pending workloads of one ClusterQueue: their order, where each of them is, and what wakes the parked.
#include "scheduler/queue/pending_queue.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using Place = PendingQueue::Place;

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }

WorkloadId Id(int32_t index) { return WorkloadId(index, 0); }

std::vector<int32_t> Indices(const std::vector<WorkloadId>& ids) { return {ids.begin(), ids.end()}; }

QueueItem Item(int32_t id, int64_t priority, int64_t second, const char* uid, int equivalence, int local_queue = 0) {
  return {{priority, At(second), uid, Id(id)}, equivalence, local_queue};
}

TEST(PendingQueue, OrdersByPriorityThenTimeThenUid) {
  PendingQueue q;
  q.PushHeap(Item(2, 0, 2, "u2", 1));
  q.PushHeap(Item(1, 0, 1, "u9", 1));
  q.PushHeap(Item(4, 0, 2, "u1", 1));
  q.PushHeap(Item(3, 5, 9, "u3", 2));
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{3, 1, 4, 2}));
  q.SetPreemptor(Id(2), /*generation=*/1, /*sticky=*/true);
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{2, 3, 1, 4}));
  EXPECT_EQ(q.Pop(), 2);
  EXPECT_EQ(q.PlaceOf(Id(2)), PendingQueue::Place::kInflight);
  q.Remove(Id(2));
  EXPECT_FALSE(q.IsPreemptor(Id(2), 1));
  EXPECT_EQ(q.Pop(), 3);
}

TEST(PendingQueue, StickinessOutlivesAnUpdateOfTheObject) {
  PendingQueue q;
  q.PushHeap(Item(1, 0, 1, "u1", 1));
  q.PushHeap(Item(2, 0, 2, "u2", 2));
  q.SetPreemptor(Id(2), /*generation=*/1, /*sticky=*/true);
  q.PushHeap(Item(2, -5, 2, "u2", 3));
  EXPECT_FALSE(q.IsPreemptor(Id(2), /*generation=*/2));
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{2, 1}));
  q.Remove(Id(2));
  q.PushHeap(Item(2, -5, 2, "u2", 3));
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{1, 2}));
}

TEST(PendingQueue, EquivalentWorkloadsAreParkedTogetherUntilReactivation) {
  PendingQueue q;
  q.PushHeap(Item(1, 0, 1, "u1", 7));
  q.PushHeap(Item(2, 0, 2, "u2", 8));
  q.PushHeap(Item(3, 0, 3, "u3", 7, /*local_queue=*/5));
  q.ParkEquivalent(7, PendingReason::kWaitingForQuota);
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{2}));
  EXPECT_EQ(Indices(q.Parked()), (std::vector<int32_t>{1, 3}));
  EXPECT_TRUE(q.IsKnownInadmissible(7));
  EXPECT_EQ(q.WhyInadmissible(7), PendingReason::kWaitingForQuota);
  EXPECT_EQ(q.WhyInadmissible(8), std::nullopt);
  // Only LocalQueue 0 may come back.
  q.Reactivate([](int local_queue) { return local_queue == 0; }, [](WorkloadId) { return true; });
  EXPECT_FALSE(q.IsKnownInadmissible(7));
  EXPECT_EQ(q.WhyInadmissible(7), std::nullopt);
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(q.PlaceOf(Id(3)), PendingQueue::Place::kParked);
}

TEST(PendingQueue, HeldOnesWaitForTheirOwnBackoff) {
  PendingQueue q;
  q.Park(Item(1, 0, 1, "u1", 7), /*held=*/true);
  q.Park(Item(2, 0, 2, "u2", 7), /*held=*/false);
  q.Reactivate([](int) { return true; }, [](WorkloadId) { return false; });
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{2}));
  EXPECT_EQ(q.PlaceOf(Id(1)), PendingQueue::Place::kParked);
  q.Reactivate([](int) { return true; }, [](WorkloadId) { return true; });
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(q.size(), 2);
}

TEST(PendingQueue, UsageOfLocalQueuesComesFirst) {
  PendingQueue q;
  q.PushHeap(Item(1, 9, 1, "u1", 1, /*local_queue=*/0));
  q.PushHeap(Item(2, 0, 2, "u2", 1, /*local_queue=*/1));
  const PendingQueue::LocalQueueUsage usage = [](int lq) { return lq == 0 ? 5.0 : 1.0; };
  EXPECT_EQ(Indices(q.HeapInOrder(&usage)), (std::vector<int32_t>{2, 1}));
  EXPECT_EQ(q.Pop(&usage), 2);
}

TEST(PendingQueue, OfLocalQueuesThatUsedTheSameTheOrderIsTheQueues) {
  PendingQueue q;
  q.PushHeap(Item(1, 0, 1, "u1", 1, /*local_queue=*/0));
  q.PushHeap(Item(2, 5, 2, "u2", 1, /*local_queue=*/1));
  q.PushHeap(Item(3, 9, 3, "u3", 1, /*local_queue=*/2));
  const PendingQueue::LocalQueueUsage usage = [](int lq) { return lq == 2 ? 5.0 : 1.0; };
  EXPECT_EQ(Indices(q.HeapInOrder(&usage)), (std::vector<int32_t>{2, 1, 3}));
  // A preemptor that waits for its victims goes first among those whose LocalQueue used as little, not before.
  q.SetPreemptor(Id(1), 1, /*sticky=*/true);
  EXPECT_EQ(Indices(q.HeapInOrder(&usage)), (std::vector<int32_t>{1, 2, 3}));
  q.SetPreemptor(Id(3), 1, /*sticky=*/true);
  EXPECT_EQ(Indices(q.HeapInOrder(&usage)), (std::vector<int32_t>{2, 1, 3}));
  EXPECT_EQ(q.Pop(&usage), 2);
  q.Remove(Id(2));
  EXPECT_EQ(q.Pop(&usage), 1);
  q.Remove(Id(1));
  EXPECT_EQ(q.Pop(&usage), 3);
  q.Remove(Id(3));
  EXPECT_EQ(q.Pop(&usage), kNoId);
}

TEST(PendingQueue, APreemptorThatIsNotStickyWaitsItsTurn) {
  PendingQueue q;
  q.PushHeap(Item(1, 0, 1, "u1", 1));
  q.PushHeap(Item(2, 0, 2, "u2", 2));
  q.SetPreemptor(Id(2), 3, /*sticky=*/false);
  EXPECT_TRUE(q.IsPreemptor(Id(2), 3));
  EXPECT_FALSE(q.IsPreemptor(Id(2), 4));
  EXPECT_FALSE(q.IsPreemptor(Id(1), 3));
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{1, 2}));
  // A sticky one that is parked, or absent, is in nobody's way.
  q.SetPreemptor(Id(2), 3, /*sticky=*/true);
  q.Park(Item(2, 0, 2, "u2", 2), /*held=*/false);
  EXPECT_EQ(q.Pop(), 1);
  q.PushHeap(Item(1, 0, 1, "u1", 1));
  q.Remove(Id(2));
  EXPECT_FALSE(q.IsPreemptor(Id(2), 3));
  EXPECT_FALSE(q.IsPreemptor(kNoId, 0));
  EXPECT_EQ(q.Pop(), 1);
}

TEST(PendingQueue, WhatSetPreemptorSaidIsTheMark) {
  PendingQueue q;
  const auto none = q.PreemptorMark();
  q.SetPreemptor(Id(2), 3, true);
  const auto mark = q.PreemptorMark();
  EXPECT_NE(mark, none);
  q.SetPreemptor(Id(2), 3, true);
  EXPECT_EQ(q.PreemptorMark(), mark);
  q.SetPreemptor(Id(2), 3, false);
  EXPECT_NE(q.PreemptorMark(), mark);
  q.SetPreemptor(Id(2), 4, true);
  EXPECT_NE(q.PreemptorMark(), mark);
  q.SetPreemptor(Id(5), 3, true);
  EXPECT_NE(q.PreemptorMark(), mark);
  q.PushHeap(Item(9, 0, 1, "u", 1));
  q.Remove(Id(9));
  EXPECT_TRUE(q.IsPreemptor(Id(5), 3)) << "another one went";
}

// From every place to every other: where it is, who is first, and that nothing is left behind.
TEST(PendingQueue, AWorkloadIsInOnePlace) {
  const auto put = [](PendingQueue& q, int where, int equivalence) {
    const QueueItem item = Item(2, 0, 2, "u2", equivalence);
    if (where == 0) q.PushHeap(item);
    if (where == 1) q.Park(item, /*held=*/false);
    if (where == 2) q.Park(item, /*held=*/true);
    if (where == 3) {
      q.PushHeap({{9, At(0), "u2", Id(2)}, equivalence, 0});
      EXPECT_EQ(q.Pop(), 2);
    }
    if (where == 4) q.Remove(Id(2));
  };
  const Place kPlaces[] = {Place::kHeap, Place::kParked, Place::kParked, Place::kInflight, Place::kAbsent};
  for (int from = 0; from < 5; ++from) {
    for (int to = 0; to < 5; ++to) {
      for (const int equivalence : {1, 7}) {
        if (from == 3 && to == 3) continue;  // it has to come back first
        SCOPED_TRACE(testing::Message() << "from " << from << " to " << to << ", equivalence " << equivalence);
        PendingQueue q;
        q.PushHeap(Item(1, 0, 1, "u1", 1));
        q.PushHeap(Item(3, 0, 3, "u3", 1));
        q.Park(Item(4, 0, 4, "u4", 1), false);
        put(q, from, 1);
        EXPECT_EQ(q.PlaceOf(Id(2)), kPlaces[from]);
        put(q, to, equivalence);
        EXPECT_EQ(q.PlaceOf(Id(2)), kPlaces[to]);
        EXPECT_EQ(q.size(), to == 4 ? 3 : 4);
        EXPECT_EQ(Indices(q.HeapInOrder()), to == 0 ? (std::vector<int32_t>{1, 2, 3}) : (std::vector<int32_t>{1, 3}));
        EXPECT_EQ(Indices(q.Parked()),
                  kPlaces[to] == Place::kParked ? (std::vector<int32_t>{2, 4}) : (std::vector<int32_t>{4}));
        EXPECT_EQ(Indices(q.Members()),
                  to == 3 || to == 4 ? (std::vector<int32_t>{1, 3, 4}) : (std::vector<int32_t>{1, 2, 3, 4}));
        // Everybody else is where they were, and comes out in order.
        q.Remove(Id(2));
        EXPECT_EQ(q.PlaceOf(Id(4)), Place::kParked);
        q.Reactivate([](int) { return true; }, [](WorkloadId) { return true; });
        for (const int expected : {1, 3, 4}) {
          EXPECT_FALSE(q.HeapEmpty());
          EXPECT_EQ(q.Pop(), expected);
          q.Remove(Id(expected));
        }
        EXPECT_TRUE(q.HeapEmpty());
        EXPECT_EQ(q.size(), 0);
        EXPECT_EQ(q.Pop(), kNoId);
      }
    }
  }
}

TEST(PendingQueue, WakingAsksAboutLocalQueuesAndBackoffs) {
  PendingQueue q;
  q.Park(Item(1, 0, 1, "u1", 1, /*local_queue=*/0), false);
  q.Park(Item(2, 0, 2, "u2", 1, /*local_queue=*/1), false);
  q.Park(Item(3, 0, 3, "u3", 2, /*local_queue=*/0), true);
  q.Park(Item(4, 0, 4, "u4", 2, /*local_queue=*/1), true);
  q.Park(Item(5, 0, 5, "u5", 2, /*local_queue=*/0), true);
  q.PushHeap(Item(6, -1, 6, "u6", 1, /*local_queue=*/0));
  q.Reactivate([](int lq) { return lq == 0; }, [](WorkloadId id) { return id != 5; });
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{1, 3, 6}));
  EXPECT_EQ(Indices(q.Parked()), (std::vector<int32_t>{2, 4, 5}));
  // A parked one is no longer held once it is parked without a back-off of its own.
  q.Park(Item(5, 0, 5, "u5", 2, /*local_queue=*/0), false);
  q.Reactivate([](int) { return true; }, [](WorkloadId) { return false; });
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{1, 2, 3, 5, 6}));
  EXPECT_EQ(q.Pop(), 1);
}

TEST(PendingQueue, KnowsWhetherItWasWokenSinceTheLastPop) {
  PendingQueue q;
  const auto wake = [&q] { q.Reactivate([](int) { return true; }, [](WorkloadId) { return true; }); };
  EXPECT_FALSE(q.ReactivatedSincePop());
  wake();
  EXPECT_TRUE(q.ReactivatedSincePop());
  EXPECT_EQ(q.Pop(), kNoId);
  EXPECT_FALSE(q.ReactivatedSincePop()) << "an empty queue has cycles as well";
  wake();
  EXPECT_TRUE(q.ReactivatedSincePop());
}

TEST(PendingQueue, ParkingAClassMovesAllOfItAndNobodyElse) {
  PendingQueue q;
  q.PushHeap(Item(1, 0, 1, "u1", 7));
  q.Park(Item(2, 0, 2, "u2", 7), false);
  q.PushHeap(Item(3, 0, 3, "u3", 6, /*local_queue=*/9));
  q.PushHeap(Item(4, 0, 4, "u4", 8));
  q.PushHeap(Item(5, 0, 5, "u5", 7, /*local_queue=*/-1));
  q.ParkEquivalent(7, PendingReason::kWaitingForQuota);
  EXPECT_EQ(Indices(q.Parked()), (std::vector<int32_t>{1, 2, 5}));
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{3, 4}));
  EXPECT_FALSE(q.IsKnownInadmissible(6));
  EXPECT_FALSE(q.IsKnownInadmissible(8));
  q.PushHeap(Item(6, 9, 6, "u6", 7));
  EXPECT_EQ(q.PlaceOf(Id(1)), Place::kParked);
  EXPECT_EQ(q.PlaceOf(Id(6)), Place::kHeap);
  EXPECT_EQ(q.Pop(), 6);
  q.Park(Item(6, 9, 6, "u6", 7), false);
  EXPECT_EQ(q.Pop(), 3);
  EXPECT_FALSE(q.HeapEmpty());
}

TEST(PendingQueueDeathTest, OneHeadIsTakenAtATime) {
  PendingQueue q;
  q.PushHeap(Item(1, 0, 1, "u1", 1));
  q.Pop();
  EXPECT_DEATH(q.Pop(), "the last head has not come back");
}

TEST(QueueKey, IsOrderedByOneReasonAfterTheOther) {
  const std::pair<QueueKey, QueueKey> kPairs[] = {
      {{2, At(9), "z", Id(9)}, {1, At(0), "a", Id(0)}},
      {{1, At(0), "z", Id(9)}, {1, At(1), "a", Id(0)}},
      {{1, At(0), "a", Id(9)}, {1, At(0), "b", Id(0)}},
      {{1, At(0), "a", Id(0)}, {1, At(0), "a", Id(1)}},
  };
  for (const auto& [first, second] : kPairs) {
    EXPECT_TRUE(first < second);
    EXPECT_FALSE(second < first);
    EXPECT_FALSE(first == second);
    EXPECT_FALSE(first < first);
  }
}

}  // namespace
}  // namespace muster::scheduler
