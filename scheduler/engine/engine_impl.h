// What is behind Engine: policy, workloads, queues, timers, and the cycle. See engine.h for the contract of each call.
//
// Spread over objects.cc (policy and re-activation), workloads.cc (the life of a workload) and
// cycle.cc (deciding).
#ifndef MUSTER_SCHEDULER_ENGINE_ENGINE_IMPL_H_
#define MUSTER_SCHEDULER_ENGINE_ENGINE_IMPL_H_

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/executor.h"
#include "scheduler/base/numbers.h"
#include "scheduler/decision.h"
#include "scheduler/declared/declared.h"
#include "scheduler/engine/repetition.h"
#include "scheduler/flavors/flavor_assigner.h"
#include "scheduler/flavors/topology_step.h"
#include "scheduler/options.h"
#include "scheduler/preemption/victim_search.h"
#include "scheduler/queue/local_queue_ledger.h"
#include "scheduler/queue/pending_queue.h"
#include "scheduler/status.h"
#include "scheduler/topology/inventory.h"
#include "scheduler/workload/workload_shape.h"
#include "scheduler/workload/workload_state.h"

namespace muster::scheduler {

// What a head that may not preempt anybody keeps others from taking in this cycle, so that it is not starved by them
// (Kueue: resourcesToReserve): all it borrows as far as its limit goes, or what is left of its nominal quota.
quota::FrAmounts ResourcesToReserve(const quota::Forest& forest, quota::NodeId cluster_queue, Mode mode, int borrowing,
                                    absl::Span<const quota::FrAmount> usage);

class EngineImpl {
 public:
  explicit EngineImpl(EngineOptions options);
  ~EngineImpl();

