// Objects that are told again: what says nothing new wakes nobody and costs the same however much there is; what
// differs is heard.
#include <time.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

api::ResourceFlavor Flavor() {
  api::ResourceFlavor flavor = MakeFlavor("a", {{"type", "a"}});
  flavor.topology_name = "racks";
  return flavor;
}
api::ClusterQueue Queue() {
  api::ClusterQueue queue = MakeQueue("q", "team", {{"a", 1}});
  queue.admission_checks = {{"check", {}}};
  return queue;
}
api::AdmissionCheck Check() {
  api::AdmissionCheck check;
  check.metadata.name = "check";
  check.controller_name = "somebody";
  check.conditions = {{"Active", "True", "Active", "", At(0), {}}};
  return check;
}
api::Topology Racks() {
  api::Topology topology;
  topology.metadata.name = "racks";
  topology.levels = {"rack"};
  return topology;
}
api::Cohort Team() {
  api::Cohort cohort;
  cohort.metadata.name = "team";
  return cohort;
}
api::Node Host() {
  api::Node node;
  node.metadata.name = "host";
  node.metadata.labels = {{"type", "a"}, {"rack", "r"}};
  node.allocatable = {{"nvidia.com/gpu", api::Quantity::FromValue(1)}};
  node.conditions = {{"Ready", "True", "Ready", "", At(0), {}}};
  return node;
}

// One ClusterQueue with everything it can refer to, and a workload that is parked.
Engine Parked() {
  Engine e = MakeEngine({});
  e.Apply(Racks(), At(0));
  e.Apply(Flavor(), At(0));
  e.Apply(Check(), At(0));
  e.Apply(Team(), At(0));
  e.Apply(Queue(), At(0));
  e.Apply(MakeLocalQueue("ns", "q", "q"), At(0));
  e.Apply(Host(), At(0));
  const WorkloadId w = e.Apply(MakeWorkload("large", "q", 1, 2), At(0));
  e.Advance(At(1));
  e.RunCycle(At(1));
  e.Advance(At(1));
  EXPECT_EQ(e.Phase(w), WorkloadPhase::kInadmissible);
  EXPECT_TRUE(e.IsQuiet());
  EXPECT_EQ(e.NextTimer(), absl::InfiniteFuture());
  return e;
}

// Metadata and status as an API server writes them, all that decides being the same.
template <typename Object>
Object Touched(Object object) {
  object.metadata.resource_version = "12345";
  object.metadata.annotations["seen"] = "today";
  return object;
}

TEST(UnchangedObjects, WakeNobodyAndChangedOnesDo) {
  api::AdmissionCheck checked_again = Touched(Check());
  checked_again.conditions[0].last_transition_time = At(50);
  checked_again.conditions[0].message = "still active";
  api::Node heartbeat = Host();
  heartbeat.conditions[0].last_transition_time = At(50);
  api::ResourceFlavor tolerant = Flavor();
  tolerant.tolerations.emplace_back();
  api::ClusterQueue larger = Queue();
  larger.resource_groups[0].flavors[0].resources[0].nominal_quota = api::Quantity::FromValue(2);
  api::AdmissionCheck other_controller = Check();
  other_controller.controller_name = "somebody-else";
  api::Topology finer = Racks();
  finer.levels.push_back("kubernetes.io/hostname");
  api::Namespace labelled = MakeNamespace("ns");
  labelled.metadata.labels["team"] = "x";
  api::Node larger_host = Host();
  larger_host.allocatable["nvidia.com/gpu"] = api::Quantity::FromValue(2);
  using Apply = std::function<void(Engine&)>;
  const auto apply = [](auto object) -> Apply { return [object](Engine& e) { e.Apply(object, At(100)); }; };
  const struct {
    const char* what;
    Apply unchanged, changed;
  } kCases[] = {
      {"a flavor that tolerates more may have room", apply(Touched(Flavor())), apply(tolerant)},
      {"a quota that grows may be enough", apply(Touched(Queue())), apply(larger)},
      {"a check of another controller", apply(checked_again), apply(other_controller)},
      {"a topology with other levels", apply(Touched(Racks())), apply(finer)},
      {"a namespace that selectors may match now", apply(Touched(MakeNamespace("ns"))), apply(labelled)},
      {"a node that is larger", apply(heartbeat), apply(larger_host)},
  };
  for (const auto& c : kCases) {
    Engine e = Parked();
    c.unchanged(e);
    EXPECT_EQ(e.NextTimer(), absl::InfiniteFuture()) << c.what;
    EXPECT_TRUE(e.IsQuiet()) << c.what;
    c.changed(e);
    EXPECT_EQ(e.NextTimer(), At(100)) << c.what;
  }
}

