// What victims are told, and whom admission fair sharing takes first.
#include "gtest/gtest.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

api::Cohort MakeCohort(const std::string& name, const std::string& parent) {
  api::Cohort cohort;
  cohort.metadata.name = name;
  cohort.parent_name = parent;
  return cohort;
}

// One preemption by each rule; all of them are written out with the paths of both queues.
TEST(PreemptionMessage, NamesTheRule) {
  struct Case {
    const char* about;
    bool fair;
    const char* victims_queue;
    int64_t own_quota,
        roots_quota;  // of the preemptor's queue, of the cohort at the root; the rest of 4 is the others'
    int32_t victims_priority;
    PreemptionReason reason;
    const char* message;
  };
  const Case kCases[] = {
      {"in the own queue", false, "mine", 4, 0, 0, PreemptionReason::kInClusterQueue,
       "prioritization in the ClusterQueue; preemptor path: /org/team/mine; preemptee path: /org/team/mine"},
      {"from a borrower", false, "theirs", 4, 0, 0, PreemptionReason::kInCohortReclamation,
       "reclamation within the cohort; preemptor path: /org/team/mine; preemptee path: /org/theirs"},
      {"from a borrower, while borrowing", false, "theirs", 1, 2, 0, PreemptionReason::kInCohortReclaimWhileBorrowing,
       "reclamation within the cohort while borrowing; preemptor path: /org/team/mine; preemptee path: /org/theirs"},
      {"by fair share", true, "theirs", 1, 2, 0, PreemptionReason::kInCohortFairSharing,
       "Fair Sharing within the cohort; preemptor path: /org/team/mine; preemptee path: /org/theirs"},
  };
  for (const Case& c : kCases) {
    api::ClusterQueue mine = MakeQueue("mine", "team", {{"a", c.own_quota}});
    mine.preemption.emplace();
    mine.preemption->within_cluster_queue = "LowerPriority";
    mine.preemption->reclaim_within_cohort = "Any";
    if (!c.fair) mine.preemption->borrow_within_cohort = {"LowerPriority", std::nullopt};
    EngineOptions options = c.fair ? EngineOptions::FairSharing() : EngineOptions::Default();
    Engine e = MakeEngine({mine, MakeQueue("theirs", "org", {{"a", 4 - c.own_quota - c.roots_quota}})}, options);
    e.Apply(MakeCohort("team", "org"), At(0));
    api::Cohort root = MakeCohort("org", "");
    root.resource_groups = MakeQueue("", "", {{"a", c.roots_quota}}).resource_groups;
    e.Apply(root, At(0));
    e.Advance(At(0));
    for (int i = 0; i < 4; ++i) {
      e.Apply(MakeWorkload("victim" + std::to_string(i), c.victims_queue, 1, 1, 1, c.victims_priority), At(1));
      e.RunCycle(At(1));
    }
    e.Apply(MakeWorkload("preemptor", "mine", 1, 2, 2, 10), At(2));
    const CycleResult r = e.RunCycle(At(2));
    ASSERT_EQ(r.entries.size(), 1u) << c.about;
    ASSERT_FALSE(r.entries[0].targets.empty()) << c.about << ": " << e.Message(r.entries[0]);
    const PreemptionTarget& target = r.entries[0].targets[0];
    EXPECT_EQ(target.reason, c.reason) << c.about;
    EXPECT_EQ(e.PreemptionMessage(r.entries[0], target),
              std::string("Preempted to accommodate a workload (UID: preemptor, JobUID: UNKNOWN) due to ") + c.message)
        << c.about;
  }
}

// Under admission fair sharing those of the LocalQueue that used most go first, whatever their priority and age.
TEST(AdmissionFairSharing, TakesFromTheLocalQueueThatUsedMost) {
  struct Case {
    const char* about;
    double light, heavy;  // what the two LocalQueues have used
    const char* victim;
  };
  const Case kCases[] = {
      {"the heavy one used more", 1, 5, "ns/of-heavy"},
      {"the light one did", 5, 1, "ns/of-light"},
      {"both the same: the one that came last", 3, 3, "ns/of-light"},
  };
  for (const Case& c : kCases) {
    EngineOptions options;
    options.admission_fair_sharing.emplace();
    options.admission_fair_sharing->usage_half_life = absl::Hours(1);
    options.admission_fair_sharing->usage_sampling_interval = absl::Seconds(10);
    api::ClusterQueue q = MakeQueue("q", "", {{"a", 8}});
    q.admission_mode = "UsageBasedAdmissionFairSharing";
    q.preemption.emplace();
    q.preemption->within_cluster_queue = "LowerPriority";
    Engine e = MakeEngine({q}, options);
    for (const char* name : {"light", "heavy", "urgent"}) e.Apply(MakeLocalQueue("ns", name, "q"), At(0));
    e.Apply(MakeWorkload("of-heavy", "heavy", 1, 4, 1), At(1));
    e.RunCycle(At(1));
    e.Apply(MakeWorkload("of-light", "light", 1, 4, 2), At(2));
    e.RunCycle(At(2));
    // What admissions were charged in advance is settled by now.
    e.SampleLocalQueues(At(100));
    e.SetConsumedResources("ns", "light", {{"nvidia.com/gpu", static_cast<quota::Amount>(c.light)}}, At(100));
    e.SetConsumedResources("ns", "heavy", {{"nvidia.com/gpu", static_cast<quota::Amount>(c.heavy)}}, At(100));
    e.Apply(MakeWorkload("preemptor", "urgent", 1, 4, 100, 10), At(100));
    const CycleResult r = e.RunCycle(At(100));
    ASSERT_EQ(r.entries.size(), 1u);
    ASSERT_EQ(r.entries[0].targets.size(), 1u) << c.about;
    EXPECT_EQ(e.WorkloadKey(r.entries[0].targets[0].workload), c.victim) << c.about;
  }
}

}  // namespace
}  // namespace muster::scheduler
