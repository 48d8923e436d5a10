// Objects that are deleted, and what that means for who waits.
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "quota/forest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

// What one cycle says about its only entry, as Kueue would word it.
std::string Look(Engine& e, absl::Time now) {
  e.Advance(now);
  const CycleResult result = e.RunCycle(now);
  if (!result.rejected.empty()) return e.Message(result.rejected[0]);
  if (result.entries.empty()) return "nobody";
  return result.entries[0].status == EntryStatus::kAssumed ? "admitted" : e.Message(result.entries[0]);
}

TEST(Objects, WithoutItsNamespaceAWorkloadIsRefusedUntilItIsBack) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  e.Apply(MakeWorkload("w", "q", 1, 1, 1), At(1));
  e.DeleteNamespace("ns");
  e.DeleteNamespace("never heard of");
  EXPECT_EQ(Look(e, At(1)), "workload namespace \"ns\" does not exist: Namespace \"ns\" not found");
  EXPECT_EQ(Look(e, At(2)), "nobody");
  e.Apply(MakeNamespace("ns"), At(3));
  EXPECT_EQ(Look(e, At(3)), "admitted");
}

api::LimitRange AtMost(int64_t gpus) {
  api::LimitRange range;
  range.metadata.ns = "ns";
  range.metadata.name = "limits";
  api::LimitRangeItem item;
  item.type = "Container";
  item.max["nvidia.com/gpu"] = api::Quantity::FromValue(gpus);
  range.limits = {item};
  return range;
}

TEST(Objects, ALimitRangeThatIsGoneLimitsNobodyAppliedLater) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  e.Apply(AtMost(1), At(0));
  e.Apply(MakeWorkload("before", "q", 1, 2, 1), At(1));
  EXPECT_NE(Look(e, At(1)).find("LimitRange"), std::string::npos);
  e.DeleteLimitRange("other", "limits");
  e.Apply(MakeWorkload("still", "q", 1, 2, 2), At(2));
  EXPECT_NE(Look(e, At(2)).find("LimitRange"), std::string::npos);
  e.DeleteLimitRange("ns", "limits");
  e.Apply(MakeWorkload("after", "q", 1, 2, 3), At(3));
  EXPECT_EQ(Look(e, At(3)), "admitted");
}

// What is told later counts for workloads that are applied later, be it more or less.
TEST(Objects, OfALimitRangeThatIsToldAgainTheLastWordCounts) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  int64_t at = 0;
  const auto submit = [&](int64_t most) {
    ++at;
    e.Apply(AtMost(most), At(at));
    e.Apply(MakeWorkload(absl::StrCat("w", at), "q", 1, 2, at), At(at));
    return Look(e, At(at));
  };
  EXPECT_EQ(submit(2), "admitted");
  EXPECT_NE(submit(1).find("LimitRange"), std::string::npos);
  EXPECT_NE(submit(1).find("LimitRange"), std::string::npos);
  EXPECT_EQ(submit(3), "admitted");
}

TEST(Objects, OfARuntimeClassThatIsToldAgainTheLastWordCounts) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 20}})});
  int64_t at = 0;
  const auto submit = [&](int64_t overhead) {
    ++at;
    api::RuntimeClass heavy;
    heavy.metadata.name = "heavy";
    if (overhead > 0) heavy.overhead_pod_fixed["nvidia.com/gpu"] = api::Quantity::FromValue(overhead);
    e.Apply(heavy, At(at));
    api::Workload w = MakeWorkload(absl::StrCat("w", at), "q", 1, 1, at);
    w.spec.pod_sets[0].pod_template.spec.runtime_class_name = "heavy";
    const WorkloadId id = e.Apply(w, At(at));
    EXPECT_EQ(Look(e, At(at)), "admitted");
    return e.ReservedUsage(id).at(0).amount;
  };
  EXPECT_EQ(submit(0), 1);
  EXPECT_EQ(submit(3), 4);
  EXPECT_EQ(submit(3), 4);
  EXPECT_EQ(submit(2), 3);
  EXPECT_EQ(submit(0), 1);
}

