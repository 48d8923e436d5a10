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
}

void EngineImpl::ApplyClusterQueue(const api::ClusterQueue& object, absl::Time now) {
  const bool differs = declared.Apply(object);
  const ClusterQueueId id = declared.FindClusterQueue(object.metadata.name);
  Grow(id);
  PolicyChanged();
  RequeueOrphans(now);
  if (differs) NotifyClusterQueue(id, now);
}

void EngineImpl::DeleteClusterQueue(absl::string_view name) {
  const ClusterQueueId id = declared.FindClusterQueue(name);
  if (id == kNoId) return;
  // As if its workloads had been declared without it: whether it comes back is not known.
  const Holders holding = holders[id];
  for (const VictimKey& k : holding) Await(k.id);
  declared.DeleteClusterQueue(name);
  PolicyChanged();
  for (WorkloadId w : queues[id].Members()) Dequeue(w);
  queues[id] = PendingQueue();
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
  const FlavorId id = declared.flavors.Find(flavor);
  for (ClusterQueueId cq : declared.ClusterQueuesByName()) {
    for (const GroupState& g : declared.cq(cq).groups) {
      if (std::find(g.flavors.begin(), g.flavors.end(), id) == g.flavors.end()) continue;
      NotifyClusterQueue(cq, now);
      break;
    }
  }
}

void EngineImpl::Reactivate(CohortTrees::TreeId tree, absl::Time now) {
  for (const ClusterQueueId cq : declared.trees().Members(tree)) {
    const auto& selector = declared.cq(cq).object.namespace_selector;
    const auto admissible = [&](int local_queue) {
      const api::Namespace* ns = declared.FindNamespace(declared.local_queue(local_queue).ns);
      return ns != nullptr && selector.has_value() && api::Matches(*selector, ns->metadata.labels);
    };
    queues[cq].Reactivate(admissible, [&](WorkloadId id) { return BackoffExpired(workloads[id], now); });
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
    for (const ClusterQueueId cq : declared.RefreshForest()) {
      for (const VictimKey& k : holders[cq]) declared.forest().AddUsage(declared.NodeOf(cq), workloads[k.id].usage);
    }
    policy_changed_ = true;
  }
  if (policy_changed_) {
    active_.assign(declared.num_cluster_queues(), 0);
    for (ClusterQueueId cq : declared.ClusterQueuesByName()) active_[cq] = declared.IsActive(cq);
    // Kueue's snapshot leaves inactive ClusterQueues out when it counts the levels of a tree.
    for (const ClusterQueueId cq : declared.ClusterQueuesByName()) {
      if (const quota::NodeId n = declared.NodeOf(cq); n != quota::kNoNode) {
        declared.forest().SetCounted(n, active_[cq]);
      }
    }
    policy_changed_ = false;
  }
}

void EngineImpl::RequeueOrphans(absl::Time now) {
  for (WorkloadState& w : workloads) {
    if (!w.in_use) continue;
    const WorkloadId id = w.id;
    if (IsQueued(w) && QueueFor(w) != w.cq) {
      Dequeue(id);
      // A LocalQueue that comes back learns its workloads anew; one that moves takes them along.
      const LocalQueueState& lq = declared.local_queue(w.local_queue);
      if (!lq.exists || lq.stopped) {
        w.progress.reset();
        w.evaluated_generation = 0;
      }
    }
    if (w.phase != WorkloadPhase::kUnqueued) continue;
    if (const ClusterQueueId cq = declared.FindClusterQueue(w.awaits); !w.awaits.empty() && cq != kNoId) {
      Resume(id, cq, now);
    } else {
      Enqueue(id, true, now, /*adopted=*/true);
    }
  }
}

}  // namespace muster::scheduler
