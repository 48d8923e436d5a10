// Places for whole workloads: leaders beside their workers, pod sets that see what earlier ones took, nodes that are
// replaced, and elastic workloads that keep what they have.
// One file, because all cases share the same racks and hosts.
#include "scheduler/topology/assigner.h"

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

constexpr char kBlock[] = "block", kRack[] = "rack";

using Place = std::map<std::string, int>;  // host -> pods

Place ToPlace(const TopologyPlacement& placement) {
  Place out;
  for (const TopologyPlacement::Domain& d : placement.domains) out[d.domain->values.back()] += d.count;
  return out;
}

class AssignerTest : public testing::Test {
 protected:
  AssignerTest() : inventory_(&flavors_, &resources_, &options_), pods_(resources_.Intern("pods")) {
    Topology("hosts", {kBlock, kRack, kHostnameLabel});
    f_ = Flavor("f", "hosts");
  }

  void Topology(const std::string& name, std::vector<std::string> levels) {
    api::Topology t;
    t.metadata.name = name;
    t.levels = std::move(levels);
    inventory_.SetTopology(t);
  }
  FlavorId Flavor(const std::string& name, const std::string& topology, api::StringMap labels = {},
                  std::vector<api::Toleration> tolerations = {}) {
    api::ResourceFlavor f;
    f.metadata.name = name;
    f.topology_name = topology;
    f.node_labels = std::move(labels);
    f.tolerations = std::move(tolerations);
    inventory_.SetFlavor(f);
    return flavors_.Find(name);
  }
  // Host "b1r1x" is in block "b1" and rack "b1r1".
  api::Node Host(const std::string& name, int slots) {
    api::Node node;
    node.metadata.name = name;
    node.metadata.labels = {{kBlock, name.substr(0, 2)}, {kRack, name.substr(0, 4)}, {kHostnameLabel, name}};
    node.allocatable["pods"] = api::Quantity::FromValue(slots);
    node.conditions.emplace_back();
    node.conditions[0].type = "Ready";
    node.conditions[0].status = "True";
    return node;
  }
  void Hosts(const Place& hosts) {
    for (const auto& [name, slots] : hosts) inventory_.SetNode(Host(name, slots));
  }
  void Gate(const char* name, bool on) { ASSERT_TRUE(options_.gates.Set(name, on).ok()); }

  static api::TopologyRequest Required(const char* level) {
    api::TopologyRequest r;
    r.required = level;
    return r;
  }
  static api::TopologyRequest Unconstrained() {
    api::TopologyRequest r;
    r.unconstrained = true;
    return r;
  }
  static api::TopologyRequest Sliced(api::TopologyRequest r, std::vector<api::SliceConstraint> layers) {
    if (layers.size() == 1) {
      r.pod_set_slice_required_topology = layers[0].topology;
      r.pod_set_slice_size = layers[0].size;
    } else {
      r.pod_set_slice_constraints = std::move(layers);
    }
    return r;
  }

  TopologyPodSet PodSet(const api::TopologyRequest& request, int count, FlavorId flavor = kNoId, int slots = 1) {
    TopologyPodSet p;
    p.index = next_index_++;
    p.flavor = flavor == kNoId ? f_ : flavor;
    p.spec = &spec_;
    requests_.push_back(request);
    p.request = &requests_.back();
    p.per_pod = {{pods_, slots}};
    p.count = count;
    return p;
  }
  TopologyPlacement Placed(const Place& hosts) {
    TopologyPlacement out;
    for (const auto& [host, count] : hosts) out.domains.push_back({inventory_.Intern({host}), count});
    return out;
  }

  TopologyAnswer Ask(const TopologyQuestion& q) { return FindTopologyAssignments(inventory_, options_, resources_, q); }
  TopologyAnswer Ask(std::vector<TopologyPodSet> pod_sets) {
    TopologyQuestion q;
    q.pod_sets = std::move(pod_sets);
    return Ask(q);
  }
  // By index of the pod set: "b1r1a=2 b1r1b=1", or the failure.
  static std::map<int, std::string> Print(const TopologyAnswer& answer) {
    std::map<int, std::string> out;
    for (const TopologyAnswer::PodSet& p : answer.pod_sets) {
      std::string& text = out[p.index];
      EXPECT_TRUE(text.empty()) << "one answer for each";
      EXPECT_NE(p.placement.has_value(), p.failure.has_value());
      if (p.failure.has_value()) {
        text = ToString(*p.failure);
        continue;
      }
      for (const TopologyPlacement::Domain& d : p.placement->domains) {
        absl::StrAppend(&text, text.empty() ? "" : " ", d.domain->values.back(), "=", d.count);
      }
    }
    return out;
  }
  using Answers = std::map<int, std::string>;

