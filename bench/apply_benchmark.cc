// What it costs to tell an engine what it knows, and what is new, with 5 000 ClusterQueues waiting to be concerned.
//
//   bazel run -c opt //bench:apply_benchmark
#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/world.h"

namespace muster::bench {
namespace {

constexpr int kNodes = 5000, kTopologyFlavors = 20;

api::Node MakeNode(int i) {
  api::Node node;
  node.metadata.name = absl::StrCat("node-", i);
  node.metadata.labels = {{"block", absl::StrCat("b", i / 500)},
                          {"rack", absl::StrCat("r", i / 20)},
                          {"pool", absl::StrCat("p", i % kTopologyFlavors)},
                          {"kubernetes.io/arch", "amd64"},
                          {"node.kubernetes.io/instance-type", "p5.48xlarge"},
                          {"kubernetes.io/hostname", node.metadata.name}};
  for (const char* resource : {"cpu", "memory", "nvidia.com/gpu", "vpc.amazonaws.com/efa", "pods"}) {
    node.allocatable[resource] = api::Quantity::FromValue(110);
  }
  for (const char* type : {"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"}) {
    node.conditions.push_back({type, std::string(type) == "Ready" ? "True" : "False", "Reason", "words", At(0), {}});
  }
  return node;
}

// Nodes in pools, each the nodes of one topology-aware flavor.
scheduler::Engine& EngineWith(int queues) {
  static std::map<int, std::unique_ptr<scheduler::Engine>> engines;
  std::unique_ptr<scheduler::Engine>& e = engines[queues];
  if (e != nullptr) return *e;
  WorldSpec spec;
  spec.cohorts = queues / 10 + 1;
  spec.queues_per_cohort = 10;
  e = std::make_unique<scheduler::Engine>(MakeEngine(spec));
  api::Topology topology;
  topology.metadata.name = "t";
  topology.levels = {"block", "rack", "kubernetes.io/hostname"};
  e->Apply(topology, At(0));
  for (int i = 0; i < kTopologyFlavors; ++i) {
    api::ResourceFlavor flavor;
    flavor.metadata.name = absl::StrCat("pool-", i);
    flavor.node_labels["pool"] = absl::StrCat("p", i);
    flavor.topology_name = "t";
    e->Apply(flavor, At(0));
  }
  for (int i = 0; i < kNodes; ++i) e->Apply(MakeNode(i), At(0));
  e->HasPendingHeads();
  return *e;
}

void NodeHeartbeat(benchmark::State& state) {
  scheduler::Engine& e = EngineWith(static_cast<int>(state.range(0)));
  api::Node node = MakeNode(17);
  int64_t ms = 1;
  for (auto _ : state) {
    node.conditions[3].last_transition_time = At(++ms);
    e.Apply(node, At(ms));
  }
}

void NodeChanged(benchmark::State& state) {
  scheduler::Engine& e = EngineWith(static_cast<int>(state.range(0)));
  api::Node node = MakeNode(17);
  int64_t ms = 1;
  for (auto _ : state) {
    node.unschedulable = !node.unschedulable;
    e.Apply(node, At(++ms));
    e.Advance(At(ms));
  }
}

void NodeMoved(benchmark::State& state) {
  scheduler::Engine& e = EngineWith(static_cast<int>(state.range(0)));
  api::Node node = MakeNode(17);
  int64_t ms = 1;
  for (auto _ : state) {
    node.metadata.labels["rack"] = absl::StrCat("r", ++ms % 20);
    e.Apply(node, At(ms));
    e.Advance(At(ms));
  }
}

void PodUnchanged(benchmark::State& state) {
  scheduler::Engine& e = EngineWith(static_cast<int>(state.range(0)));
  api::Pod pod;
  pod.metadata.ns = "kube-system";
  pod.metadata.name = "agent";
  pod.phase = "Running";
  pod.spec.node_name = "node-17";
  pod.spec.containers.resize(1);
  pod.spec.containers[0].resources.requests["cpu"] = api::Quantity::FromMilli(100);
  int64_t ms = 1;
  for (auto _ : state) e.Apply(pod, At(++ms));
}

BENCHMARK(NodeHeartbeat)->Arg(100)->Arg(5000)->ArgName("queues");
BENCHMARK(NodeChanged)->Arg(100)->Arg(5000)->ArgName("queues");
BENCHMARK(NodeMoved)->Arg(100)->Arg(5000)->ArgName("queues");
BENCHMARK(PodUnchanged)->Arg(100)->Arg(5000)->ArgName("queues");

}  // namespace
}  // namespace muster::bench
