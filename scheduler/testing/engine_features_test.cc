// Admission fair sharing, preemption gates, concurrent admission and elastic jobs through the engine's public surface,
// and the reasons and messages that go with decisions.
// One file, because all features are told to the same small cluster.
#include <map>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/engine/internals.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

const Decision& Of(const CycleResult& cycle, WorkloadId id) {
  for (const Decision& d : cycle.entries) {
    if (d.workload == id) return d;
  }
  ADD_FAILURE() << "workload was not nominated";
  static const Decision none;
  return none;
}

// Lets the workload be admitted and returns its id.
WorkloadId Start(Engine& e, const api::Workload& w, absl::Time now) {
  const WorkloadId id = e.Apply(w, now);
  const CycleResult cycle = e.RunCycle(now);
  EXPECT_EQ(Of(cycle, id).status, EntryStatus::kAssumed);
  return id;
}

// ---- Admission fair sharing.

Engine UsageOrdered(absl::Duration half_life, const std::string& within = "") {
  EngineOptions options;
  options.admission_fair_sharing.emplace();
  options.admission_fair_sharing->usage_half_life = half_life;
  options.admission_fair_sharing->usage_sampling_interval = absl::Seconds(10);
  api::ClusterQueue cq = MakeQueue("q", "", {{"a", 8}});
  cq.admission_mode = "UsageBasedAdmissionFairSharing";
  cq.preemption.emplace().within_cluster_queue = within;
  Engine e = MakeEngine({cq}, options);
  for (const char* name : {"light", "heavy"}) e.Apply(MakeLocalQueue("ns", name, "q"), At(0));
  return e;
}

TEST(AdmissionFairSharing, WhoUsedLessGoesFirstWhateverThePriority) {
  Engine e = UsageOrdered(absl::Seconds(100));
  e.SetConsumedResources("ns", "heavy", {{"nvidia.com/gpu", 5}}, At(0));
  e.SetConsumedResources("ns", "light", {{"nvidia.com/gpu", 1}}, At(0));
  const WorkloadId urgent = e.Apply(MakeWorkload("urgent", "heavy", 1, 1, 0, 100), At(0));
  const WorkloadId modest = e.Apply(MakeWorkload("modest", "light", 1, 1, 1, 0), At(1));
  EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")), (std::vector<WorkloadId>{modest, urgent}));
}

TEST(AdmissionFairSharing, AQueueThatWasJustServedWaitsItsTurn) {
  Engine e = UsageOrdered(absl::Seconds(10));
  for (int i = 0; i < 2; ++i) e.Apply(MakeWorkload("l" + std::to_string(i), "light", 1, 1, i), At(i));
  for (int i = 0; i < 2; ++i) e.Apply(MakeWorkload("h" + std::to_string(i), "heavy", 1, 1, 10 + i), At(i));
  std::vector<std::string> order;
  for (int i = 0; i < 4; ++i) order.push_back(e.WorkloadKey(e.RunCycle(At(20)).entries.at(0).workload));
  EXPECT_EQ(order, (std::vector<std::string>{"ns/l0", "ns/h0", "ns/l1", "ns/h1"}));
}

TEST(AdmissionFairSharing, UsageDecaysToWhatIsInUse) {
  Engine e = UsageOrdered(absl::Seconds(10));
  e.SetConsumedResources("ns", "heavy", {{"nvidia.com/gpu", 4}}, At(0));
  e.SetConsumedResources("ns", "light", {{"nvidia.com/gpu", 1}}, At(0));
  const WorkloadId running = Start(e, MakeWorkload("running", "light", 1, 6), At(0));
  e.SampleLocalQueues(At(0));
  e.SampleLocalQueues(At(100));  // ten half-lives: heavy is at next to nothing, light at its 6 GPUs
  const WorkloadId a = e.Apply(MakeWorkload("a", "light", 1, 1, 0), At(100));
  const WorkloadId b = e.Apply(MakeWorkload("b", "heavy", 1, 1, 1), At(100));
  EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")), (std::vector<WorkloadId>{b, a}));
  e.Finish(running, At(101));
}

