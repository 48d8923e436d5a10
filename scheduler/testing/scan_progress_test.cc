// Where the next attempt of a head goes on: flavors it has tried, and whether it stays in front meanwhile.
#include <functional>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "scheduler/flavors/flavor_assigner.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

TEST(ScanProgress, IsOutdatedWhenQuotaOrTheWorkloadHasChanged) {
  struct Case {
    const char* about;
    bool preserve;
    int64_t generation;  // of the ClusterQueue; the attempt was made at 5
    int64_t cycle;       // the attempt was made in cycle 10
    int equivalence;     // it was 3
    bool outdated;
  };
  const Case kCases[] = {
      {"nothing has changed", true, 5, 11, 3, false},
      {"nothing has changed, however long ago", true, 5, 500, 3, false},
      {"the quota has, but the attempt was in the last cycle", true, 6, 11, 3, false},
      {"the quota has, before the last cycle", true, 6, 12, 3, true},
      {"the workload asks for something else", true, 5, 11, 4, true},
      {"what it asked for is not known", true, 5, 11, -1, false},
      {"gate off: only quota counts", false, 5, 11, 4, false},
      {"gate off: only quota counts, at once", false, 6, 11, 3, true},
  };
  for (const Case& c : kCases) {
    ScanProgress last;
    last.cluster_queue_generation = 5;
    last.cycle = 10;
    last.equivalence = 3;
    EXPECT_EQ(IsOutdated(last, c.generation, c.cycle, c.equivalence, c.preserve), c.outdated) << c.about;
  }
}

// "late" borrows flavor a from the other queue, is overtaken by its owner, and tries again.
class Overtaken : public ::testing::Test {
 protected:
  void Build(bool preserve) {
    EngineOptions options;
    ASSERT_TRUE(options.gates.Set("FlavorFungibilityPreserveScanProgress", preserve).ok());
    lender_ = MakeQueue("lender", "team", {{"a", 2}, {"b", 2}});
    borrower_ = MakeQueue("borrower", "team", {{"a", 0}, {"b", 2}});
    engine_.emplace(MakeEngine({lender_, borrower_}, options));
    engine_->Advance(At(0));
    owner_ = engine_->Apply(MakeWorkload("owner", "lender", 1, 2, 1), At(1));
    late_ = engine_->Apply(MakeWorkload("late", "borrower", 1, 2, 2), At(2));
    const CycleResult r = engine_->RunCycle(At(2));
    ASSERT_EQ(r.entries.size(), 2u);
    ASSERT_EQ(r.entries[1].status, EntryStatus::kSkipped);
    ASSERT_EQ(engine_->Phase(late_), WorkloadPhase::kPending);
    engine_->StatusWritten(late_);
  }
  std::string FlavorOfLate() {
    engine_->Advance(At(9));
    engine_->RunCycle(At(9));
    const auto usage = engine_->ReservedUsage(late_);
    return usage.empty() ? "none" : usage[0].flavor;
  }

  api::ClusterQueue lender_, borrower_;
  std::optional<Engine> engine_;
  WorkloadId owner_{}, late_{};
};

TEST_F(Overtaken, GoesOnWithTheNextFlavorAlthoughTheFirstIsFreeAgain) {
  Build(/*preserve=*/true);
  engine_->Finish(owner_, At(3));
  EXPECT_EQ(FlavorOfLate(), "b");
}

TEST_F(Overtaken, StartsOverWhenQuotaHasChangedSince) {
  Build(/*preserve=*/true);
  engine_->Finish(owner_, At(3));
  borrower_.stop_policy = "Hold";
  engine_->Apply(borrower_, At(3));
  engine_->RunCycle(At(4));
  engine_->RunCycle(At(5));
  borrower_.stop_policy = "None";
  engine_->Apply(borrower_, At(6));
  lender_ = MakeQueue("lender", "team", {{"a", 3}, {"b", 2}});
  engine_->Apply(lender_, At(6));
  EXPECT_EQ(FlavorOfLate(), "a");
}

TEST_F(Overtaken, GoesOnAfterAPauseInWhichNoQuotaChanged) {
  Build(/*preserve=*/true);
  borrower_.stop_policy = "Hold";
  engine_->Apply(borrower_, At(3));
  engine_->RunCycle(At(4));
  engine_->RunCycle(At(5));
  borrower_.stop_policy = "None";
  engine_->Apply(borrower_, At(6));
  engine_->Finish(owner_, At(6));  // frees quota of the other queue
  EXPECT_EQ(FlavorOfLate(), "b");
}