  EngineOptions options_;
  FlavorNames flavors_;
  ResourceNames resources_;
  TopologyInventory inventory_;
  const ResourceId pods_;
  FlavorId f_;
  api::PodSpec spec_;
  std::deque<api::TopologyRequest> requests_;
  int next_index_ = 0;
};

TEST_F(AssignerTest, WhatAnEarlierPodSetTakesALaterOneDoesNotGet) {
  Hosts({{"b1r1a", 2}, {"b1r1b", 2}});
  const auto first = PodSet(Required(kHostnameLabel), 2), second = PodSet(Required(kHostnameLabel), 2),
             third = PodSet(Required(kHostnameLabel), 1);
  EXPECT_EQ(Print(Ask({first, second})), (Answers{{0, "b1r1a=2"}, {1, "b1r1b=2"}}));
  const TopologyAnswer full = Ask({first, second, third});
  ASSERT_NE(full.Failed(), nullptr);
  EXPECT_EQ(full.Failed()->index, 2);
  EXPECT_EQ(Ask({first}).Failed(), nullptr);
  EXPECT_EQ(Print(Ask({third})), (Answers{{2, "b1r1a=1"}})) << "nothing is left of what was assumed";
}

TEST_F(AssignerTest, AfterAFailureTheFlavorIsDoneForAndOthersAreAsked) {
  Hosts({{"b1r1a", 2}});
  const FlavorId g = Flavor("g", "hosts");
  Gate("TASHandleOverlappingFlavors", false);
  const auto too_many = PodSet(Required(kHostnameLabel), 3), behind = PodSet(Required(kHostnameLabel), 1),
             elsewhere = PodSet(Required(kHostnameLabel), 2, g);
  const TopologyAnswer answer = Ask({too_many, elsewhere, behind});
  ASSERT_EQ(answer.pod_sets.size(), 2u);
  EXPECT_EQ(answer.pod_sets[0].index, 0);
  EXPECT_EQ(answer.pod_sets[0].failure->fit, 2);
  EXPECT_EQ(answer.pod_sets[1].index, 2);
  EXPECT_TRUE(answer.pod_sets[1].placement.has_value());
}

// Flavors in the order of their names, whatever the order of the pod sets.
TEST_F(AssignerTest, OverTheSameHostsFlavorsSeeEachOther) {
  Hosts({{"b1r1a", 2}, {"b1r1b", 1}});
  const FlavorId a = Flavor("a", "hosts");
  const auto on_f = PodSet(Required(kHostnameLabel), 2), on_a = PodSet(Required(kHostnameLabel), 2, a);
  const TopologyAnswer shared = Ask({on_f, on_a});
  ASSERT_EQ(shared.pod_sets.size(), 2u);
  EXPECT_EQ(shared.pod_sets[0].index, 1);
  EXPECT_TRUE(shared.pod_sets[0].placement.has_value());
  EXPECT_TRUE(shared.pod_sets[1].failure.has_value());
  Gate("TASHandleOverlappingFlavors", false);
  EXPECT_EQ(Ask({on_f, on_a}).Failed(), nullptr);
  Gate("TASHandleOverlappingFlavors", true);
  // A topology of racks has no hosts to share.
  Topology("racks", {kBlock, kRack});
  const FlavorId r = Flavor("r", "racks");
  const auto on_r = PodSet(Required(kRack), 3, r), two = PodSet(Required(kRack), 3);
  EXPECT_EQ(Ask({two, on_r}).Failed(), nullptr);
}

