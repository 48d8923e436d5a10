#include "scheduler/engine.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

// Runs cycles until one admits nothing. Returns the keys admitted, in order.
std::vector<std::string> Drain(Engine& e, absl::Time now) {
  std::vector<std::string> admitted;
  e.Advance(now);
  while (e.HasPendingHeads()) {
    bool progress = false;
    for (const Decision& d : e.RunCycle(now).entries) {
      if (d.status != EntryStatus::kAssumed) continue;
      admitted.push_back(e.WorkloadKey(d.workload));
      progress = true;
    }
    e.Advance(now);
    if (!progress) break;
  }
  return admitted;
}

using Keys = std::vector<std::string>;

TEST(Engine, AGangIsAdmittedWholeOrNotAtAll) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  const WorkloadId fits = e.Apply(MakeWorkload("fits", "q", 4, 2), At(1));
  EXPECT_EQ(Drain(e, At(1)), Keys{"ns/fits"});
  EXPECT_EQ(e.Phase(fits), WorkloadPhase::kReserved);
  ASSERT_EQ(e.ReservedUsage(fits).size(), 1u);
  EXPECT_EQ(e.ReservedUsage(fits)[0], (FlavorResourceAmount{"a", "nvidia.com/gpu", 8}));
  const WorkloadId waits = e.Apply(MakeWorkload("waits", "q", 2, 1), At(2));
  EXPECT_TRUE(Drain(e, At(2)).empty());
  EXPECT_EQ(e.Phase(waits), WorkloadPhase::kInadmissible);
  EXPECT_TRUE(e.ReservedUsage(waits).empty());
}

TEST(Engine, StrictFifoWaitsBehindItsHeadAndBestEffortGoesOn) {
  for (const bool strict : {true, false}) {
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}}, strict ? "StrictFIFO" : "BestEffortFIFO")});
    e.Apply(MakeWorkload("running", "q", 1, 4, 1), At(1));
    Drain(e, At(1));
    e.Apply(MakeWorkload("big", "q", 1, 8, 2), At(2));
    e.Apply(MakeWorkload("small", "q", 1, 1, 3), At(3));
    if (strict) {
      EXPECT_TRUE(Drain(e, At(3)).empty());
    } else {
      // The first cycle parks the big one, the second finds the small one.
      Drain(e, At(3));
      EXPECT_EQ(Drain(e, At(3)), Keys{"ns/small"});
    }
  }
}

TEST(Engine, AFinishedJobBringsParkedOnesBack) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  const WorkloadId first = e.Apply(MakeWorkload("first", "q", 1, 8, 1), At(1));
  Drain(e, At(1));
  e.Apply(MakeWorkload("second", "q", 1, 8, 2), At(2));
  Drain(e, At(2));
  EXPECT_FALSE(e.HasPendingHeads());
  e.Finish(first, At(10));
  EXPECT_EQ(e.NextTimer(), At(10));
  EXPECT_EQ(Drain(e, At(10)), Keys{"ns/second"});
}

TEST(Engine, ReactivationWaitsForItsBatch) {
  Engine batched{EngineOptions::Default()};  // one second
  batched.Apply(MakeNamespace("ns"), At(0));
  batched.Apply(MakeFlavor("a"), At(0));
  batched.Apply(MakeQueue("q", "", {{"a", 1}}), At(0));
  EXPECT_EQ(batched.NextTimer(), At(1));
  batched.Advance(At(1));
  EXPECT_EQ(batched.NextTimer(), absl::InfiniteFuture());
}

TEST(Engine, BorrowsFromTheCohortUpToTheLimitAndLessBorrowingGoesFirst) {
  Engine e = MakeEngine({MakeQueue("one", "team", {{"a", 4, 2}}), MakeQueue("two", "team", {{"a", 4}})});
  e.Apply(MakeWorkload("over", "one", 1, 7, 1), At(1));
  EXPECT_TRUE(Drain(e, At(1)).empty());  // nominal 4 and at most 2 more
  e.Apply(MakeWorkload("borrows", "one", 1, 6, 2), At(2));
  e.Apply(MakeWorkload("own", "two", 1, 4, 3), At(3));
  // "own" came later but borrows nothing, so it is let in first and then only 4 are left.
  EXPECT_EQ(Drain(e, At(3)), Keys{"ns/own"});
}