TEST(Objects, CohortsThatAreNowhereHaveNoNode) {
  Engine e = MakeEngine({});
  EXPECT_EQ(e.NodeOfCohort("unheard of"), quota::kNoNode);
  const auto cohort = [](const std::string& name, const std::string& parent) {
    api::Cohort c;
    c.metadata.name = name;
    c.parent_name = parent;
    return c;
  };
  e.Apply(cohort("chicken", "egg"), At(0));
  e.Apply(cohort("egg", "chicken"), At(0));
  for (const char* name : {"chicken", "egg"}) EXPECT_EQ(e.NodeOfCohort(name), quota::kNoNode) << name;
  e.Apply(cohort("egg", ""), At(1));
  EXPECT_EQ(e.forest().parent(e.NodeOfCohort("chicken")), e.NodeOfCohort("egg"));
}

TEST(Objects, ARuntimeClassThatIsGoneAddsNothingToWorkloadsAppliedLater) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  api::RuntimeClass heavy;
  heavy.metadata.name = "heavy";
  heavy.overhead_pod_fixed["nvidia.com/gpu"] = api::Quantity::FromValue(3);
  e.Apply(heavy, At(0));
  const auto submit = [&](const std::string& name, int64_t at) {
    api::Workload w = MakeWorkload(name, "q", 1, 1, at);
    w.spec.pod_sets[0].pod_template.spec.runtime_class_name = "heavy";
    const WorkloadId id = e.Apply(w, At(at));
    EXPECT_EQ(Look(e, At(at)), "admitted");
    return e.ReservedUsage(id).at(0).amount;
  };
  EXPECT_EQ(submit("before", 1), 4);
  e.DeleteRuntimeClass("heavy");
  EXPECT_EQ(submit("after", 2), 1);
}

TEST(Objects, DeletingACohortOrATopologyWakesNobody) {
  Engine e = MakeEngine({MakeQueue("q", "team", {{"a", 1}})});
  api::Cohort team;
  team.metadata.name = "team";
  e.Apply(team, At(0));
  e.Apply(MakeWorkload("large", "q", 1, 2, 1), At(1));
  e.Advance(At(1));
  e.RunCycle(At(1));
  e.Advance(At(1));
  ASSERT_EQ(e.NextTimer(), absl::InfiniteFuture());
  e.DeleteCohort("team");
  e.DeleteTopology("default");
  EXPECT_EQ(e.NextTimer(), absl::InfiniteFuture());
  EXPECT_EQ(e.Cohorts(), std::vector<std::string>{"team"}) << "a ClusterQueue still names it";
}

TEST(Objects, APodThatIsDeletedGivesItsNodeBack) {
  constexpr char kHost[] = "kubernetes.io/hostname";
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  api::Topology topology;
  topology.metadata.name = "t";
  topology.levels = {kHost};
  e.Apply(topology, At(0));
  api::ResourceFlavor flavor = MakeFlavor("a", {{"type", "a"}});
  flavor.topology_name = "t";
  e.Apply(flavor, At(0));
  api::Node node;
  node.metadata.name = "h1";
  node.metadata.labels = {{"type", "a"}, {kHost, "h1"}};
  node.allocatable = {{"pods", api::Quantity::FromValue(10)}, {"nvidia.com/gpu", api::Quantity::FromValue(4)}};
  node.conditions.emplace_back();
  node.conditions[0].type = "Ready";
  node.conditions[0].status = "True";
  e.Apply(node, At(0));
  api::Pod foreign;
  foreign.metadata.ns = "kube-system";
  foreign.metadata.name = "driver";
  foreign.spec.node_name = "h1";
  foreign.spec.containers.resize(1);
  foreign.spec.containers[0].resources.requests["nvidia.com/gpu"] = api::Quantity::FromValue(2);
  e.Apply(foreign, At(0));
  api::Workload w = MakeWorkload("w", "q", 1, 4, 1);
  w.spec.pod_sets[0].topology_request.emplace();
  w.spec.pod_sets[0].topology_request->required = kHost;
  e.Apply(w, At(1));
  EXPECT_NE(Look(e, At(1)), "admitted");
  e.Advance(At(1));
  ASSERT_EQ(e.NextTimer(), absl::InfiniteFuture());
  e.DeletePod("default", "driver", At(2));
  EXPECT_EQ(e.NextTimer(), absl::InfiniteFuture()) << "another pod of that name";
  e.DeletePod("kube-system", "driver", At(2));
  EXPECT_EQ(e.NextTimer(), At(2));
  EXPECT_EQ(Look(e, At(2)), "admitted");
}

