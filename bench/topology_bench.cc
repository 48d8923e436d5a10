// One placement on clusters of 1 000 to 200 000 nodes, for gangs of 1 to 512 pods of 8 GPUs: finding the place,
// entering it, and taking out an older gang, with all counts and orders kept up to date. What it costs should follow
// the gang, not the cluster.
//
//   bazel run -c opt //bench:topology_bench
#include <benchmark/benchmark.h>

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "scheduler/topology/assigner.h"
#include "scheduler/topology/inventory.h"

namespace muster::scheduler {
namespace {

constexpr int kHostsPerRack = 40, kRacksPerBlock = 25;

// Racks of 40 hosts with 8 GPUs each, 25 racks in a block; every second host is taken by somebody.
struct Cluster {
  explicit Cluster(int hosts) : inventory(&flavors, &resources, &options) {
    api::Topology topology;
    topology.metadata.name = "t";
    topology.levels = {"block", "rack", "kubernetes.io/hostname"};
    inventory.SetTopology(topology);
    api::Node node;
    node.conditions.emplace_back();
    node.conditions[0].type = "Ready";
    node.conditions[0].status = "True";
    node.allocatable["nvidia.com/gpu"] = api::Quantity::FromValue(8);
    node.allocatable["pods"] = api::Quantity::FromValue(110);
    for (int i = 0; i < hosts; ++i) {
      const int rack = i / kHostsPerRack, block = rack / kRacksPerBlock;
      node.metadata.name = absl::StrCat("n", absl::Dec(i, absl::kZeroPad6));
      node.metadata.labels = {{"block", absl::StrCat("b", absl::Dec(block, absl::kZeroPad4))},
                              {"rack", absl::StrCat("r", absl::Dec(rack, absl::kZeroPad6))},
                              {"kubernetes.io/hostname", node.metadata.name}};
      inventory.SetNode(node);
    }
    api::ResourceFlavor flavor_object;
    flavor_object.metadata.name = "f";
    flavor_object.topology_name = "t";
    inventory.SetFlavor(flavor_object);
    flavor = flavors.Find("f");
    per_pod = {{resources.Intern("nvidia.com/gpu"), 8}, {resources.Intern("pods"), 1}};
    for (int i = 0; i < hosts; i += 2) {
      const DomainRef host = inventory.Intern({absl::StrCat("n", absl::Dec(i, absl::kZeroPad6))});
      inventory.Record(flavor, host->key, per_pod, 1);
    }
  }
  FlavorNames flavors;
  ResourceNames resources;
  EngineOptions options;
  TopologyInventory inventory;
  FlavorId flavor;
  std::vector<ResourceAmount> per_pod;
};

Cluster& ClusterOf(int hosts) {
  static std::map<int, std::unique_ptr<Cluster>> clusters;
  std::unique_ptr<Cluster>& c = clusters[hosts];
  if (c == nullptr) c = std::make_unique<Cluster>(hosts);
  return *c;
}

void Place(benchmark::State& state, const api::TopologyRequest& request) {
  Cluster& c = ClusterOf(static_cast<int>(state.range(0)));
  const api::PodSpec spec;
  TopologyPodSet pods;
  pods.flavor = c.flavor;
  pods.spec = &spec;
  pods.request = &request;
  pods.per_pod = c.per_pod;
  pods.count = static_cast<int32_t>(state.range(1));
  TopologyQuestion question;
  question.pod_sets = {pods};
  // The gang before the last leaves when a new one comes, so that every placement finds changed hosts.
  std::deque<TopologyPlacement> running;
  const auto record = [&c](const TopologyPlacement& placement, int sign) {
    for (const auto& d : placement.domains) c.inventory.Record(c.flavor, d.key(), c.per_pod, sign * d.count);
  };
  for (auto _ : state) {
    TopologyAnswer answer = FindTopologyAssignments(c.inventory, c.options, c.resources, question);
    if (answer.Failed() != nullptr) {
      state.SkipWithError("no place");
      return;
    }
    running.push_back(*std::move(answer.pod_sets[0].placement));
    record(running.back(), 1);
    if (running.size() > 2) {
      record(running.front(), -1);
      running.pop_front();
    }
  }
  for (const TopologyPlacement& placement : running) record(placement, -1);
}

// The gang prefers one rack; larger ones climb to a block, and to several.
void PreferRack(benchmark::State& state) {
  api::TopologyRequest request;
  request.preferred = "rack";
  Place(state, request);
}
// Any hosts, the fullest first.
void Unconstrained(benchmark::State& state) {
  api::TopologyRequest request;
  request.unconstrained = true;
  Place(state, request);
}

void Sizes(benchmark::internal::Benchmark* b) {
  for (const int hosts : {1000, 5000, 40000, 200000}) {
    for (const int pods : {1, 16, 128, 512}) {
      if (pods <= hosts / 2) b->Args({hosts, pods});
    }
  }
  b->ArgNames({"nodes", "pods"})->Unit(benchmark::kMicrosecond);
}

BENCHMARK(PreferRack)->Apply(Sizes);
BENCHMARK(Unconstrained)->Apply(Sizes);

}  // namespace
}  // namespace muster::scheduler
