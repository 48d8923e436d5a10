// Nothing grows for ever: objects and workloads with ever new names come and go, and what the engine keeps stays the
// same. Counted in bytes that the allocator has given out. Those of sanitizers do not say, and nothing is shown there.
#include <malloc.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

// mallinfo2 is the C library's own, and knows nothing of an allocator in its place.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
int64_t BytesInUse() { return mallinfo().uordblks; }
#pragma GCC diagnostic pop

absl::Time Now(int i) { return At(10 + i); }

// Looks until nobody is left to be looked at.
void Decide(Engine& e, absl::Time now) {
  e.Advance(now);
  while (!e.IsQuiet()) e.RunCycle(now);
  e.Advance(now);
}

struct Case {
  const char* what;
  std::function<void(Engine&, int i)> round;
};

// Each round leaves nothing behind that was not there before.
const Case kCases[] = {
    {"ClusterQueues",
     [](Engine& e, int i) {
       const std::string name = absl::StrCat("queue-", i);
       e.Apply(MakeQueue(name, "", {{"a", 1}}), Now(i));
       Decide(e, Now(i));
       e.DeleteClusterQueue(name);
       Decide(e, Now(i));
     }},
    {"ClusterQueues in cohorts of cohorts",
     [](Engine& e, int i) {
       const std::string name = absl::StrCat("queue-", i);
       api::Cohort cohort;
       cohort.metadata.name = absl::StrCat("cohort-", i);
       cohort.parent_name = absl::StrCat("parent-", i);
       e.Apply(cohort, Now(i));
       e.Apply(MakeQueue(name, cohort.metadata.name, {{"a", 1}}), Now(i));
       Decide(e, Now(i));
       e.DeleteClusterQueue(name);
       e.DeleteCohort(cohort.metadata.name);
       Decide(e, Now(i));
     }},
    {"LocalQueues in namespaces of their own",
     [](Engine& e, int i) {
       const std::string ns = absl::StrCat("namespace-", i);
       e.Apply(MakeNamespace(ns), Now(i));
       e.Apply(MakeLocalQueue(ns, "q", "q"), Now(i));
       e.DeleteLocalQueue(ns, "q", Now(i));
       e.DeleteNamespace(ns);
       Decide(e, Now(i));
     }},
    {"workloads that name LocalQueues nobody made",
     [](Engine& e, int i) {
       e.DeleteWorkload(e.Apply(MakeWorkload("w", absl::StrCat("nowhere-", i), 1, 1), Now(i)), Now(i));
     }},
    {"workloads of ever new shapes and priorities that are let in",
     [](Engine& e, int i) {
       api::Workload w = MakeWorkload(absl::StrCat("w-", i), "q", 1, 1, i, i);
       w.spec.pod_sets[0].pod_template.spec.node_selector["type"] = "a";
       w.spec.pod_sets[0].pod_template.spec.tolerations.resize(1);
       w.spec.pod_sets[0].pod_template.spec.tolerations[0].key = absl::StrCat("key-", i);
       const WorkloadId id = e.Apply(w, Now(i));
       Decide(e, Now(i));
       EXPECT_EQ(e.Phase(id), WorkloadPhase::kReserved);
       e.Finish(id, Now(i));
       e.DeleteWorkload(id, Now(i));
     }},
    {"workloads of ever new shapes that fit nowhere",
     [](Engine& e, int i) {
       const WorkloadId id = e.Apply(MakeWorkload(absl::StrCat("w-", i), "q", 1, 100 + i, i), Now(i));
       Decide(e, Now(i));
       EXPECT_EQ(e.Phase(id), WorkloadPhase::kInadmissible);
       e.DeleteWorkload(id, Now(i));
       Decide(e, Now(i));
     }},
    {"workloads that wait for a ClusterQueue that never comes",
     [](Engine& e, int i) {
       api::Workload w = MakeWorkload(absl::StrCat("w-", i), "q", 1, 1, i);
       w.status.conditions = {{"QuotaReserved", "True", "QuotaReserved", "", At(0), {}}};
       w.status.admission.emplace();
       w.status.admission->cluster_queue = absl::StrCat("gone-", i);
       e.DeleteWorkload(e.Apply(w, Now(i)), Now(i));
     }},
    {"workloads that are to be queued again in a year",
     [](Engine& e, int i) {
       api::Workload w = MakeWorkload(absl::StrCat("w-", i), "q", 1, 1, i);
       w.status.requeue_state.emplace();
       w.status.requeue_state->requeue_at = Now(i) + absl::Hours(8760);
       e.DeleteWorkload(e.Apply(w, Now(i)), Now(i));
     }},
    {"AdmissionChecks",
     [](Engine& e, int i) {
       api::AdmissionCheck check;
       check.metadata.name = absl::StrCat("check-", i);
       e.Apply(check, Now(i));
       api::ClusterQueue queue = MakeQueue("q", "", {{"a", 1}});
       queue.admission_checks = {{check.metadata.name, {}}};
       e.Apply(queue, Now(i));
       e.Apply(MakeQueue("q", "", {{"a", 1}}), Now(i));
       e.DeleteAdmissionCheck(check.metadata.name, Now(i));
     }},
};