TEST_F(AssignerTest, OfHostsTheNameIsKeptAndOfOtherDomainsThePath) {
  Hosts({{"b1r1a", 2}});
  Topology("racks", {kBlock, kRack});
  const FlavorId r = Flavor("r", "racks");
  const TopologyAnswer hosts = Ask({PodSet(Required(kRack), 1)}), racks = Ask({PodSet(Required(kRack), 1, r)});
  EXPECT_EQ(*hosts.pod_sets.at(0).placement->levels, std::vector<std::string>{kHostnameLabel});
  EXPECT_EQ(hosts.pod_sets[0].placement->domains[0].domain->name, "b1r1a");
  EXPECT_EQ(*racks.pod_sets.at(0).placement->levels, (std::vector<std::string>{kBlock, kRack}));
  EXPECT_EQ(racks.pod_sets[0].placement->domains[0].domain->name, "b1,b1r1");
}

TEST_F(AssignerTest, TheSmallerOfAGroupIsTheLeader) {
  Hosts({{"b1r1a", 3}, {"b2r1a", 4}});
  for (const bool leader_first : {true, false}) {
    next_index_ = 0;
    auto one = PodSet(Required(kRack), leader_first ? 1 : 3), other = PodSet(Required(kRack), leader_first ? 3 : 1);
    one.group = other.group = "g";
    // Alone, three workers would be best off in b1.
    EXPECT_EQ(Print(Ask({one, other})),
              (Answers{{0, leader_first ? "b2r1a=1" : "b2r1a=3"}, {1, leader_first ? "b2r1a=3" : "b2r1a=1"}}));
  }
  // Of two that are as many the first is no leader: the second counts as one pod.
  auto first = PodSet(Required(kRack), 2), second = PodSet(Required(kRack), 2);
  first.group = second.group = "g";
  const TopologyAnswer equal = Ask({first, second});
  EXPECT_EQ(equal.pod_sets.at(0).placement->Pods(), 2);
  EXPECT_EQ(equal.pod_sets.at(1).placement->Pods(), 1);
}

TEST_F(AssignerTest, AGroupFailsAsOne) {
  Hosts({{"b1r1a", 3}});
  auto leader = PodSet(Required(kRack), 1), workers = PodSet(Required(kRack), 3);
  leader.group = workers.group = "g";
  const TopologyAnswer answer = Ask({leader, workers});
  ASSERT_EQ(answer.pod_sets.size(), 2u);
  EXPECT_TRUE(answer.pod_sets[0].failure.has_value());
  EXPECT_TRUE(answer.pod_sets[1].failure.has_value());
  // Without a common name, or with two, they are on their own.
  leader.group = "h";
  EXPECT_FALSE(Ask({leader, workers}).pod_sets.at(0).failure.has_value());
  leader.group = workers.group = std::nullopt;
  EXPECT_FALSE(Ask({leader, workers}).pod_sets.at(0).failure.has_value());
}

TEST_F(AssignerTest, LaterPodSetsSeeLeadersToo) {
  Hosts({{"b1r1a", 3}, {"b1r1b", 1}});
  auto leader = PodSet(Required(kRack), 1), workers = PodSet(Required(kRack), 2);
  leader.group = workers.group = "g";
  EXPECT_EQ(Print(Ask({leader, workers, PodSet(Required(kHostnameLabel), 1)})),
            (Answers{{0, "b1r1a=1"}, {1, "b1r1a=2"}, {2, "b1r1b=1"}}));
}

TEST_F(AssignerTest, SimulatedEmptyNobodyElseUsesAnything) {
  Hosts({{"b1r1a", 2}});
  const TopologyPlacement taken = Placed({{"b1r1a", 2}});
  inventory_.Record(f_, taken.domains[0].key(), std::vector<ResourceAmount>{{pods_, 1}}, 2);
  TopologyQuestion q;
  q.pod_sets = {PodSet(Required(kHostnameLabel), 2)};
  EXPECT_NE(Ask(q).Failed(), nullptr);
  q.simulate_empty = true;
  EXPECT_EQ(Print(Ask(q)), (Answers{{0, "b1r1a=2"}}));
  q.pod_sets.push_back(PodSet(Required(kHostnameLabel), 1));
  ASSERT_NE(Ask(q).Failed(), nullptr);
  EXPECT_EQ(Ask(q).Failed()->index, 1) << "but the workload's own pod sets are seen";
}

