#include "sim/replay/testing_replays.h"

#include <gtest/gtest.h>

#include "api/vocabulary.h"
#include "sim/replay/conservation.h"

namespace muster::sim::small {
namespace {

class Lines : public ReplayObserver {
 public:
  void OnWait(const JobWait& e) override {
    Add(e.now_s, e.job, e.behind == JobWait::kNobody ? " waits" : " waits behind " + std::to_string(e.behind));
  }
  void OnStart(const RunStart& e) override { Add(e.now_s, e.job, " starts"); }
  void OnStop(const RunStop& e) override {
    Add(e.now_s, e.job,
        " " + std::string(ToString(e.cause)) + ", lost " + std::to_string(e.lost_s) + ", overhead " +
            std::to_string(e.overhead_s));
  }
  Told lines;

 private:
  void Add(int64_t now_s, size_t job, const std::string& what) {
    lines.push_back(std::to_string(now_s) + ": " + std::to_string(job) + what);
  }
};

}  // namespace

api::ClusterQueue Queue(const std::string& name, const Quotas& quotas, const std::string& resource) {
  api::ClusterQueue cq;
  cq.metadata.name = name;
  cq.cohort_name = "org";
  cq.queueing_strategy = "StrictFIFO";
  cq.namespace_selector.emplace();
  cq.preemption.emplace();
  cq.preemption->within_cluster_queue = "LowerPriority";
  cq.resource_groups = {{{resource}, {}}};
  for (const auto& [flavor, amount] : quotas) {
    cq.resource_groups[0].flavors.push_back({flavor, {{resource, api::Quantity::FromValue(amount), {}, {}}}});
  }
  return cq;
}

ReplayPolicy Policy(const std::vector<api::ClusterQueue>& queues, const std::vector<api::Object>& others) {
  std::vector<api::Object> objects = others;
  for (const char* name : {"a", "b"}) {
    api::ResourceFlavor flavor;
    flavor.metadata.name = name;
    objects.push_back(flavor);
  }
  objects.insert(objects.end(), queues.begin(), queues.end());
  return *MakePolicy(objects);
}

Trace Jobs(const std::vector<Row>& rows, const std::string& resource) {
  Trace trace;
  for (const Row& row : rows) {
    JobShape shape;
    shape.queue = "q";
    shape.priority = row.priority;
    shape.pods = {{row.pods, {{resource, api::Quantity::FromValue(row.gpus)}}, row.min_pods}};
    trace.Add({.id = std::to_string(trace.jobs.size()), .submit_s = row.submit, .duration_s = row.duration},
              std::move(shape));
  }
  return trace;
}

std::vector<api::Object> Cluster(int nodes) {
  std::vector<api::Object> objects;
  api::Topology topology;
  topology.metadata.name = "hosts";
  topology.levels = {api::kHostnameLabel};
  objects.push_back(topology);
  for (int i = 0; i < nodes; ++i) {
    api::Node node;
    node.metadata.name = "n" + std::to_string(i);
    node.metadata.labels[api::kHostnameLabel] = node.metadata.name;
    node.allocatable = {{"gpu", api::Quantity::FromValue(8)}, {"pods", api::Quantity::FromValue(110)}};
    SetReady(true, &node);
    objects.push_back(node);
  }
  return objects;
}

ReplayPolicy Placed(int nodes) {
  ReplayPolicy policy = Policy({Queue("q", {{"a", 16}})}, Cluster(nodes));
  policy.flavors[0].topology_name = "hosts";
  return policy;
}

SimulationResult Play(const Trace& trace, const ReplayPolicy& policy, const SimulationOptions& options, Told* told) {
  ConservationCheck check(&trace);
  Lines lines;
  SimulationHooks hooks;
  hooks.observers = {&check, &lines};
  auto result = Simulate(trace, policy, options, hooks);
  EXPECT_TRUE(result.ok()) << result.status();
  if (told != nullptr) *told = lines.lines;
  return result.ok() ? *std::move(result) : SimulationResult();
}

}  // namespace muster::sim::small