TEST(UnchangedObjects, ALocalQueueIsHeardWhenItMovesOrIsHeldOrComesBack) {
  Engine e = MakeEngine({MakeQueue("x", "", {{"a", 1}}), MakeQueue("y", "", {{"a", 1}})});
  const WorkloadId w = e.Apply(MakeWorkload("w", "x", 1, 1), At(0));
  const auto at = [&] {
    const ClusterQueueId cq = e.ClusterQueueOf(w);
    return cq == kNoId ? "none" : e.ClusterQueueName(cq);
  };
  api::LocalQueue lq = MakeLocalQueue("ns", "x", "x");
  e.Apply(Touched(lq), At(1));
  EXPECT_EQ(at(), "x");
  lq.cluster_queue = "y";
  e.Apply(lq, At(2));
  EXPECT_EQ(at(), "y");
  lq.stop_policy = "Hold";
  e.Apply(lq, At(3));
  EXPECT_EQ(at(), "none");
  EXPECT_FALSE(e.HasPendingHeads());
  e.DeleteLocalQueue("ns", "x", At(4));
  lq.stop_policy = "";
  e.Apply(lq, At(5));
  EXPECT_EQ(at(), "y");
  EXPECT_TRUE(e.HasPendingHeads());
  // What it points to goes, another takes the place, it comes back.
  e.DeleteClusterQueue("y");
  EXPECT_EQ(at(), "none");
  EXPECT_FALSE(e.HasPendingHeads());
  e.Apply(MakeQueue("z", "", {{"a", 1}}), At(6));
  EXPECT_EQ(at(), "none");
  e.Apply(MakeQueue("y", "", {{"a", 1}}), At(7));
  EXPECT_EQ(at(), "y");
  EXPECT_TRUE(e.HasPendingHeads());
}

TEST(UnchangedObjects, WhatAClusterQueueRefersToIsMissedWhenItGoes) {
  Engine e = Parked();
  e.Apply(MakeWorkload("small", "q", 1, 1), At(2));
  ASSERT_TRUE(e.HasPendingHeads());
  const struct {
    const char* what;
    std::function<void()> gone, back;
  } kCases[] = {
      {"flavor", [&] { e.DeleteResourceFlavor("a", At(3)); }, [&] { e.Apply(Flavor(), At(3)); }},
      {"topology", [&] { e.DeleteTopology("racks"); }, [&] { e.Apply(Racks(), At(3)); }},
      {"check", [&] { e.DeleteAdmissionCheck("check", At(3)); }, [&] { e.Apply(Check(), At(3)); }},
      {"an active check",
       [&] {
         api::AdmissionCheck inactive = Check();
         inactive.conditions.clear();
         e.Apply(inactive, At(3));
       },
       [&] { e.Apply(Check(), At(3)); }},
      {"itself, not going",
       [&] {
         api::ClusterQueue going = Queue();
         going.metadata.deletion_timestamp = At(3);
         e.Apply(going, At(3));
       },
       [&] { e.Apply(Queue(), At(3)); }},
      {"itself, not stopped",
       [&] {
         api::ClusterQueue stopped = Queue();
         stopped.stop_policy = "Hold";
         e.Apply(stopped, At(3));
       },
       [&] { e.Apply(Queue(), At(3)); }},
  };
  for (const auto& c : kCases) {
    c.gone();
    EXPECT_FALSE(e.HasPendingHeads()) << c.what;
    EXPECT_FALSE(e.StatusOf("q").active) << c.what;
    c.back();
    EXPECT_TRUE(e.HasPendingHeads()) << c.what;
    EXPECT_TRUE(e.StatusOf("q").active) << c.what;
  }
}

// What this thread has computed so far: a busy machine makes it wait, which does not count.
double CpuNanoseconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// The least of several rounds, per call.
double Nanoseconds(const std::function<void()>& call) {
  double least = 1e18;
  for (int round = 0; round < 20; ++round) {
    const double start = CpuNanoseconds();
    for (int i = 0; i < 200; ++i) call();
    least = std::min(least, (CpuNanoseconds() - start) / 200);
  }
  return least;
}

// Two hundred times as many queues and a thousand times as many workloads: were any of them looked at, this would show
// by a factor of hundreds.
TEST(UnchangedObjects, CostTheSameHoweverMuchThereIs) {
  const auto world = [](int queues, int workloads) {
    std::vector<api::ClusterQueue> all;
    for (int i = 0; i < queues; ++i) all.push_back(MakeQueue(absl::StrCat("q", i), "team", {{"a", 1}}));
    Engine e = MakeEngine(all);
    e.Apply(Racks(), At(0));
    e.Apply(Flavor(), At(0));
    e.Apply(Check(), At(0));
    e.Apply(Host(), At(0));
    for (int i = 0; i < workloads; ++i) {
      e.Apply(MakeWorkload(absl::StrCat("w", i), absl::StrCat("q", i % queues), 1, 1, i), At(0));
    }
    e.HasPendingHeads();
    return e;
  };
  Engine small = world(10, 10), large = world(2000, 10000);
  const struct {
    const char* what;
    std::function<void(Engine&)> apply;
  } kCases[] = {
      {"ClusterQueue",
       [](Engine& e) {
         e.Apply(Touched(MakeQueue("q7", "team", {{"a", 1}})), At(1));
       }},
      {"LocalQueue", [](Engine& e) { e.Apply(Touched(MakeLocalQueue("ns", "q7", "q7")), At(1)); }},
      {"ResourceFlavor", [](Engine& e) { e.Apply(Touched(Flavor()), At(1)); }},
      {"AdmissionCheck", [](Engine& e) { e.Apply(Touched(Check()), At(1)); }},
      {"Topology", [](Engine& e) { e.Apply(Touched(Racks()), At(1)); }},
      {"Namespace", [](Engine& e) { e.Apply(Touched(MakeNamespace("ns")), At(1)); }},
      {"Node", [](Engine& e) { e.Apply(Touched(Host()), At(1)); }},
  };
  for (const auto& c : kCases) {
    const auto cost = [&c](Engine& e) {
      return Nanoseconds([&] {
        c.apply(e);
        e.IsQuiet();
      });
    };
    EXPECT_LT(cost(large), 20 * cost(small)) << c.what;
  }
}

}  // namespace
}  // namespace muster::scheduler
