// Topology through the engine: nodes that come and go, resources that must meet on one node, victims chosen for their
// place, a second pass for failed nodes, and the option that keeps nodes from being over-committed.
#include <map>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_topology.h"

namespace muster::scheduler {
namespace {

TEST(TopologyEngine, CordonedNodesDoNotCountUntilTheyAreBack) {
  api::Node cordoned = MakeNode("r1", "h2", {{"nvidia.com/gpu", 8}});
  cordoned.unschedulable = true;
  Engine e =
      TopologyEngine({MakeQueue("q", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}}), cordoned});
  const WorkloadId id = e.Apply(Required(MakeWorkload("w", "q", 2, 8), "rack"), At(1));
  const CycleResult r = e.RunCycle(At(1));
  ASSERT_EQ(r.entries.size(), 1u);
  EXPECT_EQ(r.entries[0].pending_reason, PendingReason::kTopologyPlacementFailed);
  ASSERT_TRUE(r.entries[0].pod_sets[0].topology_failure.has_value());
  EXPECT_EQ(r.entries[0].pod_sets[0].topology_failure->fit, 1);
  EXPECT_EQ(e.Message(r.entries[0]),
            "couldn't assign flavors to pod set main: topology \"t\" allows to fit only 1 out of 2 pod(s)");
  cordoned.unschedulable = false;
  e.Apply(cordoned, At(2));
  e.Advance(At(2));
  e.RunCycle(At(2));
  EXPECT_EQ(PlaceOf(e, id), (Place{{"h1", 1}, {"h2", 1}}));
}

// A pod that asks for 8 GPUs and 32 EFA interfaces finds both on one node; one that takes all interfaces shares it with
// nobody, whatever GPUs are left.
TEST(TopologyEngine, AllResourcesOfAPodAreOnOneNode) {
  const std::map<std::string, int64_t> offers = {{"nvidia.com/gpu", 8}, {"vpc.amazonaws.com/efa", 32}};
  EngineOptions options;
  options.quota_check = QuotaCheckStrategy::kIgnoreUndeclared;
  Engine e = TopologyEngine({MakeQueue("q", "", {{"a", 64}})},
                            {MakeNode("r1", "h1", offers), MakeNode("r1", "h2", offers),
                             MakeNode("r1", "gpus-only", {{"nvidia.com/gpu", 8}})},
                            options);
  api::Workload fractions = Required(MakeWorkload("fractions", "q", 2, 1), "rack");
  fractions.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests["vpc.amazonaws.com/efa"] =
      api::Quantity::FromValue(32);
  const WorkloadId first = e.Apply(fractions, At(1));
  e.RunCycle(At(1));
  EXPECT_EQ(PlaceOf(e, first), (Place{{"h1", 1}, {"h2", 1}}));
  api::Workload whole = Required(MakeWorkload("whole", "q", 1, 7), "rack");
  whole.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests["vpc.amazonaws.com/efa"] =
      api::Quantity::FromValue(1);
  const WorkloadId second = e.Apply(whole, At(2));
  e.RunCycle(At(2));
  EXPECT_TRUE(PlaceOf(e, second).empty());
}

// Quota would do, but no host has 4 free GPUs. The latest to come would go first, but it frees only half a host; the
// one before it has a host to itself.
TEST(TopologyEngine, VictimsAreChosenForThePlaceTheyFree) {
  api::ClusterQueue q = MakeQueue("q", "", {{"a", 64}});
  q.preemption.emplace();
  q.preemption->within_cluster_queue = "LowerPriority";
  Engine e = TopologyEngine(
      {q}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 4}}), MakeNode("r1", "h2", {{"nvidia.com/gpu", 4}})});
  std::vector<WorkloadId> running;
  for (const int gpus : {2, 3, 2}) {
    const int n = static_cast<int>(running.size()) + 1;
    running.push_back(e.Apply(Required(MakeWorkload(absl::StrCat("w", n), "q", 1, gpus, n), kHost), At(n)));
    e.RunCycle(At(n));
  }
  ASSERT_EQ(PlaceOf(e, running[0]), (Place{{"h1", 1}}));
  ASSERT_EQ(PlaceOf(e, running[1]), (Place{{"h2", 1}}));
  ASSERT_EQ(PlaceOf(e, running[2]), (Place{{"h1", 1}}));
  e.Apply(Required(MakeWorkload("urgent", "q", 1, 4, 9, 10), kHost), At(9));
  const CycleResult r = e.RunCycle(At(9));
  ASSERT_EQ(r.entries.size(), 1u);
  EXPECT_EQ(r.entries[0].mode, Mode::kPreempt);
  ASSERT_EQ(r.entries[0].targets.size(), 1u);
  EXPECT_EQ(e.WorkloadKey(r.entries[0].targets[0].workload), "ns/w2");
}