// Selectors, affinity and tolerations are those of the pods; a flavor's tolerations are added.
TEST_F(AssignerTest, PodsGoWhereTheyMay) {
  api::Node tainted = Host("b1r1a", 4), plain = Host("b1r1b", 4);
  tainted.taints = {{"t", "", "NoSchedule"}};
  tainted.metadata.labels["disk"] = "ssd";
  inventory_.SetNode(tainted);
  inventory_.SetNode(plain);
  api::Toleration t;
  t.key = "t";
  t.op = "Exists";
  const FlavorId tolerant = Flavor("tolerant", "hosts", {}, {t});
  EXPECT_EQ(Print(Ask({PodSet(Required(kHostnameLabel), 1)})), (Answers{{0, "b1r1b=1"}}));
  EXPECT_EQ(Print(Ask({PodSet(Required(kHostnameLabel), 1, tolerant)})), (Answers{{1, "b1r1a=1"}}));
  spec_.tolerations = {t};
  EXPECT_EQ(Print(Ask({PodSet(Required(kHostnameLabel), 1)})), (Answers{{2, "b1r1a=1"}}));
  spec_.tolerations.clear();
  spec_.node_selector = {{"disk", "ssd"}};
  EXPECT_NE(Ask({PodSet(Required(kHostnameLabel), 1)}).Failed(), nullptr);
  spec_.node_selector.clear();
  spec_.node_affinity.emplace();
  spec_.node_affinity->required = {{{{"disk", "In", {"ssd"}}}, {}}};
  EXPECT_NE(Ask({PodSet(Required(kHostnameLabel), 1)}).Failed(), nullptr);
  EXPECT_EQ(Print(Ask({PodSet(Required(kHostnameLabel), 1, tolerant)})), (Answers{{5, "b1r1a=1"}}));
  // In a topology of racks nobody looks at nodes.
  Topology("racks", {kBlock, kRack});
  EXPECT_EQ(Ask({PodSet(Required(kRack), 1, Flavor("r", "racks"))}).Failed(), nullptr);
}

// Gates of the placer reach it.
TEST_F(AssignerTest, GatesChooseTheWay) {
  Hosts({{"b1r1a", 5}, {"b1r1b", 3}, {"b1r1c", 4}});
  EXPECT_EQ(Print(Ask({PodSet(Unconstrained(), 6)})), (Answers{{0, "b1r1b=3 b1r1c=3"}})) << "least free first";
  Gate("TASProfileMixed", false);
  EXPECT_EQ(Print(Ask({PodSet(Unconstrained(), 6)})), (Answers{{1, "b1r1a=5 b1r1b=1"}})) << "roomiest first";
  api::TopologyRequest preferred;
  preferred.preferred = kHostnameLabel;
  EXPECT_EQ(Print(Ask({PodSet(preferred, 6)})), (Answers{{2, "b1r1a=5 b1r1b=1"}}));
  Gate("TASBalancedPlacement", true);
  EXPECT_EQ(Print(Ask({PodSet(preferred, 6)})), (Answers{{3, "b1r1b=3 b1r1c=3"}}));
  Gate("TASBalancedPlacement", false);
  api::Node warm = Host("b1r1b", 3);
  warm.metadata.labels["warm"] = "yes";
  inventory_.SetNode(warm);
  spec_.node_affinity.emplace();
  spec_.node_affinity->preferred = {{5, {{{"warm", "In", {"yes"}}}, {}}}};
  EXPECT_EQ(Print(Ask({PodSet(Required(kHostnameLabel), 2)})), (Answers{{4, "b1r1b=2"}})) << "the tightest";
  EXPECT_EQ(Print(Ask({PodSet(preferred, 4)})), (Answers{{5, "b1r1c=4"}}));
  Gate("TASRespectNodeAffinityPreferred", true);
  EXPECT_EQ(Print(Ask({PodSet(preferred, 4)})), (Answers{{6, "b1r1b=3 b1r1c=1"}})) << "where it is warm, first";
  warm = Host("b1r1a", 5);
  warm.metadata.labels["warm"] = "yes";
  inventory_.SetNode(warm);
  EXPECT_EQ(Print(Ask({PodSet(preferred, 4)})), (Answers{{7, "b1r1a=4"}})) << "warm, though not the tightest";
}

// ---- A node that has failed.

struct Replacement {
  const char* about;
  api::TopologyRequest request;
  Place before;       // b1r1a has failed
  const char* after;  // or the failure
};

