// What an update of a pending workload does to its place: in the heap, parked, or out of the queue.
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

api::ClusterQueue Preempting(const std::vector<FlavorGpus>& flavors) {
  api::ClusterQueue cq = MakeQueue("q", "", flavors);
  cq.preemption.emplace().within_cluster_queue = "LowerPriority";
  return cq;
}

// Lets the workload in, which the next cycle has to do.
WorkloadId Start(Engine& e, const api::Workload& w, absl::Time now) {
  const WorkloadId id = e.Apply(w, now);
  e.RunCycle(now);
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kReserved) << w.metadata.name;
  return id;
}

// A workload that does not fit and has been parked. Each by itself: what its equals were told would park it again.
class Parked : public ::testing::Test {
 protected:
  static EngineOptions EachByItself() {
    EngineOptions options;
    EXPECT_TRUE(options.gates.Set("SchedulingEquivalenceHashing", false).ok());
    return options;
  }
  Parked() : engine_(MakeEngine({MakeQueue("q", "", {{"a", 4}})}, EachByItself())) {
    workload_ = MakeWorkload("w", "q", 2, 4);
    workload_.metadata.generation = 1;
    id_ = engine_.Apply(workload_, At(1));
    engine_.Advance(At(1));
    engine_.RunCycle(At(1));
    EXPECT_EQ(engine_.Phase(id_), WorkloadPhase::kInadmissible);
  }

  Engine engine_;
  api::Workload workload_;
  WorkloadId id_;
};

TEST_F(Parked, APriorityThatIsTheSameIsNoReasonToLookAgain) {
  engine_.StatusWritten(id_);
  engine_.SetPriority(id_, 0, At(2));
  EXPECT_EQ(engine_.Phase(id_), WorkloadPhase::kInadmissible);
  engine_.SetPriority(id_, 1, At(3));
  EXPECT_EQ(engine_.Phase(id_), WorkloadPhase::kPending);
}

// Kueue compares the generation with the one it evaluated, as long as it has not seen the object since.
TEST_F(Parked, AWriteThatIsTheFirstSinceTheAttemptIsAReasonWhateverItWrites) {
  engine_.SetPriority(id_, 0, At(2));
  EXPECT_EQ(engine_.Phase(id_), WorkloadPhase::kPending);
}

TEST_F(Parked, AnUpdateOfTheStatusAloneLeavesItParked) {
  api::Condition& condition = workload_.status.conditions.emplace_back();
  condition.type = "QuotaReserved";
  condition.status = "False";
  engine_.Apply(workload_, At(2));
  EXPECT_EQ(engine_.Phase(id_), WorkloadPhase::kInadmissible);
}

TEST_F(Parked, WhatCouldMakeItFitBringsItBack) {
  using Change = void (*)(api::Workload*);
  const auto condition = [](api::Workload* w, const char* type, const char* status) {
    api::Condition& c = w->status.conditions.emplace_back();
    c.type = type;
    c.status = status;
    c.last_transition_time = At(2);
  };
  static const auto add_condition = condition;
  const Change changes[] = {
      [](api::Workload* w) { w->metadata.generation = 2; },
      [](api::Workload* w) { w->spec.priority = 7; },
      [](api::Workload* w) { w->spec.pod_sets[0].count = 1; },
      [](api::Workload* w) {
        w->status.reclaimable_pods.emplace_back();
        w->status.reclaimable_pods[0].name = "main";
        w->status.reclaimable_pods[0].count = 1;
      },
      [](api::Workload* w) { add_condition(w, "Evicted", "False"); },
      [](api::Workload* w) { add_condition(w, "Requeued", "True"); },
  };
  for (const Change& change : changes) {
    engine_.Apply(workload_, At(2));
    engine_.Advance(At(2));
    engine_.RunCycle(At(2));
    ASSERT_EQ(engine_.Phase(id_), WorkloadPhase::kInadmissible) << &change - changes;
    api::Workload changed = workload_;
    change(&changed);
    engine_.Apply(changed, At(2));
    EXPECT_EQ(engine_.Phase(id_), WorkloadPhase::kPending) << &change - changes;
  }
}

TEST_F(Parked, OnHoldItIsInNoQueue) {
  api::Workload held = workload_;
  api::Condition& quota = held.status.conditions.emplace_back();
  quota.type = "QuotaReserved";
  quota.status = "False";
  quota.reason = "OnHold";
  engine_.Apply(held, At(2));
  EXPECT_EQ(engine_.Phase(id_), WorkloadPhase::kUnqueued);
  engine_.Apply(workload_, At(3));
  EXPECT_EQ(engine_.Phase(id_), WorkloadPhase::kPending);
  quota.type = "WaitingForReplacementPods";
  quota.status = "True";
  engine_.Apply(held, At(4));
  EXPECT_EQ(engine_.Phase(id_), WorkloadPhase::kUnqueued);
}