TEST(Churn, LeavesNothingBehind) {
  constexpr int kRounds = 2000;
  for (const Case& c : kCases) {
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 1}})});
    int i = 0;
    for (; i < kRounds; ++i) c.round(e, i);
    const int64_t before = BytesInUse();
    for (; i < 3 * kRounds; ++i) c.round(e, i);
    // What is given back in batches may be there or not; two thousand names would be more.
    EXPECT_LT(BytesInUse() - before, 128 << 10) << c.what;
  }
}

// What is remembered of equal workloads is given back in batches, but not what a queue knows to be hopeless: who asks for
// that is parked at once, though nobody is left who asked for it before; whoever asks for something else is looked at.
TEST(Churn, WhoIsEqualStaysSo) {
  EngineOptions options;
  options.reactivation_batch = absl::Hours(9);
  Engine e(options);
  e.Apply(MakeNamespace("ns"), At(0));
  e.Apply(MakeFlavor("a"), At(0));
  for (const char* name : {"q", "r"}) {
    e.Apply(MakeQueue(name, "", {{"a", 1}}), At(0));
    e.Apply(MakeLocalQueue("ns", name, name), At(0));
  }
  const WorkloadId large = e.Apply(MakeWorkload("large", "q", 1, 2, 1), At(1));
  Decide(e, At(1));
  ASSERT_EQ(e.Phase(large), WorkloadPhase::kInadmissible);
  e.DeleteWorkload(large, At(1));
  for (int i = 0; i < 1200; ++i) {
    const WorkloadId id = e.Apply(MakeWorkload(absl::StrCat("w-", i), "r", 1, 100 + i, i), Now(i));
    Decide(e, Now(i));
    e.DeleteWorkload(id, Now(i));
  }
  const auto phase_of = [&](const char* name, int64_t gpus, int32_t priority) {
    return e.Phase(e.Apply(MakeWorkload(name, "q", 1, gpus, 2, priority), Now(1200)));
  };
  EXPECT_EQ(phase_of("equal", 2, 0), WorkloadPhase::kInadmissible) << "it would get the same answer";
  EXPECT_EQ(phase_of("urgent", 2, 5), WorkloadPhase::kPending);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(phase_of(absl::StrCat("larger-", i).c_str(), 3 + i, 0), WorkloadPhase::kPending) << i;
  }
}

// The id of a ClusterQueue that is gone is nobody's as long as a timer of its tree runs: who got it would be woken by
// events of another.
TEST(Churn, NobodyInheritsATimer) {
  EngineOptions options;
  options.reactivation_batch = absl::Seconds(1000);
  Engine e(options);
  e.Apply(MakeNamespace("ns"), At(0));
  e.Apply(MakeFlavor("a"), At(0));
  for (int i = 0; i < 600; ++i) {
    const std::string name = absl::StrCat("queue-", i);
    e.Apply(MakeQueue(name, "", {{"a", 1}}), At(i));  // an event of its tree
    e.HasPendingHeads();                              // the quotas are built
    e.DeleteClusterQueue(name);
    e.HasPendingHeads();
  }
  e.Apply(MakeQueue("late", "", {{"a", 1}}), At(900));
  e.Apply(MakeLocalQueue("ns", "late", "late"), At(900));
  const WorkloadId w = e.Apply(MakeWorkload("w", "late", 1, 9, 1), At(900));
  e.RunCycle(At(900));
  ASSERT_EQ(e.Phase(w), WorkloadPhase::kInadmissible);
  e.Advance(At(1899));
  EXPECT_EQ(e.Phase(w), WorkloadPhase::kInadmissible);
  e.Advance(At(1900));
  EXPECT_EQ(e.Phase(w), WorkloadPhase::kPending);
}

// An id that was given back is somebody else's, and nothing of who had it before is left.
TEST(Churn, WhoGetsAnIdAgainStartsAnew) {
  Engine e = MakeEngine({MakeQueue("q", "team", {{"a", 1}})});
  const WorkloadId w = e.Apply(MakeWorkload("w", "first", 1, 1), At(1));
  e.Apply(MakeQueue("first", "team", {{"a", 1}}), At(1));
  e.Apply(MakeLocalQueue("ns", "first", "first"), At(1));
  Decide(e, At(2));
  EXPECT_EQ(e.ClusterQueueName(e.ClusterQueueOf(w)), "first");
  e.DeleteClusterQueue("first");
  for (int i = 0; i < 1000; ++i) {
    e.Apply(MakeQueue(absl::StrCat("next-", i), "other", {{"a", 1}}), At(3));
    Decide(e, At(3));
    EXPECT_EQ(e.ClusterQueueOf(w), kNoId) << i;
    e.DeleteClusterQueue(absl::StrCat("next-", i));
    Decide(e, At(3));
  }
  e.Apply(MakeQueue("first", "team", {{"a", 1}}), At(4));
  EXPECT_EQ(e.ClusterQueueName(e.ClusterQueueOf(w)), "first");
  EXPECT_EQ(e.ReservedUsage(w).size(), 1u);
  EXPECT_EQ(e.forest().usage(e.NodeOfCohort("team"), 0), 1);
}

}  // namespace
}  // namespace muster::scheduler
