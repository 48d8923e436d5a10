// What the inventory knows follows what there is, whatever there was before: hosts that move, nodes that share a host
// name, usage that waits for its node, flavors that share hosts, and nothing that grows with names long gone.
#include "scheduler/topology/inventory.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

api::Node Host(const std::string& block, const std::string& name, int64_t gpus = 8) {
  api::Node node;
  node.metadata.name = name;
  node.metadata.labels = {{"block", block}, {"kind", "gpu"}, {kHostnameLabel, name}};
  node.allocatable["gpu"] = api::Quantity::FromValue(gpus);
  node.conditions.emplace_back();
  node.conditions[0].type = "Ready";
  node.conditions[0].status = "True";
  return node;
}

api::Pod PodOn(const std::string& name, const std::string& node, int64_t gpus) {
  api::Pod pod;
  pod.metadata.ns = "ns";
  pod.metadata.name = name;
  pod.spec.node_name = node;
  pod.spec.containers.resize(1);
  pod.spec.containers[0].resources.requests["gpu"] = api::Quantity::FromValue(gpus);
  return pod;
}

class InventoryTest : public testing::Test {
 protected:
  void Topology(const std::string& name, std::vector<std::string> levels) {
    api::Topology t;
    t.metadata.name = name;
    t.levels = std::move(levels);
    inventory_.SetTopology(t);
  }
  FlavorId Flavor(const std::string& name, const std::string& topology, api::StringMap labels = {{"kind", "gpu"}}) {
    api::ResourceFlavor f;
    f.metadata.name = name;
    f.topology_name = topology;
    f.node_labels = std::move(labels);
    inventory_.SetFlavor(f);
    return flavors_.Find(name);
  }
  // A flavor over blocks of hosts.
  FlavorId Hosts(const std::string& name = "f") {
    Topology("hosts", {"block", kHostnameLabel});
    return Flavor(name, "hosts");
  }
  // Where the domain is, by level values; "-" if it is nowhere.
  std::string PathOf(FlavorId f, const std::string& name) {
    const DomainRef domain = inventory_.Intern({name});
    const LeafId leaf = inventory_.LeafOf(f, domain->key);
    return leaf == kNoId ? "-" : inventory_.tree(f)->Path(inventory_.tree(f)->DomainOf(leaf));
  }
  // Left of the resource in the domain; nothing if it is nowhere.
  std::optional<int64_t> Left(FlavorId f, const std::string& name) {
    const DomainRef domain = inventory_.Intern({name});
    const LeafId leaf = inventory_.LeafOf(f, domain->key);
    if (leaf == kNoId) return std::nullopt;
    return inventory_.tree(f)->Remaining(leaf, resources_.Intern("gpu"), false);
  }
  void Record(FlavorId f, const std::string& name, int64_t gpus) {
    const DomainRef domain = inventory_.Intern({name});
    const ResourceAmount amount{resources_.Intern("gpu"), gpus < 0 ? -gpus : gpus};
    inventory_.Record(f, domain->key, {&amount, 1}, gpus < 0 ? -1 : 1);
  }
  // Pods of one GPU that fit into each present domain of the level.
  std::map<std::string, int> Fit(FlavorId f, int level) {
    PodShape shape;
    shape.requests = {{resources_.Intern("gpu"), 1}};
    shape.slice_level = inventory_.tree(f)->num_levels() - 1;
    const TopologyCounts& counts = inventory_.CountsFor(f, shape);
    std::map<std::string, int> out;
    for (const DomainId id : inventory_.tree(f)->AtLevel(level)) {
      if (inventory_.tree(f)->has_present(id)) out[inventory_.tree(f)->Path(id)] = counts.at(id).pods;
    }
    return out;
  }

  using Sums = std::map<std::string, int>;
  EngineOptions options_;
  FlavorNames flavors_;
  ResourceNames resources_;
  TopologyInventory inventory_{&flavors_, &resources_, &options_};
};