// Quota of the tree has changed since, wherever in the tree; or nothing that quota depends on.
TEST(OvertakenLongAgo, StartsOverWhenTheTreeHasChangedSince) {
  struct Case {
    const char* about;
    std::function<void(Engine&)> event;
    const char* flavor;
  };
  const auto third = [](const std::string& cohort, int64_t gpus) { return MakeQueue("third", cohort, {{"b", gpus}}); };
  const auto cohort = [](const std::string& name, const std::string& parent) {
    api::Cohort c;
    c.metadata.name = name;
    c.parent_name = parent;
    return c;
  };
  const Case kCases[] = {
      {"nothing happens", [](Engine&) {}, "b"},
      {"another queue of the tree gets more", [&](Engine& e) { e.Apply(third("team", 2), At(6)); }, "a"},
      {"it leaves the tree", [&](Engine& e) { e.Apply(third("elsewhere", 1), At(6)); }, "a"},
      {"it is alone from now on", [&](Engine& e) { e.Apply(third("", 1), At(6)); }, "a"},
      {"it goes into a cohort of the tree", [&](Engine& e) { e.Apply(third("unit", 1), At(6)); }, "a"},
      {"it is deleted", [](Engine& e) { e.DeleteClusterQueue("third"); }, "a"},
      {"it says again what it said", [&](Engine& e) { e.Apply(third("team", 1), At(6)); }, "b"},
      {"it is stopped",
       [&](Engine& e) {
         api::ClusterQueue stopped = third("team", 1);
         stopped.stop_policy = "Hold";
         e.Apply(stopped, At(6));
       },
       "b"},
      {"a queue comes to the tree",
       [](Engine& e) {
         e.Apply(MakeQueue("fourth", "team", {{"b", 1}}), At(6));
       },
       "a"},
      {"a queue comes to another tree",
       [](Engine& e) {
         e.Apply(MakeQueue("fourth", "elsewhere", {{"b", 1}}), At(6));
       },
       "b"},
      {"a cohort of the tree is declared again, as in Kueue",
       [&](Engine& e) { e.Apply(cohort("unit", "team"), At(6)); }, "a"},
      {"a cohort leaves the tree", [&](Engine& e) { e.Apply(cohort("unit", ""), At(6)); }, "a"},
      {"a cohort of the tree is deleted", [](Engine& e) { e.DeleteCohort("unit"); }, "a"},
      {"a cohort of another tree is deleted", [](Engine& e) { e.DeleteCohort("elsewhere"); }, "b"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    EngineOptions options;
    options.gates.Set(Gate::kFlavorFungibilityPreserveScanProgress, true);
    api::ClusterQueue borrower = MakeQueue("borrower", "team", {{"a", 0}, {"b", 2}});
    Engine e = MakeEngine({MakeQueue("lender", "team", {{"a", 2}, {"b", 2}}), borrower, third("team", 1),
                           MakeQueue("stranger", "elsewhere", {{"b", 1}})},
                          options);
    e.Apply(cohort("unit", "team"), At(0));
    e.Apply(cohort("elsewhere", ""), At(0));
    e.Advance(At(0));
    const WorkloadId owner = e.Apply(MakeWorkload("owner", "lender", 1, 2, 1), At(1));
    const WorkloadId late = e.Apply(MakeWorkload("late", "borrower", 1, 2, 2), At(2));
    e.RunCycle(At(2));
    ASSERT_EQ(e.Phase(late), WorkloadPhase::kPending);
    // Others are looked at meanwhile.
    borrower.stop_policy = "Hold";
    e.Apply(borrower, At(3));
    e.RunCycle(At(4));
    e.RunCycle(At(5));
    c.event(e);
    borrower.stop_policy = "None";
    e.Apply(borrower, At(7));
    e.Finish(owner, At(7));
    e.Advance(At(9));
    e.RunCycle(At(9));
    const auto usage = e.ReservedUsage(late);
    ASSERT_EQ(usage.size(), 1u);
    EXPECT_EQ(usage[0].flavor, c.flavor);
  }
}

TEST_F(Overtaken, StartsOverOnceItsStatusIsWrittenWithoutTheGate) {
  Build(/*preserve=*/false);
  engine_->Finish(owner_, At(3));
  EXPECT_EQ(FlavorOfLate(), "a");
}

// One pod set fits with the first flavor, the other with none: as long as the first has flavors to try, the workload
// stays in the heap, and those behind it wait.
TEST(UntriedFlavors, KeepAHeadInTheHeap) {
  struct Case {
    const char* about;
    bool fungible;
    int pod_sets;
    WorkloadPhase after_one, after_two;
  };
  const Case kCases[] = {
      {"one pod set, tried everywhere at once", true, 1, WorkloadPhase::kInadmissible, WorkloadPhase::kInadmissible},
      {"two pod sets, the first of them has a flavor left", true, 2, WorkloadPhase::kPending,
       WorkloadPhase::kInadmissible},
      {"without fungibility there always seems to be one left", false, 2, WorkloadPhase::kPending,
       WorkloadPhase::kPending},
  };
  for (const Case& c : kCases) {
    EngineOptions options;
    ASSERT_TRUE(options.gates.Set("FlavorFungibility", c.fungible).ok());
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}, {"b", 4}})}, options);
    e.Advance(At(0));
    api::Workload w = MakeWorkload("w", "q", 1, 9);  // more than the queue has
    if (c.pod_sets == 2) {
      api::PodSet small = MakeWorkload("", "", 1, 1).spec.pod_sets[0];
      small.name = "small";
      w.spec.pod_sets.insert(w.spec.pod_sets.begin(), small);
    }
    const WorkloadId id = e.Apply(w, At(1));
    e.RunCycle(At(1));
    EXPECT_EQ(e.Phase(id), c.after_one) << c.about;
    if (e.HasPendingHeads()) e.RunCycle(At(2));
    EXPECT_EQ(e.Phase(id), c.after_two) << c.about;
  }
}

}  // namespace
}  // namespace muster::scheduler
