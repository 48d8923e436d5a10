// Who is looked at again after which event: in every queue one workload is parked, and each event wakes those that Kueue
// would notify, and nobody else.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_topology.h"

namespace muster::scheduler {
namespace {

using Names = std::set<std::string>;

// Queues "one" and "two" are in cohort "team", "three" is alone, "four" is in a tree of its own under "company".
// "two" is of flavor b, "three" of b and of the topology-aware t; the others are of flavor a. What is waiting in each
// asks for more than there is.
class World {
 public:
  World() {
    engine_.emplace(MakeEngine({MakeQueue("one", "team", {{"a", 4}}), MakeQueue("two", "team", {{"b", 4}}),
                                MakeQueue("three", "", {{"b", 4}, {"t", 4}}), MakeQueue("four", "unit", {{"a", 4}})}));
    api::Topology topology;
    topology.metadata.name = "racks";
    topology.levels = {"rack", kHost};
    engine_->Apply(topology, At(0));
    api::ResourceFlavor t = MakeFlavor("t", {{"type", "a"}});
    t.topology_name = "racks";
    engine_->Apply(t, At(0));
    engine_->Apply(Cohort("unit", "company"), At(0));
    engine_->Apply(MakeNode("r1", "h1", {{"nvidia.com/gpu", 4}}), At(0));
    engine_->Apply(Pod(), At(0));
    engine_->Advance(At(0));
    holder_ = engine_->Apply(MakeWorkload("holder", "one", 2, 2), At(1));
    engine_->RunCycle(At(1));
    EXPECT_EQ(engine_->Phase(holder_), WorkloadPhase::kReserved);
    for (const char* queue : {"one", "two", "three", "four"}) {
      waiting_[queue] = engine_->Apply(MakeWorkload(std::string("in-") + queue, queue, 1, 99), At(2));
    }
    for (int i = 0; i < 4; ++i) engine_->RunCycle(At(2));
    EXPECT_EQ(Woken(), Names());
    EXPECT_EQ(engine_->NextTimer(), absl::InfiniteFuture());
  }
  static api::Cohort Cohort(const std::string& name, const std::string& parent) {
    api::Cohort cohort;
    cohort.metadata.name = name;
    cohort.parent_name = parent;
    return cohort;
  }
  static api::Pod Pod(int64_t gpus = 1) {
    api::Pod pod;
    pod.metadata.ns = "ns";
    pod.metadata.name = "p";
    pod.spec.node_name = "h1";
    pod.spec.containers.resize(1);
    pod.spec.containers[0].resources.requests["nvidia.com/gpu"] = api::Quantity::FromValue(gpus);
    return pod;
  }
  Names Woken() const {
    Names out;
    for (const auto& [queue, id] : waiting_) {
      if (engine_->Phase(id) == WorkloadPhase::kPending) out.insert(queue);
    }
    return out;
  }

  Engine& engine() { return *engine_; }
  WorkloadId holder() const { return holder_; }
  WorkloadId waiting(const std::string& queue) const { return waiting_.at(queue); }
  void Forget(const std::string& queue) { waiting_.erase(queue); }

