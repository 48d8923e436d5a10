// What a workload is charged for: overhead, excluded resources, the number of its pods.
#include "gtest/gtest.h"
#include "scheduler/testing/test_topology.h"

namespace muster::scheduler {
namespace {

// The queue covers GPUs and `also`.
api::ClusterQueue QueueWith(const std::string& also, int64_t amount) {
  api::ClusterQueue q = MakeQueue("q", "", {{"a", 64}});
  q.resource_groups[0].covered_resources.push_back(also);
  api::ResourceQuota quota;
  quota.name = also;
  quota.nominal_quota = api::Quantity::FromValue(amount);
  q.resource_groups[0].flavors[0].resources.push_back(quota);
  return q;
}

// Amount of a resource that a workload holds; -1 if it holds none of it.
quota::Amount Held(const Engine& e, WorkloadId id, const std::string& resource) {
  for (const FlavorResourceAmount& a : e.ReservedUsage(id)) {
    if (a.resource == resource) return a.amount;
  }
  return -1;
}

TEST(Overhead, OfTheRuntimeClassIsChargedForEveryPod) {
  struct Case {
    const char* about;
    const char* runtime_class;
    int64_t own_overhead;  // milli; 0 = none
    quota::Amount cpu;     // of three pods of one CPU each
  };
  const Case kCases[] = {
      {"no runtime class", "", 0, 3000},
      {"the class adds its overhead", "gvisor", 0, 3750},
      {"a class nobody has heard of adds none", "kata", 0, 3000},
      {"what the pod says itself counts instead", "gvisor", 100, 3300},
  };
  for (const Case& c : kCases) {
    Engine e = MakeEngine({QueueWith("cpu", 64)});
    api::RuntimeClass gvisor;
    gvisor.metadata.name = "gvisor";
    gvisor.overhead_pod_fixed["cpu"] = api::Quantity::FromMilli(250);
    e.Apply(gvisor, At(0));
    api::Workload w = MakeWorkload("w", "q", 3, 1);
    api::PodSpec& pod = w.spec.pod_sets[0].pod_template.spec;
    pod.containers[0].resources.requests["cpu"] = api::Quantity::FromValue(1);
    pod.runtime_class_name = c.runtime_class;
    if (c.own_overhead > 0) pod.overhead["cpu"] = api::Quantity::FromMilli(c.own_overhead);
    const WorkloadId id = e.Apply(w, At(1));
    e.RunCycle(At(1));
    EXPECT_EQ(Held(e, id, "cpu"), c.cpu) << c.about;
  }
}

TEST(ExcludedResources, AreNeitherLookedForNorCharged) {
  struct Case {
    const char* about;
    std::vector<std::string> prefixes;
    bool admitted;
  };
  const Case kCases[] = {
      {"a resource that no quota covers blocks the workload", {}, false},
      {"unless it is excluded by a prefix", {"other/", "net.example.com/"}, true},
      {"or by its whole name", {"net.example.com/nic"}, true},
      {"the prefix has to be one", {"example.com/"}, false},
  };
  for (const Case& c : kCases) {
    EngineOptions options;
    options.exclude_resource_prefixes = c.prefixes;
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})}, options);
    api::Workload w = MakeWorkload("w", "q", 1, 1);
    w.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests["net.example.com/nic"] =
        api::Quantity::FromValue(1);
    const WorkloadId id = e.Apply(w, At(1));
    e.RunCycle(At(1));
    EXPECT_EQ(e.Phase(id) == WorkloadPhase::kReserved, c.admitted) << c.about;
    EXPECT_EQ(Held(e, id, "net.example.com/nic"), -1) << c.about;
  }
}