TEST_F(InventoryTest, AHostThatIsRelabelledMovesWithWhatIsUsedOnIt) {
  const FlavorId f = Hosts();
  inventory_.SetNode(Host("b1", "h1"));
  inventory_.SetNode(Host("b1", "h2"));
  Record(f, "h1", 3);
  ASSERT_EQ(Fit(f, 0), (Sums{{"b1", 13}}));
  EXPECT_TRUE(inventory_.SetNode(Host("b2", "h1")));
  EXPECT_EQ(PathOf(f, "h1"), "b2,h1");
  EXPECT_EQ(Fit(f, 0), (Sums{{"b1", 8}, {"b2", 5}}));
  EXPECT_EQ(Fit(f, 1), (Sums{{"b1,h2", 8}, {"b2,h1", 5}}));
  Record(f, "h1", -3);
  EXPECT_EQ(Fit(f, 0), (Sums{{"b1", 8}, {"b2", 8}}));
  inventory_.SetNode(Host("b1", "h1"));
  EXPECT_EQ(Fit(f, 0), (Sums{{"b1", 16}}));
  EXPECT_EQ(inventory_.tree(f)->num_present(), 2);
}

TEST_F(InventoryTest, AHostThatIsCreatedAgainElsewhereIsThere) {
  const FlavorId f = Hosts();
  inventory_.SetNode(Host("b1", "h1"));
  Record(f, "h1", 2);
  EXPECT_TRUE(inventory_.RemoveNode("h1"));
  EXPECT_EQ(PathOf(f, "h1"), "-");
  EXPECT_FALSE(inventory_.RemoveNode("h1"));
  inventory_.SetNode(Host("b0", "h1"));
  EXPECT_EQ(PathOf(f, "h1"), "b0,h1");
  EXPECT_EQ(Left(f, "h1"), 6);
  EXPECT_EQ(Fit(f, 0), (Sums{{"b0", 6}}));
}

TEST_F(InventoryTest, LeafIdsOfAMovedHostRollBackApart) {
  const FlavorId f = Hosts();
  inventory_.SetNode(Host("b1", "h1"));
  inventory_.SetNode(Host("b2", "h1"));
  const DomainRef h1 = inventory_.Intern({"h1"});
  const ResourceAmount gpus{resources_.Intern("gpu"), 4};
  {
    const TopologyTrial trial(inventory_);
    inventory_.Simulate(f, h1->key, {&gpus, 1}, 1);
    EXPECT_EQ(Left(f, "h1"), 4);
    EXPECT_EQ(Fit(f, 0), (Sums{{"b2", 4}}));
  }
  EXPECT_EQ(Left(f, "h1"), 8);
  EXPECT_EQ(Fit(f, 0), (Sums{{"b2", 8}}));
}

TEST_F(InventoryTest, OfTwoNodesWithOneHostNameTheFirstThatCountsSaysWhereItIs) {
  const FlavorId f = Hosts();
  api::Node second = Host("b2", "n2"), first = Host("b1", "n1", 4);
  first.metadata.labels[kHostnameLabel] = second.metadata.labels[kHostnameLabel] = "h";
  inventory_.SetNode(second);
  EXPECT_EQ(PathOf(f, "h"), "b2,h");
  inventory_.SetNode(first);
  EXPECT_EQ(PathOf(f, "h"), "b1,h");
  EXPECT_EQ(Left(f, "h"), 12);
  EXPECT_EQ(inventory_.tree(f)->num_present(), 1);
  first.unschedulable = true;
  inventory_.SetNode(first);
  EXPECT_EQ(PathOf(f, "h"), "b2,h");
  EXPECT_EQ(Left(f, "h"), 8);
  first.unschedulable = false;
  inventory_.SetNode(first);
  inventory_.RemoveNode("n1");
  EXPECT_EQ(PathOf(f, "h"), "b2,h");
}

