// Short ways to build topologies of racks and hosts in tests of the engine.
#ifndef MUSTER_SCHEDULER_TESTING_TEST_TOPOLOGY_H_
#define MUSTER_SCHEDULER_TESTING_TEST_TOPOLOGY_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/testing/test_world.h"

namespace muster::scheduler {

inline constexpr char kHost[] = "kubernetes.io/hostname";

inline api::Node MakeNode(const std::string& rack, const std::string& name, std::map<std::string, int64_t> offers) {
  api::Node node;
  node.metadata.name = name;
  node.metadata.labels = {{"type", "a"}, {"rack", rack}, {kHost, name}};
  offers.try_emplace("pods", 110);
  for (const auto& [resource, amount] : offers) node.allocatable[resource] = api::Quantity::FromValue(amount);
  node.conditions.emplace_back();
  node.conditions[0].type = "Ready";
  node.conditions[0].status = "True";
  return node;
}

// Flavor "a" is topology-aware: racks of hosts.
inline Engine TopologyEngine(const std::vector<api::ClusterQueue>& queues, const std::vector<api::Node>& nodes,
                             EngineOptions options = {}) {
  Engine e = MakeEngine(queues, std::move(options));
  api::Topology topology;
  topology.metadata.name = "t";
  topology.levels = {"rack", kHost};
  e.Apply(topology, At(0));
  for (const api::Node& node : nodes) e.Apply(node, At(0));
  api::ResourceFlavor flavor = MakeFlavor("a", {{"type", "a"}});
  flavor.topology_name = "t";
  e.Apply(flavor, At(0));
  e.Advance(At(0));
  return e;
}

inline api::Workload Required(api::Workload w, const std::string& level) {
  for (api::PodSet& ps : w.spec.pod_sets) {
    ps.topology_request.emplace();
    ps.topology_request->required = level;
  }
  return w;
}

using Place = std::map<std::string, int>;  // host -> pods

inline Place PlaceOf(const Engine& e, WorkloadId id) {
  Place out;
  const auto admission = e.AdmissionOf(id);
  if (!admission.has_value()) return out;
  for (const api::PodSetAssignment& a : admission->pod_set_assignments) {
    if (!a.topology_assignment.has_value()) continue;
    for (const auto& d : a.topology_assignment->domains) out[d.values.back()] += d.count;
  }
  return out;
}

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TESTING_TEST_TOPOLOGY_H_