// The pods of a failed node move; those of the others stay.
TEST(TopologyEngine, AFailedNodeIsReplacedInASecondPass) {
  Engine e =
      TopologyEngine({MakeQueue("q", "", {{"a", 64}})},
                     {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}}), MakeNode("r1", "h2", {{"nvidia.com/gpu", 8}}),
                      MakeNode("r1", "h3", {{"nvidia.com/gpu", 8}}), MakeNode("r2", "h4", {{"nvidia.com/gpu", 8}})});
  api::Workload w = Required(MakeWorkload("w", "q", 2, 8), "rack");
  const WorkloadId id = e.Apply(w, At(1));
  e.RunCycle(At(1));
  ASSERT_EQ(PlaceOf(e, id), (Place{{"h1", 1}, {"h2", 1}}));
  w.status.admission = e.AdmissionOf(id);
  api::Condition reserved;
  reserved.type = "QuotaReserved";
  reserved.status = "True";
  w.status.conditions = {reserved};
  w.status.unhealthy_nodes = {"h1"};
  e.DeleteNode("h1", At(2));
  e.Apply(w, At(2));
  ASSERT_TRUE(e.HasPendingHeads());
  const CycleResult r = e.RunCycle(At(2));
  ASSERT_EQ(r.entries.size(), 1u);
  EXPECT_TRUE(r.entries[0].second_pass);
  EXPECT_EQ(PlaceOf(e, id), (Place{{"h2", 1}, {"h3", 1}}));  // in the same rack
  // Nothing is left in the rack: the workload goes.
  w.status.admission = e.AdmissionOf(id);
  w.status.unhealthy_nodes = {"h3"};
  e.DeleteNode("h3", At(3));
  e.Apply(w, At(3));
  const CycleResult gone = e.RunCycle(At(3));
  ASSERT_EQ(gone.entries.size(), 1u);
  EXPECT_EQ(gone.entries[0].status, EntryStatus::kEvicted);
  EXPECT_EQ(e.Message(gone.entries[0]), "Workload was evicted as there was no replacement for unhealthy node(s): h3");
}

// The workload of a single pod ends with it, so its place is kept. A pod group gets another pod, also a group of one.
TEST(TopologyEngine, AGroupOfOnePodMovesOffAFailedNodeAndASinglePodDoesNot) {
  for (const bool group : {false, true}) {
    Engine e = TopologyEngine({MakeQueue("q", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}}),
                                                                  MakeNode("r1", "h2", {{"nvidia.com/gpu", 8}})});
    api::Workload w = Required(MakeWorkload("w", "q", 1, 8), "rack");
    w.metadata.owner_references.emplace_back();
    w.metadata.owner_references[0].api_version = "v1";
    w.metadata.owner_references[0].kind = "Pod";
    if (group) w.metadata.annotations["kueue.x-k8s.io/is-group-workload"] = "true";
    const WorkloadId id = e.Apply(w, At(1));
    e.RunCycle(At(1));
    ASSERT_EQ(PlaceOf(e, id), (Place{{"h1", 1}}));
    w.status.admission = e.AdmissionOf(id);
    w.status.conditions.emplace_back();
    w.status.conditions[0].type = "QuotaReserved";
    w.status.conditions[0].status = "True";
    w.status.unhealthy_nodes = {"h1"};
    e.DeleteNode("h1", At(2));
    e.Apply(w, At(2));
    e.RunCycle(At(2));
    EXPECT_EQ(PlaceOf(e, id), (Place{{group ? "h2" : "h1", 1}}));
  }
}

