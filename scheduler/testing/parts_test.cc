// The parts of the engine on their own: pod requests, flavor matching, queue order, entry order, gates.
#include <vector>

#include "gtest/gtest.h"
#include "scheduler/feature_gates.h"
#include "scheduler/flavors/flavor_assigner.h"
#include "scheduler/flavors/flavor_match.h"
#include "scheduler/order/entry_order.h"
#include "scheduler/preemption/victim_order.h"
#include "scheduler/queue/pending_queue.h"
#include "scheduler/requests/pod_requests.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

api::Container Ask(int64_t milli_cpu, const std::string& restart = "") {
  api::Container c;
  c.restart_policy = restart;
  c.resources.requests["cpu"] = api::Quantity::FromMilli(milli_cpu);
  return c;
}

TEST(PodRequests, ContainersAddUpInitContainersPeakSidecarsStay) {
  api::PodSpec spec;
  spec.containers = {Ask(200), Ask(300)};
  EXPECT_EQ(PodRequests(spec)[0].amount, 500);
  spec.init_containers = {Ask(800)};
  EXPECT_EQ(PodRequests(spec)[0].amount, 800);
  spec.init_containers = {Ask(100, "Always"), Ask(800)};
  EXPECT_EQ(PodRequests(spec)[0].amount, 900);  // the sidecar runs beside the second init container
  spec.init_containers = {Ask(100, "Always")};
  EXPECT_EQ(PodRequests(spec)[0].amount, 600);
  spec.overhead["cpu"] = api::Quantity::FromMilli(50);
  EXPECT_EQ(PodRequests(spec)[0].amount, 650);
}

TEST(PodRequests, LimitsStandInForRequests) {
  api::PodSpec spec;
  spec.containers = {Ask(200)};
  spec.containers[0].resources.limits["cpu"] = api::Quantity::FromMilli(100);
  AdjustResources({}, nullptr, &spec);
  EXPECT_EQ(PodRequests(spec)[0].amount, 200);
  spec.containers[0].resources.requests.clear();
  AdjustResources({}, nullptr, &spec);
  EXPECT_EQ(PodRequests(spec)[0].amount, 100);
}

TEST(PodRequests, ALimitRangesDefaultsForPodsAreForThoseWithResourcesOfTheirOwn) {
  api::LimitRange range;
  range.limits.emplace_back().type = "Pod";
  range.limits[0].default_request["cpu"] = api::Quantity::FromMilli(700);
  range.limits[0].default_limit["memory"] = api::Quantity::FromValue(1000);
  const std::vector<const api::LimitRange*> ranges = {&range};
  api::PodSpec spec;
  spec.containers = {Ask(200)};
  AdjustResources(ranges, nullptr, &spec);
  EXPECT_EQ(PodRequests(spec), (std::vector<NamedAmount>{{"cpu", 200}}));
  spec.resources.emplace();
  AdjustResources(ranges, nullptr, &spec);
  EXPECT_EQ(PodRequests(spec), (std::vector<NamedAmount>{{"cpu", 700}, {"memory", 1000}}));
}

TEST(PodRequests, WhatDoesNotFitIsUnlimited) {
  EXPECT_EQ(AmountOf("cpu", api::Quantity::Parse("1E").value()), quota::kUnlimited);
  EXPECT_EQ(AmountOf("memory", api::Quantity::Parse("1E").value()), 1000000000000000000);
}

TEST(FlavorMatch, TaintsNeedATolerationOfThePodOrTheFlavor) {
  api::ResourceFlavor flavor = MakeFlavor("spot");
  flavor.node_taints = {{"spot", "true", "NoSchedule"}};
  api::PodSpec pod;
  ASSERT_TRUE(MatchFlavor(flavor, pod).has_value());
  EXPECT_EQ(MatchFlavor(flavor, pod)->code, FlavorReason::Code::kUntoleratedTaint);
  api::Toleration t;
  t.key = "spot";
  t.op = "Exists";
  pod.tolerations = {t};
  EXPECT_FALSE(MatchFlavor(flavor, pod).has_value());
  pod.tolerations.clear();
  flavor.tolerations = {t};
  EXPECT_FALSE(MatchFlavor(flavor, pod).has_value());
  flavor.tolerations.clear();
  flavor.node_taints[0].effect = "PreferNoSchedule";
  EXPECT_FALSE(MatchFlavor(flavor, pod).has_value());
}

