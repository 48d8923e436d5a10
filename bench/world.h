// Clusters to measure with: equal ClusterQueues in cohorts, one flavor, CPUs; and workloads that ask for some.
#ifndef MUSTER_BENCH_WORLD_H_
#define MUSTER_BENCH_WORLD_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/kueue.h"
#include "scheduler/engine.h"

namespace muster::bench {

inline absl::Time At(int64_t ms) { return absl::FromUnixSeconds(1700000000) + absl::Milliseconds(ms); }

struct WorldSpec {
  int cohorts = 1;
  int queues_per_cohort = 1;
  int flavors = 1;
  int64_t nominal_cpus = 20;
};

inline std::string QueueName(int i) { return absl::StrCat("cq-", i); }

// Every ClusterQueue reclaims what is its own from anybody and preempts lower priorities of its own.
inline scheduler::Engine MakeEngine(const WorldSpec& spec, scheduler::EngineOptions options = {}) {
  options.reactivation_batch = absl::ZeroDuration();
  scheduler::Engine engine(std::move(options));
  for (int f = 0; f < spec.flavors; ++f) {
    api::ResourceFlavor flavor;
    flavor.metadata.name = absl::StrCat("flavor-", f);
    flavor.node_labels["type"] = flavor.metadata.name;
    engine.Apply(flavor, At(0));
  }
  api::Namespace ns;
  ns.metadata.name = "ns";
  engine.Apply(ns, At(0));
  for (int i = 0; i < spec.cohorts * spec.queues_per_cohort; ++i) {
    api::ClusterQueue queue;
    queue.metadata.name = QueueName(i);
    queue.cohort_name = absl::StrCat("cohort-", i / spec.queues_per_cohort);
    queue.namespace_selector.emplace();
    queue.preemption = {"Any", {}, "LowerPriority"};
    api::ResourceGroup& group = queue.resource_groups.emplace_back();
    group.covered_resources = {"cpu"};
    for (int f = 0; f < spec.flavors; ++f) {
      group.flavors.push_back(
          {absl::StrCat("flavor-", f), {{"cpu", api::Quantity::FromValue(spec.nominal_cpus), {}, {}}}});
    }
    engine.Apply(queue, At(0));
    api::LocalQueue local_queue;
    local_queue.metadata.ns = "ns";
    local_queue.metadata.name = local_queue.cluster_queue = queue.metadata.name;
    engine.Apply(local_queue, At(0));
  }
  return engine;
}

// The seq-th workload, for the ClusterQueue of that number.
inline api::Workload MakeWorkload(int seq, int queue, int64_t cpus, int32_t priority = 0) {
  api::Workload w;
  w.metadata.ns = "ns";
  w.metadata.name = w.metadata.uid = absl::StrCat("w", seq);
  w.metadata.generation = 1;
  w.metadata.creation_timestamp = At(0) + absl::Nanoseconds(seq);
  w.spec.queue_name = QueueName(queue);
  w.spec.priority = priority;
  api::PodSet& pods = w.spec.pod_sets.emplace_back();
  pods.name = "main";
  pods.pod_template.spec.containers.emplace_back().resources.requests["cpu"] = api::Quantity::FromValue(cpus);
  return w;
}

}  // namespace muster::bench

#endif  // MUSTER_BENCH_WORLD_H_