TEST_F(InventoryTest, ANodeWithoutALevelOrTheFlavorsLabelsIsNowhere) {
  const FlavorId f = Hosts();
  api::Node node = Host("b1", "h1");
  inventory_.SetNode(node);
  node.metadata.labels.erase("block");
  EXPECT_TRUE(inventory_.SetNode(node)) << "it was concerned";
  EXPECT_EQ(PathOf(f, "h1"), "-");
  node = Host("b1", "h1");
  node.metadata.labels["kind"] = "cpu";
  inventory_.SetNode(node);
  EXPECT_EQ(PathOf(f, "h1"), "-");
  node.allocatable["gpu"] = api::Quantity::FromValue(9);
  EXPECT_FALSE(inventory_.SetNode(node)) << "no flavor selects it, before or after";
}

TEST_F(InventoryTest, TellsHeartbeatsFromChanges) {
  const FlavorId f = Hosts();
  api::Node node = Host("b1", "h1");
  EXPECT_TRUE(inventory_.SetNode(node));
  const uint64_t touched = inventory_.tree(f)->journal_end();
  node.metadata.resource_version = "2";
  node.conditions[0].last_transition_time += absl::Seconds(10);
  node.conditions[0].message = "kubelet is posting ready status";
  node.capacity["gpu"] = api::Quantity::FromValue(9);
  node.allocatable["gpu"] = *api::Quantity::Parse("8000m");
  EXPECT_FALSE(inventory_.SetNode(node));
  // Kueue looks at waiting workloads again, but nothing is placed otherwise.
  node.conditions.push_back({"MemoryPressure", "True", "", "", {}, {}});
  EXPECT_TRUE(inventory_.SetNode(node));
  std::swap(node.conditions[0], node.conditions[1]);
  EXPECT_FALSE(inventory_.SetNode(node));
  node.metadata.annotations["a"] = "b";
  EXPECT_TRUE(inventory_.SetNode(node));
  EXPECT_EQ(inventory_.tree(f)->journal_end(), touched);
  node.taints.push_back({"t", "v", "NoSchedule"});
  EXPECT_TRUE(inventory_.SetNode(node));
  EXPECT_FALSE(inventory_.SetNode(node));
  node.unschedulable = true;
  EXPECT_TRUE(inventory_.SetNode(node));
  EXPECT_EQ(PathOf(f, "h1"), "-");
  node.unschedulable = false;
  node.conditions[1].status = "False";
  EXPECT_TRUE(inventory_.SetNode(node));
  EXPECT_EQ(PathOf(f, "h1"), "-") << "not Ready";
  EXPECT_GT(inventory_.tree(f)->journal_end(), touched);
}

TEST_F(InventoryTest, OtherPodsTakeWhatTheyRequestOffTheirNode) {
  const FlavorId f = Hosts();
  EXPECT_FALSE(inventory_.SetPod(PodOn("early", "h1", 1))) << "its node is not there yet";
  inventory_.SetNode(Host("b1", "h1"));
  inventory_.SetNode(Host("b1", "h2"));
  EXPECT_EQ(Left(f, "h1"), 7);
  EXPECT_FALSE(inventory_.SetPod(PodOn("p", "h1", 3))) << "takes, frees nothing";
  EXPECT_EQ(Left(f, "h1"), 4);
  const uint64_t touched = inventory_.tree(f)->journal_end();
  EXPECT_FALSE(inventory_.SetPod(PodOn("p", "h1", 3)));
  EXPECT_EQ(inventory_.tree(f)->journal_end(), touched) << "nothing has changed";
  EXPECT_TRUE(inventory_.SetPod(PodOn("p", "h1", 2)));
  EXPECT_FALSE(inventory_.SetPod(PodOn("p", "h1", 4)));
  EXPECT_TRUE(inventory_.SetPod(PodOn("p", "h2", 4))) << "frees its old node";
  EXPECT_EQ(Left(f, "h1"), 7);
  EXPECT_EQ(Left(f, "h2"), 4);
  api::Pod ended = PodOn("p", "h2", 4);
  ended.phase = "Succeeded";
  EXPECT_TRUE(inventory_.SetPod(ended));
  EXPECT_EQ(Left(f, "h2"), 8);
  EXPECT_FALSE(inventory_.RemovePod("ns/p")) << "it was taken off already";
  api::Pod aware = PodOn("early", "h1", 1);
  aware.metadata.annotations["kueue.x-k8s.io/podset-unconstrained-topology"] = "true";
  EXPECT_TRUE(inventory_.SetPod(aware)) << "is accounted through its workload";
  EXPECT_EQ(Left(f, "h1"), 8);
  // Pods stay with a node that goes and comes back.
  inventory_.SetPod(PodOn("q", "h1", 5));
  inventory_.RemoveNode("h1");
  inventory_.SetNode(Host("b2", "h1"));
  EXPECT_EQ(Left(f, "h1"), 3);
  EXPECT_TRUE(inventory_.RemovePod("ns/q"));
  EXPECT_EQ(Left(f, "h1"), 8);
}