// A gang of two of which one pod has ended asks for what a single pod asks for: one answer serves both.
TEST(Equivalence, WhatIsLeftOfAGangIsTheEqualOfASmallerOne) {
  for (const bool ended : {true, false}) {
    Engine e = MakeEngine({Preempting({{"a", 4}})});
    const WorkloadId two = Start(e, MakeWorkload("two", "q", 2, 1), At(0));
    api::ReclaimablePod pods;
    pods.name = "main";
    pods.count = 1;
    if (ended) e.SetReclaimablePods(two, {&pods, 1}, At(1));
    const WorkloadId big = e.Apply(MakeWorkload("big", "q", 4, 1, 2, 9), At(2));
    e.RunCycle(At(2));
    ASSERT_TRUE(e.IsEvicted(two));
    e.CompleteEviction(two, At(3));
    e.RunCycle(At(3));
    ASSERT_EQ(e.Phase(big), WorkloadPhase::kReserved);
    const WorkloadId one = e.Apply(MakeWorkload("one", "q", 1, 1, 4), At(4));
    e.Advance(At(4));
    const CycleResult cycle = e.RunCycle(At(4));
    ASSERT_EQ(cycle.entries.size(), 1u);
    EXPECT_EQ(cycle.entries[0].workload, two);
    EXPECT_EQ(e.Phase(two), WorkloadPhase::kInadmissible);
    EXPECT_EQ(e.Phase(one), ended ? WorkloadPhase::kInadmissible : WorkloadPhase::kPending);
    // Why, without a look at it.
    const std::optional<PendingReason> why = e.ReasonOfEquals(one);
    EXPECT_EQ(why, ended ? std::optional(PendingReason::kWaitingForQuota) : std::nullopt);
    EXPECT_EQ(e.ReasonOfEquals(big), std::nullopt);
  }
}

TEST(Preemptor, StaysInFrontWhenItsPriorityFalls) {
  Engine e = MakeEngine({Preempting({{"a", 4}})});
  Start(e, MakeWorkload("low", "q", 1, 4), At(0));
  const WorkloadId high = e.Apply(MakeWorkload("high", "q", 1, 4, 1, 5), At(1));
  ASSERT_EQ(e.RunCycle(At(1)).entries[0].targets.size(), 1u);
  const WorkloadId mid = e.Apply(MakeWorkload("mid", "q", 1, 1, 2, 3), At(2));
  e.SetPriority(high, 1, At(2));
  EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")), (std::vector<WorkloadId>{high, mid}));
}

// With the gate, who has made room goes in before others of its cycle, whatever their priority.
TEST(Preemptor, GoesFirstWithTheGate) {
  for (const bool fair : {false, true}) {
    for (const bool gate : {false, true}) {
      SCOPED_TRACE(testing::Message() << (fair ? "fair" : "classical") << (gate ? ", gate" : ""));
      EngineOptions options = fair ? EngineOptions::FairSharing() : EngineOptions::Default();
      ASSERT_TRUE(options.gates.Set("PrioritizePreemptorWorkloads", gate).ok());
      api::ClusterQueue mine = MakeQueue("q", "team", {{"a", 0}});
      mine.preemption.emplace().within_cluster_queue = "LowerPriority";
      mine.preemption->borrow_within_cohort = {"LowerPriority", std::nullopt};
      mine.preemption->reclaim_within_cohort = "Any";
      Engine e = MakeEngine({mine, MakeQueue("other", "team", {{"a", 0}})}, options);
      api::Cohort team;
      team.metadata.name = "team";
      team.resource_groups = MakeQueue("", "", {{"a", 4}}).resource_groups;
      e.Apply(team, At(0));
      e.Advance(At(0));
      const WorkloadId victim = Start(e, MakeWorkload("victim", "q", 1, 4), At(0));
      const WorkloadId preemptor = e.Apply(MakeWorkload("preemptor", "q", 1, 4, 1, 5), At(1));
      e.RunCycle(At(1));
      ASSERT_TRUE(e.IsEvicted(victim));
      e.CompleteEviction(victim, At(2));
      const WorkloadId urgent = e.Apply(MakeWorkload("urgent", "other", 1, 4, 2, 9), At(2));
      e.Advance(At(2));
      const CycleResult r = e.RunCycle(At(2));
      ASSERT_EQ(r.entries.size(), 2u);
      EXPECT_EQ(r.entries[0].workload, gate ? preemptor : urgent);
      EXPECT_EQ(e.Phase(preemptor) == WorkloadPhase::kReserved, gate);
      EXPECT_EQ(e.Phase(urgent) == WorkloadPhase::kReserved, !gate);
    }
  }
}