// Where resources that nobody covers are let pass, they are not charged either.
TEST(AdmissionFairSharing, AnAdmissionIsChargedForWhatIsCovered) {
  EngineOptions options;
  options.quota_check = QuotaCheckStrategy::kIgnoreUndeclared;
  options.admission_fair_sharing.emplace();
  options.admission_fair_sharing->usage_half_life = absl::Hours(1);
  options.admission_fair_sharing->usage_sampling_interval = absl::Hours(1);
  api::ClusterQueue cq = MakeQueue("q", "", {{"a", 8}});
  cq.admission_mode = "UsageBasedAdmissionFairSharing";
  api::ResourceGroup memory = MakeQueue("", "", {{"b", 8}}).resource_groups[0];
  memory.covered_resources = {"memory"};
  memory.flavors[0].resources[0].name = "memory";
  cq.resource_groups.insert(cq.resource_groups.begin(), memory);
  Engine e = MakeEngine({cq}, options);
  for (const char* name : {"light", "heavy"}) e.Apply(MakeLocalQueue("ns", name, "q"), At(0));
  api::Workload networked = MakeWorkload("networked", "light", 1, 1);
  networked.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests["nic"] = api::Quantity::FromValue(1000);
  Start(e, networked, At(0));
  Start(e, MakeWorkload("large", "heavy", 1, 2), At(1));
  const WorkloadId first = e.Apply(MakeWorkload("first", "heavy", 1, 1, 2), At(3)),
                   second = e.Apply(MakeWorkload("second", "light", 1, 1, 3), At(3));
  EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")), (std::vector<WorkloadId>{second, first}));
}

TEST(AdmissionFairSharing, WithoutItTheOrderIsThatOfPriorities) {
  api::ClusterQueue cq = MakeQueue("q", "", {{"a", 8}});
  cq.admission_mode = "UsageBasedAdmissionFairSharing";
  Engine e = MakeEngine({cq});
  e.SetConsumedResources("ns", "q", {{"nvidia.com/gpu", 5}}, At(0));
  const WorkloadId low = e.Apply(MakeWorkload("low", "q", 1, 1, 0, 0), At(0));
  const WorkloadId high = e.Apply(MakeWorkload("high", "q", 1, 1, 1, 5), At(1));
  EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")), (std::vector<WorkloadId>{high, low}));
}

// Who used more goes first, whatever the priorities: in the preemptor's own ClusterQueue too.
TEST(AdmissionFairSharing, VictimsAreTakenFromTheLocalQueueThatUsedMost) {
  Engine e = UsageOrdered(absl::Seconds(100), "LowerPriority");
  const WorkloadId heavy = Start(e, MakeWorkload("h", "heavy", 1, 4, 0, 1), At(0));
  const WorkloadId light = Start(e, MakeWorkload("l", "light", 1, 4, 1, 0), At(1));
  e.SetConsumedResources("ns", "heavy", {{"nvidia.com/gpu", 8}}, At(1));
  e.SetConsumedResources("ns", "light", {{"nvidia.com/gpu", 1}}, At(1));
  e.Apply(MakeWorkload("p", "q", 1, 4, 2, 9), At(2));
  const CycleResult cycle = e.RunCycle(At(2));
  ASSERT_EQ(cycle.entries[0].targets.size(), 1u);
  EXPECT_EQ(cycle.entries[0].targets[0].workload, heavy);
  EXPECT_FALSE(e.IsEvicted(light));
}