TEST_F(InventoryTest, UsageIsSharedByFlavorsOverTheSameHosts) {
  const FlavorId f = Hosts("f");
  Record(f, "h1", 2);
  inventory_.SetNode(Host("b1", "h1"));
  const FlavorId g = Hosts("g");
  Topology("blocks", {"block"});
  const FlavorId blocks = Flavor("blocks", "blocks");
  EXPECT_EQ(Left(g, "h1"), 6) << "recorded before the node and the flavor came";
  Record(g, "h1", 1);
  EXPECT_EQ(Left(f, "h1"), 5);
  EXPECT_EQ(Left(blocks, "b1"), 8) << "not by hosts: knows its own usage only";
  EXPECT_EQ(inventory_.Usage(f), inventory_.Usage(g));
  EXPECT_EQ(inventory_.Usage(f)["h1"]["gpu"], 3);
  // A flavor whose Topology is gone shares nothing; when it is back, it does.
  Topology("more", {"block", kHostnameLabel});
  Flavor("g", "more");
  EXPECT_EQ(Left(f, "h1"), 5);
  inventory_.RemoveTopology("more");
  EXPECT_EQ(inventory_.tree(g), nullptr);
  EXPECT_EQ(Left(f, "h1"), 6);
  Record(g, "h1", 1);
  EXPECT_EQ(Left(f, "h1"), 6);
  Topology("more", {"block", kHostnameLabel});
  EXPECT_EQ(Left(f, "h1"), 4);
  EXPECT_EQ(Left(g, "h1"), 4);
  inventory_.RemoveFlavor("g");
  EXPECT_EQ(Left(f, "h1"), 6);
}

TEST_F(InventoryTest, FlavorsAreToldApartByTheirLabels) {
  Topology("hosts", {"block", kHostnameLabel});
  const FlavorId gpu = Flavor("gpu", "hosts"), all = Flavor("all", "hosts", {}),
                 cpu = Flavor("cpu", "hosts", {{"kind", "cpu"}});
  inventory_.SetNode(Host("b1", "h1"));
  EXPECT_EQ(PathOf(gpu, "h1"), "b1,h1");
  EXPECT_EQ(PathOf(all, "h1"), "b1,h1");
  EXPECT_EQ(PathOf(cpu, "h1"), "-");
  Flavor("cpu", "hosts", {{"kind", "gpu"}});
  EXPECT_EQ(PathOf(cpu, "h1"), "b1,h1");
  api::Node node = Host("b2", "h1");
  node.metadata.labels["kind"] = "other";
  inventory_.SetNode(node);
  EXPECT_EQ(PathOf(gpu, "h1"), "-");
  EXPECT_EQ(PathOf(cpu, "h1"), "-");
  EXPECT_EQ(PathOf(all, "h1"), "b2,h1");
  Flavor("all", "");
  EXPECT_EQ(inventory_.tree(all), nullptr);
  EXPECT_FALSE(inventory_.IsTopologyAware(all));
  Flavor("all", "hosts", {});
  EXPECT_EQ(PathOf(all, "h1"), "b2,h1");
}

