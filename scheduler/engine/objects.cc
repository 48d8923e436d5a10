// Policy objects coming and going, and the re-activation of parked workloads they cause.
#include <algorithm>

#include "scheduler/engine/cycle_entry.h"

namespace muster::scheduler {

EngineImpl::EngineImpl(EngineOptions o)
    : options(std::move(o)),
      topology(&declared.flavors, &declared.resources, &options),
      topology_step_(declared, options, topology) {
  if (!options.admission_fair_sharing.has_value() || !options.gates[Gate::kAdmissionFairSharing]) return;
  ledger_.emplace(*options.admission_fair_sharing);
  local_queue_share_ = [this](int local_queue) { return ledger_->Share(local_queue); };
}

EngineImpl::~EngineImpl() = default;

void EngineImpl::Grow(ClusterQueueId cq) {
  if (cq < static_cast<int>(queues.size())) return;
  queues.resize(cq + 1);
  holders.resize(cq + 1);
  active_.resize(cq + 1);
  ready_.resize(cq + 1);
  rank_.resize(cq + 1);
  queue_identities_.resize(cq + 1);
}

void EngineImpl::ClusterQueueChanged(absl::string_view name, Change change, absl::Time now) {
  const ClusterQueueId id = declared.FindClusterQueue(name);
  Grow(id);
  if (change == Change::kCreated) {
    queue_identities_[id] = {};
    for (const int32_t lq : declared.LocalQueuesOf(name)) RequeueWorkloadsOf(lq, now);
    if (const auto it = awaiting_.find(name); it != awaiting_.end()) {
      std::vector<WorkloadId> back(it->second.begin(), it->second.end());
      std::sort(back.begin(), back.end());
      for (const WorkloadId w : back) {
        if (workloads[w].phase == WorkloadPhase::kUnqueued) Resume(w, id, now);
      }
    }
  }
  NotifyClusterQueue(id, now);
}

void EngineImpl::DeleteClusterQueue(absl::string_view name) {
  const ClusterQueueId id = declared.FindClusterQueue(name);
  if (id == kNoId) return;
  // As if its workloads had been declared without it: whether it comes back is not known.
  const Holders holding = holders[id];
  for (const VictimKey& k : holding) Await(k.id);
  declared.DeleteClusterQueue(name);
  for (WorkloadId w : queues[id].Members()) Dequeue(w);
  queues[id] = PendingQueue();
  NoteHeap(id);
}

void EngineImpl::Tidy() {
  if (declared.num_local_queue_names() > forget_local_queues_above_) {
    declared.ForgetLocalQueues([&](int32_t lq) {
      const bool has_workloads = lq < static_cast<int32_t>(workloads_of_.size()) && !workloads_of_[lq].empty();
      return has_workloads || (ledger_.has_value() && ledger_->Remembers(lq));
    });
    forget_local_queues_above_ = std::max(kForgetAbove, 2 * declared.num_local_queue_names());
  }
  if (declared.num_tree_names() > forget_trees_above_) {
    declared.ForgetTrees([&](CohortTrees::TreeId tree) { return armed_.count(tree) > 0; });
    forget_trees_above_ = std::max(kForgetAbove, 2 * declared.num_tree_names());
  }
  if (equivalences_.size() > forget_equivalences_above_) ForgetEquivalences();
}

void EngineImpl::SetReady(ClusterQueueId cq, bool ready) {
  ready_[cq] = ready;
  num_ready_ += ready ? 1 : -1;
  if (ranked_ != declared.names_version()) return;  // Refresh sees to it
  const uint64_t bit = uint64_t{1} << (rank_[cq] % 64);
  uint64_t& word = ready_bits_[rank_[cq] / 64];
  word = ready ? word | bit : word & ~bit;
}

int EngineImpl::NextReady(int rank) const {
  for (size_t word = rank / 64; word < ready_bits_.size(); ++word) {
    uint64_t bits = ready_bits_[word];
    if (word == static_cast<size_t>(rank / 64)) bits &= ~uint64_t{0} << (rank % 64);
    if (bits != 0) return static_cast<int>(word * 64) + __builtin_ctzll(bits);
  }
  return -1;
}

void EngineImpl::Arm(CohortTrees::TreeId tree, absl::Time now) {
  if (tree == CohortTrees::kNoTree) return;  // a tree with a cycle is left alone until it is mended
  armed_.try_emplace(tree, now + options.reactivation_batch);
}

void EngineImpl::NotifyClusterQueue(ClusterQueueId cq, absl::Time now) { Arm(declared.trees().TreeOf(cq), now); }

void EngineImpl::NotifyCohort(absl::string_view cohort, absl::Time now) {
  Arm(declared.trees().TreeOfCohort(cohort), now);
}

void EngineImpl::NotifyAll(absl::Time now) {
  for (ClusterQueueId cq : declared.ClusterQueuesByName()) NotifyClusterQueue(cq, now);
}

void EngineImpl::NotifyActive(absl::Time now) {
  for (ClusterQueueId cq : declared.ClusterQueuesByName()) {
    if (declared.IsActive(cq)) NotifyClusterQueue(cq, now);
  }
}

void EngineImpl::NotifyUsersOfFlavor(absl::string_view flavor, absl::Time now) {
  for (const ClusterQueueId cq : declared.UsersOf(declared.flavors.Find(flavor))) NotifyClusterQueue(cq, now);
}

void EngineImpl::Reactivate(CohortTrees::TreeId tree, absl::Time now) {
  for (const ClusterQueueId cq : declared.trees().Members(tree)) {
    const auto& selector = declared.cq(cq).object.namespace_selector;
    const auto admissible = [&](int local_queue) {
      const api::Namespace* ns = declared.FindNamespace(declared.local_queue(local_queue).ns);
      return ns != nullptr && selector.has_value() && api::Matches(*selector, ns->metadata.labels);
    };
    queues[cq].Reactivate(admissible, [&](WorkloadId id) { return BackoffExpired(workloads[id], now); });
    NoteHeap(cq);
  }
}

void EngineImpl::Advance(absl::Time now) {
  latest_ = std::max(latest_, now);
  std::vector<CohortTrees::TreeId> due;
  for (const auto& [tree, time] : armed_) {
    if (time <= now) due.push_back(tree);
  }
  for (const CohortTrees::TreeId tree : due) {
    armed_.erase(tree);
    repetition.Restart();
    Reactivate(tree, now);
  }
  while (!backoff_.empty() && backoff_.begin()->first <= now) {
    const WorkloadId id = backoff_.begin()->second;
    backoff_.erase(backoff_.begin());
    WorkloadState& w = workloads[id];
    if (!w.in_use || PhaseOf(id) != WorkloadPhase::kInadmissible || !BackoffExpired(w, now)) continue;
    repetition.Restart();
    Enqueue(id, true, now);
  }
}

absl::Time EngineImpl::NextTimer() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [tree, time] : armed_) next = std::min(next, time);
  if (!backoff_.empty()) next = std::min(next, backoff_.begin()->first);
  for (const auto& [id, time] : second_pass_) next = std::min(next, time);
  return next;
}