// Kueue tells LocalQueues apart by name when it orders victims: those called the same in several namespaces are one.
TEST(AdmissionFairSharing, VictimsOfLocalQueuesOfOneNameGoByPriority) {
  Engine e = UsageOrdered(absl::Seconds(100), "LowerPriority");
  e.Apply(MakeNamespace("ns2"), At(0));
  e.Apply(MakeLocalQueue("ns2", "heavy", "q"), At(0));
  Start(e, MakeWorkload("h", "heavy", 1, 4, 0, 1), At(0));
  api::Workload other = MakeWorkload("l", "heavy", 1, 4, 1, 0);
  other.metadata.ns = "ns2";
  const WorkloadId low = Start(e, other, At(1));
  e.SetConsumedResources("ns", "heavy", {{"nvidia.com/gpu", 8}}, At(1));
  e.SetConsumedResources("ns2", "heavy", {{"nvidia.com/gpu", 1}}, At(1));
  e.Apply(MakeWorkload("p", "q", 1, 4, 2, 9), At(2));
  const CycleResult cycle = e.RunCycle(At(2));
  ASSERT_EQ(cycle.entries[0].targets.size(), 1u);
  EXPECT_EQ(cycle.entries[0].targets[0].workload, low);
}

// The weight of a LocalQueue is looked up for victims: one whose object is gone counts with weight 1 before its
// deletion is told, and then with no usage at all.
TEST(AdmissionFairSharing, ALocalQueueThatIsGoneLosesItsWeightAndThenItsUsage) {
  for (const int step : {0, 1, 2}) {
    Engine e = UsageOrdered(absl::Seconds(100), "LowerPriority");
    api::LocalQueue lq = MakeLocalQueue("ns", "heavy", "q");
    lq.fair_sharing.emplace().weight = api::Quantity::FromValue(10);
    e.Apply(lq, At(0));
    const WorkloadId heavy = Start(e, MakeWorkload("h", "heavy", 1, 4), At(0));
    const WorkloadId light = Start(e, MakeWorkload("l", "light", 1, 4, 1), At(1));
    e.SetConsumedResources("ns", "heavy", {{"nvidia.com/gpu", 8}}, At(1));
    e.SetConsumedResources("ns", "light", {{"nvidia.com/gpu", 2}}, At(1));
    if (step >= 1) EngineInternals::Of(e).LocalQueueMissing("ns", "heavy");
    if (step >= 2) e.DeleteLocalQueue("ns", "heavy", At(1));
    e.Apply(MakeWorkload("p", "q", 1, 4, 2, 9), At(2));
    const CycleResult cycle = e.RunCycle(At(2));
    ASSERT_EQ(cycle.entries[0].targets.size(), 1u);
    EXPECT_EQ(cycle.entries[0].targets[0].workload, step == 1 ? heavy : light) << step;
  }
}

TEST(AdmissionFairSharing, ALocalQueueThatComesBackHasUsedNothing) {
  Engine e = UsageOrdered(absl::Seconds(100));
  e.SetConsumedResources("ns", "heavy", {{"nvidia.com/gpu", 8}}, At(0));
  e.SetConsumedResources("ns", "light", {{"nvidia.com/gpu", 1}}, At(0));
  const WorkloadId l = e.Apply(MakeWorkload("l", "light", 1, 1, 0), At(0));
  const WorkloadId h = e.Apply(MakeWorkload("h", "heavy", 1, 1, 1), At(1));
  const ClusterQueueId q = *e.FindClusterQueue("q");
  EXPECT_EQ(e.PendingInOrder(q), (std::vector<WorkloadId>{l, h}));
  e.DeleteLocalQueue("ns", "heavy", At(2));
  EXPECT_EQ(e.PendingInOrder(q), std::vector<WorkloadId>{l});
  EXPECT_EQ(e.Phase(h), WorkloadPhase::kUnqueued);
  e.Apply(MakeLocalQueue("ns", "heavy", "q"), At(3));
  EXPECT_EQ(e.PendingInOrder(q), (std::vector<WorkloadId>{h, l}));
}

// ---- LocalQueues on hold.

