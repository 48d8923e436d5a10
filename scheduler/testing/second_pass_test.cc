// Topology that is decided after quota: nodes that a ProvisioningRequest has still to bring, and places that are looked
// for again and again.
#include "gtest/gtest.h"
#include "scheduler/testing/test_topology.h"

namespace muster::scheduler {
namespace {

api::AdmissionCheck Check(const std::string& controller) {
  api::AdmissionCheck check;
  check.metadata.name = "check";
  check.controller_name = controller;
  check.conditions = {{"Active", "True", "", "", At(0), {}}};
  return check;
}

constexpr char kProvisioning[] = "kueue.x-k8s.io/provisioning-request";

// The workload as the API server would hold it: admitted as the engine says, with its check in this state.
api::Workload Stored(const Engine& e, WorkloadId id, api::Workload w, const std::string& check_state) {
  w.status.admission = e.AdmissionOf(id);
  w.status.conditions = {{"QuotaReserved", "True", "QuotaReserved", "", At(1), {}}};
  api::AdmissionCheckState check;
  check.name = "check";
  check.state = check_state;
  w.status.admission_checks = {check};
  return w;
}

TEST(DelayedTopology, IsWhatAProvisioningRequestAsksFor) {
  struct Case {
    const char* about;
    const char* controller;
    std::vector<std::string> on_flavors;
    const char* delayed;
  };
  const Case kCases[] = {
      {"nodes are still to come", kProvisioning, {}, "Pending"},
      {"nodes of this flavor are", kProvisioning, {"b", "a"}, "Pending"},
      {"nodes of another flavor are", kProvisioning, {"b"}, ""},
      {"another cluster will place the pods", "kueue.x-k8s.io/multikueue", {}, "Pending"},
      {"a check of another kind", "example.com/budget", {}, ""},
  };
  for (const Case& c : kCases) {
    api::ClusterQueue q = MakeQueue("q", "", {{"a", 64}});
    q.admission_checks = {{"check", c.on_flavors}};
    Engine e = TopologyEngine({q}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}})});
    e.Apply(Check(c.controller), At(0));
    const WorkloadId id = e.Apply(Required(MakeWorkload("w", "q", 1, 8, 1), kHost), At(1));
    e.Advance(At(1));
    e.RunCycle(At(1));
    ASSERT_EQ(e.Phase(id), WorkloadPhase::kReserved) << c.about;
    EXPECT_EQ(e.AdmissionOf(id)->pod_set_assignments[0].delayed_topology_request, c.delayed) << c.about;
    EXPECT_EQ(PlaceOf(e, id), *c.delayed == '\0' ? (Place{{"h1", 1}}) : Place()) << c.about;
  }
}

class SecondPass : public ::testing::Test {
 protected:
  // A workload that has quota, and whose node is still to come.
  void SetUp() override {
    api::ClusterQueue q = MakeQueue("q", "", {{"a", 64}});
    q.admission_checks = {{"check", {}}};
    engine_.emplace(TopologyEngine({q}, {MakeNode("r1", "small", {{"nvidia.com/gpu", 4}})}));
    engine_->Apply(Check(kProvisioning), At(0));
    engine_->Advance(At(0));
    workload_ = Required(MakeWorkload("w", "q", 1, 8, 1), kHost);
    id_ = engine_->Apply(workload_, At(1));
    engine_->RunCycle(At(1));
    ASSERT_EQ(engine_->Phase(id_), WorkloadPhase::kReserved);
  }

  std::optional<Engine> engine_;
  api::Workload workload_;
  WorkloadId id_{};
};

TEST_F(SecondPass, PlacesThePodsOnceTheCheckIsReady) {
  engine_->Apply(Stored(*engine_, id_, workload_, "Pending"), At(2));
  EXPECT_FALSE(engine_->HasPendingHeads());
  engine_->Apply(MakeNode("r1", "big", {{"nvidia.com/gpu", 8}}), At(3));
  engine_->Apply(Stored(*engine_, id_, workload_, "Ready"), At(3));
  ASSERT_TRUE(engine_->HasPendingHeads());
  const CycleResult r = engine_->RunCycle(At(3));
  ASSERT_EQ(r.entries.size(), 1u);
  EXPECT_TRUE(r.entries[0].second_pass);
  EXPECT_EQ(r.entries[0].status, EntryStatus::kAssumed);
  EXPECT_EQ(PlaceOf(*engine_, id_), (Place{{"big", 1}}));
  EXPECT_EQ(engine_->AdmissionOf(id_)->pod_set_assignments[0].delayed_topology_request, "Ready");
  EXPECT_EQ(engine_->ReservedUsage(id_), (std::vector<FlavorResourceAmount>{{"a", "nvidia.com/gpu", 8}}));
  engine_->Advance(At(3));
  EXPECT_EQ(engine_->NextTimer(), absl::InfiniteFuture());
}

TEST_F(SecondPass, BacksOffLongerAndLonger) {
  int64_t now = 10;
  engine_->Apply(Stored(*engine_, id_, workload_, "Ready"), At(now));
  engine_->Advance(At(now));
  for (const int64_t wait : {1, 2, 4, 8, 16, 30, 30}) {
    ASSERT_TRUE(engine_->HasPendingHeads()) << wait;
    const CycleResult r = engine_->RunCycle(At(now));
    ASSERT_EQ(r.entries.size(), 1u);
    EXPECT_NE(r.entries[0].status, EntryStatus::kAssumed);
    EXPECT_EQ(engine_->Phase(id_), WorkloadPhase::kReserved) << "it keeps its quota";
    EXPECT_FALSE(engine_->HasPendingHeads());
    EXPECT_EQ(engine_->NextTimer(), At(now + wait));
    engine_->Advance(At(now + wait - 1));
    EXPECT_FALSE(engine_->RunCycle(At(now + wait - 1)).ran()) << "before " << wait << " s are over";
    now += wait;
    engine_->Advance(At(now));
  }
  engine_->Apply(MakeNode("r1", "big", {{"nvidia.com/gpu", 8}}), At(now));
  engine_->RunCycle(At(now));
  EXPECT_EQ(PlaceOf(*engine_, id_), (Place{{"big", 1}}));
}

TEST_F(SecondPass, WaitsWhileItsQueueIsInactive) {
  engine_->Apply(MakeNode("r1", "big", {{"nvidia.com/gpu", 8}}), At(2));
  engine_->Apply(Stored(*engine_, id_, workload_, "Ready"), At(2));
  api::AdmissionCheck check = Check(kProvisioning);
  check.conditions[0].status = "False";
  engine_->Apply(check, At(2));
  EXPECT_FALSE(engine_->RunCycle(At(2)).ran());
  EXPECT_EQ(PlaceOf(*engine_, id_), Place());
  engine_->Apply(Check(kProvisioning), At(3));
  engine_->RunCycle(At(5));
  EXPECT_EQ(PlaceOf(*engine_, id_), (Place{{"big", 1}}));
}

TEST_F(SecondPass, EndsWithTheWorkload) {
  engine_->Apply(Stored(*engine_, id_, workload_, "Ready"), At(2));
  engine_->RunCycle(At(2));
  engine_->Finish(id_, At(3));
  EXPECT_EQ(engine_->ReservedUsage(id_), std::vector<FlavorResourceAmount>());
  engine_->Advance(At(60));
  EXPECT_FALSE(engine_->HasPendingHeads());
  EXPECT_EQ(engine_->NextTimer(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace muster::scheduler