TEST(Engine, TriesFlavorsInOrderAndTheNextWhenTheFirstIsFull) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 2}, {"b", 4}})});
  const WorkloadId w1 = e.Apply(MakeWorkload("w1", "q", 1, 2, 1), At(1));
  const WorkloadId w2 = e.Apply(MakeWorkload("w2", "q", 1, 2, 2), At(2));
  Drain(e, At(2));
  EXPECT_EQ(e.ReservedUsage(w1)[0].flavor, "a");
  EXPECT_EQ(e.ReservedUsage(w2)[0].flavor, "b");
}

TEST(Engine, NodeSelectorsChooseTheFlavor) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 2}, {"b", 4}})});
  api::Workload w = MakeWorkload("w", "q", 1, 1, 1);
  w.spec.pod_sets[0].pod_template.spec.node_selector = {{"type", "b"}};
  const WorkloadId id = e.Apply(w, At(1));
  Drain(e, At(1));
  EXPECT_EQ(e.ReservedUsage(id)[0].flavor, "b");
}

TEST(Engine, PartialAdmissionTakesTheLargestGangThatFits) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 5}})});
  api::Workload w = MakeWorkload("w", "q", 8, 1, 1);
  w.spec.pod_sets[0].min_count = 2;
  const WorkloadId id = e.Apply(w, At(1));
  Drain(e, At(1));
  EXPECT_EQ(e.AdmissionOf(id)->pod_set_assignments[0].count, 5);
}

struct PendingCase {
  const char* about;
  int64_t gpus;
  PendingReason reason;
  const char* message;
};

TEST(Engine, SaysWhyAWorkloadWaits) {
  const PendingCase kCases[] = {
      {"more than the queue could ever have", 9, PendingReason::kExceedsMaxQuota,
       "couldn't assign flavors to pod set main: insufficient quota for nvidia.com/gpu in flavor a, previously "
       "considered podsets requests (0) + current podset request (9) > maximum capacity (8)"},
      {"room later", 5, PendingReason::kWaitingForQuota,
       "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in flavor a, 1 more "
       "needed"},
  };
  for (const PendingCase& c : kCases) {
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
    e.Apply(MakeWorkload("running", "q", 1, 4, 1), At(1));
    Drain(e, At(1));
    e.Apply(MakeWorkload("w", "q", 1, c.gpus, 2), At(2));
    const CycleResult r = e.RunCycle(At(2));
    ASSERT_EQ(r.entries.size(), 1u) << c.about;
    EXPECT_EQ(r.entries[0].pending_reason, c.reason) << c.about;
    EXPECT_EQ(e.Message(r.entries[0]), c.message) << c.about;
  }
}

TEST(Engine, QueuesInACohortCycleAreLeftOutUntilItIsMended) {
  Engine e = MakeEngine({MakeQueue("q", "x", {{"a", 8}})});
  api::Cohort x, y;
  x.metadata.name = "x";
  x.parent_name = "y";
  y.metadata.name = "y";
  y.parent_name = "x";
  e.Apply(x, At(0));
  e.Apply(y, At(0));
  e.Apply(MakeWorkload("w", "q", 1, 1, 1), At(1));
  EXPECT_TRUE(Drain(e, At(1)).empty());
  y.parent_name = "";
  e.Apply(y, At(2));
  EXPECT_EQ(Drain(e, At(2)), Keys{"ns/w"});
}

// After a restart objects arrive in any order: what was admitted is admitted, and is not let in again.
TEST(Engine, AWorkloadMayBeDeclaredBeforeTheQueueItWasAdmittedTo) {
  Engine e = MakeEngine({});
  api::Workload running = MakeWorkload("running", "q", 1, 6, 1);
  running.status.admission = api::Admission{
      "q", {{"main", {{"nvidia.com/gpu", "a"}}, {{"nvidia.com/gpu", api::Quantity::FromValue(6)}}, 1, {}, ""}}};
  running.status.conditions.push_back({"QuotaReserved", "True", "QuotaReserved", "", At(1), {}});
  const WorkloadId id = e.Apply(running, At(2));
  e.Apply(MakeLocalQueue("ns", "q", "q"), At(2));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kUnqueued);
  e.Apply(MakeQueue("q", "", {{"a", 8}}), At(2));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kReserved);
  EXPECT_FALSE(e.HasPendingHeads());
  e.Apply(MakeWorkload("next", "q", 1, 4, 2), At(2));
  EXPECT_TRUE(Drain(e, At(2)).empty());
  e.Finish(id, At(3));
  EXPECT_EQ(Drain(e, At(3)), Keys{"ns/next"});
}