// One Topology, packed in each of the ways. Pods ask for 4 slots.
TEST_F(AssignerTest, TheTopologySaysHowHostsArePacked) {
  const auto ask = [&](const char* packing, int last) {
    api::Topology t;
    t.metadata.name = "packed";
    t.levels = {kHostnameLabel};
    if (packing != nullptr) t.metadata.annotations[kPlacementAnnotation] = packing;
    inventory_.SetTopology(t);
    next_index_ = 0;
    const FlavorId f = Flavor("p", "packed");
    std::vector<TopologyPodSet> pods = {PodSet(Unconstrained(), 1, f, 4)};
    if (last > 0) pods.push_back(PodSet(Unconstrained(), 1, f, last));
    const auto answer = Print(Ask(pods));
    return last > 0 ? answer.at(0) + " then " + answer.at(1) : answer.at(0);
  };
  Hosts({{"b1r1a", 7}, {"b1r1b", 5}, {"b1r1c", 8}, {"b1r1d", 3}, {"b1r1e", 8}});
  EXPECT_EQ(ask(nullptr, 0), "b1r1a=1") << "a, b hold one: the first by name";
  EXPECT_EQ(ask("kueue", 0), "b1r1a=1");
  EXPECT_EQ(ask("best-fit", 0), "b1r1b=1") << "of a and b less is left over on b";
  EXPECT_EQ(ask("consolidate", 0), "b1r1b=1");
  EXPECT_EQ(ask("best-fit", 3), "b1r1b=1 then b1r1d=1") << "the tightest of all";
  EXPECT_EQ(ask("consolidate", 3), "b1r1b=1 then b1r1c=1") << "the roomiest, of c and e the first by name";
  EXPECT_EQ(ask("nonsense", 0), "b1r1a=1") << "whoever reads the files complains";
}

// Left over is what counts of the scarcest resource, whatever else there is plenty of.
TEST_F(AssignerTest, BestFitLooksAtTheScarcestResource) {
  api::Topology t;
  t.metadata.name = "packed";
  t.levels = {kHostnameLabel};
  t.metadata.annotations[kPlacementAnnotation] = "best-fit";
  inventory_.SetTopology(t);
  const FlavorId f = Flavor("p", "packed");
  const ResourceId gpu = resources_.Intern("gpu");
  const auto host = [&](const char* name, int slots, int gpus) {
    api::Node node = Host(name, slots);
    node.allocatable["gpu"] = api::Quantity::FromValue(gpus);
    inventory_.SetNode(node);
  };
  host("b1r1a", 100, 7);
  host("b1r1b", 100, 4);
  host("b1r1c", 1, 7);  // one slot more or less is no matter of GPUs
  TopologyPodSet pods = PodSet(Unconstrained(), 1, f);
  pods.per_pod = {{gpu, 4}, {pods_, 1}};
  EXPECT_EQ(Print(Ask({pods})).at(0), "b1r1b=1") << "no GPU is left over";
  host("b1r1b", 100, 5);
  EXPECT_EQ(Print(Ask({pods})).at(0), "b1r1c=1") << "no slot is left over, a quarter of a pod's GPUs on b";
}