// A leader that asks for no GPUs goes where its group goes; without a group nothing says where that is.
TEST(TopologyEngine, ALeaderWithoutRequestsNeedsAGroup) {
  for (const bool grouped : {true, false}) {
    Engine e = TopologyEngine({MakeQueue("q", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}})});
    api::Workload w = MakeWorkload("w", "q", 1, 1);
    w.spec.pod_sets.push_back(w.spec.pod_sets[0]);
    w.spec.pod_sets[0].name = "leader";
    w.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests.clear();
    w = Required(std::move(w), kHost);
    for (api::PodSet& ps : w.spec.pod_sets) {
      if (grouped) ps.topology_request->pod_set_group_name = "group";
    }
    e.Apply(w, At(1));
    const CycleResult cycle = e.RunCycle(At(1));
    ASSERT_EQ(cycle.entries.size(), 1u);
    EXPECT_EQ(cycle.entries[0].status == EntryStatus::kAssumed, grouped);
    if (grouped) continue;
    EXPECT_EQ(cycle.entries[0].pending_reason, PendingReason::kNoMatchingFlavor);
    EXPECT_EQ(e.Message(cycle.entries[0]), "failed to assign flavors to pod set leader: no TAS flavor assigned");
  }
}

// Kueue checks pod sets one by one when an earlier entry of the cycle took part of their node. With strict_topology
// they are checked together.
TEST(TopologyEngine, StrictTopologyDoesNotOverCommitANodeWithinACycle) {
  for (const bool strict : {false, true}) {
    EngineOptions options;
    options.strict_topology = strict;
    options.gates.Set("TASRecomputeAssignmentWithinSchedulingCycle", true).IgnoreError();
    Engine e = TopologyEngine({MakeQueue("q1", "", {{"a", 64}}), MakeQueue("q2", "", {{"a", 64}})},
                              {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}})}, options);
    const WorkloadId one = e.Apply(Required(MakeWorkload("one", "q1", 1, 4, 0), kHost), At(1));
    api::Workload pair = Required(MakeWorkload("pair", "q2", 1, 3, 1), kHost);
    pair.spec.pod_sets.push_back(pair.spec.pod_sets[0]);
    pair.spec.pod_sets[1].name = "more";
    const WorkloadId two = e.Apply(pair, At(1));
    e.RunCycle(At(1));
    EXPECT_EQ(PlaceOf(e, one), (Place{{"h1", 1}}));
    EXPECT_EQ(PlaceOf(e, two), strict ? Place() : (Place{{"h1", 2}})) << strict;
  }
}

// Kueue admits any partial count, and places whole slices only. With strict_topology counts are whole slices.
TEST(TopologyEngine, StrictTopologyAdmitsWholeSlices) {
  for (const bool strict : {false, true}) {
    EngineOptions options;
    options.strict_topology = strict;
    Engine e =
        TopologyEngine({MakeQueue("q", "", {{"a", 7}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 16}})}, options);
    api::Workload w = Required(MakeWorkload("w", "q", 8, 1), "rack");
    w.spec.pod_sets[0].min_count = 2;
    w.spec.pod_sets[0].topology_request->pod_set_slice_required_topology = kHost;
    w.spec.pod_sets[0].topology_request->pod_set_slice_size = 2;
    const WorkloadId id = e.Apply(w, At(1));
    e.RunCycle(At(1));
    ASSERT_TRUE(e.AdmissionOf(id).has_value());
    EXPECT_EQ(e.AdmissionOf(id)->pod_set_assignments[0].count, strict ? 6 : 7);
    EXPECT_EQ(PlaceOf(e, id), (Place{{"h1", 6}}));
  }
}

// A node that is relabelled, or deleted and created again under its name, is where it is now: a gang that has to stay
// in one rack is not let in over two.
TEST(TopologyEngine, AHostIsWhereItIsNow) {
  const std::map<std::string, int64_t> gpus = {{"nvidia.com/gpu", 8}};
  for (const bool recreated : {false, true}) {
    Engine e =
        TopologyEngine({MakeQueue("q", "", {{"a", 64}})}, {MakeNode("r0", "h1", gpus), MakeNode("r1", "h2", gpus)});
    const auto move = [&](const std::string& rack, const std::string& host) {
      if (recreated) e.DeleteNode(host, At(2));
      e.Apply(MakeNode(rack, host, gpus), At(2));
    };
    move("r1", "h1");
    const WorkloadId together = e.Apply(Required(MakeWorkload("together", "q", 2, 6), "rack"), At(3));
    e.RunCycle(At(3));
    EXPECT_EQ(PlaceOf(e, together), (Place{{"h1", 1}, {"h2", 1}})) << "both are in r1";
    e.Finish(together, At(4));
    move("r0", "h1");
    e.Advance(At(5));
    const WorkloadId apart = e.Apply(Required(MakeWorkload("apart", "q", 2, 6), "rack"), At(5));
    const CycleResult r = e.RunCycle(At(5));
    EXPECT_EQ(PlaceOf(e, apart), Place());
    ASSERT_EQ(r.entries.size(), 1u);
    EXPECT_EQ(e.Message(r.entries[0]),
              "couldn't assign flavors to pod set main: topology \"t\" allows to fit only 1 out of 2 pod(s)");
  }
}