TEST(Objects, AClusterQueueBelowTooManyCohortsIsInactiveUntilItMovesUp) {
  const auto cohort = [](int level, bool root = false) {
    api::Cohort c;
    c.metadata.name = absl::StrCat("c", level);
    if (!root && level > 0) c.parent_name = absl::StrCat("c", level - 1);
    return c;
  };
  constexpr int kDeepest = quota::kMaxCohortDepth;  // one level too many
  for (const bool from_the_root : {true, false}) {
    Engine e = MakeEngine({MakeQueue("deep", absl::StrCat("c", kDeepest), {{"a", 1}}),
                           MakeQueue("above", absl::StrCat("c", kDeepest - 1), {{"a", 1}})});
    for (int i = 0; i <= kDeepest; ++i) e.Apply(cohort(from_the_root ? i : kDeepest - i), At(0));
    e.Apply(MakeWorkload("w", "deep", 1, 1, 1), At(1));
    EXPECT_EQ(Look(e, At(1)), "ClusterQueue deep is inactive");
    EXPECT_EQ(e.StatusOf("deep").reason, "CohortTooDeep");
    EXPECT_EQ(e.StatusOf("deep").message, "Can't admit new workloads: is below more than 64 cohorts.");
    EXPECT_EQ(e.NodeOfClusterQueue(*e.FindClusterQueue("deep")), quota::kNoNode);
    EXPECT_TRUE(e.StatusOf("above").active);
    e.Apply(cohort(1, /*root=*/true), At(2));
    EXPECT_TRUE(e.StatusOf("deep").active);
    EXPECT_EQ(Look(e, At(2)), "admitted");
  }
}

TEST(Objects, AChangeOfQuotasLeavesOtherTreesAsTheyAre) {
  Engine e = MakeEngine({MakeQueue("x", "left", {{"a", 4}}), MakeQueue("y", "right", {{"a", 4}})});
  for (const char* queue : {"x", "y"}) {
    e.Apply(MakeWorkload(absl::StrCat("w-", queue), queue, 1, 2, 1), At(1));
  }
  e.RunCycle(At(1));
  const quota::NodeId y = e.NodeOfClusterQueue(*e.FindClusterQueue("y"));
  const quota::NodeId left = e.NodeOfCohort("left");
  e.Apply(MakeQueue("x", "left", {{"b", 1}}), At(2));  // what w-x holds has no quota any more
  e.Apply(MakeQueue("0", "left", {{"a", 1}}), At(2));
  EXPECT_EQ(e.NodeOfClusterQueue(*e.FindClusterQueue("y")), y);
  EXPECT_EQ(e.NodeOfCohort("left"), left);
  EXPECT_EQ(e.forest().usage(y, 0), 2);
  EXPECT_EQ(e.forest().usage(left, 0), 2);
  EXPECT_EQ(e.forest().Available(left, 0), -1);
  // The tree moves below another: all of it is there, nothing is left behind.
  api::Cohort cohort;
  cohort.metadata.name = "left";
  cohort.parent_name = "right";
  e.Apply(cohort, At(3));
  EXPECT_EQ(e.forest().root(left), e.NodeOfCohort("right"));
  EXPECT_EQ(e.forest().usage(e.NodeOfCohort("right"), 0), 4);
  e.DeleteClusterQueue("0");
  EXPECT_EQ(e.forest().subtree_quota(e.NodeOfCohort("right"), 0), 4);
  e.DeleteClusterQueue("x");
  e.DeleteClusterQueue("y");
  e.DeleteCohort("left");
  EXPECT_EQ(e.NodeOfCohort("left"), quota::kNoNode);
  EXPECT_EQ(e.NodeOfCohort("right"), quota::kNoNode);
}

}  // namespace
}  // namespace muster::scheduler