TEST(StopPolicy, ALocalQueueOnHoldQueuesNothingUntilItIsResumed) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  const WorkloadId running = Start(e, MakeWorkload("running", "q", 1, 4), At(0));
  const WorkloadId waiting = e.Apply(MakeWorkload("waiting", "q", 1, 4, 1), At(1));
  api::LocalQueue lq = MakeLocalQueue("ns", "q", "q");
  lq.stop_policy = "Hold";
  e.Apply(lq, At(2));
  EXPECT_EQ(e.Phase(waiting), WorkloadPhase::kUnqueued);
  EXPECT_EQ(e.Phase(running), WorkloadPhase::kReserved);
  EXPECT_FALSE(e.HasPendingHeads());
  lq.stop_policy = "None";
  e.Apply(lq, At(3));
  EXPECT_EQ(Of(e.RunCycle(At(3)), waiting).status, EntryStatus::kAssumed);
}

// ---- Preemption gates.

api::ClusterQueue PreemptingQueue(const std::string& within = "LowerPriority") {
  api::ClusterQueue cq = MakeQueue("q", "", {{"a", 8}});
  cq.preemption.emplace();
  cq.preemption->within_cluster_queue = within;
  return cq;
}

TEST(PreemptionGates, AGatedWorkloadPreemptsNobodyButIsAdmittedWhereThereIsRoom) {
  for (const bool gate_known : {true, false}) {
    EngineOptions options;
    ASSERT_TRUE(options.gates.Set("MultiKueueOrchestratedPreemption", gate_known).ok());
    Engine e = MakeEngine({PreemptingQueue()}, options);
    const WorkloadId victim = Start(e, MakeWorkload("victim", "q", 1, 8), At(0));
    api::Workload w = MakeWorkload("gated", "q", 1, 4, 1, 10);
    w.spec.preemption_gates = {"gate"};
    const WorkloadId gated = e.Apply(w, At(1));
    const CycleResult cycle = e.RunCycle(At(1));
    const Decision& d = Of(cycle, gated);
    EXPECT_EQ(d.status == EntryStatus::kPreemptionGated, gate_known);
    EXPECT_EQ(e.IsEvicted(victim), !gate_known);
    if (!gate_known) continue;
    EXPECT_EQ(d.pending_reason, PendingReason::kAdmissionGated);
    EXPECT_EQ(e.Message(d), "Workload requires preemption, but it's gated");
    e.Finish(victim, At(2));
    e.Advance(At(2));
    EXPECT_EQ(Of(e.RunCycle(At(2)), gated).status, EntryStatus::kAssumed);
  }
}

// ---- Concurrent admission.

class Variants : public ::testing::Test {
 protected:
  void Build(const std::string& last_acceptable = "") {
    EngineOptions options;
    ASSERT_TRUE(options.gates.Set("ConcurrentAdmission", true).ok());
    api::ClusterQueue cq = MakeQueue("q", "", {{"a", 8}, {"b", 8}});
    if (!last_acceptable.empty()) cq.concurrent_admission_policy = {"TryPreferredFlavors", last_acceptable};
    engine_.emplace(MakeEngine({cq}, options));
  }
  api::Workload Variant(const std::string& flavor) {
    api::Workload w = MakeWorkload("on-" + flavor, "q", 1, 8);
    w.metadata.annotations["kueue.x-k8s.io/workload-allowed-resource-flavors"] = flavor;
    api::OwnerReference parent;
    parent.kind = "Workload";
    parent.name = "parent";
    parent.uid = "parent-uid";
    parent.controller = true;
    w.metadata.owner_references = {parent};
    return w;
  }
  std::optional<Engine> engine_;
};

TEST_F(Variants, ALessFavorableOneIsSkippedWhileAMoreFavorableRuns) {
  Build();
  Start(*engine_, Variant("a"), At(0));
  const WorkloadId late = engine_->Apply(Variant("b"), At(1));
  const CycleResult cycle = engine_->RunCycle(At(1));
  EXPECT_EQ(Of(cycle, late).status, EntryStatus::kSkipped);
  EXPECT_EQ(engine_->Message(Of(cycle, late)), "A more favorable variant is already admitted");
}