TEST(FlavorMatch, OnlyTheFlavorsOwnLabelKeysCount) {
  const api::ResourceFlavor flavor = MakeFlavor("f", {{"zone", "a"}});
  api::PodSpec pod;
  pod.node_selector = {{"disk", "ssd"}};
  EXPECT_FALSE(MatchFlavor(flavor, pod).has_value());
  pod.node_selector = {{"zone", "b"}};
  EXPECT_TRUE(MatchFlavor(flavor, pod).has_value());
  pod.node_selector.clear();
  pod.node_affinity.emplace();
  pod.node_affinity->required = {{{{{"zone", "In", {"b"}}}, {}}}};
  EXPECT_TRUE(MatchFlavor(flavor, pod).has_value());
  // A second term that says nothing about the flavor's labels lets the flavor through.
  pod.node_affinity->required->push_back({{{"disk", "Exists", {}}}, {}});
  EXPECT_FALSE(MatchFlavor(flavor, pod).has_value());
}

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
  q.ParkEquivalent(7);
  EXPECT_EQ(Indices(q.HeapInOrder()), (std::vector<int32_t>{2}));
  EXPECT_EQ(Indices(q.Parked()), (std::vector<int32_t>{1, 3}));
  EXPECT_TRUE(q.IsKnownInadmissible(7));
  // Only LocalQueue 0 may come back.
  q.Reactivate([](int local_queue) { return local_queue == 0; }, [](WorkloadId) { return true; });
  EXPECT_FALSE(q.IsKnownInadmissible(7));
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

TEST(VictimOrder, UsageCountsBetweenLocalQueuesOfOneClusterQueue) {
  constexpr ClusterQueueId kOwn(0), kOther(1);
  const auto candidate = [](ClusterQueueId cq, const char* lq, std::optional<double> used, int64_t priority) {
    return VictimCandidate{{false, priority, At(0), "uid", Id(0)}, cq, lq, used};
  };
  const VictimCandidate low = candidate(kOwn, "low", 0.1, 1), mid = candidate(kOwn, "mid", 0.5, 10);
  EXPECT_TRUE(GoesBefore(mid, low, kOwn));
  EXPECT_FALSE(GoesBefore(low, mid, kOwn));
  EXPECT_TRUE(GoesBefore(mid, low, kOther));
  EXPECT_TRUE(GoesBefore(candidate(kOther, "high", 1.0, 99), mid, kOwn));               // others' first
  EXPECT_TRUE(GoesBefore(low, candidate(ClusterQueueId(7), "high", 1.0, 99), kOther));  // two queues: by priority
  EXPECT_TRUE(GoesBefore(low, candidate(kOwn, "low", 0.9, 2), kOwn));                   // one name
  EXPECT_TRUE(GoesBefore(low, candidate(kOwn, "mid", std::nullopt, 2), kOwn));
  VictimCandidate evicted = low;
  evicted.key.evicted = true;
  EXPECT_TRUE(GoesBefore(evicted, mid, kOwn));
}

TEST(EntryOrder, LessBorrowingThenPriorityThenTime) {
  std::vector<EntryKey> keys(4);
  for (int i = 0; i < 4; ++i) keys[i].index = i;
  keys[0].borrowing = 1;
  keys[0].priority = 9;
  keys[1].timestamp = At(2);
  keys[2].timestamp = At(1);
  keys[3].priority = 1;
  keys[3].timestamp = At(3);
  FeatureGates gates;
  SortClassically(gates, &keys);
  EXPECT_EQ(keys[0].index, 3);
  EXPECT_EQ(keys[1].index, 2);
  EXPECT_EQ(keys[2].index, 1);
  EXPECT_EQ(keys[3].index, 0);
}