// Of a flavor that selects otherwise now nothing is left of how it did: a node that it would have selected either way
// is there once.
TEST_F(InventoryTest, AFlavorThatSelectsOtherwiseForgetsHowItDid) {
  const FlavorId f = Hosts();
  Flavor("f", "hosts", {{"zone", "a"}});
  api::Node both = Host("b1", "h1"), old = Host("b1", "h2");
  both.metadata.labels["zone"] = "a";
  inventory_.SetNode(both);
  EXPECT_FALSE(inventory_.SetNode(old));
  EXPECT_EQ(Left(f, "h1"), 8);
  EXPECT_EQ(Left(f, "h2"), std::nullopt);
  Flavor("f", "hosts", {});
  both.allocatable["gpu"] = api::Quantity::FromValue(6);
  inventory_.SetNode(both);
  EXPECT_EQ(Left(f, "h1"), 6);
  EXPECT_EQ(Left(f, "h2"), 8) << "it selects every node";
}

// What a flavor sees as used: its own, and what others use on hosts it shares; of domains it is in.
TEST_F(InventoryTest, UsageIsWhatTheFlavorSees) {
  using ByDomain = TopologyInventory::ByDomain;
  const FlavorId f = Hosts(), g = Flavor("g", "hosts");
  Topology("racks", {"block"});
  const FlavorId r = Flavor("r", "racks");
  inventory_.SetNode(Host("b1", "h1"));
  const DomainRef host = inventory_.Intern({"h1"}), away = inventory_.Intern({"h9"}), rack = inventory_.Intern({"b1"});
  const std::vector<ResourceAmount> two = {{resources_.Intern("nic"), 0}, {resources_.Intern("gpu"), 2}};
  inventory_.Record(f, host->key, two, 1);
  inventory_.Record(g, host->key, two, 2);
  inventory_.Record(f, away->key, two, 1);
  inventory_.Record(r, rack->key, two, 3);
  EXPECT_EQ(inventory_.Usage(f), (ByDomain{{"h1", {{"gpu", 6}}}}));
  EXPECT_EQ(inventory_.Usage(g), (ByDomain{{"h1", {{"gpu", 6}}}}));
  EXPECT_EQ(inventory_.Usage(r), (ByDomain{{"b1", {{"gpu", 6}}}}));
  ASSERT_TRUE(options_.gates.Set("TASHandleOverlappingFlavors", false).ok());
  EXPECT_EQ(inventory_.Usage(f), (ByDomain{{"h1", {{"gpu", 2}}}, {"h9", {{"gpu", 2}}}}));
  EXPECT_EQ(inventory_.Usage(g), (ByDomain{{"h1", {{"gpu", 4}}}}));
}

// A flavor that is only known by name uses what it uses; it shares nothing.
TEST_F(InventoryTest, AFlavorThatIsNotThereSharesNothing) {
  const FlavorId f = Hosts(), unknown = flavors_.Intern("unknown");
  inventory_.SetNode(Host("b1", "h1"));
  const DomainRef host = inventory_.Intern({"h1"});
  const std::vector<ResourceAmount> two = {{resources_.Intern("gpu"), 2}};
  inventory_.Record(unknown, host->key, two, 1);
  EXPECT_EQ(Left(f, "h1"), 8);
  inventory_.Record(unknown, host->key, two, -1);
  EXPECT_EQ(Left(f, "h1"), 8);
}

// A rack that is called as a host is: what runs on the host is not what runs in the rack.
TEST_F(InventoryTest, ARackOfAHostsNameIsAnotherPlace) {
  const FlavorId hosts = Hosts();
  Topology("racks", {"rack"});
  const FlavorId racks = Flavor("r", "racks");
  api::Node node = Host("b1", "h1");
  node.metadata.labels["rack"] = "h1";
  inventory_.SetNode(node);
  ASSERT_EQ(Left(hosts, "h1"), 8);
  ASSERT_EQ(Left(racks, "h1"), 8);
  Record(hosts, "h1", 3);
  EXPECT_EQ(Left(hosts, "h1"), 5);
  EXPECT_EQ(Left(racks, "h1"), 8);
  Record(racks, "h1", 1);
  EXPECT_EQ(Left(hosts, "h1"), 5);
  EXPECT_EQ(Left(racks, "h1"), 7);
}