  // Policy (objects.cc).
  void ClusterQueueChanged(absl::string_view name, Change change, absl::Time now);
  void DeleteClusterQueue(absl::string_view name);
  // Which flavors are topology-aware has changed.
  void TopologyChanged() { lanes_stale_ = true; }
  // LimitRanges or RuntimeClasses have changed: they count for workloads applied from now on.
  void DefaultsChanged() { shapes_.DefaultsChanged(); }
  // Gives back what nobody refers to any more. Amortised O(1) for every name or shape that was new since. Call between
  // events.
  void Tidy();
  void NotifyAll(absl::Time now);
  // Node events: the trees of all ClusterQueues that are active.
  void NotifyActive(absl::Time now);
  void NotifyClusterQueue(ClusterQueueId cq, absl::Time now);
  void NotifyCohort(absl::string_view cohort, absl::Time now);
  void NotifyUsersOfFlavor(absl::string_view flavor, absl::Time now);
  void Advance(absl::Time now);
  absl::Time NextTimer() const;
  // Brings forest and activity up to date.
  void Refresh();
  // The same for readers that may run side by side.
  void RefreshForReaders() {
    if (fresh_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(refreshing_);
    Refresh();
    fresh_.store(true, std::memory_order_release);
  }
  // Something may change: readers have to bring things up to date.
  EngineImpl& Outdated() {
    fresh_.store(false, std::memory_order_relaxed);
    return *this;
  }
  // The LocalQueue, or what is behind it, has changed: its workloads that wait go where they belong now. O(its workloads).
  void RequeueWorkloadsOf(int32_t local_queue, absl::Time now);

  // Workloads (workloads.cc).
  WorkloadId ApplyWorkload(const api::Workload& object, absl::Time now);
  void DeleteWorkload(WorkloadId id, absl::Time now);
  void Finish(WorkloadId id, absl::Time now);
  bool Evict(WorkloadId id, absl::string_view reason, absl::Time now);
  void CompleteEviction(WorkloadId id, absl::Time now);
  void SetRequeued(WorkloadId id, absl::Time now);
  void StatusWritten(WorkloadId id);
  void SetPriority(WorkloadId id, int32_t priority, absl::Time now);
  void SetReclaimablePods(WorkloadId id, absl::Span<const api::ReclaimablePod> pods, absl::Time now);
  bool Has(WorkloadId id) const {
    return id >= 0 && id < static_cast<int32_t>(workloads.size()) && workloads[id].id == id;
  }
  // REQUIRES: Has(id).
  const WorkloadState& Get(WorkloadId id) const {
    if (!Has(id)) Unknown(id);
    return workloads[id];
  }
  quota::FrAmounts ComputeUsage(const WorkloadState& w);
  WorkloadPhase PhaseOf(WorkloadId id) const;
  std::optional<api::Admission> AdmissionOf(WorkloadId id) const;
  // Its place among the candidates for preemption of its ClusterQueue.
  VictimKey VictimKeyFor(WorkloadId id) const;

  // Admission fair sharing (fairness.cc).
  // Returns whether it was another before.
  bool SetLocalQueueWeight(const api::LocalQueue& object);
  void DeleteLocalQueue(absl::string_view ns, absl::string_view name, absl::Time now);
  // The object is gone from the API server, but the event that says so has not come: see LocalQueueLedger::SetMissing.
  void LocalQueueMissing(absl::string_view ns, absl::string_view name);
  void SetConsumedResources(int32_t local_queue, const std::map<std::string, quota::Amount>& amounts,
                            absl::Time updated);
  void SampleLocalQueues(absl::Time now);
  // Null without admission fair sharing.
  const LocalQueueLedger* ledger() const { return ledger_.has_value() ? &*ledger_ : nullptr; }
  // How the workloads of this ClusterQueue are ordered by usage; null if they are not.
  const PendingQueue::LocalQueueUsage* UsageFor(ClusterQueueId cq) const;

  // Deciding (cycle.cc).
  // REQUIRES for both: up to date.
  bool HasPendingHeads() const;
  bool IsQuiet() const;
  CycleResult RunCycle(absl::Time now, base::Executor* executor);
  // Everything a decision says by value (complete.cc). `refused`: before flavors were looked at.
  void Complete(Decision* d, bool refused);
  // Who would have to go for a workload with this assignment, as things stand.
  std::vector<PreemptionTarget> FindTargets(WorkloadId id, ClusterQueueId cq, const Assignment& assignment);

  EngineOptions options;
  Declared declared;
  TopologyInventory topology;
  // Stable in memory: orders point to UIDs.
  std::deque<WorkloadState> workloads;
  absl::flat_hash_map<std::string_view, WorkloadId> workload_ids;  // by key, which the workload owns
  std::vector<PendingQueue> queues;                                // by ClusterQueueId
  std::vector<Holders> holders;                                    // by ClusterQueueId
  int64_t cycle = 0;
  Repetition repetition;  // restarted by every event
  size_t few_heads = 32;  // with fewer, threads cost more than they save; tests have none

 private:
  struct Entry;
  struct Lane;
  static constexpr size_t kForgetAbove = 256;

  // workloads.cc
  [[noreturn]] static void Unknown(WorkloadId id);
  WorkloadId NewId(absl::string_view key);
  void Derive(const api::Workload& object, WorkloadState* w);
  int EquivalenceOf(const WorkloadState& w);
  QueueItem ItemFor(WorkloadId id) const;
  void MarkEvicted(WorkloadId id, absl::string_view reason);
  // Waiting, in a heap or parked.
  bool IsQueued(const WorkloadState& w) const { return w.phase == WorkloadPhase::kPending; }
  bool BackoffExpired(const WorkloadState& w, absl::Time now) const;
  // Kueue's PushOrUpdate: into the heap, or parked, or nowhere. `changed`: what decides about it changed.
  // `adopted`: its LocalQueue or ClusterQueue has appeared (Kueue: AddFromLocalQueue), and is not asked about
  // equivalents.
  void Enqueue(WorkloadId id, bool changed, absl::Time now, bool adopted = false);
  // Re-activates the tree of the ClusterQueue that the workload's LocalQueue feeds.
  void NotifyQueueOf(const WorkloadState& w, absl::Time now);
  void Dequeue(WorkloadId id);
  void Hold(WorkloadId id, ClusterQueueId cq, std::vector<HeldPodSet> held);
  void FreeQuota(WorkloadId id);
  // Its ClusterQueue is gone: it holds nothing until there is one of that name again, and then what it held.
  void Await(WorkloadId id);
  void Resume(WorkloadId id, ClusterQueueId cq, absl::Time now);
  ClusterQueueId QueueFor(const WorkloadState& w) const;
  // Whether the checks that the ClusterQueue asks for these flavors are all ready.
  bool HasChecksReady(const WorkloadState& w) const;
  void Grow(ClusterQueueId cq);
  // Enters the workload in the list of its LocalQueue, or takes it out.
  void List(WorkloadId id);
  void Unlist(WorkloadId id);
  // The ClusterQueue whose return it waits for; "" = none.
  void SetAwaits(WorkloadId id, std::string cluster_queue);

  // topology.cc
  // Enters what the workload uses into the ledger (sign 1) or takes it out (-1).
  void RecordTopology(const WorkloadState& w, int sign);
  void HoldTopology(const api::PodSetAssignment& assignment, HeldPodSet* held);
  bool NeedsSecondPass(const WorkloadState& w) const;
  // Workloads whose topology is to be decided now, by key; they are taken.
  std::vector<WorkloadId> TakeSecondPass(absl::Time now);
  void RetrySecondPass(WorkloadId id, absl::Time now);
  // Places the pods again now that victims are known (Kueue: updateAssignmentForTAS).
  void RefreshTopology(Entry* e);
  // For the rest of the cycle: as if the victim were gone; as if the entry had its domains.
  void FreeTopology(WorkloadId victim);
  void TakeTopology(const Entry& e);

  // nominate.cc
  bool Refuse(WorkloadId id, ClusterQueueId cq, Decision* d);
  void Nominate(WorkloadId id, ClusterQueueId cq, Lane* lane, Entry* e);
  void RememberProgress(const Entry& e);
  // Chooses flavors and victims against the world as it is now.
  void Choose(Entry* e, Lane* lane, const ScanProgress* progress, const FlavorPins* pins);
  PreemptionRequest RequestFor(WorkloadId id, ClusterQueueId cq, const Assignment& assignment) const;
  HoldersView View();

  // variants.cc
  int VariantRank(const WorkloadState& w, ClusterQueueId cq) const;
  int FlavorRank(const std::string& flavor, ClusterQueueId cq) const;
  WorkloadId AdmittedSibling(const WorkloadState& w, ClusterQueueId cq, bool more_favorable) const;
  bool MigrateSibling(Entry* e);
  WorkloadId ReplacedSlice(const WorkloadState& w, ClusterQueueId cq) const;

  // fairness.cc
  bool OrdersByUsage(ClusterQueueId cq) const;
  void Penalize(const WorkloadState& w, WorkloadId id, ClusterQueueId cq);

  // process.cc
  void Process(Entry* e, Lane* lane);
  void ChooseAgainIfOvertaken(Entry* e, Lane* lane);
  bool FitsQuota(const Entry& e, const Lane& lane);
  bool FitsTopology(const Entry& e, const Lane& lane);
  void Issue(Entry* e);

  // objects.cc
  void ForgetEquivalences();
  // Call after anything that may have filled or emptied the heap of the ClusterQueue, or changed its activity.
  // While lanes decide, the queues of their heads are the only ones concerned: RunCycle sees to them afterwards.
  void NoteHeap(ClusterQueueId cq) {
    if (deciding_) return;
    const bool ready = active_[cq] && !queues[cq].HeapEmpty();
    if (ready != static_cast<bool>(ready_[cq])) SetReady(cq, ready);
  }
  void SetReady(ClusterQueueId cq, bool ready);
  // The first ready ClusterQueue at `rank` (in the order of names) or behind; -1 if there is none.
  int NextReady(int rank) const;

  // cycle.cc
  void Pop(ClusterQueueId cq, WorkloadId* id);
  bool AsksForNodes(Lane* lane);
  void NominateHeads(Lane* lane);
  void OrderClassically(Lane* lane);
  void LetIn(Lane* lane);
  void Settle(Entry* e, absl::Time now);
  void Conclude(Lane* lane, absl::Time now);
  void Requeue(const Decision& d, Lane* lane, absl::Time now);
  void NoteCycle(const std::vector<Lane*>& lanes);
  bool IsSecondPassDue() const;
  const Shared<QueueIdentity>& IdentityOf(ClusterQueueId cq);  // complete.cc
  void NoteScan(const Entry& e);
  // The running cycle did more than move scans and preemptor marks. Any lane may say so.
  void Changed() {
    if (!changed_.load(std::memory_order_relaxed)) changed_.store(true, std::memory_order_relaxed);
  }

  // lanes.cc
  void DivideTrees();
  bool UsesNodes(ClusterQueueId cq) const { return cq < static_cast<int32_t>(lane_of_.size()) && lane_of_[cq] == 1; }
  // The lanes of this cycle, each with its heads.
  std::vector<Lane*> Divide(const std::vector<WorkloadId>& second_pass, bool side_by_side);
  static void OnEach(const std::vector<Lane*>& lanes, base::Executor* executor, const std::function<void(Lane*)>& work);
  std::vector<int> JoinOrders(const std::vector<Lane*>& lanes, int heads) const;
  void Gather(const std::vector<Lane*>& lanes, base::Executor* executor, CycleResult* result);

  void Arm(CohortTrees::TreeId tree, absl::Time now);
  void Reactivate(CohortTrees::TreeId tree, absl::Time now);

  TopologyStep topology_step_;
  std::map<WorkloadId, absl::Time> second_pass_;  // waiting for it -> not before
  absl::Time latest_ = absl::InfinitePast();      // the latest time a call was given
  std::deque<Lane> lanes_;                        // [0] for all; then, once divided, [1] for trees that use nodes, ...
  std::vector<int> lane_of_;                      // by ClusterQueueId; into lanes_
  bool lanes_stale_ = true;
  bool deciding_ = false;              // lanes are at work
  std::atomic<bool> changed_ = false;  // Changed() was called since the cycle began
  std::mutex refreshing_;
  std::atomic<bool> fresh_ = false;  // readers have nothing to bring up to date
  std::vector<uint8_t> active_;      // by ClusterQueueId
  // Active and somebody is in the heap: by ClusterQueueId, how many, and as bits in the order of names. The bits follow
  // when ClusterQueues come or go.
  std::vector<uint8_t> ready_;
  int num_ready_ = 0;
  std::vector<uint64_t> ready_bits_;
  std::vector<int32_t> rank_;                          // by ClusterQueueId: its place among the names
  int64_t ranked_ = -1;                                // the version of the names
  std::vector<std::vector<WorkloadId>> workloads_of_;  // by LocalQueue
  absl::flat_hash_map<std::string, absl::flat_hash_set<WorkloadId>> awaiting_;  // by ClusterQueue
  std::vector<Shared<QueueIdentity>> queue_identities_;  // by ClusterQueueId; made when first asked for
  // Trees to re-activate.
  std::map<CohortTrees::TreeId, absl::Time> armed_;
  std::set<std::pair<absl::Time, WorkloadId>> backoff_;
  std::vector<int32_t> free_indices_;
  std::vector<uint32_t> uses_;              // how many workloads have had the index
  std::optional<LocalQueueLedger> ledger_;  // with admission fair sharing
  PendingQueue::LocalQueueUsage local_queue_share_;
  ShapeTable shapes_{&declared, &options};
  // Of the shape; priority; allowed flavors (their number in allowed_lists_; -1: all); pods left of every pod set.
  using EquivalenceKey = absl::InlinedVector<int64_t, 6>;
  Numbers<EquivalenceKey> equivalences_;
  Numbers<std::string> allowed_lists_;
  std::string key_;  // of the workload that was applied last
  // So much is remembered before it is gone through for what nobody needs any more.
  size_t forget_local_queues_above_ = kForgetAbove, forget_trees_above_ = kForgetAbove,
         forget_equivalences_above_ = kForgetAbove;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_ENGINE_IMPL_H_
