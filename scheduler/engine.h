// The engine: ClusterQueues, cohorts and flavors in, decisions out.
//
// Problem: many teams share a cluster by quotas that they lend to each other. Of all workloads that wait, which may
// start now, on which flavors and nodes, and who has to make room? The answer is the one that Kueue gives.
//
// The caller owns the world. It tells the engine what exists (Apply, Delete...), asks it to decide (RunCycle), carries
// the decisions out, and reports what became of them (Finish, CompleteEviction, ...):
//
//   Engine engine(EngineOptions::Default());
//   engine.Apply(name_space, now);
//   engine.Apply(flavor, now);
//   engine.Apply(cluster_queue, now);
//   engine.Apply(local_queue, now);
//   const WorkloadId job = engine.Apply(workload, now);
//   engine.Advance(now);
//   while (!engine.IsQuiet()) {
//     const CycleResult cycle = engine.RunCycle(now);
//     for (const Decision& d : cycle.entries) {
//       if (d.outcome == Outcome::kAdmitted) Start(d.workload);
//       for (const PreemptionTarget& victim : d.targets) {
//         if (!victim.newly_evicted) continue;
//         Stop(victim.workload);
//         engine.CompleteEviction(victim.workload, now);
//       }
//     }
//     engine.Advance(now);
//   }
//   // Nothing more comes of it before engine.NextTimer(), or before something happens:
//   engine.Finish(job, later);
//
// Data: workloads, ClusterQueues, flavors and resources are ids; quotas and usage are a quota::Forest, nodes a tree of
// counts per flavor, queues are heaps of classes of workloads that would get the same answer. Nothing is copied for a
// cycle: it tries changes in place, under an undo log, and takes them back.
//
// Effects: an admitted workload holds its quota at once, as after Kueue's "assume". Preemption only marks victims: they
// hold their quota until CompleteEviction, because a job has to stop first.
//
// Invariants:
//   * Same calls in the same order, same decisions, bit for bit. The engine has no clock, no randomness, no threads of
//     its own; every call that depends on time is given it.
//   * Incremental = fresh: an engine that saw every event stands where one stands that is told, in any order, the objects
//     there are in the end, workloads with the status that was decided. Nothing that has been replaced, deleted or ended
//     leaves a trace. Only a waiting workload has a past of its own (whether it is parked, how far its scan got, that it
//     is in front because it waits for its victims, when it is tried again), and with admission fair sharing what its
//     LocalQueue used lately. scheduler/testing/replay_vs_fresh_test.cc holds it.
//   * What a ClusterQueue uses is the sum of what its workloads hold.
//
// Errors: objects are validated where they are read (api/); the engine cannot fail on them.
// Cost: a cycle looks at one workload per ClusterQueue. The first call that needs quotas after they have changed builds
// the cohort trees they are in anew, once, however many objects changed; other trees stay as they are. An object that is
// told again and says nothing new costs a comparison and is no event, whatever its metadata and status say; one that does
// costs what it touches: a LocalQueue its workloads, a flavor or check the ClusterQueues that refer to it. Memory follows
// the objects there are and the quotas they state, not ClusterQueues times flavors, and what is gone is given back, but
// for the names of flavors and resources.
// Limits: cohorts are nested quota::kMaxCohortDepth deep at most; ClusterQueues further down are inactive.
// REQUIRES of every call that takes an id: the id is this engine's and, of a workload, not deleted since. Anything else
// aborts, with the id in the message; HasWorkload asks without risk.
// Lifetimes: references, spans and forests that are returned stay valid until the next call that is not const.
// Threads: compatible. const methods may run side by side; a call that is not const has to be alone. The engine starts
// no thread. RunCycle may be lent some (base/executor.h), and then decides cohort trees side by side: the decisions, and
// their order, are the same. Trees whose ClusterQueues have topology-aware flavors, or workloads on nodes, are decided
// together, one after the other; and all trees are in a cycle with a second pass, and with admission fair sharing.
// Source of the rules: Kueue, pkg/scheduler, pkg/cache/queue, pkg/cache/scheduler.
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
#include "base/executor.h"
#include "quota/forest.h"
#include "scheduler/decision.h"
#include "scheduler/decision_text.h"
#include "scheduler/ids.h"
#include "scheduler/options.h"
#include "scheduler/status.h"

namespace muster::scheduler {

class EngineImpl;
struct EngineInternals;

class Engine {
 public:
  explicit Engine(EngineOptions options);
  ~Engine();
  // A moved-from engine may only be destroyed or assigned to.
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  const EngineOptions& options() const;

