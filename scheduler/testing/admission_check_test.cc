// What keeps a ClusterQueue from admitting: Kueue's condition Active, and what it does to the queue.
#include "gtest/gtest.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

api::AdmissionCheck MakeCheck(const std::string& name, const char* active, const std::string& controller = "") {
  api::AdmissionCheck check;
  check.metadata.name = name;
  check.controller_name = controller;
  if (active != nullptr) check.conditions = {{"Active", active, "", "", At(0), {}}};
  return check;
}

TEST(Active, NamesEveryProblemAndGivesTheFirstAsReason) {
  struct Case {
    const char* about;
    std::string stop_policy;
    std::vector<std::string> checks;
    std::vector<FlavorGpus> flavors;
    bool active;
    const char* reason;
    const char* message;
  };
  const Case kCases[] = {
      {"nothing is amiss", "None", {"ready"}, {{"a", 1}}, true, "Ready", "Can admit new workloads"},
      {"no checks at all", "", {}, {{"a", 1}}, true, "Ready", "Can admit new workloads"},
      {"on hold", "Hold", {}, {{"a", 1}}, false, "Stopped", "Can't admit new workloads: is stopped."},
      {"draining", "HoldAndDrain", {}, {{"a", 1}}, false, "Stopped", "Can't admit new workloads: is stopped."},
      {"a check that is not active",
       "",
       {"ready", "off"},
       {{"a", 1}},
       false,
       "AdmissionCheckInactive",
       "Can't admit new workloads: references inactive AdmissionCheck(s): off."},
      {"a check that has not said yet whether it is",
       "",
       {"silent", "off"},
       {{"a", 1}},
       false,
       "AdmissionCheckInactive",
       "Can't admit new workloads: references inactive AdmissionCheck(s): off,silent."},
      {"a check that does not exist",
       "",
       {"missing"},
       {{"a", 1}},
       false,
       "AdmissionCheckNotFound",
       "Can't admit new workloads: references missing AdmissionCheck(s): missing."},
      {"flavors that do not exist",
       "",
       {},
       {{"z", 1}, {"a", 1}, {"y", 1}},
       false,
       "FlavorNotFound",
       "Can't admit new workloads: references missing ResourceFlavor(s): y,z."},
      {"a flavor whose topology does not exist",
       "",
       {},
       {{"tas", 1}},
       false,
       "TopologyNotFound",
       "Can't admit new workloads: there is no Topology \"none\" for TAS flavor \"tas\"."},
      {"all of it",
       "Hold",
       {"off", "missing"},
       {{"z", 1}, {"tas", 1}},
       false,
       "Stopped",
       "Can't admit new workloads: is stopped, references missing ResourceFlavor(s): z, references missing "
       "AdmissionCheck(s): missing, references inactive AdmissionCheck(s): off, there is no Topology \"none\" for TAS "
       "flavor \"tas\"."},
  };
  for (const Case& c : kCases) {
    api::ClusterQueue q = MakeQueue("q", "", c.flavors);
    q.stop_policy = c.stop_policy;
    for (const std::string& check : c.checks) q.admission_checks.push_back({check, {}});
    Engine e = MakeEngine({q});
    e.Apply(MakeCheck("ready", "True"), At(0));
    e.Apply(MakeCheck("off", "False"), At(0));
    e.Apply(MakeCheck("silent", nullptr), At(0));
    api::ResourceFlavor tas = MakeFlavor("tas", {{"type", "tas"}});
    tas.topology_name = "none";
    e.Apply(tas, At(0));
    const ClusterQueueStatus status = e.StatusOf("q");
    EXPECT_EQ(status.active, c.active) << c.about;
    EXPECT_EQ(status.reason, c.reason) << c.about;
    EXPECT_EQ(status.message, c.message) << c.about;
    e.Apply(MakeWorkload("w", "q", 1, 1, 1), At(1));
    EXPECT_EQ(e.HasPendingHeads(), c.active) << c.about;
    EXPECT_EQ(e.RunCycle(At(1)).ran(), c.active) << c.about;
  }
}

TEST(Active, AQueueThatIsDeletedAdmitsNobody) {
  api::ClusterQueue q = MakeQueue("q", "", {{"a", 1}});
  q.metadata.deletion_timestamp = At(0);
  Engine e = MakeEngine({q});
  e.Apply(MakeWorkload("w", "q", 1, 1, 1), At(1));
  EXPECT_FALSE(e.HasPendingHeads());
  EXPECT_TRUE(e.StatusOf("q").terminating);
  EXPECT_EQ(e.StatusOf("q").message, "Can't admit new workloads; clusterQueue is terminating");
  EXPECT_EQ(e.StatusOf("other").reason, "NotFound");
}

TEST(Active, AQueueGoesOnOnceItsCheckDoes) {
  api::ClusterQueue q = MakeQueue("q", "", {{"a", 1}});
  q.admission_checks = {{"check", {}}};
  Engine e = MakeEngine({q});
  e.Apply(MakeCheck("check", "True"), At(0));
  EXPECT_TRUE(e.StatusOf("q").active);
  e.Apply(MakeCheck("check", "False"), At(1));
  const WorkloadId id = e.Apply(MakeWorkload("w", "q", 1, 1, 1), At(1));
  EXPECT_FALSE(e.HasPendingHeads());
  e.Apply(MakeCheck("check", "True"), At(2));
  e.Advance(At(2));
  e.RunCycle(At(2));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kReserved);
  e.DeleteAdmissionCheck("check", At(3));
  EXPECT_EQ(e.StatusOf("q").reason, "AdmissionCheckNotFound");
}

// Checks that have said no come back with the eviction; until then the workload is not looked at.
TEST(AdmissionChecks, AWorkloadWithAFailedCheckIsRefused) {
  for (const char* state : {"Retry", "Rejected", "Pending", "Ready"}) {
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 1}})});
    api::Workload w = MakeWorkload("w", "q", 1, 1, 1);
    api::AdmissionCheckState check;
    check.name = "check";
    check.state = state;
    w.status.admission_checks = {check};
    e.Apply(w, At(1));
    const CycleResult r = e.RunCycle(At(1));
    const bool failed = std::string(state) == "Retry" || std::string(state) == "Rejected";
    ASSERT_EQ(r.rejected.size(), failed ? 1u : 0u) << state;
    if (!failed) continue;
    EXPECT_EQ(r.rejected[0].pending_reason, PendingReason::kPendingEvaluation);
    EXPECT_EQ(e.Message(r.rejected[0]), "The workload has failed admission checks");
  }
}

}  // namespace
}  // namespace muster::scheduler