TEST_F(AssignerTest, AFailedNodeIsReplacedWhereTheRequestAllows) {
  Gate("TASMultiLayerTopology", true);
  Hosts({{"b1r1b", 2}, {"b1r1c", 4}, {"b1r2a", 8}, {"b2r1a", 1}, {"b2r1b", 16}});
  api::TopologyRequest preferred_block;
  preferred_block.preferred = kBlock;
  const Replacement kCases[] = {
      {"a required rack: in the rack of the others", Required(kRack), {{"b1r1a", 1}, {"b1r1b", 1}}, "b1r1b=2"},
      {"a required block: in the block of the others",
       Required(kBlock),
       {{"b1r1a", 7}, {"b1r1b", 1}},
       "b1r1b=1 b1r2a=7"},
      {"no room in the rack of the others",
       Required(kRack),
       {{"b1r1a", 7}, {"b1r1b", 1}},
       "topology \"hosts\" allows to fit only 6 out of 7 pod(s). Total nodes: 5; excluded: topologyDomain: 3"},
      {"nobody is left: anywhere", Required(kRack), {{"b1r1a", 16}}, "b2r1b=16"},
      {"no constraint: anywhere, where there is least room",
       Unconstrained(),
       {{"b1r1a", 1}, {"b1r1c", 4}},
       "b1r1c=4 b2r1a=1"},
      {"a domain that had some gets more", Unconstrained(), {{"b1r1a", 1}, {"b2r1a", 1}}, "b2r1a=2"},
      {"a host that is gone, too",
       Unconstrained(),
       {{"b1r1a", 1}, {"b9r9x", 1}},
       "Cannot replace the node, because the existing topologyAssignment is invalid, as it contains the stale domain "
       "b9r9x"},
      {"half a slice goes to the rack of the other half",
       Sliced(Required(kBlock), {{kRack, 4}}),
       {{"b1r1a", 2}, {"b1r1b", 2}, {"b1r2a", 4}},
       "b1r1b=4 b1r2a=4"},
      {"which is where it makes a whole number of slices",
       Sliced(Required(kBlock), {{kRack, 4}}),
       {{"b1r1a", 2}, {"b1r1b", 4}, {"b1r2a", 2}},
       "b1r1b=4 b1r2a=4"},
      {"a whole slice goes to the required level",
       Sliced(Required(kBlock), {{kRack, 2}}),
       {{"b1r1a", 2}, {"b1r2a", 2}},
       "b1r1b=2 b1r2a=2"},
      {"no rack has the other half: anywhere, in slices",
       Sliced(Unconstrained(), {{kRack, 4}}),
       {{"b1r1a", 2}, {"b1r1b", 1}},
       "cannot find replacement assignment for unhealthy node: b1r1a"},
      {"of layers the innermost that is broken counts",
       Sliced(Required(kBlock), {{kBlock, 8}, {kRack, 4}, {kHostnameLabel, 2}}),
       {{"b1r1a", 1}, {"b1r1b", 1}, {"b1r2a", 6}},
       "b1r1b=2 b1r2a=6"},
      {"a broken slice of a request without a level: as in Kueue, nothing is left that names one",
       Sliced({}, {{kRack, 4}}),
       {{"b1r1a", 1}, {"b1r1b", 3}},
       "topology level not specified"},
      {"whole inner slices stay whole",
       Sliced({}, {{kBlock, 8}, {kRack, 4}, {kHostnameLabel, 2}}),
       {{"b1r1a", 2}, {"b1r1b", 2}, {"b1r2a", 4}},
       "b1r1b=4 b1r2a=4"},
      {"of layers the one that is broken counts, though a smaller one is whole",
       Sliced(Required(kBlock), {{kBlock, 8}, {kRack, 4}, {kHostnameLabel, 2}}),
       {{"b1r1a", 2}, {"b1r1b", 4}, {"b1r2a", 2}},
       "b1r1b=4 b1r2a=4"},
      {"a layer of nothing is no layer",
       Sliced(Required(kBlock), {{kRack, 4}, {kHostnameLabel, 0}}),
       {{"b1r1a", 2}, {"b1r1b", 2}, {"b1r2a", 4}},
       "b1r1b=4 b1r2a=4"},
      {"a slice of blocks is completed in its block",
       Sliced(preferred_block, {{kBlock, 4}}),
       {{"b1r1a", 2}, {"b1r1b", 4}, {"b2r1b", 2}},
       "b1r1b=4 b2r1b=4"},
      {"a slice level that is not in the topology any more",
       Sliced(Required(kBlock), {{"zone", 4}}),
       {{"b1r1a", 2}},
       "no requested topology level for slices: zone"},
  };
  for (const Replacement& c : kCases) {
    SCOPED_TRACE(c.about);
    const TopologyPlacement existing = Placed(c.before);
    TopologyQuestion q;
    next_index_ = 0;
    q.pod_sets = {PodSet(c.request, existing.Pods())};
    q.pod_sets[0].existing = &existing;
    q.unhealthy_nodes = {"b1r1a", "b1r1b"};
    EXPECT_EQ(Print(Ask(q)), (Answers{{0, c.after}}));
  }
}