TEST_F(Variants, AMoreFavorableOneMigratesTheJob) {
  Build();
  const WorkloadId running = Start(*engine_, Variant("b"), At(0));
  const WorkloadId better = engine_->Apply(Variant("a"), At(1));
  const CycleResult cycle = engine_->RunCycle(At(1));
  const Decision& d = Of(cycle, better);
  EXPECT_EQ(d.migrates, running);
  EXPECT_TRUE(engine_->IsEvicted(running));
  EXPECT_EQ(engine_->Message(d), ". Pending the migration of 1 workload(s)");
  EXPECT_EQ(engine_->MigrationMessage(d),
            "Evicted to accommodate a workload (UID: on-a) due to migration to more favorable resource flavor");
  // As in Kueue, the attempt right after goes on behind the flavor that fitted; the released quota wakes it again.
  engine_->RunCycle(At(2));
  engine_->CompleteEviction(running, At(2));
  engine_->Advance(At(2));
  EXPECT_EQ(Of(engine_->RunCycle(At(2)), better).status, EntryStatus::kAssumed);
}

TEST_F(Variants, NotBelowTheLastAcceptableFlavor) {
  EngineOptions options;
  ASSERT_TRUE(options.gates.Set("ConcurrentAdmission", true).ok());
  api::ClusterQueue cq = MakeQueue("q", "", {{"a", 8}, {"b", 8}, {"c", 8}});
  cq.concurrent_admission_policy = {"TryPreferredFlavors", "a"};
  engine_.emplace(MakeEngine({cq}, options));
  engine_->Apply(MakeFlavor("c"), At(0));
  const WorkloadId running = Start(*engine_, Variant("c"), At(0));
  const WorkloadId better = engine_->Apply(Variant("b"), At(1));
  const CycleResult cycle = engine_->RunCycle(At(1));
  EXPECT_FALSE(engine_->IsEvicted(running));
  EXPECT_EQ(engine_->Message(Of(cycle, better)), "Target flavor is below LastAcceptableFlavorName");
}

// ---- Elastic jobs.

TEST(WorkloadSlices, AGrowingSliceNeedsOnlyTheDifferenceAndKeepsTheFlavor) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}, {"b", 10}})});
  const WorkloadId old_slice = Start(e, MakeWorkload("small", "q", 3, 1), At(0));
  api::Workload bigger = MakeWorkload("bigger", "q", 4, 1, 1);
  bigger.metadata.annotations["kueue.x-k8s.io/workload-slice-replacement-for"] = "ns/small";
  const WorkloadId new_slice = e.Apply(bigger, At(1));
  const CycleResult cycle = e.RunCycle(At(1));
  const Decision& d = Of(cycle, new_slice);
  EXPECT_EQ(d.status, EntryStatus::kAssumed);
  EXPECT_EQ(d.replaces, old_slice);
  e.Finish(old_slice, At(1));
  EXPECT_EQ(e.ReservedUsage(new_slice), (std::vector<FlavorResourceAmount>{{"a", "nvidia.com/gpu", 4}}));

  api::Workload too_big = MakeWorkload("too-big", "q", 6, 1, 2);
  too_big.metadata.annotations["kueue.x-k8s.io/workload-slice-replacement-for"] = "ns/bigger";
  const WorkloadId refused = e.Apply(too_big, At(2));
  const CycleResult second = e.RunCycle(At(2));
  EXPECT_EQ(Of(second, refused).requeue_reason, RequeueReason::kPreemptionNoCandidates);
  EXPECT_EQ(e.Message(Of(second, refused)),
            "couldn't assign flavors to pod set main: could not assign b flavor since the original workload is "
            "assigned: a, insufficient unused quota for nvidia.com/gpu in flavor a, 2 more needed");
}

