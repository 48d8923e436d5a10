// Ids: no kind is taken for another, and an id of nobody is refused, never somebody else's.
#include "scheduler/ids.h"

#include <type_traits>

#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

TEST(Ids, AreOfTheirOwnKind) {
  static_assert(!std::is_convertible_v<FlavorId, ClusterQueueId>);
  static_assert(!std::is_constructible_v<ClusterQueueId, FlavorId>);
  static_assert(!std::is_convertible_v<ResourceId, FlavorId>);
  static_assert(!std::is_convertible_v<ClusterQueueId, WorkloadId>);
  static_assert(!std::is_convertible_v<int, WorkloadId>);
  EXPECT_EQ(FlavorId(), kNoId);
  EXPECT_EQ(WorkloadId(), kNoId);
}

TEST(Ids, OfAWorkloadThatIsGoneAreRefused) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  const WorkloadId first = e.Apply(MakeWorkload("first", "q", 1, 1, 1), At(1));
  EXPECT_TRUE(e.HasWorkload(first));
  e.DeleteWorkload(first, At(2));
  EXPECT_FALSE(e.HasWorkload(first));
  EXPECT_DEATH(e.Phase(first), "CHECK failed: .*WorkloadId 0 of generation [0-9]+ is of no workload here");
  // The index is used again, by another workload and by one of the same name.
  const WorkloadId second = e.Apply(MakeWorkload("second", "q", 1, 1, 3), At(3));
  EXPECT_EQ(static_cast<int32_t>(second), static_cast<int32_t>(first));
  EXPECT_NE(second, first);
  EXPECT_FALSE(e.HasWorkload(first));
  EXPECT_DEATH(e.DeleteWorkload(first, At(3)), "is of no workload here");
  EXPECT_EQ(e.WorkloadKey(second), "ns/second");
  e.DeleteWorkload(second, At(4));
  const WorkloadId again = e.Apply(MakeWorkload("first", "q", 1, 1, 5), At(5));
  EXPECT_NE(again, first);
  EXPECT_FALSE(e.HasWorkload(first));
  EXPECT_EQ(e.WorkloadKey(again), "ns/first");
}

TEST(Ids, OfAnotherEngineAreRefused) {
  Engine here = MakeEngine({MakeQueue("q", "", {{"a", 8}})}), there = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  here.Apply(MakeWorkload("mine", "q", 1, 1, 1), At(1));
  const WorkloadId theirs = there.Apply(MakeWorkload("theirs", "q", 1, 1, 1), At(1));
  EXPECT_FALSE(here.HasWorkload(theirs));
  EXPECT_DEATH(here.Finish(theirs, At(2)), "is of no workload here");
}

TEST(Ids, OfNobodyAreRefusedByEveryCallThatTakesOne) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  for (const WorkloadId id : {WorkloadId(), WorkloadId(12345, 1)}) {
    EXPECT_FALSE(e.HasWorkload(id));
    EXPECT_DEATH(e.DeleteWorkload(id, At(1)), "is of no workload here");
    EXPECT_DEATH(e.Finish(id, At(1)), "is of no workload here");
    EXPECT_DEATH(e.Evict(id, "Deactivated", At(1)), "is of no workload here");
    EXPECT_DEATH(e.CompleteEviction(id, At(1)), "is of no workload here");
    EXPECT_DEATH(e.SetRequeued(id, At(1)), "is of no workload here");
    EXPECT_DEATH(e.StatusWritten(id), "is of no workload here");
    EXPECT_DEATH(e.SetPriority(id, 1, At(1)), "is of no workload here");
    EXPECT_DEATH(e.SetReclaimablePods(id, {}, At(1)), "is of no workload here");
    EXPECT_DEATH(e.WorkloadKey(id), "is of no workload here");
    EXPECT_DEATH(e.IsEvicted(id), "is of no workload here");
    EXPECT_DEATH(e.ClusterQueueOf(id), "is of no workload here");
    EXPECT_DEATH(e.ReservedUsage(id), "is of no workload here");
    EXPECT_DEATH(e.AdmissionOf(id), "is of no workload here");
  }
  for (const ClusterQueueId id : {ClusterQueueId(), ClusterQueueId(1)}) {
    EXPECT_DEATH(e.ClusterQueueName(id), "ClusterQueueId -?1 of 1");
    EXPECT_DEATH(e.PendingInOrder(id), "ClusterQueueId");
    EXPECT_DEATH(e.Inadmissible(id), "ClusterQueueId");
    EXPECT_DEATH(e.NumPending(id), "ClusterQueueId");
    EXPECT_DEATH(e.Reserving(id), "ClusterQueueId");
    EXPECT_DEATH(e.NodeOfClusterQueue(id), "ClusterQueueId");
  }
  EXPECT_DEATH(e.FlavorName(FlavorId(99)), "id 99 of");
  EXPECT_DEATH(e.ResourceName(ResourceId()), "id -1 of");
}

}  // namespace
}  // namespace muster::scheduler