TEST_F(AssignerTest, OnlyPodSetsThatAreSomewhereAreReplaced) {
  Hosts({{"b1r1b", 3}});
  const TopologyPlacement existing = Placed({{"b1r1a", 2}});
  TopologyQuestion q;
  q.pod_sets = {PodSet(Unconstrained(), 1), PodSet(Unconstrained(), 2), PodSet(Unconstrained(), 2)};
  q.pod_sets[1].existing = q.pod_sets[2].existing = &existing;
  q.unhealthy_nodes = {"b1r1a"};
  const TopologyAnswer answer = Ask(q);
  ASSERT_EQ(answer.pod_sets.size(), 2u);
  EXPECT_EQ(answer.pod_sets[0].index, 1);
  EXPECT_EQ(ToPlace(*answer.pod_sets[0].placement), (Place{{"b1r1b", 2}}));
  EXPECT_EQ(*answer.pod_sets[0].placement->levels, std::vector<std::string>{kHostnameLabel});
  EXPECT_TRUE(answer.pod_sets[1].failure.has_value()) << "the second sees what the first took";
}

// Of a group, too, the second to be replaced sees what the first took.
TEST_F(AssignerTest, OfAGroupEachIsReplaced) {
  Hosts({{"b1r1b", 3}, {"b1r1c", 3}});
  const TopologyPlacement existing = Placed({{"b1r1a", 2}});
  TopologyQuestion q;
  q.pod_sets = {PodSet(Unconstrained(), 2), PodSet(Unconstrained(), 2)};
  for (TopologyPodSet& p : q.pod_sets) {
    p.existing = &existing;
    p.group = "g";
  }
  q.unhealthy_nodes = {"b1r1a"};
  EXPECT_EQ(Print(Ask(q)), (Answers{{0, "b1r1b=2"}, {1, "b1r1c=2"}}));
}

TEST_F(AssignerTest, ASinglePodStaysWhereItIs) {
  Hosts({{"b1r1b", 3}});
  const TopologyPlacement existing = Placed({{"b1r1a", 1}});
  for (const bool keep : {false, true}) {
    for (const bool gate : {false, true}) {
      Gate("SkipReassignmentForPodOwnedWorkloads", gate);
      TopologyQuestion q;
      next_index_ = 0;
      q.pod_sets = {PodSet(Unconstrained(), 1)};
      q.pod_sets[0].existing = &existing;
      q.unhealthy_nodes = {"b1r1a"};
      q.keep_on_node_failure = keep;
      EXPECT_EQ(Print(Ask(q)), (Answers{{0, keep && gate ? "b1r1a=1" : "b1r1b=1"}})) << keep << gate;
    }
  }
}

TEST(OwnedBySinglePod, IsOnePodAndNoGroup) {
  struct Case {
    const char* about;
    std::vector<std::pair<const char*, const char*>> owners;  // apiVersion, kind
    const char* group;                                        // annotation; null = none
    bool expected;
  };
  const Case kCases[] = {
      {"one pod", {{"v1", "Pod"}}, nullptr, true},
      {"nobody", {}, nullptr, false},
      {"two pods", {{"v1", "Pod"}, {"v1", "Pod"}}, nullptr, false},
      {"a job", {{"batch/v1", "Job"}}, nullptr, false},
      {"another thing called v1", {{"v1", "Service"}}, nullptr, false},
      {"another thing called Pod", {{"example.com/v1", "Pod"}}, nullptr, false},
      {"a group of one", {{"v1", "Pod"}}, "true", false},
      {"said to be no group", {{"v1", "Pod"}}, "false", true},
  };
  for (const Case& c : kCases) {
    api::ObjectMeta meta;
    for (const auto& [version, kind] : c.owners) {
      meta.owner_references.emplace_back();
      meta.owner_references.back().api_version = version;
      meta.owner_references.back().kind = kind;
    }
    if (c.group != nullptr) meta.annotations["kueue.x-k8s.io/is-group-workload"] = c.group;
    EXPECT_EQ(OwnedBySinglePod(meta), c.expected) << c.about;
  }
}

// ---- Elastic workloads.