// ---- Reasons and messages.

TEST(Messages, AVictimLearnsForWhomByWhichRuleAndWhereBothStand) {
  api::ClusterQueue cq = PreemptingQueue();
  cq.cohort_name = "team";
  Engine e = MakeEngine({cq});
  api::Cohort team;
  team.metadata.name = "team";
  team.parent_name = "company";
  e.Apply(team, At(0));
  Start(e, MakeWorkload("victim", "q", 1, 8), At(0));
  api::Workload w = MakeWorkload("preemptor", "q", 1, 8, 1, 10);
  w.metadata.labels["kueue.x-k8s.io/job-uid"] = "job";
  const WorkloadId preemptor = e.Apply(w, At(1));
  const CycleResult cycle = e.RunCycle(At(1));
  const Decision& d = Of(cycle, preemptor);
  ASSERT_EQ(d.targets.size(), 1u);
  EXPECT_EQ(e.PreemptionMessage(d, d.targets[0]),
            "Preempted to accommodate a workload (UID: preemptor, JobUID: job) due to prioritization in the "
            "ClusterQueue; preemptor path: /company/team/q; preemptee path: /company/team/q");
}

struct ReasonCase {
  const char* about;
  int64_t gpus_of_a, gpus_of_b, in_use, request;
  const char* selector;  // node label "type"
  PendingReason want;
};

TEST(Reasons, TheMildestRefusalAmongFlavorsIsReported) {
  const ReasonCase cases[] = {
      {"one flavor can never hold it, the other could, later", 8, 2, 8, 4, "", PendingReason::kWaitingForQuota},
      {"neither can ever hold it", 3, 2, 0, 4, "", PendingReason::kExceedsMaxQuota},
      {"one does not match, the other can never hold it", 3, 8, 0, 4, "a", PendingReason::kExceedsMaxQuota},
      {"none matches", 8, 8, 0, 4, "c", PendingReason::kNoMatchingFlavor},
  };
  for (const ReasonCase& c : cases) {
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", c.gpus_of_a}, {"b", c.gpus_of_b}})});
    if (c.in_use > 0) Start(e, MakeWorkload("running", "q", 1, c.in_use), At(0));
    api::Workload w = MakeWorkload("w", "q", 1, c.request, 1);
    if (c.selector[0] != '\0') w.spec.pod_sets[0].pod_template.spec.node_selector["type"] = c.selector;
    const WorkloadId id = e.Apply(w, At(1));
    EXPECT_EQ(Of(e.RunCycle(At(1)), id).pending_reason, c.want) << c.about;
  }
}

TEST(Reasons, ANamespaceThatIsMissingIsNamedAsKueueDoes) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  e.Apply(MakeLocalQueue("nowhere", "q", "q"), At(0));
  api::Workload w = MakeWorkload("w", "q", 1, 4);
  w.metadata.ns = "nowhere";
  e.Apply(w, At(0));
  const CycleResult cycle = e.RunCycle(At(0));
  ASSERT_EQ(cycle.rejected.size(), 1u);
  EXPECT_EQ(e.Message(cycle.rejected[0]),
            "workload namespace \"nowhere\" does not exist: Namespace \"nowhere\" not found");
}

TEST(Reasons, ALimitRangeIsNamedAsKueueDoes) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  api::LimitRange range;
  range.metadata.ns = "ns";
  range.metadata.name = "limits";
  range.limits.emplace_back().type = "Container";
  range.limits[0].max["nvidia.com/gpu"] = api::Quantity::FromValue(2);
  e.Apply(range, At(0));
  e.Apply(MakeWorkload("w", "q", 1, 4), At(0));
  const CycleResult cycle = e.RunCycle(At(0));
  ASSERT_EQ(cycle.rejected.size(), 1u);
  EXPECT_EQ(e.Message(cycle.rejected[0]),
            "resources didn't satisfy LimitRange constraints: spec.podSets[0].template.spec.containers[0]: Invalid "
            "value: [\"nvidia.com/gpu\"]: requests must not be above the limitRange max");
  EXPECT_EQ(cycle.rejected[0].pending_reason, PendingReason::kMisconfigured);
}

