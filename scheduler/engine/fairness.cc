// Admission fair sharing: which LocalQueue's workloads go first within a ClusterQueue that orders them by usage.
#include "scheduler/engine/engine_impl.h"

namespace muster::scheduler {

bool EngineImpl::OrdersByUsage(ClusterQueueId cq) const {
  return ledger_.has_value() && declared.cq(cq).object.admission_mode == "UsageBasedAdmissionFairSharing";
}

const PendingQueue::LocalQueueUsage* EngineImpl::UsageFor(ClusterQueueId cq) const {
  return OrdersByUsage(cq) ? &local_queue_share_ : nullptr;
}

bool EngineImpl::SetLocalQueueWeight(const api::LocalQueue& object) {
  if (!ledger_.has_value()) return false;
  const bool set = object.fair_sharing.has_value() && object.fair_sharing->weight.has_value();
  return ledger_->SetWeight(declared.InternLocalQueue(object.metadata.ns, object.metadata.name),
                            set ? object.fair_sharing->weight->ToDouble() : 1.0);
}

void EngineImpl::LocalQueueMissing(absl::string_view ns, absl::string_view name) {
  if (ledger_.has_value()) ledger_->SetMissing(declared.InternLocalQueue(ns, name));
}

void EngineImpl::DeleteLocalQueue(absl::string_view ns, absl::string_view name, absl::Time now) {
  const int32_t id = declared.FindLocalQueue(ns, name);
  if (id < 0) return;
  declared.DeleteLocalQueue(ns, name);
  if (ledger_.has_value()) ledger_->Forget(id);
  RequeueWorkloadsOf(id, now);
}

void EngineImpl::SetConsumedResources(int32_t local_queue, const std::map<std::string, quota::Amount>& amounts,
                                      absl::Time updated) {
  if (ledger_.has_value()) ledger_->SetConsumed(local_queue, amounts, updated);
}

void EngineImpl::Penalize(const WorkloadState& w, WorkloadId id, ClusterQueueId cq) {
  if (!OrdersByUsage(cq)) return;
  LocalQueueLedger::Amounts total;
  const bool covered_only = options.quota_check == QuotaCheckStrategy::kIgnoreUndeclared;
  for (const PodSetState& ps : w.pod_sets) {
    for (const ResourceAmount& a : ps.per_pod) {
      if (covered_only && declared.cq(cq).GroupOf(a.resource) < 0) continue;
      quota::Amount& sum = total[declared.resources.Name(a.resource)];
      sum = quota::Add(sum, quota::Mul(a.amount, ps.count));
    }
  }
  ledger_->AddPenalty(w.local_queue, id, total);
}

void EngineImpl::SampleLocalQueues(absl::Time now) {
  if (!ledger_.has_value()) return;
  struct InUse {
    LocalQueueLedger::Amounts amounts;
    std::vector<WorkloadId> admitted;
  };
  std::map<int, InUse> by_queue;
  for (int32_t i = 0; i < declared.num_local_queues(); ++i) {
    const ClusterQueueId cq = declared.ClusterQueueOf(i);
    if (cq != kNoId && ledger_->IsDue(i, now)) by_queue[i];
  }
  if (by_queue.empty()) return;
  repetition.Restart();  // who goes first may be another now
  for (size_t cq = 0; cq < holders.size(); ++cq) {
    const auto id = static_cast<ClusterQueueId>(cq);
    for (const VictimKey& k : holders[cq]) {
      const WorkloadState& w = workloads[k.id];
      const auto queue = by_queue.find(w.local_queue);
      if (queue == by_queue.end() || !w.admitted) continue;
      if (!OrdersByUsage(id) && declared.ClusterQueueOf(w.local_queue) != id) continue;
      queue->second.admitted.push_back(k.id);
      for (const HeldPodSet& ps : w.held) {
        for (const HeldPodSet::Item& item : ps.items) {
          quota::Amount& sum = queue->second.amounts[declared.resources.Name(item.resource)];
          sum = quota::Add(sum, item.amount);
        }
      }
    }
  }
  for (const auto& [queue, use] : by_queue) ledger_->Sample(queue, use.amounts, use.admitted, now);
}

}  // namespace muster::scheduler