// Who is held back by a gate starts over with the first flavor, so nothing keeps it in the heap.
TEST(PreemptionGates, AGatedWorkloadIsParkedAlthoughFlavorsAreLeft) {
  EngineOptions options;
  ASSERT_TRUE(options.gates.Set("MultiKueueOrchestratedPreemption", true).ok());
  api::ClusterQueue cq = Preempting({{"a", 4}, {"b", 4}});
  cq.flavor_fungibility.emplace().when_can_preempt = "MayStopSearch";
  Engine e = MakeEngine({cq}, options);
  Start(e, MakeWorkload("v1", "q", 1, 4), At(0));
  Start(e, MakeWorkload("v2", "q", 1, 4), At(0));
  api::Workload w = MakeWorkload("gated", "q", 1, 4, 1, 10);
  w.spec.preemption_gates = {"gate"};
  const WorkloadId gated = e.Apply(w, At(1));
  e.Advance(At(1));
  e.RunCycle(At(1));
  EXPECT_EQ(e.Phase(gated), WorkloadPhase::kInadmissible);
}

// Of what happens to a workload that holds quota, Kueue's controller tells the queues three things.
class Holding : public ::testing::Test {
 protected:
  Holding() : engine_(MakeEngine({MakeQueue("q", "", {{"a", 4}})})) {
    holder_ = MakeWorkload("holder", "q", 2, 2);
    holder_.spec.priority_class_ref.emplace();
    holder_.spec.priority_class_ref->group = "kueue.x-k8s.io";
    holder_.spec.priority_class_ref->kind = "WorkloadPriorityClass";
    holder_.spec.priority_class_ref->name = "one";
    id_ = Start(engine_, holder_, At(0));
    for (const char* type : {"QuotaReserved", "Admitted"}) {
      api::Condition& c = holder_.status.conditions.emplace_back();
      c.type = type;
      c.status = "True";
    }
    holder_.status.admission = engine_.AdmissionOf(id_);
    waiting_ = engine_.Apply(MakeWorkload("waiting", "q", 1, 4, 1), At(1));
    engine_.Advance(At(1));
    engine_.RunCycle(At(1));
    EXPECT_EQ(engine_.Phase(waiting_), WorkloadPhase::kInadmissible);
  }
  // Whether the one that waits was brought back.
  bool LooksAgain(absl::Time now) {
    engine_.Advance(now);
    return engine_.Phase(waiting_) == WorkloadPhase::kPending;
  }

  Engine engine_;
  api::Workload holder_;
  WorkloadId id_, waiting_;
};

TEST_F(Holding, AnUpdateThatFreesNothingWakesNobody) {
  engine_.Apply(holder_, At(2));
  EXPECT_FALSE(LooksAgain(At(2)));
}
TEST_F(Holding, PodsThatEndedWakeTheTree) {
  engine_.Apply(holder_, At(2));
  holder_.status.reclaimable_pods.emplace_back();
  holder_.status.reclaimable_pods[0].name = "main";
  holder_.status.reclaimable_pods[0].count = 1;
  engine_.Apply(holder_, At(3));
  EXPECT_TRUE(LooksAgain(At(3)));
}
TEST_F(Holding, AJobThatShrankWakesTheTree) {
  holder_.spec.pod_sets[0].count = 1;
  engine_.Apply(holder_, At(2));
  EXPECT_TRUE(LooksAgain(At(2)));
}
TEST_F(Holding, AnotherPriorityClassWakesTheTree) {
  holder_.spec.priority_class_ref->name = "two";
  engine_.Apply(holder_, At(2));
  EXPECT_TRUE(LooksAgain(At(2)));
}
TEST_F(Holding, AClassOfAnotherValueWakesTheTree) {
  engine_.SetPriority(id_, 0, At(2));
  EXPECT_FALSE(LooksAgain(At(2)));
  engine_.SetPriority(id_, 3, At(3));
  EXPECT_TRUE(LooksAgain(At(3)));
}
TEST_F(Holding, APriorityWithoutAClassWakesNobody) {
  holder_.spec.priority_class_ref.reset();
  engine_.Apply(holder_, At(2));
  engine_.SetPriority(id_, 3, At(3));
  EXPECT_FALSE(LooksAgain(At(3)));
}

}  // namespace
}  // namespace muster::scheduler