TEST_F(InventoryTest, AFlavorThatIsGoneSelectsNothing) {
  inventory_.RemoveFlavor("f");  // never was
  const FlavorId f = Hosts(), g = Flavor("g", "hosts");
  inventory_.SetNode(Host("b1", "h1"));
  EXPECT_TRUE(inventory_.IsTopologyAware(f));
  for (const char* name : {"f", "g"}) {
    inventory_.RemoveFlavor(name);
    inventory_.RemoveFlavor(name);
  }
  for (const FlavorId gone : {f, g}) {
    EXPECT_FALSE(inventory_.IsTopologyAware(gone));
    EXPECT_EQ(inventory_.tree(gone), nullptr);
  }
  EXPECT_FALSE(inventory_.SetNode(Host("b1", "h2"))) << "it concerns nobody";
  Flavor("f", "hosts");
  EXPECT_EQ(Left(f, "h1"), 8);
  EXPECT_EQ(Left(f, "h2"), 8);
  EXPECT_FALSE(inventory_.IsTopologyAware(kNoId));
  EXPECT_FALSE(inventory_.IsTopologyAware(FlavorId(99)));
  EXPECT_EQ(inventory_.tree(kNoId), nullptr);
  EXPECT_EQ(inventory_.tree(FlavorId(99)), nullptr);
}

TEST_F(InventoryTest, AnotherSetOfLevelsIsAnotherTree) {
  const FlavorId f = Hosts();
  inventory_.SetNode(Host("b1", "h1"));
  inventory_.SetNode(Host("b1", "h2"));
  Record(f, "h1", 2);
  Topology("hosts", {"block"});
  EXPECT_EQ(inventory_.tree(f)->num_levels(), 1);
  EXPECT_EQ(Left(f, "b1"), 16) << "what is used is known by host";
  Topology("hosts", {kHostnameLabel});
  EXPECT_EQ(Left(f, "h1"), 6);
}

// Autoscalers make new node names for ever.
TEST_F(InventoryTest, GrowsWithWhatThereIsNotWithWhatThereWas) {
  const FlavorId f = Hosts("f"), g = Hosts("g");
  const DomainRef kept = inventory_.Intern({"kept"});
  const ResourceAmount gpus{resources_.Intern("gpu"), 1};
  inventory_.Record(f, kept->key, {&gpus, 1}, 1);
  constexpr int kNodes = 100, kNames = 100'000;
  for (int i = 0; i < kNames; ++i) {
    const std::string name = absl::StrCat("n", i), block = absl::StrCat("b", i / 10);
    inventory_.SetNode(Host(block, name));
    inventory_.SetPod(PodOn(absl::StrCat("p", i), name, 1));
    Record(f, name, 1);
    if (i % 1000 == 0) {
      EXPECT_EQ(Left(g, name), 6);
    }
    if (i >= kNodes) {
      const std::string old = absl::StrCat("n", i - kNodes);
      Record(f, old, -1);
      inventory_.RemoveNode(old);
      inventory_.RemovePod(absl::StrCat("ns/p", i - kNodes));
    }
  }
  const TopologyInventory::Sizes sizes = inventory_.SizesForTest();
  EXPECT_LE(sizes.node_places, kNodes + 1);
  EXPECT_LE(sizes.domain_keys, 2048);
  EXPECT_LE(sizes.leaves, 2 * 1024);
  EXPECT_LE(sizes.domains, 3 * 1024);
  EXPECT_EQ(inventory_.tree(f)->num_present(), kNodes);
  EXPECT_EQ(kept->name, "kept");
  EXPECT_EQ(inventory_.Intern({"kept"}), kept) << "what is held keeps its key";
  EXPECT_EQ(inventory_.Intern({absl::StrCat("n", kNames - 1)})->values[0], absl::StrCat("n", kNames - 1));
  inventory_.SetNode(Host("b", "kept"));
  EXPECT_EQ(Left(g, "kept"), 7);
}

}  // namespace
}  // namespace muster::scheduler
