// What a replay runs under: the policy objects of a set of files, sorted by kind, and the engine options they ask for.
#ifndef MUSTER_SIM_REPLAY_POLICY_H_
#define MUSTER_SIM_REPLAY_POLICY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/object.h"
#include "scheduler/engine.h"
#include "scheduler/options.h"
#include "sim/metrics/usage_meter.h"

namespace muster::sim {

// Thread-safety: value type.
struct ReplayPolicy {
  std::vector<api::ResourceFlavor> flavors;
  std::vector<api::Cohort> cohorts;
  std::vector<api::ClusterQueue> cluster_queues;
  std::vector<api::LocalQueue> local_queues;
  std::vector<api::AdmissionCheck> checks;
  std::vector<api::Topology> topologies;
  std::vector<api::Namespace> namespaces;
  std::vector<api::Node> nodes;  // matter to topology-aware flavors only
  std::vector<api::LimitRange> limit_ranges;
  std::vector<api::RuntimeClass> runtime_classes;
  std::map<std::string, int32_t> priority_classes;  // WorkloadPriorityClass and PriorityClass
  scheduler::EngineOptions options;                 // of the Configuration object, if there is one
};

// Where the jobs of one queue of a trace go.
struct QueueTarget {
  std::string ns;
  std::string local_queue;
  std::string cluster_queue;
};

// Sorts objects into a ReplayPolicy. Objects a replay has no use for (Workload, Pod, Job) are ignored. The options are
// Kueue's, except that reactivation_batch is 0: a replay has no burst of events to wait for. Errors: InvalidArgument if
// there is no ClusterQueue, more than one Configuration, or one that asks for what is unknown.
absl::StatusOr<ReplayPolicy> MakePolicy(absl::Span<const api::Object> objects);

// Finds the queue a trace names: a LocalQueue ("name" or "namespace/name") of the policy, else a ClusterQueue. For a
// ClusterQueue without a LocalQueue one is made of the same name in a namespace of the same name. Everything made is
// added to `policy`. Errors: NotFound saying what to do. O(log n) after the first call of a name.
absl::StatusOr<QueueTarget> ResolveQueue(const std::string& queue, ReplayPolicy* policy);

// Gives every object of the policy to the engine. Admission checks are made active and pass at once: a replay has
// nothing to check with. REQUIRES: ResolveQueue has been called for all queues.
void ApplyPolicy(const ReplayPolicy& policy, absl::Time now, scheduler::Engine* engine);

// Why ClusterQueues of the policy admit nothing, one line each, by name: "ClusterQueue/a: Can't admit new workloads:
// references missing ResourceFlavor(s): b." Empty if all are active.
std::vector<std::string> InactiveQueues(const ReplayPolicy& policy);

// Errors: InvalidArgument if no ClusterQueue of the policy covers the resource, with those that are covered.
absl::Status CheckResource(const ReplayPolicy& policy, const std::string& resource);

// The total nominal quota for a resource over all flavors of a ClusterQueue or Cohort, in whole units (cores for cpu).
double NominalOf(const std::vector<api::ResourceGroup>& groups, const std::string& resource);

// The same flavor by flavor, in the order of the ClusterQueue; flavors without quota of the resource left out.
TeamQuota QuotaOf(const api::ClusterQueue& cluster_queue, const std::string& resource);

// What a node gives to pods of a resource, in whole units; 0 unless it is Ready.
double CapacityOf(const api::Node& node, const std::string& resource);
// Sets the node's condition Ready.
void SetReady(bool ready, api::Node* node);

// The resource a report is about: the first covered one that looks like an accelerator (contains "gpu", "tpu", "npu" or
// "neuron"), else the first covered one.
std::string MainResource(const ReplayPolicy& policy);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_POLICY_H_