// Two resource groups: flavors 0 and 1, flavors 2 and 3.
class NoFitReason : public ::testing::Test {
 protected:
  NoFitReason() {
    queue_.groups.resize(2);
    queue_.groups[0].flavors = {FlavorId(0), FlavorId(1)};
    queue_.groups[1].flavors = {FlavorId(2), FlavorId(3)};
    assignment_.mode = Mode::kNoFit;
    assignment_.pod_sets.resize(1);
    assignment_.pod_sets[0].mode = Mode::kNoFit;
    assignment_.pod_sets[0].reasons.resize(1);
    assignment_.scans.resize(1);
    assignment_.scans[0].attempted = true;
    assignment_.scan_of = {0};
  }
  PendingReason Reason() const { return ResolveNoFitReason(queue_, assignment_); }
  void Refuse(FlavorId flavor, PendingReason reason) { assignment_.scans[0].no_fit.emplace_back(flavor, reason); }

  ClusterQueueState queue_;
  Assignment assignment_;
};

TEST_F(NoFitReason, IsTheMildestOfAGroupAndTheWorstOfGroups) {
  EXPECT_EQ(Reason(), PendingReason::kNone);
  Refuse(FlavorId(0), PendingReason::kNoMatchingFlavor);
  EXPECT_EQ(Reason(), PendingReason::kNoMatchingFlavor);
  Refuse(FlavorId(1), PendingReason::kWaitingForQuota);
  EXPECT_EQ(Reason(), PendingReason::kWaitingForQuota);
  Refuse(FlavorId(3), PendingReason::kExceedsMaxQuota);
  EXPECT_EQ(Reason(), PendingReason::kExceedsMaxQuota);
}

TEST_F(NoFitReason, APodSetForWhichNoFlavorWasLookedAtMatchesNone) {
  assignment_.scans[0].attempted = false;
  EXPECT_EQ(Reason(), PendingReason::kNoMatchingFlavor);
  assignment_.pod_sets[0].reasons.clear();
  EXPECT_EQ(Reason(), PendingReason::kNone);  // nothing is said of it: it fits
  assignment_.pod_sets[0].error = "no TAS flavor assigned";
  EXPECT_EQ(Reason(), PendingReason::kNoMatchingFlavor);
}

TEST_F(NoFitReason, AFlavorWithoutAPlaceIsRefusedMostMildly) {
  assignment_.pod_sets[0].topology_flavor = FlavorId(0);
  assignment_.pod_sets[0].topology_failure.emplace();
  Refuse(FlavorId(1), PendingReason::kNoMatchingFlavor);
  EXPECT_EQ(Reason(), PendingReason::kTopologyPlacementFailed);
  Refuse(FlavorId(2), PendingReason::kExceedsMaxQuota);  // before flavor 3, which provides the other resource
  EXPECT_EQ(Reason(), PendingReason::kExceedsMaxQuota);
  assignment_.mode = Mode::kPreempt;
  EXPECT_EQ(Reason(), PendingReason::kNone);
}

TEST(SearchReducedCounts, FindsTheLeastReductionThatFits) {
  for (int capacity = 0; capacity <= 12; ++capacity) {
    const std::vector<int32_t> full = {8, 4}, least = {2, 4};
    std::vector<int32_t> best;
    const bool found = SearchReducedCounts(full, least, [&](absl::Span<const int32_t> counts) {
      if (counts[0] + counts[1] > capacity) return false;
      best.assign(counts.begin(), counts.end());
      return true;
    });
    EXPECT_EQ(found, capacity >= 6) << capacity;
    if (!found) continue;
    EXPECT_EQ(best, (std::vector<int32_t>{std::min(8, capacity - 4), 4})) << capacity;
  }
}

}  // namespace
}  // namespace muster::scheduler
