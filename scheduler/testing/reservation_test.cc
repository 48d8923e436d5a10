// What a head that has to wait keeps from others in its cycle.
#include "gtest/gtest.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

struct Case {
  const char* about;
  Mode mode;
  int borrowing;
  quota::Amount nominal;
  std::optional<quota::Amount> limit;
  quota::Amount used, asked, reserved;
};

TEST(ResourcesToReserve, IsWhatTheHeadMayHaveAtMost) {
  const Case kCases[] = {
      {"what fits is taken whole", Mode::kFit, 0, 4, {}, 0, 6, 6},
      {"what will fit is taken whole", Mode::kDeferredFit, 0, 4, {}, 3, 6, 6},
      {"within nominal quota: all of it", Mode::kPreempt, 0, 4, {}, 0, 3, 3},
      {"within nominal quota: what is left", Mode::kPreempt, 0, 4, {}, 3, 3, 1},
      {"nothing is left of nominal quota", Mode::kPreempt, 0, 4, {}, 4, 3, 0},
      {"nominal quota is overdrawn", Mode::kPreempt, 0, 4, {}, 6, 3, 0},
      {"borrowing without a limit: all of it", Mode::kPreempt, 1, 4, {}, 6, 3, 3},
      {"borrowing within the limit: all of it", Mode::kPreempt, 1, 4, 2, 1, 5, 5},
      {"borrowing beyond the limit: as far as it goes", Mode::kPreempt, 1, 4, 2, 3, 6, 3},
      {"borrowing where nothing may be borrowed", Mode::kPreempt, 1, 4, 0, 3, 6, 1},
  };
  for (const Case& c : kCases) {
    quota::ForestSpec spec;
    spec.num_resources = 1;
    spec.resource_of_fr = {0};
    spec.nodes.resize(2);
    spec.nodes[0].name = "cohort";
    spec.nodes[0].is_cohort = true;
    spec.nodes[1].name = "queue";
    spec.nodes[1].parent = 0;
    quota::QuotaSpec quota;
    quota.fr = 0;
    quota.nominal = c.nominal;
    quota.borrowing_limit = c.limit;
    spec.nodes[1].quotas = {quota};
    quota::Forest forest = quota::Forest::Build(spec).value();
    const quota::FrAmount used{0, c.used};
    forest.AddUsage(1, {&used, 1});
    const quota::FrAmount asked{0, c.asked};
    const quota::FrAmounts got = ResourcesToReserve(forest, 1, c.mode, c.borrowing, {&asked, 1});
    ASSERT_EQ(got.size(), 1u) << c.about;
    EXPECT_EQ(got[0].amount, c.reserved) << c.about;
  }
}

// The cohort has 10: "first" uses 3 of its 4 and asks for 6 more, though it may borrow only 2. It keeps 3 from others,
// not 6, so 4 are left for "second"; and nothing if it can always take its quota back.
TEST(Reservation, EndsAtTheBorrowingLimit) {
  struct Ask {
    const char* reclaim;
    int64_t gpus;
    EntryStatus status;
  };
  const Ask kAsks[] = {
      {"LowerPriority", 4, EntryStatus::kAssumed},
      {"LowerPriority", 5, EntryStatus::kSkipped},
      {"Any", 7, EntryStatus::kAssumed},
  };
  for (const Ask& ask : kAsks) {
    api::ClusterQueue first = MakeQueue("first", "team", {{"a", 4, 2}});
    first.preemption.emplace();
    first.preemption->reclaim_within_cohort = ask.reclaim;
    first.preemption->borrow_within_cohort = {"LowerPriority", std::nullopt};
    Engine e = MakeEngine({first, MakeQueue("second", "team", {{"a", 1}})});
    api::Cohort team;
    team.metadata.name = "team";
    team.resource_groups = MakeQueue("", "", {{"a", 5}}).resource_groups;
    e.Apply(team, At(0));
    e.Advance(At(0));
    e.Apply(MakeWorkload("running", "first", 1, 3, 1), At(1));
    e.RunCycle(At(1));
    e.Apply(MakeWorkload("waits", "first", 1, 6, 2, 9), At(2));
    e.Apply(MakeWorkload("other", "second", 1, ask.gpus, 3), At(3));
    const CycleResult r = e.RunCycle(At(3));
    ASSERT_EQ(r.entries.size(), 2u);
    EXPECT_EQ(r.entries[0].requeue_reason, RequeueReason::kPreemptionNoCandidates);
    EXPECT_EQ(r.entries[1].status, ask.status) << ask.reclaim << " " << ask.gpus;
  }
}

}  // namespace
}  // namespace muster::scheduler