  // POLICY. Apply creates or replaces; deleting what does not exist does nothing. Quotas may change at any time, also
  // below what is in use. A cohort that is named as a parent exists. ClusterQueues in a tree with a circle of parents,
  // below too many cohorts, or with missing flavors or checks, are inactive: their workloads wait. A Delete without `now` wakes nobody, as in
  // Kueue. REQUIRES: the object passed api validation.
  void Apply(const api::ResourceFlavor& flavor, absl::Time now);
  void Apply(const api::Cohort& cohort, absl::Time now);
  void Apply(const api::ClusterQueue& cluster_queue, absl::Time now);
  void Apply(const api::LocalQueue& local_queue, absl::Time now);
  void Apply(const api::AdmissionCheck& check, absl::Time now);
  void Apply(const api::Topology& topology, absl::Time now);
  void Apply(const api::Namespace& ns, absl::Time now);
  // Defaults and limits of workloads that are applied from now on. Nobody is woken; `now` is there because every Apply
  // has it.
  void Apply(const api::LimitRange& limit_range, absl::Time now);
  void Apply(const api::RuntimeClass& runtime_class, absl::Time now);
  void DeleteResourceFlavor(absl::string_view name, absl::Time now);
  void DeleteCohort(absl::string_view name);
  // Its workloads wait until it exists again. Those that held quota hold none meanwhile, and then what they held before.
  void DeleteClusterQueue(absl::string_view name);
  void DeleteLocalQueue(absl::string_view ns, absl::string_view name, absl::Time now);
  void DeleteAdmissionCheck(absl::string_view name, absl::Time now);
  void DeleteTopology(absl::string_view name);
  // Its workloads are refused from now on.
  void DeleteNamespace(absl::string_view name);
  void DeleteLimitRange(absl::string_view ns, absl::string_view name);
  void DeleteRuntimeClass(absl::string_view name);

  // NODES, and the pods on them that belong to no topology-aware workload. They matter to topology-aware flavors only.
  // A change that could make room looks at waiting workloads again. O(flavors).
  void Apply(const api::Node& node, absl::Time now);
  void Apply(const api::Pod& pod, absl::Time now);
  void DeleteNode(absl::string_view name, absl::Time now);
  void DeletePod(absl::string_view ns, absl::string_view name, absl::Time now);

  // WORKLOADS. Apply creates or updates. The object's status says where it belongs: with QuotaReserved=True it holds
  // quota in status.admission.clusterQueue; otherwise, if it may be queued, it waits in its LocalQueue's ClusterQueue.
  // An update of a waiting workload keeps its place unless what decides about it changed. O(log n) for the queue.
  WorkloadId Apply(const api::Workload& workload, absl::Time now);
  // The workload is gone, wherever it was: frees its quota and, as every event that frees some, looks again at the tree
  // that its LocalQueue feeds now: none if that is gone or on hold. The id is void afterwards.
  void DeleteWorkload(WorkloadId id, absl::Time now);
  // The job ended: frees its quota and looks at its tree again. The id stays valid until DeleteWorkload.
  void Finish(WorkloadId id, absl::Time now);
  // Marks a workload that holds quota for eviction, for a reason other than preemption (e.g. "ClusterQueueStopped").
  // It keeps its quota until CompleteEviction. Returns false, and does nothing, if it holds none or is marked already.
  // After an eviction by an admission check, or because pods were not ready in time (unless options() say that creation
  // counts), its place in the queue is by `now`.
  bool Evict(WorkloadId id, absl::string_view reason, absl::Time now);
  // The job of an evicted workload has stopped: frees its quota, looks at its tree again, and queues it at its
  // place; if it was evicted for any reason but preemption, it waits there until SetRequeued. Does nothing if the
  // workload holds no quota or was not marked for eviction: then somebody else was faster.
  void CompleteEviction(WorkloadId id, absl::Time now);
  // Lets a workload whose condition Requeued is False back into the queue.
  void SetRequeued(WorkloadId id, absl::Time now);
  // The condition that a cycle decided on was written to the waiting workload's status because it differed from the one
  // there. Without the gate FlavorFungibilityPreserveScanProgress the next attempt then starts with the first flavor
  // again, as in Kueue. A write that changes nothing is none.
  void StatusWritten(WorkloadId id);
  // The spec was written with this priority, which makes a new generation. A parked workload is looked at again if the
  // priority differs, or if nothing else was written since it was looked at last (Kueue: PushOrUpdate).
  void SetPriority(WorkloadId id, int32_t priority, absl::Time now);
  // Pods that ended and free their part of the quota: [{pod set, count}].
  void SetReclaimablePods(WorkloadId id, absl::Span<const api::ReclaimablePod> pods, absl::Time now);

  // ADMISSION FAIR SHARING; without effect unless EngineOptions::admission_fair_sharing is set.
  // What the status of a LocalQueue says it consumed (base units, by resource name), up to `updated`.
  void SetConsumedResources(absl::string_view ns, absl::string_view local_queue,
                            const std::map<std::string, quota::Amount>& amounts, absl::Time updated);
  // Lets consumption decay and settles what was charged in advance, for every LocalQueue that is due. Call after
  // admissions have been carried out and once per usage_sampling_interval; more often does nothing.
  void SampleLocalQueues(absl::Time now);

