// What topology adds to an assignment: whom it concerns, which flavors it rules out, what is asked of it, how an answer
// changes the mode, and what is used where.
#include "scheduler/flavors/topology_step.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/vocabulary.h"
#include "gtest/gtest.h"
#include "scheduler/testing/test_topology.h"

namespace muster::scheduler {
namespace {

using Code = FlavorReason::Code;
constexpr char kGpu[] = "nvidia.com/gpu";

// Flavor "a" is topology-aware (racks of hosts), "b" is not, "c" names a Topology that is not there.
class TopologyStepTest : public ::testing::Test {
 protected:
  TopologyStepTest() : cache_(&declared_.flavors, &declared_.resources, &options_), step_(declared_, options_, cache_) {
    gpu_ = declared_.resources.Intern(kGpu);
    pods_ = declared_.resources.Intern("pods");
    api::Topology topology;
    topology.metadata.name = "t";
    topology.levels = {"rack", kHost};
    cache_.SetTopology(topology);
    const std::pair<const char*, const char*> kFlavors[] = {{"a", "t"}, {"b", ""}, {"c", "gone"}, {"d", "t"}};
    for (const auto& [name, in] : kFlavors) {
      api::ResourceFlavor flavor = MakeFlavor(name);
      flavor.topology_name = in;
      declared_.Apply(flavor);
      cache_.SetFlavor(flavor);
    }
    Host("r1", "h1", 4);
    Host("r1", "h2", 4);
  }
  void Host(const std::string& rack, const std::string& name, int gpus) {
    cache_.SetNode(MakeNode(rack, name, {{kGpu, gpus}}));
  }
  FlavorId F(const char* name) { return declared_.flavors.Find(name); }
  void Queue(std::vector<FlavorGpus> flavors, std::function<void(api::ClusterQueue*)> change = {}) {
    api::ClusterQueue queue = MakeQueue("q", "", flavors);
    if (change) change(&queue);
    declared_.Apply(queue);
    declared_.RefreshForest();
    cq_ = declared_.FindClusterQueue("q");
  }
  // One pod set of `count` pods with `gpus` each.
  PodSetState PodSet(int gpus, int count, std::optional<std::string> required) {
    PodSetState ps;
    ps.name = "ps" + std::to_string(pod_sets_.size());
    ps.count = count;
    ps.spec = std::make_shared<api::PodSpec>();
    ps.per_pod = {{gpu_, gpus}};
    ps.topology_per_pod = {{gpu_, gpus}, {pods_, 1}};
    if (required.has_value()) {
      ps.topology_request.emplace();
      ps.topology_request->required = *required;
      ps.explicit_topology = true;
    }
    return ps;
  }
  void Workload(std::vector<PodSetState> pod_sets) {
    pod_sets_ = std::move(pod_sets);
    for (size_t i = 0; i < pod_sets_.size(); ++i) pod_sets_[i].name = "ps" + std::to_string(i);
    workload_.pod_sets = pod_sets_;
  }
  // What quota alone decided: everybody has the flavor.
  Assignment Assigned(const char* flavor, Mode mode = Mode::kFit) {
    Assignment a;
    a.mode = mode;
    for (const PodSetState& ps : pod_sets_) {
      PodSetDecision& d = a.pod_sets.emplace_back();
      d.name = ps.name;
      d.count = ps.count;
      d.mode = mode;
      if (flavor != nullptr) d.flavors = {{gpu_, F(flavor), mode, 0, -1}};
    }
    return a;
  }
  TopologyPlacement Placed(const std::map<std::string, int>& hosts) {
    TopologyPlacement out;
    for (const auto& [host, n] : hosts) out.domains.push_back({cache_.Intern({host}), n});
    return out;
  }
  static std::string Print(const std::optional<TopologyPlacement>& p) {
    if (!p.has_value()) return "-";
    std::string out;
    for (const auto& d : p->domains) out += d.domain->name + "=" + std::to_string(d.count) + " ";
    return out;
  }
  HeldPodSet Held(const char* name, const char* flavor, std::optional<TopologyPlacement> where) {
    HeldPodSet held;
    held.name = name;
    held.count = 1;
    if (flavor != nullptr) held.items = {{gpu_, F(flavor), 1}};
    held.topology = std::move(where);
    return held;
  }

