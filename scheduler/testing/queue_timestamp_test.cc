// Which time gives a workload its place in the queue (Kueue: GetQueueOrderTimestamp).
#include "gtest/gtest.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

TEST(QueueTimestamp, IsTheCreationUnlessAnEvictionMovesTheWorkloadBack) {
  struct Case {
    const char* about;
    const char* condition;
    const char* status;
    const char* reason;
    RequeuingTimestamp timestamp;
    bool by_priority;  // gate PrioritySortingWithinCohort
    int64_t place;     // created at 1, the condition is of 100
  };
  constexpr auto kEviction = RequeuingTimestamp::kEviction, kCreation = RequeuingTimestamp::kCreation;
  const Case kCases[] = {
      {"evicted because its pods were not ready in time", "Evicted", "True", "PodsReadyTimeout", kEviction, true, 100},
      {"the same, where creation counts", "Evicted", "True", "PodsReadyTimeout", kCreation, true, 1},
      {"it is over", "Evicted", "False", "PodsReadyTimeout", kEviction, true, 1},
      {"evicted by an admission check", "Evicted", "True", "AdmissionCheck", kEviction, true, 100},
      {"evicted by an admission check, whatever the configuration", "Evicted", "True", "AdmissionCheck", kCreation,
       true, 100},
      {"preempted", "Evicted", "True", "Preempted", kEviction, true, 1},
      {"stopped with its queue", "Evicted", "True", "ClusterQueueStopped", kEviction, true, 1},
      {"preempted for a borrower, without sorting by priority", "Preempted", "True", "InCohortReclaimWhileBorrowing",
       kEviction, false, 100},
      {"preempted for a borrower, with it", "Preempted", "True", "InCohortReclaimWhileBorrowing", kEviction, true, 1},
      {"long preempted for a borrower", "Preempted", "False", "InCohortReclaimWhileBorrowing", kEviction, false, 1},
      {"preempted by the owner", "Preempted", "True", "InCohortReclamation", kEviction, false, 1},
  };
  for (const Case& c : kCases) {
    EngineOptions options;
    options.requeuing_timestamp = c.timestamp;
    ASSERT_TRUE(options.gates.Set("PrioritySortingWithinCohort", c.by_priority).ok());
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})}, options);
    api::Workload w = MakeWorkload("w", "q", 1, 1, 1);
    w.status.conditions.push_back({c.condition, c.status, c.reason, "", At(100), {}});
    const WorkloadId id = e.Apply(w, At(200));
    const WorkloadId before = e.Apply(MakeWorkload("before", "q", 1, 1, c.place - 1), At(200));
    const WorkloadId after = e.Apply(MakeWorkload("after", "q", 1, 1, c.place + 1), At(200));
    EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")), (std::vector<WorkloadId>{before, id, after})) << c.about;
  }
}

// A victim of a borrower comes a little behind those created in the same instant.
TEST(QueueTimestamp, AVictimOfABorrowerIsBehindItsPreemptor) {
  EngineOptions options;
  ASSERT_TRUE(options.gates.Set("PrioritySortingWithinCohort", false).ok());
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})}, options);
  api::Workload w = MakeWorkload("a-victim", "q", 1, 1, 1);
  w.status.conditions.push_back({"Preempted", "True", "InCohortReclaimWhileBorrowing", "", At(100), {}});
  const WorkloadId victim = e.Apply(w, At(200));
  const WorkloadId same = e.Apply(MakeWorkload("same", "q", 1, 1, 100), At(200));
  EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")), (std::vector<WorkloadId>{same, victim}));
}

// The same when the engine has chosen the victim: for who borrows it goes behind, for others it keeps its place.
TEST(QueueTimestamp, AVictimsPlaceIsAMatterOfTheRule) {
  for (const bool sorted : {false, true}) {
    for (const bool own : {false, true}) {
      EngineOptions options;
      ASSERT_TRUE(options.gates.Set("PrioritySortingWithinCohort", sorted).ok());
      api::ClusterQueue mine = MakeQueue("mine", "team", {{"a", own ? 4 : 1}});
      mine.preemption.emplace();
      mine.preemption->within_cluster_queue = "LowerPriority";
      mine.preemption->reclaim_within_cohort = "Any";
      mine.preemption->borrow_within_cohort = {"LowerPriority", std::nullopt};
      Engine e = MakeEngine({mine, MakeQueue("theirs", "team", {{"a", own ? 0 : 3}})}, options);
      const std::string queue = own ? "mine" : "theirs";
      e.Advance(At(0));
      const WorkloadId victim = e.Apply(MakeWorkload("victim", queue, 1, 4, 1), At(1));
      e.RunCycle(At(1));
      ASSERT_EQ(e.Phase(victim), WorkloadPhase::kReserved);
      e.Apply(MakeWorkload("preemptor", "mine", 1, 2, 5, 9), At(100));
      const CycleResult r = e.RunCycle(At(100));
      ASSERT_EQ(r.entries.size(), 1u);
      ASSERT_EQ(r.entries[0].targets.size(), 1u);
      ASSERT_EQ(r.entries[0].targets[0].reason,
                own ? PreemptionReason::kInClusterQueue : PreemptionReason::kInCohortReclaimWhileBorrowing);
      e.CompleteEviction(victim, At(200));
      // Created in the instant of the cycle, and two thousandths of a second later.
      const WorkloadId same = e.Apply(MakeWorkload("same", queue, 1, 1, 100), At(200));
      api::Workload w = MakeWorkload("later", queue, 1, 1);
      w.metadata.creation_timestamp = At(100) + absl::Milliseconds(2);
      const WorkloadId later = e.Apply(w, At(200));
      std::vector<WorkloadId> order = e.PendingInOrder(*e.FindClusterQueue(queue));
      if (own) order.erase(order.begin());  // the preemptor
      EXPECT_EQ(order, sorted || own ? (std::vector<WorkloadId>{victim, same, later})
                                     : (std::vector<WorkloadId>{same, victim, later}))
          << sorted << own;
    }
  }
}

// The same whether the eviction is asked for or written into the status.
TEST(QueueTimestamp, AnEvictionThatIsAskedForMovesTheWorkloadBackAsWell) {
  for (const char* reason : {"AdmissionCheck", "PodsReadyTimeout", "ClusterQueueStopped"}) {
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 1}})});
    const WorkloadId id = e.Apply(MakeWorkload("w", "q", 1, 1, 1), At(1));
    e.RunCycle(At(1));
    ASSERT_TRUE(e.Evict(id, reason, At(100)));
    const WorkloadId other = e.Apply(MakeWorkload("other", "q", 1, 1, 50), At(100));
    e.CompleteEviction(id, At(200));
    e.SetRequeued(id, At(200));
    const bool back = std::string(reason) != "ClusterQueueStopped";
    EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")),
              (back ? std::vector<WorkloadId>{other, id} : std::vector<WorkloadId>{id, other}))
        << reason;
  }
}

}  // namespace
}  // namespace muster::scheduler