// Requests of all pod sets are held against their limits before any is held against a LimitRange.
TEST(Reasons, LimitsComeBeforeLimitRanges) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  api::LimitRange range;
  range.metadata.ns = "ns";
  range.metadata.name = "limits";
  range.limits.emplace_back().type = "Container";
  range.limits[0].max["nvidia.com/gpu"] = api::Quantity::FromValue(2);
  e.Apply(range, At(0));
  api::Workload w = MakeWorkload("w", "q", 1, 4);
  w.spec.pod_sets.push_back(w.spec.pod_sets[0]);
  w.spec.pod_sets[1].name = "other";
  w.spec.pod_sets[1].pod_template.spec.containers[0].resources.limits["nvidia.com/gpu"] = api::Quantity::FromValue(3);
  e.Apply(w, At(0));
  const CycleResult cycle = e.RunCycle(At(0));
  ASSERT_EQ(cycle.rejected.size(), 1u);
  EXPECT_EQ(e.Message(cycle.rejected[0]),
            "resources validation failed: spec.podSets[1].template.spec.containers[0]: Invalid value: "
            "[\"nvidia.com/gpu\"]: requests must not exceed its limits");
}

// ---- A resource in two groups, which validation refuses and the scheduler knows what to do with.

TEST(ResourceGroups, TheFirstGroupThatCoversAResourceProvidesIt) {
  api::ClusterQueue cq = MakeQueue("q", "", {{"a", 2}});
  cq.resource_groups.push_back(MakeQueue("", "", {{"b", 8}}).resource_groups[0]);
  Engine e = MakeEngine({cq});
  const WorkloadId small = Start(e, MakeWorkload("small", "q", 1, 2), At(0));
  EXPECT_EQ(e.AdmissionOf(small)->pod_set_assignments[0].flavors.at("nvidia.com/gpu"), "a");
  const WorkloadId big = e.Apply(MakeWorkload("big", "q", 1, 3), At(1));
  EXPECT_EQ(Of(e.RunCycle(At(1)), big).pending_reason, PendingReason::kExceedsMaxQuota);
}

// With fair sharing, who stays within nominal quota of what it asks for goes before who borrows it, although its
// ClusterQueue has the higher share: it borrows another flavor.
TEST(FairSharing, NominalGoesFirstAlthoughAnotherFlavorIsBorrowed) {
  for (const bool nominal_first : {true, false}) {
    EngineOptions options;
    options.fair_sharing = EngineOptions::FairSharing().fair_sharing;
    ASSERT_TRUE(options.gates.Set("FairSharingPrioritizeNonBorrowing", nominal_first).ok());
    const auto queue = [](const std::string& name, int a, int b) {
      api::ClusterQueue cq = MakeQueue(name, "team", {{"a", a}});
      cq.resource_groups.push_back(MakeQueue("", "", {{"b", b}}).resource_groups[0]);
      cq.resource_groups[1].covered_resources = {"cpu"};
      cq.resource_groups[1].flavors[0].resources[0].name = "cpu";
      return cq;
    };
    Engine e = MakeEngine({queue("qa", 50, 50), queue("qb", 10, 50)}, options);
    api::Workload heavy = MakeWorkload("heavy", "qa", 1, 0);
    heavy.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests["cpu"] = api::Quantity::FromValue(80);
    Start(e, heavy, At(0));
    Start(e, MakeWorkload("light", "qb", 1, 5), At(0));
    const WorkloadId borrows = e.Apply(MakeWorkload("borrows", "qb", 1, 15, 1), At(2));
    const WorkloadId nominal = e.Apply(MakeWorkload("nominal", "qa", 1, 45, 2), At(2));
    const CycleResult cycle = e.RunCycle(At(2));
    EXPECT_EQ(Of(cycle, nominal).status == EntryStatus::kAssumed, nominal_first);
    EXPECT_EQ(Of(cycle, borrows).status == EntryStatus::kAssumed, !nominal_first);
  }
}