TEST_F(AssignerTest, AnElasticWorkloadKeepsWhatItHas) {
  struct Case {
    const char* about;
    bool gate;
    Place before;
    int count;
    const char* after;
  };
  const Case kCases[] = {
      {"as many as before", true, {{"b1r1b", 1}, {"b1r1c", 2}}, 3, "b1r1b=1 b1r1c=2"},
      {"fewer: from the end", true, {{"b1r1b", 1}, {"b1r1c", 2}}, 2, "b1r1b=1 b1r1c=1"},
      {"fewer still", true, {{"b1r1b", 1}, {"b1r1c", 2}}, 1, "b1r1b=1"},
      {"more: only the new ones are placed", true, {{"b1r1c", 1}}, 2, "b1r1a=1 b1r1c=1"},
      {"more, on a host that has some", true, {{"b1r1a", 1}, {"b1r1c", 1}}, 3, "b1r1a=1 b1r1b=1 b1r1c=1"},
      {"more than there is room beside those it has",
       true,
       {{"b1r1c", 3}},
       7,
       "topology \"hosts\" allows to fit only 3 out of 4 pod(s). Total nodes: 3; excluded: resource \"pods\": 1"},
      {"a host that is gone: all anew", true, {{"b9r9x", 1}}, 1, "b1r1a=1"},
      {"without the gate: all anew", false, {{"b1r1c", 1}}, 1, "b1r1a=1"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    Gate("ElasticJobsViaWorkloadSlicesWithTAS", c.gate);
    Hosts({{"b1r1a", 1}, {"b1r1b", 2}, {"b1r1c", 3}});
    const TopologyPlacement before = Placed(c.before);
    next_index_ = 0;
    auto p = PodSet(Unconstrained(), c.count);
    p.previous = &before;
    EXPECT_EQ(Print(Ask({p})), (Answers{{0, c.after}}));
  }
}

TEST_F(AssignerTest, WhenAnElasticWorkloadDoesNotFitItsFlavorIsDoneForToo) {
  Gate("ElasticJobsViaWorkloadSlicesWithTAS", true);
  Hosts({{"b1r1a", 3}});
  const TopologyPlacement before = Placed({{"b1r1a", 1}});
  auto grown = PodSet(Unconstrained(), 4), fits = PodSet(Unconstrained(), 2);
  const auto behind = PodSet(Unconstrained(), 1);
  grown.previous = fits.previous = &before;
  const TopologyAnswer failed = Ask({grown, behind});
  ASSERT_EQ(failed.pod_sets.size(), 1u) << "nobody behind it is asked";
  EXPECT_EQ(failed.Failed()->index, 0);
  EXPECT_EQ(Print(Ask({fits, behind})), (Answers{{1, "b1r1a=2"}, {2, "b1r1a=1"}}));
}

TEST_F(AssignerTest, AnElasticWorkloadsLeaderStays) {
  Gate("ElasticJobsViaWorkloadSlicesWithTAS", true);
  Hosts({{"b1r1a", 2}, {"b1r1b", 2}, {"b1r1c", 4}});
  const TopologyPlacement workers_before = Placed({{"b1r1b", 2}}), leader_before = Placed({{"b1r1c", 1}}),
                          gone = Placed({{"b9r9x", 1}});
  auto workers = PodSet(Unconstrained(), 2), leader = PodSet(Unconstrained(), 1), more = PodSet(Unconstrained(), 4),
       behind = PodSet(Unconstrained(), 3);
  workers.group = leader.group = more.group = "g";
  workers.previous = more.previous = &workers_before;
  leader.previous = &leader_before;
  EXPECT_EQ(Print(Ask({workers, leader})), (Answers{{0, "b1r1b=2"}, {1, "b1r1c=1"}}));
  EXPECT_EQ(Print(Ask({more, leader})), (Answers{{1, "b1r1c=1"}, {2, "b1r1a=2 b1r1b=2"}}));
  EXPECT_EQ(Print(Ask({workers, leader, behind})), (Answers{{0, "b1r1b=2"}, {1, "b1r1c=1"}, {3, "b1r1c=3"}}))
      << "both are seen by those who come after";
  EXPECT_EQ(Print(Ask({more, leader, behind})), (Answers{{1, "b1r1c=1"}, {2, "b1r1a=2 b1r1b=2"}, {3, "b1r1c=3"}}));
  // A leader that is new finds a place with the new pods; one that lost its host makes the group start anew.
  leader.previous = nullptr;
  EXPECT_EQ(Print(Ask({more, leader})).size(), 2u);
  EXPECT_EQ(Print(Ask({more, leader}))[1], "b1r1c=1");
  EXPECT_EQ(Print(Ask({more, leader}))[2], "b1r1b=2 b1r1c=2");
  leader.previous = &gone;
  EXPECT_EQ(Print(Ask({workers, leader})), (Answers{{0, "b1r1c=2"}, {1, "b1r1c=1"}}));
}

}  // namespace
}  // namespace muster::scheduler