void EngineImpl::Refresh() {
  if (declared.forest_stale()) {
    quota::Forest& forest = declared.forest();
    const Declared::Rebuilt rebuilt = declared.RefreshForest();
    lanes_stale_ = true;
    for (const ClusterQueueId cq : rebuilt.queues) {
      const quota::NodeId node = declared.NodeOf(cq);
      for (const VictimKey& k : holders[cq]) forest.AddUsage(node, workloads[k.id].usage);
      // Kueue's snapshot leaves inactive ClusterQueues out when it counts the levels of a tree.
      forest.SetCounted(node, active_[cq]);
      queue_identities_[cq] = {};
    }
    for (const ClusterQueueId cq : rebuilt.lost) queue_identities_[cq] = {};
  }
  if (ranked_ != declared.names_version()) {
    const std::vector<ClusterQueueId>& names = declared.ClusterQueuesByName();
    ready_bits_.assign((names.size() + 63) / 64, 0);
    for (size_t rank = 0; rank < names.size(); ++rank) {
      rank_[names[rank]] = static_cast<int32_t>(rank);
      if (ready_[names[rank]]) ready_bits_[rank / 64] |= uint64_t{1} << (rank % 64);
    }
    ranked_ = declared.names_version();
    lanes_stale_ = true;
  }
  if (!declared.has_activity_changes()) return;
  repetition.Restart();
  for (const ClusterQueueId cq : declared.TakeActivityChanges()) {
    active_[cq] = declared.IsActive(cq);
    if (const quota::NodeId n = declared.NodeOf(cq); n != quota::kNoNode) declared.forest().SetCounted(n, active_[cq]);
    NoteHeap(cq);
  }
}

void EngineImpl::RequeueWorkloadsOf(int32_t local_queue, absl::Time now) {
  if (local_queue < 0 || local_queue >= static_cast<int32_t>(workloads_of_.size())) return;
  const LocalQueueState& lq = declared.local_queue(local_queue);
  for (const WorkloadId id : workloads_of_[local_queue]) {
    WorkloadState& w = workloads[id];
    if (IsQueued(w) && QueueFor(w) != w.cq) {
      Dequeue(id);
      // A LocalQueue that comes back learns its workloads anew; one that moves takes them along.
      if (!lq.exists || lq.stopped) {
        w.progress.reset();
        w.evaluated_generation = 0;
      }
    }
    if (w.phase == WorkloadPhase::kUnqueued) Enqueue(id, true, now, /*adopted=*/true);
  }
}

}  // namespace muster::scheduler