TEST(Reasons, EveryLackingResourceOfAFlavorIsNamed) {
  api::ClusterQueue cq = MakeQueue("q", "", {{"a", 2}});
  cq.resource_groups[0].covered_resources.push_back("cpu");
  api::ResourceQuota cpu;
  cpu.name = "cpu";
  cpu.nominal_quota = api::Quantity::FromValue(1);
  cq.resource_groups[0].flavors[0].resources.push_back(cpu);
  Engine e = MakeEngine({cq});
  api::Workload w = MakeWorkload("w", "q", 1, 4);
  w.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests["cpu"] = api::Quantity::FromMilli(1500);
  const WorkloadId id = e.Apply(w, At(0));
  const CycleResult cycle = e.RunCycle(At(0));
  EXPECT_EQ(e.Message(Of(cycle, id)),
            "couldn't assign flavors to pod set main: insufficient quota for cpu in flavor a, previously considered "
            "podsets requests (0) + current podset request (1500m) > maximum capacity (1), insufficient quota for "
            "nvidia.com/gpu in flavor a, previously considered podsets requests (0) + current podset request (4) > "
            "maximum capacity (2)");
}

TEST(Messages, SayByWhichRuleAWorkloadIsPreempted) {
  EXPECT_EQ(RuleInWords(PreemptionReason::kInClusterQueue), "prioritization in the ClusterQueue");
  EXPECT_EQ(RuleInWords(PreemptionReason::kInCohortReclamation), "reclamation within the cohort");
  EXPECT_EQ(RuleInWords(PreemptionReason::kInCohortFairSharing), "Fair Sharing within the cohort");
  EXPECT_EQ(RuleInWords(PreemptionReason::kInCohortReclaimWhileBorrowing),
            "reclamation within the cohort while borrowing");
}

// ---- What is written to status.

TEST(StatusOfAdmission, AmountsAreWrittenAsKueueWritesThem) {
  const std::map<std::string, std::string> requests = {{"cpu", "1500m"},
                                                       {"ephemeral-storage", "10Gi"},
                                                       {"hugepages-2Mi", "4Gi"},
                                                       {"memory", "128Gi"},
                                                       {"nvidia.com/gpu", "2"}};
  api::ClusterQueue cq = MakeQueue("q", "", {{"a", 8}});
  api::ResourceGroup& group = cq.resource_groups.at(0);
  for (const auto& [resource, request] : requests) {
    if (resource == "nvidia.com/gpu") continue;
    group.covered_resources.push_back(resource);
    group.flavors.at(0).resources.push_back({resource, *api::Quantity::Parse("1Ti"), {}, {}});
  }
  Engine e = MakeEngine({cq});
  api::Workload w = MakeWorkload("w", "q", 2, 1);
  for (const auto& [resource, request] : requests) {
    w.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests[resource] = *api::Quantity::Parse(request);
  }
  const std::optional<api::Admission> admission = e.AdmissionOf(Start(e, w, At(0)));
  ASSERT_TRUE(admission.has_value());
  std::map<std::string, std::string> usage;
  for (const auto& [resource, quantity] : admission->pod_set_assignments.at(0).resource_usage) {
    usage[resource] = quantity.ToString();
  }
  EXPECT_EQ(usage, (std::map<std::string, std::string>{{"cpu", "3"},
                                                       {"ephemeral-storage", "20Gi"},
                                                       {"hugepages-2Mi", "8Gi"},
                                                       {"memory", "256Gi"},
                                                       {"nvidia.com/gpu", "4"}}));
}

}  // namespace
}  // namespace muster::scheduler