  Declared declared_;
  EngineOptions options_;
  TopologyInventory cache_;
  TopologyStep step_;
  ResourceId gpu_, pods_;
  ClusterQueueId cq_;
  std::vector<PodSetState> pod_sets_;
  WorkloadState workload_;
};

TEST_F(TopologyStepTest, ConcernsWhoAsksAndWhoHasNothingElse) {
  struct Case {
    const char* about;
    std::vector<FlavorGpus> flavors;
    bool only, wants_plain;
  };
  const Case kCases[] = {
      {"all flavors are topology-aware", {{"a", 8}, {"c", 8}}, true, true},
      {"one is not", {{"a", 8}, {"b", 8}}, false, false},
      {"the first is not", {{"b", 8}, {"a", 8}}, false, false},
      {"one does not exist", {{"a", 8}, {"x", 8}}, false, false},
      {"there are none", {}, true, true},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    Queue(c.flavors);
    EXPECT_EQ(step_.IsTopologyOnly(cq_), c.only);
    const PodSetState plain = PodSet(1, 1, {}), explicit_one = PodSet(1, 1, "rack");
    EXPECT_EQ(step_.Wants(plain, cq_), c.wants_plain);
    EXPECT_TRUE(step_.Wants(explicit_one, cq_));
    Workload({plain, explicit_one});
    EXPECT_TRUE(step_.Wants(workload_, cq_));
    Workload({plain, plain});
    EXPECT_EQ(step_.Wants(workload_, cq_), c.wants_plain);
  }
  ASSERT_TRUE(options_.gates.Set("TopologyAwareScheduling", false).ok());
  Queue({{"a", 8}});
  EXPECT_FALSE(step_.Wants(PodSet(1, 1, {}), cq_));
  EXPECT_FALSE(step_.Wants(PodSet(1, 1, "rack"), cq_));
}

TEST_F(TopologyStepTest, RulesOutFlavorsThatCannotServe) {
  Queue({{"a", 8}, {"b", 8}, {"c", 8}});
  const auto check = [&](const PodSetState& ps, const char* flavor) {
    return step_.CheckFlavor(ps, cq_, 0, *declared_.Flavor(F(flavor)));
  };
  PodSetState plain = PodSet(1, 1, {}), rack = PodSet(1, 1, "rack"), zone = PodSet(1, 1, "zone");
  EXPECT_FALSE(check(rack, "a").has_value());
  ASSERT_TRUE(check(rack, "b").has_value());
  EXPECT_EQ(check(rack, "b")->code, Code::kTopologyUnsupported);
  EXPECT_EQ(check(rack, "c")->detail, "Flavor \"c\" information missing in TAS cache");
  EXPECT_EQ(check(zone, "a")->detail, "Flavor \"a\" does not contain the requested level");
  EXPECT_EQ(check(plain, "a")->code, Code::kTopologyOnly);
  EXPECT_FALSE(check(plain, "b").has_value());
  // Pods that ask for none of the group's resources do not care about its flavors; "pods" is no reason to.
  rack.topology_per_pod = {{declared_.resources.Intern("nic"), 1}, {pods_, 1}};
  EXPECT_FALSE(check(rack, "b").has_value());
  Queue({{"b", 8}}, [](api::ClusterQueue* q) { q->resource_groups[0].covered_resources.push_back("pods"); });
  EXPECT_FALSE(check(rack, "b").has_value());
  // Where there is nothing else, a pod set that asks for nothing gets it.
  Queue({{"a", 8}, {"c", 8}});
  EXPECT_FALSE(check(plain, "a").has_value());
  ASSERT_TRUE(options_.gates.Set("TopologyAwareScheduling", false).ok());
  EXPECT_FALSE(check(zone, "b").has_value());
}

TEST_F(TopologyStepTest, PlacesWhatFits) {
  Queue({{"a", 64}});
  Workload({PodSet(4, 2, "rack")});
  Assignment a = Assigned("a");
  step_.Place(workload_, cq_, &a);
  EXPECT_EQ(a.mode, Mode::kFit);
  EXPECT_EQ(Print(a.pod_sets[0].topology), "h1=1 h2=1 ");
  EXPECT_EQ(a.pod_sets[0].topology_flavor, F("a"));
  // One that does not fit by quota is not asked about.
  a = Assigned("a", Mode::kNoFit);
  step_.Place(workload_, cq_, &a);
  EXPECT_EQ(Print(a.pod_sets[0].topology), "-");
  EXPECT_EQ(a.pod_sets[0].topology_flavor, kNoId);
  // Nor one that does not want to.
  Queue({{"a", 64}, {"b", 1}});
  Workload({PodSet(4, 2, {})});
  a = Assigned("a");
  step_.Place(workload_, cq_, &a);
  EXPECT_EQ(Print(a.pod_sets[0].topology), "-");
}

TEST_F(TopologyStepTest, EmptyNodesDecideBetweenPreemptingAndNeverFitting) {
  Queue({{"a", 64}});
  const TopologyPlacement taken = Placed({{"h1", 1}});
  cache_.Record(F("a"), taken.domains[0].key(), std::vector<ResourceAmount>{{gpu_, 2}}, 1);
  struct Case {
    const char* about;
    int gpus, count;
    Mode before, after;
    bool said;  // the reason of what did not fit as things are
  };
  const Case kCases[] = {
      {"it finds a place", 2, 3, Mode::kFit, Mode::kFit, false},
      {"it would if nobody used anything", 4, 2, Mode::kFit, Mode::kPreempt, true},
      {"it would not even then", 4, 3, Mode::kFit, Mode::kNoFit, true},
      {"it has to preempt for quota and would find a place", 4, 2, Mode::kPreempt, Mode::kPreempt, false},
      {"it has to preempt for quota and would not", 4, 3, Mode::kPreempt, Mode::kNoFit, false},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    Workload({PodSet(c.gpus, c.count, "rack")});
    Assignment a = Assigned("a", c.before);
    step_.Place(workload_, cq_, &a);
    EXPECT_EQ(a.mode, c.after);
    EXPECT_EQ(a.pod_sets[0].mode, c.after);
    EXPECT_EQ(a.pod_sets[0].flavors[0].mode, c.after);
    EXPECT_EQ(a.pod_sets[0].topology.has_value(), c.after == Mode::kFit);
    EXPECT_EQ(a.pod_sets[0].reasons.size(), c.said ? 1u : 0u);
    EXPECT_EQ(a.pod_sets[0].topology_failure.has_value(), c.said || c.after == Mode::kNoFit);
    if (c.after == Mode::kNoFit) {
      EXPECT_EQ(a.pod_sets[0].topology_failure->fit, 2) << "the numbers are those of the empty cluster";
    }
  }
}

TEST_F(TopologyStepTest, SomePodSetsCannotBeAskedAbout) {
  const auto error = [&](const char* flavor) {
    Assignment a = Assigned(flavor);
    const TopologyQuestion q = step_.Ask(workload_, cq_, &a);
    EXPECT_TRUE(q.pod_sets.empty());
    EXPECT_EQ(a.mode, a.pod_sets[0].mode);
    return a.pod_sets[0].error;
  };
  Workload({PodSet(1, 1, "rack")});
  Queue({{"c", 8}});
  EXPECT_EQ(error("c"), "workload requires Topology, but there is no TAS cache information");
  Queue({{"a", 8}, {"b", 8}, {"c", 8}});
  EXPECT_EQ(error("b"), "no TAS flavor assigned");
  EXPECT_EQ(error(nullptr), "no TAS flavor assigned");
  EXPECT_EQ(error("c"), "workload requires Topology, but there is no TAS cache information for the assigned flavor");
  Assignment two = Assigned("a");
  two.pod_sets[0].flavors.push_back({pods_, F("d"), Mode::kFit, 0, -1});
  EXPECT_TRUE(step_.Ask(workload_, cq_, &two).pod_sets.empty());
  EXPECT_EQ(two.pod_sets[0].error, "more than one TAS flavor assigned: a, d");
  EXPECT_EQ(two.mode, Mode::kNoFit);
  // Nobody asks for no pods, nor for what has a problem already.
  Assignment none = Assigned("a");
  none.pod_sets[0].count = 0;
  EXPECT_TRUE(step_.Ask(workload_, cq_, &none).pod_sets.empty());
  EXPECT_EQ(none.mode, Mode::kFit);
  none = Assigned("a");
  none.pod_sets[0].error = "before";
  EXPECT_TRUE(step_.Ask(workload_, cq_, &none).pod_sets.empty());
  EXPECT_EQ(none.pod_sets[0].error, "before");
}

TEST_F(TopologyStepTest, AsksForWhatThePodsAskFor) {
  Queue({{"a", 8}});
  PodSetState ps = PodSet(2, 3, "rack"), implied = PodSet(1, 1, {});
  ps.topology_request->pod_set_group_name = "g";
  Workload({ps, implied});
  Assignment a = Assigned("a");
  TopologyQuestion q = step_.Ask(workload_, cq_, &a);
  ASSERT_EQ(q.pod_sets.size(), 2u);
  EXPECT_FALSE(q.simulate_empty);
  EXPECT_TRUE(q.unhealthy_nodes.empty());
  EXPECT_EQ(q.pod_sets[0].index, 0);
  EXPECT_EQ(q.pod_sets[0].flavor, F("a"));
  EXPECT_EQ(q.pod_sets[0].count, 3);
  EXPECT_EQ(q.pod_sets[0].group, "g");
  EXPECT_FALSE(q.pod_sets[0].implied);
  EXPECT_EQ(q.pod_sets[0].spec, pod_sets_[0].spec.get());
  EXPECT_EQ(q.pod_sets[0].request, &*pod_sets_[0].topology_request);
  EXPECT_EQ(q.pod_sets[0].per_pod.size(), 2u);
  EXPECT_EQ(q.pod_sets[0].previous, nullptr);
  EXPECT_EQ(q.pod_sets[1].index, 1);
  EXPECT_TRUE(q.pod_sets[1].implied);
  EXPECT_EQ(q.pod_sets[1].request, nullptr);
  EXPECT_FALSE(q.pod_sets[1].group.has_value());
  // What admission checks add to the pods counts.
  const auto more = std::make_shared<api::PodSpec>();
  pod_sets_[0].topology_spec = more;
  a = Assigned("a");
  EXPECT_EQ(step_.Ask(workload_, cq_, &a).pod_sets[0].spec, more.get());
  // The slice that goes says where its pods are, with the gate.
  WorkloadState old;
  old.held = {Held("ps1", "a", Placed({{"h1", 1}})), Held("ps0", "a", Placed({{"h2", 1}}))};
  EXPECT_EQ(step_.Ask(workload_, cq_, &a, &old).pod_sets[0].previous, nullptr);
  ASSERT_TRUE(options_.gates.Set("ElasticJobsViaWorkloadSlicesWithTAS", true).ok());
  EXPECT_EQ(step_.Ask(workload_, cq_, &a, &old).pod_sets[0].previous, &*old.held[1].topology);
  EXPECT_EQ(step_.Ask(workload_, cq_, &a, &old).pod_sets[1].previous, &*old.held[0].topology);
  old.held[1].topology.reset();
  EXPECT_EQ(step_.Ask(workload_, cq_, &a, &old).pod_sets[0].previous, nullptr);
}

TEST_F(TopologyStepTest, NodesThatAreStillToBeProvidedAreWaitedFor) {
  struct Case {
    const char* about;
    const char* controller;  // null: there is no such check
    std::vector<std::string> on_flavors;
    bool delayed, delayed_when_reserved;
  };
  const Case kCases[] = {
      {"a check that provides nodes", api::kProvisioningController, {}, true, false},
      {"for this flavor", api::kProvisioningController, {"b", "a"}, true, false},
      {"for another flavor", api::kProvisioningController, {"b"}, false, false},
      {"another cluster places the pods", api::kMultiKueueController, {}, true, true},
      {"whatever its flavors", api::kMultiKueueController, {"b"}, true, true},
      {"some other check", "example.com/check", {}, false, false},
      {"a check that does not exist", nullptr, {}, false, false},
  };
  for (const Case& c : kCases) {
    for (const bool reserved : {false, true}) {
      SCOPED_TRACE(c.about);
      declared_.DeleteCheck("check");
      if (c.controller != nullptr) {
        api::AdmissionCheck check;
        check.metadata.name = "check";
        check.controller_name = c.controller;
        declared_.Apply(check);
      }
      Queue({{"a", 64}}, [&](api::ClusterQueue* q) {
        q->admission_checks = {{"missing", {}}, {"check", c.on_flavors}};
      });
      Workload({PodSet(1, 1, "rack")});
      workload_.phase = reserved ? WorkloadPhase::kReserved : WorkloadPhase::kPending;
      Assignment a = Assigned("a");
      step_.Place(workload_, cq_, &a);
      const bool delayed = reserved ? c.delayed_when_reserved : c.delayed;
      EXPECT_EQ(a.mode, Mode::kFit);
      EXPECT_EQ(a.pod_sets[0].delayed_topology, delayed ? "Pending" : "");
      EXPECT_EQ(a.pod_sets[0].topology.has_value(), !delayed);
    }
  }
  // Once it has its place, it is ready.
  declared_.DeleteCheck("check");
  Assignment a = Assigned("a");
  a.pod_sets[0].delayed_topology = "Pending";
  step_.Place(workload_, cq_, &a);
  EXPECT_EQ(a.pod_sets[0].delayed_topology, "Ready");
}

TEST_F(TopologyStepTest, ASecondPassAsksAboutWhatHasNoPlace) {
  Queue({{"a", 8}});
  Workload({PodSet(1, 1, "rack"), PodSet(1, 1, "rack")});
  workload_.held = {Held("ps0", "a", Placed({{"h1", 1}})), Held("ps1", "a", std::nullopt)};
  Assignment a = Assigned("a");
  const TopologyQuestion q = step_.Ask(workload_, cq_, &a);
  ASSERT_EQ(q.pod_sets.size(), 1u);
  EXPECT_EQ(q.pod_sets[0].index, 1);
}

TEST_F(TopologyStepTest, AFailedNodeIsReplacedForThoseThatAreOnIt) {
  Queue({{"a", 8}});
  Workload({PodSet(1, 1, "rack"), PodSet(1, 1, "rack"), PodSet(1, 1, "rack"), PodSet(1, 1, "rack")});
  workload_.held = {Held("ps0", "a", Placed({{"h1", 1}})), Held("ps1", "a", std::nullopt),
                    Held("ps2", "a", Placed({{"h2", 1}, {"h9", 2}}))};
  EXPECT_FALSE(HasNodeToReplace(workload_));
  workload_.unhealthy_nodes = {"h7"};
  EXPECT_FALSE(HasNodeToReplace(workload_));
  workload_.unhealthy_nodes = {"h7", "h9"};
  EXPECT_FALSE(HasNodeToReplace(workload_)) << "one at a time, the first";
  workload_.unhealthy_nodes = {"h9", "h7"};
  EXPECT_TRUE(HasNodeToReplace(workload_));
  Assignment a = Assigned("a");
  TopologyQuestion q = step_.Ask(workload_, cq_, &a);
  EXPECT_EQ(q.unhealthy_nodes, *workload_.unhealthy_nodes);
  EXPECT_FALSE(q.keep_on_node_failure);
  ASSERT_EQ(q.pod_sets.size(), 1u);
  EXPECT_EQ(q.pod_sets[0].index, 2);
  EXPECT_EQ(q.pod_sets[0].existing, &*workload_.held[2].topology);
  workload_.owned_by_single_pod = true;
  EXPECT_TRUE(step_.Ask(workload_, cq_, &a).keep_on_node_failure);
  // Nobody is preempted for a replacement.
  Host("r1", "h1", 0);
  Host("r1", "h2", 0);
  workload_.owned_by_single_pod = false;
  a = Assigned("a");
  step_.Place(workload_, cq_, &a);
  EXPECT_EQ(a.mode, Mode::kPreempt) << "not looked at any further";
}

TEST_F(TopologyStepTest, ReducedCountsAreWholeSlicesIfAskedFor) {
  PodSetState sliced = PodSet(1, 8, "rack"), plain = PodSet(1, 8, {}), broken = sliced;
  sliced.topology_request->pod_set_slice_required_topology = kHost;
  sliced.topology_request->pod_set_slice_size = 3;
  broken.topology_request->pod_set_slice_required_topology = kHost;
  broken.topology_request->pod_set_slice_size = 0;
  Workload({plain, sliced, PodSet(1, 8, "rack"), broken});
  const std::vector<int32_t> least = {7, 6, 7, 7};
  std::vector<int32_t> counts = {7, 8, 7, 7};
  EXPECT_TRUE(step_.RoundToSlices(workload_, least, &counts));
  EXPECT_EQ(counts, (std::vector<int32_t>{7, 8, 7, 7}));
  options_.strict_topology = true;
  EXPECT_TRUE(step_.RoundToSlices(workload_, least, &counts));
  EXPECT_EQ(counts, (std::vector<int32_t>{7, 6, 7, 7}));
  EXPECT_TRUE(step_.RoundToSlices(workload_, least, &counts)) << "6 is two of them";
  counts[1] = 5;
  EXPECT_FALSE(step_.RoundToSlices(workload_, least, &counts));
}

std::map<std::string, int64_t> ByKey(const std::vector<TopologyUse>& uses) {
  std::map<std::string, int64_t> out;
  for (const TopologyUse& u : uses) out[std::to_string(u.flavor) + ":" + std::to_string(u.key)] += u.count;
  return out;
}

TEST_F(TopologyStepTest, NetUseIsWhatIsNotHeldAlready) {
  Queue({{"a", 8}});
  Workload({PodSet(1, 1, "rack"), PodSet(2, 1, "rack"), PodSet(1, 1, "rack")});
  Assignment a = Assigned("a");
  const TopologyPlacement p = Placed({{"h1", 3}, {"h2", 2}});
  a.pod_sets[0].topology = a.pod_sets[1].topology = a.pod_sets[2].topology = p;
  a.pod_sets[0].topology_flavor = a.pod_sets[1].topology_flavor = F("a");
  const std::string h1 = "0:" + std::to_string(p.domains[0].key()), h2 = "0:" + std::to_string(p.domains[1].key());
  ASSERT_EQ(F("a"), FlavorId(0));
  std::vector<TopologyUse> uses = step_.NetUse(workload_, a);
  ASSERT_EQ(uses.size(), 4u) << "of the third pod set no flavor is known";
  EXPECT_EQ(uses[2].per_pod, &pod_sets_[1].topology_per_pod);
  EXPECT_EQ(ByKey(uses), (std::map<std::string, int64_t>{{h1, 6}, {h2, 4}}));
  workload_.held = {Held("ps0", "a", Placed({{"h1", 1}, {"h2", 2}}))};
  EXPECT_EQ(ByKey(step_.NetUse(workload_, a)), (std::map<std::string, int64_t>{{h1, 5}, {h2, 2}}));
  workload_.held[0].topology.reset();
  EXPECT_EQ(ByKey(step_.NetUse(workload_, a)), (std::map<std::string, int64_t>{{h1, 6}, {h2, 4}}));
}

TEST_F(TopologyStepTest, HeldUseIsInEveryFlavorHeld) {
  Queue({{"a", 8}});
  Workload({PodSet(1, 1, "rack"), PodSet(2, 1, "rack")});
  const TopologyPlacement p = Placed({{"h1", 3}});
  workload_.held = {Held("ps1", "a", p), Held("ps0", nullptr, p), Held("gone", "a", p), Held("ps0", "a", std::nullopt)};
  workload_.held[1].topology_flavor = F("d");
  workload_.held[0].items.push_back({pods_, F("d"), 1});
  workload_.held[0].items.push_back({gpu_, F("d"), 1});
  workload_.held[0].topology_flavor = F("b");  // items say more
  const std::vector<TopologyUse> uses = step_.HeldUse(workload_);
  ASSERT_EQ(uses.size(), 3u);
  EXPECT_EQ(uses[0].flavor, F("a"));
  EXPECT_EQ(uses[1].flavor, F("d"));
  EXPECT_EQ(uses[0].per_pod, &pod_sets_[1].topology_per_pod);
  EXPECT_EQ(uses[0].count, 3);
  EXPECT_EQ(uses[2].flavor, F("d"));
  EXPECT_EQ(uses[2].per_pod, &pod_sets_[0].topology_per_pod);
  workload_.held[1].topology_flavor = kNoId;
  EXPECT_EQ(step_.HeldUse(workload_).size(), 2u) << "in no flavor that is known";
}

TEST_F(TopologyStepTest, StillFitsAsKueueChecksIt) {
  Queue({{"a", 8}});
  const TopologyPlacement p = Placed({{"h1", 1}}), gone = Placed({{"h9", 1}});
  const DomainKey h1 = p.domains[0].key();
  const std::vector<ResourceAmount> two = {{gpu_, 2}, {pods_, 1}}, many_pods = {{gpu_, 0}, {pods_, 200}},
                                    nothing = {{gpu_, 0}};
  struct Case {
    const char* about;
    std::vector<TopologyUse> uses;
    bool fits, fits_strictly;
  };
  const FlavorId a = F("a");
  const Case kCases[] = {
      {"nothing is asked", {}, true, true},
      {"as many as there is room for", {{a, h1, &two, 2}}, true, true},
      {"one more", {{a, h1, &two, 3}}, false, false},
      {"two pod sets are checked one by one, or together", {{a, h1, &two, 2}, {a, h1, &two, 1}}, true, false},
      {"the first does not fit", {{a, h1, &two, 3}, {a, h1, &two, 1}}, false, false},
      {"the second does not fit", {{a, h1, &two, 1}, {a, h1, &two, 3}}, false, false},
      {"the number of pods is not checked, or is", {{a, h1, &many_pods, 1}}, true, false},
      {"of nothing there is enough", {{a, h1, &nothing, 99}}, true, true},
      {"a host that is gone", {{a, gone.domains[0].key(), &nothing, 1}}, false, false},
      {"a flavor without a tree", {{F("c"), h1, &nothing, 1}}, false, false},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    options_.strict_topology = false;
    EXPECT_EQ(step_.StillFits(c.uses), c.fits);
    options_.strict_topology = true;
    EXPECT_EQ(step_.StillFits(c.uses), c.fits_strictly);
  }
  options_.strict_topology = false;
  const TopologyTrial trial(cache_);
  const std::vector<TopologyUse> one = {{a, h1, &two, 1}}, both = {{a, h1, &two, 2}};
  step_.Simulate(one, 1);
  EXPECT_FALSE(step_.StillFits(both));
  EXPECT_TRUE(step_.StillFits(one));
  step_.Simulate(one, -1);
  EXPECT_TRUE(step_.StillFits(both));
}

}  // namespace
}  // namespace muster::scheduler
