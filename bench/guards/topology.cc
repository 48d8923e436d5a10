// Placements of gangs: 1,200 nodes of eight GPUs in racks of 20 and blocks of ten racks. Gangs of 1 to 64 pods come
// that need one rack, prefer a block, or take any nodes; the oldest leave, so that the cluster is torn and never full.
#include <deque>

#include "absl/strings/str_cat.h"
#include "bench/guards/measured.h"
#include "bench/world.h"

namespace muster::bench {
namespace {

constexpr int kNodes = 1200;
constexpr int kGangs = 400;

scheduler::Engine MakeCluster() {
  scheduler::EngineOptions options = scheduler::EngineOptions::Default();
  options.reactivation_batch = absl::ZeroDuration();
  scheduler::Engine engine(std::move(options));
  api::Namespace ns;
  ns.metadata.name = "ns";
  engine.Apply(ns, At(0));
  api::Topology topology;
  topology.metadata.name = "cluster";
  topology.levels = {"block", "rack", "kubernetes.io/hostname"};
  engine.Apply(topology, At(0));
  api::ResourceFlavor flavor;
  flavor.metadata.name = "gpus";
  flavor.node_labels["gpus"] = "yes";
  flavor.topology_name = "cluster";
  engine.Apply(flavor, At(0));
  api::Node node;
  node.conditions.emplace_back();
  node.conditions[0].type = "Ready";
  node.conditions[0].status = "True";
  node.allocatable["nvidia.com/gpu"] = api::Quantity::FromValue(8);
  node.allocatable["pods"] = api::Quantity::FromValue(110);
  for (int i = 0; i < kNodes; ++i) {
    node.metadata.name = absl::StrCat("n", absl::Dec(i, absl::kZeroPad4));
    node.metadata.labels = {{"block", absl::StrCat("b", i / 200)},
                            {"gpus", "yes"},
                            {"kubernetes.io/hostname", node.metadata.name},
                            {"rack", absl::StrCat("r", absl::Dec(i / 20, absl::kZeroPad2))}};
    engine.Apply(node, At(0));
  }
  api::ClusterQueue queue;
  queue.metadata.name = QueueName(0);
  queue.namespace_selector.emplace();
  api::ResourceGroup& group = queue.resource_groups.emplace_back();
  group.covered_resources = {"nvidia.com/gpu"};
  group.flavors.push_back({"gpus", {{"nvidia.com/gpu", api::Quantity::FromValue(8 * kNodes), {}, {}}}});
  engine.Apply(queue, At(0));
  api::LocalQueue local_queue;
  local_queue.metadata.ns = "ns";
  local_queue.metadata.name = local_queue.cluster_queue = queue.metadata.name;
  engine.Apply(local_queue, At(0));
  return engine;
}

api::Workload MakeGang(int seq) {
  api::Workload w = MakeWorkload(seq, 0, 1);
  api::PodSet& pods = w.spec.pod_sets[0];
  static constexpr int kPods[] = {1, 2, 4, 8, 16, 64};
  pods.count = kPods[seq % 6];
  pods.pod_template.spec.containers[0].resources.requests = {
      {"nvidia.com/gpu", api::Quantity::FromValue(seq % 2 == 0 ? 8 : 4)}};
  api::TopologyRequest& request = pods.topology_request.emplace();
  if (seq % 3 == 0 && pods.count <= 16) {
    request.required = "rack";
  } else if (seq % 3 == 1) {
    request.preferred = "block";
  } else {
    request.unconstrained = true;
  }
  return w;
}

void Run() {
  scheduler::Engine engine = MakeCluster();
  std::deque<scheduler::WorkloadId> running;
  int placed = 0;
  Measured([&] {
    for (int i = 0; i < kGangs; ++i) {
      running.push_back(engine.Apply(MakeGang(i), At(i)));
      engine.RunCycle(At(i));
      placed += engine.Phase(running.back()) == scheduler::WorkloadPhase::kReserved ? 1 : 0;
      if (running.size() > 50) {
        engine.Finish(running.front(), At(i));
        engine.DeleteWorkload(running.front(), At(i));
        running.pop_front();
        engine.Advance(At(i));
      }
    }
  });
  Expect(placed == kGangs, "every gang finds its place at once");
}

}  // namespace
}  // namespace muster::bench

int main() { muster::bench::Run(); }
