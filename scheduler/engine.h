// The engine: ClusterQueues, cohorts and flavors in, decisions out.
//
// The caller owns the world. It tells the engine what exists (Apply, Delete), asks it to decide (RunCycle), carries the
// decisions out, and reports what became of them (Finish, CompleteEviction, ...). The engine has no clock: every call
// that depends on time is given it. Same calls in the same order, same decisions.
//
//   Engine engine(EngineOptions::Default());
//   engine.Apply(flavor); engine.Apply(cluster_queue); engine.Apply(local_queue);
//   WorkloadId job = engine.Apply(workload, now);
//   engine.Advance(now);                          // queues that were waiting for a change look again
//   while (engine.HasPendingHeads()) {
//     CycleResult r = engine.RunCycle(now);
//     for (const Decision& d : r.entries) ...     // start d.workload, stop d.targets
//   }
//
// Admission takes effect inside RunCycle: an admitted workload holds its quota at once, as Kueue's "assume" does.
// Preemption only marks victims: they hold quota until CompleteEviction, as in Kueue, where the job has to stop first.
//
// Source of the rules: Kueue, pkg/scheduler, pkg/cache/queue, pkg/cache/scheduler.
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_ENGINE_H_
#define MUSTER_SCHEDULER_ENGINE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/core.h"
#include "api/kueue.h"
#include "quota/forest.h"
#include "scheduler/decision.h"
#include "scheduler/ids.h"
#include "scheduler/options.h"
#include "scheduler/status.h"

namespace muster::scheduler {

class EngineImpl;

class Engine {
 public:
  explicit Engine(EngineOptions options);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // ---- Policy objects. Apply creates or replaces; Delete of what does not exist does nothing.
  // ------------------------- Quotas may change at any time, also below what is in use. A cohort named as a parent
  // exists implicitly. ClusterQueues in a tree with a parent cycle, or with missing flavors or checks, are inactive:
  // their workloads wait. REQUIRES: the object passed api validation. O(size of the object) now; the next call that
  // decides pays for rebuilding the quota forest once, however many objects changed.
  void Apply(const api::ResourceFlavor& flavor, absl::Time now);
  void Apply(const api::Cohort& cohort, absl::Time now);
  void Apply(const api::ClusterQueue& cluster_queue, absl::Time now);
  void Apply(const api::LocalQueue& local_queue, absl::Time now);
  void Apply(const api::AdmissionCheck& check, absl::Time now);
  void Apply(const api::Topology& topology, absl::Time now);
  // Nodes, and the pods on them that belong to no topology-aware workload, matter to topology-aware flavors only. Any
  // change of such a node looks at waiting workloads again.
  void Apply(const api::Node& node, absl::Time now);
  void Apply(const api::Pod& pod, absl::Time now);
  void Apply(const api::Namespace& ns, absl::Time now);
  void Apply(const api::LimitRange& limit_range, absl::Time now);
  void Apply(const api::RuntimeClass& runtime_class, absl::Time now);
  void DeleteResourceFlavor(absl::string_view name, absl::Time now);
  void DeleteCohort(absl::string_view name, absl::Time now);
  void DeleteClusterQueue(absl::string_view name, absl::Time now);
  void DeleteLocalQueue(absl::string_view ns, absl::string_view name, absl::Time now);
  void DeleteAdmissionCheck(absl::string_view name, absl::Time now);
  void DeleteTopology(absl::string_view name, absl::Time now);
  void DeleteNode(absl::string_view name, absl::Time now);
  void DeletePod(absl::string_view ns, absl::string_view name, absl::Time now);

  // ---- Workloads.
  // ---------------------------------------------------------------------------------------------------- Creates or
  // updates. Its status says where it belongs: with QuotaReserved=True it holds quota in status.admission.clusterQueue;
  // otherwise, if it may be queued, it waits in its LocalQueue's ClusterQueue. An update of a pending workload keeps
  // its place in the queue unless what decides about it changed.
  WorkloadId Apply(const api::Workload& workload, absl::Time now);
  // The workload is gone, wherever it was. Frees its quota and, as every event that frees some, re-activates the tree
  // that its LocalQueue feeds now: none if that is gone or on hold.
  void DeleteWorkload(WorkloadId id, absl::Time now);
  // The job ended: quota freed, tree re-activated. The id stays valid until DeleteWorkload.
  void Finish(WorkloadId id, absl::Time now);
  // Marks a quota-holding workload for eviction for a reason other than preemption (e.g. "ClusterQueueStopped"). It
  // keeps its quota until CompleteEviction. Returns false (and does nothing) if it holds none or is on its way out
  // already.
  bool Evict(WorkloadId id, absl::string_view reason, absl::Time now);
  // The job of an evicted workload has stopped: its quota is freed, its tree re-activated, and it is queued again at
  // its old place. A workload evicted for any reason but preemption waits until SetRequeued(id). REQUIRES: the workload
  // holds quota and was marked for eviction.
  void CompleteEviction(WorkloadId id, absl::Time now);
  // Lets a workload with Requeued=False back into the queue.
  void SetRequeued(WorkloadId id, absl::Time now);
  // The caller wrote the condition a cycle decided on into the pending workload's status. Without the gate
  // FlavorFungibilityPreserveScanProgress the next attempt then starts with the first flavor again, as in Kueue. A
  // write that changes nothing is none.
  void StatusWritten(WorkloadId id);
  // The spec was written with this priority, which makes a new generation. A parked workload is looked at again if the
  // priority differs, or if nothing else was written since it was looked at last (Kueue: PushOrUpdate).
  void SetPriority(WorkloadId id, int32_t priority, absl::Time now);
  // Admission fair sharing: what the status of a LocalQueue says it consumed (by resource name), up to
  // `updated`. Without effect unless EngineOptions::admission_fair_sharing is set.
  void SetConsumedResources(absl::string_view ns, absl::string_view local_queue,
                            const std::map<std::string, quota::Amount>& amounts, absl::Time updated);
  // Admission fair sharing: lets consumption decay and settles what was charged in advance, for every LocalQueue that
  // is due. Call after admissions have been carried out and once per usage_sampling_interval; more often does nothing.
  void SampleLocalQueues(absl::Time now);
  // Pods that ended and free their part of the quota: [{pod set, count}].
  void SetReclaimablePods(WorkloadId id, absl::Span<const api::ReclaimablePod> pods, absl::Time now);

