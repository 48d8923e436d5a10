// Short ways to build objects in tests of the engine.
#ifndef MUSTER_SCHEDULER_TESTING_TEST_WORLD_H_
#define MUSTER_SCHEDULER_TESTING_TEST_WORLD_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/kueue.h"
#include "scheduler/engine.h"

namespace muster::scheduler {

inline absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(1700000000 + seconds); }

inline api::ResourceFlavor MakeFlavor(const std::string& name, api::StringMap labels = {}) {
  api::ResourceFlavor f;
  f.metadata.name = name;
  f.node_labels = std::move(labels);
  return f;
}

inline api::Namespace MakeNamespace(const std::string& name) {
  api::Namespace ns;
  ns.metadata.name = name;
  return ns;
}

struct FlavorGpus {
  std::string flavor;
  int64_t gpus;
  std::optional<int64_t> borrowing_limit = std::nullopt;
};

// A ClusterQueue with GPUs of some flavors.
inline api::ClusterQueue MakeQueue(const std::string& name, const std::string& cohort,
                                   const std::vector<FlavorGpus>& flavors, const std::string& strategy = "") {
  api::ClusterQueue cq;
  cq.metadata.name = name;
  cq.cohort_name = cohort;
  cq.queueing_strategy = strategy;
  cq.namespace_selector = api::LabelSelector();
  api::ResourceGroup group;
  group.covered_resources = {"nvidia.com/gpu"};
  for (const FlavorGpus& f : flavors) {
    api::ResourceQuota q;
    q.name = "nvidia.com/gpu";
    q.nominal_quota = api::Quantity::FromValue(f.gpus);
    if (f.borrowing_limit) q.borrowing_limit = api::Quantity::FromValue(*f.borrowing_limit);
    group.flavors.push_back({f.flavor, {q}});
  }
  cq.resource_groups = {group};
  return cq;
}

inline api::LocalQueue MakeLocalQueue(const std::string& ns, const std::string& name, const std::string& cq) {
  api::LocalQueue lq;
  lq.metadata.ns = ns;
  lq.metadata.name = name;
  lq.cluster_queue = cq;
  return lq;
}

// A workload of `pods` pods with `gpus` each, in namespace "ns".
inline api::Workload MakeWorkload(const std::string& name, const std::string& queue, int32_t pods, int64_t gpus,
                                  int64_t created = 0, int32_t priority = 0) {
  api::Workload w;
  w.metadata.ns = "ns";
  w.metadata.name = name;
  w.metadata.uid = name;
  w.metadata.creation_timestamp = At(created);
  w.spec.queue_name = queue;
  w.spec.priority = priority;
  api::PodSet ps;
  ps.name = "main";
  ps.count = pods;
  api::Container c;
  c.name = "c";
  c.resources.requests["nvidia.com/gpu"] = api::Quantity::FromValue(gpus);
  ps.pod_template.spec.containers = {c};
  w.spec.pod_sets = {ps};
  return w;
}

// An engine with flavors "a" and "b", namespace "ns", the queues given, and a LocalQueue of the same name for each.
inline Engine MakeEngine(const std::vector<api::ClusterQueue>& queues, EngineOptions options = {}) {
  options.reactivation_batch = absl::ZeroDuration();
  Engine e(std::move(options));
  e.Apply(MakeNamespace("ns"), At(0));
  e.Apply(MakeFlavor("a", {{"type", "a"}}), At(0));
  e.Apply(MakeFlavor("b", {{"type", "b"}}), At(0));
  for (const api::ClusterQueue& cq : queues) {
    e.Apply(cq, At(0));
    e.Apply(MakeLocalQueue("ns", cq.metadata.name, cq.metadata.name), At(0));
  }
  return e;
}

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TESTING_TEST_WORLD_H_