TEST(Engine, AStoppedQueueKeepsItsWorkloadsWaiting) {
  api::ClusterQueue cq = MakeQueue("q", "", {{"a", 8}});
  cq.stop_policy = "Hold";
  Engine e = MakeEngine({cq});
  e.Apply(MakeWorkload("w", "q", 1, 1, 1), At(1));
  EXPECT_FALSE(e.HasPendingHeads());
  EXPECT_EQ(e.StatusOf("q").reason, "Stopped");
  cq.stop_policy = "None";
  e.Apply(cq, At(2));
  EXPECT_EQ(Drain(e, At(2)), Keys{"ns/w"});
}

TEST(Engine, EvictionKeepsQuotaUntilTheJobHasStopped) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  const WorkloadId w = e.Apply(MakeWorkload("w", "q", 1, 8, 1), At(1));
  Drain(e, At(1));
  EXPECT_TRUE(e.Evict(w, "ClusterQueueStopped", At(3)));
  EXPECT_FALSE(e.Evict(w, "ClusterQueueStopped", At(3)));
  EXPECT_EQ(e.ReservedUsage(w)[0].amount, 8);
  e.CompleteEviction(w, At(3));
  EXPECT_EQ(e.Phase(w), WorkloadPhase::kInadmissible);  // waits to be let back in
  e.SetRequeued(w, At(4));
  EXPECT_EQ(Drain(e, At(4)), Keys{"ns/w"});
}

TEST(Engine, ReclaimablePodsFreeTheirShare) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  const WorkloadId w = e.Apply(MakeWorkload("w", "q", 4, 2, 1), At(1));
  Drain(e, At(1));
  e.SetReclaimablePods(w, std::vector<api::ReclaimablePod>{{"main", 3}}, At(2));
  EXPECT_EQ(e.ReservedUsage(w)[0].amount, 2);
  e.Finish(w, At(3));
  EXPECT_EQ(e.forest().usage(e.NodeOfClusterQueue(*e.FindClusterQueue("q")), 0), 0);
}

TEST(Engine, LoweringQuotaBelowUsageTakesNothingAwayButLetsNobodyIn) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  const WorkloadId w = e.Apply(MakeWorkload("w", "q", 1, 8, 1), At(1));
  Drain(e, At(1));
  e.Apply(MakeQueue("q", "", {{"a", 2}}), At(2));
  EXPECT_EQ(e.Phase(w), WorkloadPhase::kReserved);
  EXPECT_EQ(e.ReservedUsage(w)[0].amount, 8);
  e.Apply(MakeWorkload("next", "q", 1, 1, 2), At(2));
  EXPECT_TRUE(Drain(e, At(2)).empty());
}

// Declaration order and names of objects must not change who gets in.
TEST(Engine, OrderOfDeclarationChangesNothing) {
  const std::vector<api::ClusterQueue> queues = {MakeQueue("one", "team", {{"a", 4}}),
                                                 MakeQueue("two", "team", {{"a", 2}, {"b", 1}}),
                                                 MakeQueue("three", "", {{"b", 3}})};
  const auto run = [&](bool backwards) {
    std::vector<api::ClusterQueue> order = queues;
    std::vector<api::Workload> jobs;
    for (int i = 0; i < 12; ++i) {
      jobs.push_back(
          MakeWorkload("j" + std::to_string(i), queues[i % 3].metadata.name, 1 + i % 2, 1 + i % 3, i, i % 2));
    }
    if (backwards) {
      std::reverse(order.begin(), order.end());
      std::reverse(jobs.begin(), jobs.end());
    }
    Engine e = MakeEngine(order);
    for (const api::Workload& j : jobs) e.Apply(j, At(50));
    return Drain(e, At(50));
  };
  EXPECT_EQ(run(false), run(true));
  EXPECT_FALSE(run(false).empty());
}

}  // namespace
}  // namespace muster::scheduler