  // ---- Deciding.
  // ----------------------------------------------------------------------------------------------------- Moves parked
  // workloads back whose tree was notified at least reactivation_batch ago. Call whenever time has passed.
  void Advance(absl::Time now);
  // When Advance has something to do next; absl::InfiniteFuture() if nothing is armed.
  absl::Time NextTimer() const;
  // Whether a ClusterQueue that is active has a workload in its heap.
  bool HasPendingHeads();
  // One scheduling cycle over one head per active ClusterQueue.
  CycleResult RunCycle(absl::Time now);

  // ---- Looking.
  // ------------------------------------------------------------------------------------------------------
  const EngineOptions& options() const;
  std::optional<WorkloadId> FindWorkload(absl::string_view ns, absl::string_view name) const;
  std::optional<ClusterQueueId> FindClusterQueue(absl::string_view name) const;
  // "namespace/name".
  const std::string& WorkloadKey(WorkloadId id) const;
  WorkloadPhase Phase(WorkloadId id) const;
  bool IsEvicted(WorkloadId id) const;
  // The ClusterQueue the workload is queued or holds quota in; kNoId if none.
  ClusterQueueId ClusterQueueOf(WorkloadId id) const;
  // What the workload holds. Empty unless kReserved.
  std::vector<FlavorResourceAmount> ReservedUsage(WorkloadId id) const;
  // The admission as it would be written to status.admission. nullopt unless kReserved.
  std::optional<api::Admission> AdmissionOf(WorkloadId id) const;

  const std::string& ClusterQueueName(ClusterQueueId id) const;
  const std::string& FlavorName(FlavorId id) const;
  // The level values of a domain of a TopologyPlacement: all of them, or the host name alone.
  const std::vector<std::string>& DomainValues(DomainKey key) const;
  const std::string& ResourceName(ResourceId id) const;
  std::vector<ClusterQueueId> ClusterQueues() const;  // by name
  std::vector<std::string> Cohorts();                 // that exist or are implied, by name
  // Why a ClusterQueue is active or not. {reason "NotFound"} for an unknown name.
  ClusterQueueStatus StatusOf(absl::string_view cluster_queue);
  // The resource a forest's ResId stands for (Share::dominant).
  const std::string& ResourceOfRank(quota::ResId rank);
  // The heap in the order it would be popped, and what is parked (by key).
  std::vector<WorkloadId> PendingInOrder(ClusterQueueId id);
  std::vector<WorkloadId> Inadmissible(ClusterQueueId id) const;
  int NumPending(ClusterQueueId id) const;                     // heap and parked
  std::vector<WorkloadId> Reserving(ClusterQueueId id) const;  // by key
  int64_t AllocatableGeneration(ClusterQueueId id);

  // The quota forest as it stands, with the node of a ClusterQueue or cohort (kNoNode if it takes no part, e.g.
  // inactive).
  const quota::Forest& forest();
  quota::NodeId NodeOfClusterQueue(ClusterQueueId id);
  quota::NodeId NodeOfCohort(absl::string_view cohort);
  // Flavor-resource pairs by dense id.
  absl::Span<const FlavorResource> flavor_resources();

  // ---- Explaining.
  // --------------------------------------------------------------------------------------------------- The message
  // Kueue would put into the Workload's QuotaReserved condition.
  std::string Message(const Decision& decision) const;
  // The message of the conditions Evicted and Preempted of one of the decision's victims: for whom it goes, by which
  // rule, and where both stand in the cohort tree.
  std::string PreemptionMessage(const Decision& decision, const PreemptionTarget& target) const;
  // The message of condition Evicted of the variant that a decision migrates away from, and of condition Finished of
  // the slice that it replaces.
  std::string MigrationMessage(const Decision& decision) const;
  std::string ReplacementMessage(const Decision& decision) const;
  // One line for logs: "admit ns/w in cq: cpu=default:4 ...". Stable.
  std::string Describe(const Decision& decision) const;

  // For the library's own tests and for conformance runners: what single parts of a cycle would answer.
  EngineImpl& impl() { return *impl_; }

 private:
  std::unique_ptr<EngineImpl> impl_;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_H_