// What runs on a host goes with it, and comes off where the host is by then.
TEST(TopologyEngine, UsageFollowsTheHost) {
  const std::map<std::string, int64_t> gpus = {{"nvidia.com/gpu", 8}};
  Engine e =
      TopologyEngine({MakeQueue("q", "", {{"a", 64}})}, {MakeNode("r0", "h1", gpus), MakeNode("r1", "h2", gpus)});
  const WorkloadId first = e.Apply(Required(MakeWorkload("first", "q", 1, 6), kHost), At(1));
  e.RunCycle(At(1));
  ASSERT_EQ(PlaceOf(e, first), (Place{{"h1", 1}}));
  e.Apply(MakeNode("r1", "h1", gpus), At(2));
  const WorkloadId pair = e.Apply(Required(MakeWorkload("pair", "q", 2, 4), "rack"), At(3));
  e.Advance(At(3));
  e.RunCycle(At(3));
  EXPECT_EQ(PlaceOf(e, pair), (Place{{"h2", 2}})) << "h1 has no room for one of them";
  e.Finish(first, At(4));
  const WorkloadId third = e.Apply(Required(MakeWorkload("third", "q", 1, 8), "rack"), At(5));
  e.Advance(At(5));
  e.RunCycle(At(5));
  EXPECT_EQ(PlaceOf(e, third), (Place{{"h1", 1}}));
}

// Somebody's victims are as good as gone for whoever comes later in the cycle: what is left of the host beside the
// preemptor is there to be had.
TEST(TopologyEngine, WhatVictimsLeaveIsCountedForThoseWhoComeLater) {
  api::ClusterQueue preempting = MakeQueue("q1", "", {{"a", 64}});
  preempting.preemption.emplace().within_cluster_queue = "LowerPriority";
  Engine e =
      TopologyEngine({preempting, MakeQueue("q2", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}})});
  const WorkloadId victim = e.Apply(Required(MakeWorkload("victim", "q1", 1, 6, 0), kHost), At(1));
  e.RunCycle(At(1));
  ASSERT_EQ(PlaceOf(e, victim), (Place{{"h1", 1}}));
  e.Apply(Required(MakeWorkload("urgent", "q1", 1, 4, 2, 9), kHost), At(2));
  const WorkloadId other = e.Apply(Required(MakeWorkload("other", "q2", 1, 2, 3), kHost), At(3));
  const CycleResult r = e.RunCycle(At(3));
  ASSERT_EQ(r.entries.size(), 2u);
  EXPECT_EQ(r.entries[0].outcome, Outcome::kPreempting);
  EXPECT_TRUE(e.IsEvicted(victim));
  EXPECT_EQ(PlaceOf(e, other), (Place{{"h1", 1}}));
}

// What the preemptor will take is not there for whoever comes later.
TEST(TopologyEngine, WhatAPreemptorWaitsForIsTaken) {
  api::ClusterQueue preempting = MakeQueue("q1", "", {{"a", 64}});
  preempting.preemption.emplace().within_cluster_queue = "LowerPriority";
  Engine e =
      TopologyEngine({preempting, MakeQueue("q2", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}})});
  e.Apply(Required(MakeWorkload("victim", "q1", 1, 6, 0), kHost), At(1));
  e.RunCycle(At(1));
  e.Apply(Required(MakeWorkload("urgent", "q1", 1, 7, 2, 9), kHost), At(2));
  const WorkloadId other = e.Apply(Required(MakeWorkload("other", "q2", 1, 2, 3), kHost), At(3));
  const CycleResult r = e.RunCycle(At(3));
  ASSERT_EQ(r.entries.size(), 2u);
  EXPECT_EQ(r.entries[0].outcome, Outcome::kPreempting);
  EXPECT_EQ(PlaceOf(e, other), Place());
}