TEST(PodsQuota, CountsPodsWhateverTheyAskFor) {
  Engine e = MakeEngine({QueueWith("pods", 5)});
  const WorkloadId three = e.Apply(MakeWorkload("three", "q", 3, 1, 1), At(1));
  e.RunCycle(At(1));
  EXPECT_EQ(Held(e, three, "pods"), 3);
  const WorkloadId more = e.Apply(MakeWorkload("three-more", "q", 3, 1, 2), At(2));
  const CycleResult r = e.RunCycle(At(2));
  EXPECT_EQ(e.Phase(more), WorkloadPhase::kInadmissible);
  EXPECT_EQ(e.Message(r.entries.at(0)),
            "couldn't assign flavors to pod set main: insufficient unused quota for pods in flavor a, 1 more needed");
  const WorkloadId six = e.Apply(MakeWorkload("six", "q", 6, 1, 3), At(3));
  EXPECT_EQ(e.RunCycle(At(3)).entries.at(0).pending_reason, PendingReason::kExceedsMaxQuota);
  EXPECT_EQ(e.Phase(six), WorkloadPhase::kInadmissible);
  const WorkloadId two = e.Apply(MakeWorkload("two", "q", 2, 1, 4), At(4));
  e.RunCycle(At(4));
  EXPECT_EQ(Held(e, two, "pods"), 2);
}

// A queue without a quota for pods does not count them.
TEST(PodsQuota, IsOnlyWhereItIsDeclared) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  const WorkloadId w = e.Apply(MakeWorkload("w", "q", 8, 1), At(1));
  e.RunCycle(At(1));
  EXPECT_EQ(Held(e, w, "pods"), -1);
  EXPECT_EQ(Held(e, w, "nvidia.com/gpu"), 8);
}

// ---- Nodes.

api::Pod ForeignPod(const std::string& node, int64_t gpus, const std::string& phase = "Running") {
  api::Pod pod;
  pod.metadata.ns = "elsewhere";
  pod.metadata.name = "foreign";
  pod.spec.node_name = node;
  pod.phase = phase;
  api::Container c;
  c.resources.requests["nvidia.com/gpu"] = api::Quantity::FromValue(gpus);
  pod.spec.containers = {c};
  return pod;
}

TEST(ForeignPods, TakeRoomOnTheirNode) {
  struct Case {
    const char* about;
    api::Pod pod;
    Place place;  // of a pod that asks for 4 of the 8 GPUs that each of two hosts has
  };
  const Case kCases[] = {
      {"half of the host is still free", ForeignPod("h1", 4), {{"h1", 1}}},
      {"not enough is left", ForeignPod("h1", 5), {{"h2", 1}}},
      {"it has ended", ForeignPod("h1", 5, "Succeeded"), {{"h1", 1}}},
      {"it has failed", ForeignPod("h1", 5, "Failed"), {{"h1", 1}}},
      {"it is not bound to a node", ForeignPod("", 5), {{"h1", 1}}},
      {"its node is none of ours", ForeignPod("h9", 5), {{"h1", 1}}},
  };
  for (const Case& c : kCases) {
    Engine e = TopologyEngine({MakeQueue("q", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}}),
                                                                  MakeNode("r1", "h2", {{"nvidia.com/gpu", 8}})});
    e.Apply(c.pod, At(1));
    e.Advance(At(1));
    const WorkloadId id = e.Apply(Required(MakeWorkload("w", "q", 1, 4), kHost), At(1));
    e.RunCycle(At(1));
    EXPECT_EQ(PlaceOf(e, id), c.place) << c.about;
  }
}

TEST(ForeignPods, GiveRoomBackWhenTheyGo) {
  for (const char* how : {"deleted", "ended", "shrunk"}) {
    Engine e = TopologyEngine({MakeQueue("q", "", {{"a", 64}})}, {MakeNode("r1", "h1", {{"nvidia.com/gpu", 8}})});
    e.Apply(ForeignPod("h1", 5), At(1));
    e.Advance(At(1));
    const WorkloadId id = e.Apply(Required(MakeWorkload("w", "q", 1, 4), kHost), At(1));
    e.RunCycle(At(1));
    ASSERT_EQ(PlaceOf(e, id), Place());
    if (std::string(how) == "deleted") e.DeletePod("elsewhere", "foreign", At(2));
    if (std::string(how) == "ended") e.Apply(ForeignPod("h1", 5, "Succeeded"), At(2));
    if (std::string(how) == "shrunk") e.Apply(ForeignPod("h1", 4), At(2));
    e.Advance(At(2));
    e.RunCycle(At(2));
    EXPECT_EQ(PlaceOf(e, id), (Place{{"h1", 1}})) << how;
  }
}

}  // namespace
}  // namespace muster::scheduler