 private:
  std::optional<Engine> engine_;
  WorkloadId holder_;
  std::map<std::string, WorkloadId> waiting_;
};

TEST(Waking, EveryEventWakesThoseItConcerns) {
  struct Case {
    const char* about;
    std::function<void(World&)> event;
    Names woken;
  };
  const Names kAll = {"one", "two", "three", "four"}, kTeam = {"one", "two"}, kNobody;
  const Case kCases[] = {
      {"time passes", [](World&) {}, kNobody},
      {"a flavor: the trees of the queues that use it",
       [](World& w) { w.engine().Apply(MakeFlavor("a"), At(3)); },
       {"one", "two", "four"}},
      {"another flavor", [](World& w) { w.engine().Apply(MakeFlavor("b"), At(3)); }, {"one", "two", "three"}},
      {"a flavor that nobody uses", [](World& w) { w.engine().Apply(MakeFlavor("x"), At(3)); }, kNobody},
      {"a flavor that is gone", [](World& w) { w.engine().DeleteResourceFlavor("b", At(3)); }, {"one", "two", "three"}},
      {"a flavor that never was", [](World& w) { w.engine().DeleteResourceFlavor("x", At(3)); }, kNobody},
      {"a cohort: its tree", [](World& w) { w.engine().Apply(World::Cohort("team", ""), At(3)); }, kTeam},
      {"a cohort higher up", [](World& w) { w.engine().Apply(World::Cohort("company", ""), At(3)); }, {"four"}},
      {"a cohort that is put into another: the tree it is in now",
       [](World& w) { w.engine().Apply(World::Cohort("team", "company"), At(3)); },
       {"one", "two", "four"}},
      {"a cohort of nobody", [](World& w) { w.engine().Apply(World::Cohort("x", ""), At(3)); }, kNobody},
      {"a ClusterQueue as it was",
       [](World& w) {
         w.engine().Apply(MakeQueue("one", "team", {{"a", 4}}), At(3));
       },
       kNobody},
      {"a ClusterQueue with other quotas: its tree",
       [](World& w) {
         w.engine().Apply(MakeQueue("one", "team", {{"a", 5}}), At(3));
       },
       kTeam},
      {"a ClusterQueue that moved: the tree it is in now",
       [](World& w) {
         w.engine().Apply(MakeQueue("one", "unit", {{"a", 4}}), At(3));
       },
       {"one", "four"}},
      {"a new ClusterQueue in the tree",
       [](World& w) {
         w.engine().Apply(MakeQueue("five", "unit", {{"a", 4}}), At(3));
       },
       {"four"}},
      {"a new ClusterQueue alone",
       [](World& w) {
         w.engine().Apply(MakeQueue("five", "", {{"a", 4}}), At(3));
       },
       kNobody},
      {"an admission check",
       [](World& w) {
         api::AdmissionCheck check;
         check.metadata.name = "check";
         w.engine().Apply(check, At(3));
       },
       kAll},
      {"an admission check that is gone", [](World& w) { w.engine().DeleteAdmissionCheck("check", At(3)); }, kAll},
      {"a topology",
       [](World& w) {
         api::Topology topology;
         topology.metadata.name = "racks";
         topology.levels = {kHost};
         w.engine().Apply(topology, At(3));
       },
       kAll},
      {"a namespace", [](World& w) { w.engine().Apply(MakeNamespace("other"), At(3)); }, kAll},
      {"a LimitRange",
       [](World& w) {
         api::LimitRange range;
         range.metadata.ns = "ns";
         range.metadata.name = "l";
         w.engine().Apply(range, At(3));
       },
       kNobody},
      {"a RuntimeClass",
       [](World& w) {
         api::RuntimeClass runtime;
         runtime.metadata.name = "r";
         w.engine().Apply(runtime, At(3));
       },
       kNobody},
      {"a LocalQueue", [](World& w) { w.engine().Apply(MakeLocalQueue("ns", "another", "one"), At(3)); }, kNobody},
      {"a node that a topology-aware flavor selects",
       [](World& w) {
         w.engine().Apply(MakeNode("r1", "h2", {{"nvidia.com/gpu", 4}}), At(3));
       },
       kAll},
      {"its heartbeat",
       [](World& w) {
         w.engine().Apply(MakeNode("r1", "h1", {{"nvidia.com/gpu", 4}}), At(3));
       },
       kNobody},
      {"a node that none does",
       [](World& w) {
         api::Node node = MakeNode("r1", "h2", {{"nvidia.com/gpu", 4}});
         node.metadata.labels["type"] = "x";
         w.engine().Apply(node, At(3));
       },
       kNobody},
      {"a node that is gone", [](World& w) { w.engine().DeleteNode("h1", At(3)); }, kAll},
      {"a node that never was", [](World& w) { w.engine().DeleteNode("h9", At(3)); }, kNobody},
      {"a pod that grew", [](World& w) { w.engine().Apply(World::Pod(2), At(3)); }, kNobody},
      {"a pod that shrank", [](World& w) { w.engine().Apply(World::Pod(0), At(3)); }, kAll},
      {"a pod that ended", [](World& w) { w.engine().DeletePod("ns", "p", At(3)); }, kAll},
      {"a pod that never was", [](World& w) { w.engine().DeletePod("ns", "x", At(3)); }, kNobody},
      {"who held quota has ended: the tree", [](World& w) { w.engine().Finish(w.holder(), At(3)); }, kTeam},
      {"has been deleted: the tree", [](World& w) { w.engine().DeleteWorkload(w.holder(), At(3)); }, kTeam},
      {"has been evicted, and its pods run", [](World& w) { w.engine().Evict(w.holder(), "Stopped", At(3)); }, kNobody},
      {"has been evicted, and its pods are gone: the tree",
       [](World& w) {
         w.engine().Evict(w.holder(), "Stopped", At(3));
         w.engine().CompleteEviction(w.holder(), At(3));
       },
       kTeam},
      {"has lost its quota: the tree", [](World& w) { w.engine().Apply(MakeWorkload("holder", "one", 2, 2), At(3)); },
       kTeam},
      {"has been stopped: the tree",
       [](World& w) {
         api::Workload stopped = MakeWorkload("holder", "one", 2, 2);
         stopped.spec.active = false;
         w.engine().Apply(stopped, At(3));
       },
       kTeam},
      {"who waits has been deleted: the tree",
       [](World& w) {
         w.engine().DeleteWorkload(w.waiting("one"), At(3));
         w.Forget("one");
       },
       {"two"}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    World world;
    c.event(world);
    world.engine().Advance(At(3));
    EXPECT_EQ(world.Woken(), c.woken);
  }
}

// Nodes matter where somebody could be let in; other events wake those, too, who are not.
TEST(Waking, ANodeWakesOnlyTreesWithAnActiveClusterQueue) {
  struct Case {
    const char* about;
    bool stopped, with_another;  // the ClusterQueue; one beside it that is not
    std::function<void(Engine&)> event;
    bool wakes;
  };
  const auto node = [](Engine& e) { e.Apply(MakeNode("r1", "h1", {{"nvidia.com/gpu", 4}}), At(3)); };
  const auto space = [](Engine& e) { e.Apply(MakeNamespace("other"), At(3)); };
  const Case kCases[] = {
      {"a node, and the ClusterQueue is active", false, false, node, true},
      {"it is stopped", true, false, node, false},
      {"another of its cohort is not", true, true, node, true},
      {"a namespace, and the ClusterQueue is stopped", true, false, space, true},
  };
  for (const Case& c : kCases) {
    Engine e = MakeEngine({});
    api::Topology topology;
    topology.metadata.name = "racks";
    topology.levels = {"rack", kHost};
    e.Apply(topology, At(0));
    api::ResourceFlavor flavor = MakeFlavor("a", {{"type", "a"}});
    flavor.topology_name = "racks";
    e.Apply(flavor, At(0));
    api::ClusterQueue queue = MakeQueue("q", "team", {{"a", 4}});
    if (c.stopped) queue.stop_policy = "Hold";
    e.Apply(queue, At(0));
    if (c.with_another) e.Apply(MakeQueue("r", "team", {{"a", 4}}), At(0));
    e.Advance(At(1));
    ASSERT_EQ(e.NextTimer(), absl::InfiniteFuture()) << c.about;
    c.event(e);
    EXPECT_EQ(e.NextTimer(), c.wakes ? At(3) : absl::InfiniteFuture()) << c.about;
  }
}

// The first event of a tree sets the time; what comes in between is looked at along with it.
TEST(WakingInBatches, WaitForTheFirstEventOfTheTree) {
  EngineOptions options;
  Engine e(options);
  e.Apply(MakeNamespace("ns"), At(0));
  e.Apply(MakeFlavor("a"), At(0));
  for (const char* name : {"one", "two"}) {
    e.Apply(MakeQueue(name, "", {{"a", 4}}), At(0));
    e.Apply(MakeLocalQueue("ns", name, name), At(0));
  }
  e.Advance(At(5));
  const WorkloadId one = e.Apply(MakeWorkload("w1", "one", 1, 99), At(5)),
                   two = e.Apply(MakeWorkload("w2", "two", 1, 99), At(5));
  e.RunCycle(At(5));
  ASSERT_EQ(e.Phase(one), WorkloadPhase::kInadmissible);
  const auto change = [&](const char* queue, int64_t gpus, absl::Time at) {
    e.Apply(MakeQueue(queue, "", {{"a", gpus}}), at);
  };
  change("one", 5, At(10));
  EXPECT_EQ(e.NextTimer(), At(11));
  change("one", 6, At(10) + absl::Milliseconds(900));
  change("two", 6, At(10) + absl::Milliseconds(900));
  EXPECT_EQ(e.NextTimer(), At(11)) << "the first event counts";
  e.Advance(At(11) - absl::Milliseconds(1));
  EXPECT_EQ(e.Phase(one), WorkloadPhase::kInadmissible);
  EXPECT_FALSE(e.HasPendingHeads());
  e.Advance(At(11));
  EXPECT_EQ(e.Phase(one), WorkloadPhase::kPending);
  EXPECT_EQ(e.Phase(two), WorkloadPhase::kInadmissible) << "its tree has its own time";
  EXPECT_EQ(e.NextTimer(), At(11) + absl::Milliseconds(900));
  e.Advance(At(12));
  EXPECT_EQ(e.Phase(two), WorkloadPhase::kPending);
  EXPECT_EQ(e.NextTimer(), absl::InfiniteFuture());
}

// Of the woken, those of a namespace that the queue does not serve stay parked.
TEST(WakingInNamespaces, OnlyThoseThatTheQueueServes) {
  api::ClusterQueue queue = MakeQueue("q", "", {{"a", 4}});
  queue.namespace_selector->match_labels = {{"team", "x"}};
  Engine e = MakeEngine({queue});
  api::Namespace mine = MakeNamespace("mine");
  mine.metadata.labels = {{"team", "x"}};
  e.Apply(mine, At(0));
  e.Apply(MakeLocalQueue("mine", "q", "q"), At(0));
  e.Advance(At(0));
  api::Workload w = MakeWorkload("w", "q", 1, 99);
  const WorkloadId theirs = e.Apply(w, At(1));
  w.metadata.ns = "mine";
  w.metadata.uid = "w2";
  const WorkloadId ours = e.Apply(w, At(1));
  for (int i = 0; i < 2; ++i) e.RunCycle(At(1));
  ASSERT_EQ(e.Phase(theirs), WorkloadPhase::kInadmissible);
  ASSERT_EQ(e.Phase(ours), WorkloadPhase::kInadmissible);
  queue.resource_groups[0].flavors[0].resources[0].nominal_quota = api::Quantity::FromValue(5);
  e.Apply(queue, At(2));
  e.Advance(At(2));
  EXPECT_EQ(e.Phase(ours), WorkloadPhase::kPending);
  EXPECT_EQ(e.Phase(theirs), WorkloadPhase::kInadmissible);
}

}  // namespace
}  // namespace muster::scheduler