// Nobody to preempt: the room it waits for is kept on concrete hosts within the cycle, unless it can always reclaim.
TEST(TopologyEngine, WhoWaitsWithoutVictimsKeepsItsRoom) {
  for (const bool reclaims : {false, true}) {
    api::ClusterQueue waiting = MakeQueue("q1", "team", {{"a", 64}});
    waiting.preemption.emplace();
    if (reclaims) waiting.preemption->reclaim_within_cohort = "Any";
    Engine e =
        TopologyEngine({waiting, MakeQueue("q2", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}})});
    e.Apply(Required(MakeWorkload("running", "q1", 1, 4, 0), kHost), At(1));
    e.RunCycle(At(1));
    e.Apply(Required(MakeWorkload("large", "q1", 1, 8, 2, 9), kHost), At(2));
    const WorkloadId other = e.Apply(Required(MakeWorkload("other", "q2", 1, 2, 3), kHost), At(3));
    const CycleResult r = e.RunCycle(At(3));
    ASSERT_EQ(r.entries.size(), 2u);
    EXPECT_EQ(r.entries[0].requeue_reason, RequeueReason::kPreemptionNoCandidates);
    EXPECT_EQ(PlaceOf(e, other), reclaims ? (Place{{"h1", 1}}) : Place()) << reclaims;
  }
}

// A workload that lost its place is placed anew, wherever there is room by then.
TEST(TopologyEngine, WhoComesBackIsPlacedAnew) {
  Engine e = TopologyEngine({MakeQueue("q", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}})});
  const WorkloadId id = e.Apply(Required(MakeWorkload("w", "q", 1, 8), kHost), At(1));
  e.RunCycle(At(1));
  ASSERT_EQ(PlaceOf(e, id), (Place{{"h1", 1}}));
  EXPECT_EQ(e.AdmissionOf(id)->pod_set_assignments[0].topology_assignment->levels, std::vector<std::string>{kHost});
  e.Evict(id, "Stopped", At(2));
  e.CompleteEviction(id, At(2));
  EXPECT_EQ(PlaceOf(e, id), Place());
  e.DeleteNode("h1", At(3));
  e.Apply(MakeNode("r1", "h2", {{"nvidia.com/gpu", 8}}), At(3));
  e.SetRequeued(id, At(3));
  e.Advance(At(3));
  e.RunCycle(At(3));
  EXPECT_EQ(PlaceOf(e, id), (Place{{"h2", 1}}));
  e.Finish(id, At(4));
  const WorkloadId next = e.Apply(Required(MakeWorkload("next", "q", 1, 8, 5), kHost), At(5));
  e.Advance(At(5));
  e.RunCycle(At(5));
  EXPECT_EQ(PlaceOf(e, next), (Place{{"h2", 1}})) << "nothing of it is left";
}

// Pods that ask for nothing take their part of the number of pods, where their group is.
TEST(TopologyEngine, ALeaderWithoutRequestsTakesItsPlace) {
  Engine e =
      TopologyEngine({MakeQueue("q", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}, {"pods", 2}})});
  api::Workload w = MakeWorkload("w", "q", 1, 1);
  w.spec.pod_sets.push_back(w.spec.pod_sets[0]);
  w.spec.pod_sets[0].name = "leader";
  w.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests.clear();
  w = Required(std::move(w), kHost);
  for (api::PodSet& ps : w.spec.pod_sets) ps.topology_request->pod_set_group_name = "group";
  const WorkloadId id = e.Apply(w, At(1));
  e.RunCycle(At(1));
  ASSERT_EQ(e.Phase(id), WorkloadPhase::kReserved);
  EXPECT_EQ(PlaceOf(e, id), (Place{{"h1", 2}}));
  const WorkloadId other = e.Apply(Required(MakeWorkload("other", "q", 1, 1, 2), kHost), At(2));
  e.RunCycle(At(2));
  EXPECT_EQ(PlaceOf(e, other), Place()) << "both pods are somebody's";
  e.Finish(id, At(3));
  e.Advance(At(3));
  e.RunCycle(At(3));
  EXPECT_EQ(PlaceOf(e, other), (Place{{"h1", 1}}));
}

}  // namespace
}  // namespace muster::scheduler
