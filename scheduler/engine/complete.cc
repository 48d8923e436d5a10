// A decision on its way out of the door: outcome, and everything it mentions by name, so that it stays true by itself.
#include "absl/strings/str_cat.h"
#include "scheduler/engine/cycle_entry.h"

namespace muster::scheduler {
namespace {

Outcome OutcomeOf(const Decision& d, bool refused) {
  if (refused) return Outcome::kRefused;
  if (d.status == EntryStatus::kAssumed) return Outcome::kAdmitted;
  if (d.status == EntryStatus::kEvicted) return Outcome::kEvicted;
  return d.pending_preemptions > 0 || d.migrates != kNoId ? Outcome::kPreempting : Outcome::kPending;
}

Retry RetryOf(const Decision& d) {
  if (d.outcome != Outcome::kPending && d.outcome != Outcome::kRefused) return Retry::kNone;
  switch (d.pending_reason) {
    case PendingReason::kNoMatchingFlavor:
    case PendingReason::kExceedsMaxQuota:
    case PendingReason::kMisconfigured:
      return Retry::kNever;
    default:
      return Retry::kNotNow;
  }
}

}  // namespace

const Shared<QueueIdentity>& EngineImpl::IdentityOf(ClusterQueueId cq) {
  if (cq >= static_cast<int32_t>(queue_identities_.size())) queue_identities_.resize(declared.num_cluster_queues());
  Shared<QueueIdentity>& known = queue_identities_[cq];
  if (!known.is_default()) return known;
  QueueIdentity out{declared.cq(cq).name, absl::StrCat("/", declared.cq(cq).name), declared.flavors.SharedNames(),
                    declared.resources.SharedNames()};
  if (!declared.InCycle(cq)) {
    for (const std::string& cohort : declared.CohortsAbove(cq)) out.path = absl::StrCat("/", cohort, out.path);
  }
  return known = Shared<QueueIdentity>(std::move(out));
}

void EngineImpl::Complete(Decision* d, bool refused) {
  d->outcome = OutcomeOf(*d, refused);
  d->retry = RetryOf(*d);
  d->identity = workloads[d->workload].identity;
  d->queue = IdentityOf(d->cluster_queue);
  for (PreemptionTarget& t : d->targets) {
    t.identity = workloads[t.workload].identity;
    t.queue = IdentityOf(workloads[t.workload].cq);
  }
  if (d->migrates != kNoId) d->migrates_identity = workloads[d->migrates].identity;
  if (d->replaces != kNoId) d->replaces_identity = workloads[d->replaces].identity;
}

}  // namespace muster::scheduler