  // DECIDING.
  // Does what timers ask for: workloads that were looked at in vain wait apart until something in their cohort tree
  // changes; a while after (EngineOptions::reactivation_batch) this puts them back into their heaps. Call whenever
  // time has passed.
  void Advance(absl::Time now);
  // When Advance, or a cycle after it, has something to do next; absl::InfiniteFuture() if nothing is armed.
  absl::Time NextTimer() const;
  // Whether there is something for a cycle to look at: a workload in the heap of an active ClusterQueue, or one that
  // holds quota and whose nodes are to be decided now.
  bool HasPendingHeads() const;
  // Whether another cycle at the time of the last would change nothing: nobody is left to look at, or the cycles since
  // the last event only repeat themselves (for a head that has to stay in front of its queue, a preemptor that waits
  // for its victims). Exact: as long as this is false, a cycle can still decide something new, and it becomes true
  // after finitely many. Any event makes it false that may make a difference.
  bool IsQuiet() const;
  // One scheduling cycle over one head per active ClusterQueue. Empty if there is none. `executor` may be null. It is
  // used where that can pay: for some dozens of heads, in several trees.
  CycleResult RunCycle(absl::Time now, base::Executor* executor = nullptr);

  // LOOKING.
  // O(1), as are all that take an id and return no list.
  bool HasWorkload(WorkloadId id) const;
  std::optional<WorkloadId> FindWorkload(absl::string_view ns, absl::string_view name) const;
  std::optional<ClusterQueueId> FindClusterQueue(absl::string_view name) const;
  // "namespace/name".
  const std::string& WorkloadKey(WorkloadId id) const;
  WorkloadPhase Phase(WorkloadId id) const;
  // Whether it is marked for eviction, by Evict or as a victim.
  bool IsEvicted(WorkloadId id) const;
  // The ClusterQueue the workload is queued or holds quota in; kNoId if none.
  ClusterQueueId ClusterQueueOf(WorkloadId id) const;
  // Of a parked workload whose equals were looked at in vain: why they were, so that it is not looked at (Kueue:
  // GetNoFitReason). nullopt of any other.
  std::optional<PendingReason> ReasonOfEquals(WorkloadId id) const;
  // What the workload holds, by flavor and resource. Empty unless kReserved.
  std::vector<FlavorResourceAmount> ReservedUsage(WorkloadId id) const;
  // The admission as it would be written to status.admission. nullopt unless kReserved.
  std::optional<api::Admission> AdmissionOf(WorkloadId id) const;

  const std::string& ClusterQueueName(ClusterQueueId id) const;
  const std::string& FlavorName(FlavorId id) const;
  const std::string& ResourceName(ResourceId id) const;
  std::vector<ClusterQueueId> ClusterQueues() const;  // by name
  std::vector<std::string> Cohorts() const;           // that exist or are named as parents, by name
  // Why a ClusterQueue is active or not. {reason "NotFound"} for an unknown name.
  ClusterQueueStatus StatusOf(absl::string_view cluster_queue) const;
  // The heap in the order it would be popped.
  std::vector<WorkloadId> PendingInOrder(ClusterQueueId id) const;
  // Who was looked at in vain and waits for a change, by key.
  std::vector<WorkloadId> Inadmissible(ClusterQueueId id) const;
  // Both together.
  int NumPending(ClusterQueueId id) const;
  // Who holds quota, by key.
  std::vector<WorkloadId> Reserving(ClusterQueueId id) const;

  // The quota forest as it stands, with the node of a ClusterQueue or cohort (kNoNode if it takes no part: unknown, or
  // in a tree with a circle of parents), and the flavor-resource pairs by dense id.
  const quota::Forest& forest() const;
  quota::NodeId NodeOfClusterQueue(ClusterQueueId id) const;
  quota::NodeId NodeOfCohort(absl::string_view cohort) const;
  absl::Span<const FlavorResource> flavor_resources() const;

  // In Kueue's words: the same as decision_text.h, which needs no engine.
  static std::string Message(const Decision& decision) { return scheduler::Message(decision); }
  static std::string PreemptionMessage(const Decision& decision, const PreemptionTarget& target) {
    return scheduler::PreemptionMessage(decision, target);
  }
  static std::string MigrationMessage(const Decision& decision) { return scheduler::MigrationMessage(decision); }
  static std::string ReplacementMessage(const Decision& decision) { return scheduler::ReplacementMessage(decision); }

 private:
  friend struct EngineInternals;  // for the library's own tests, benchmarks and conformance runners
  // What is behind the door, for a change (of a workload): whatever cycles have found out about repeating themselves is
  // void.
  EngineImpl& Change();
  EngineImpl& ChangeOf(WorkloadId id);
  // The id, once it is known to be one.
  ClusterQueueId Known(ClusterQueueId id) const;

  std::unique_ptr<EngineImpl> impl_;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_H_
