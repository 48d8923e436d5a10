// What LocalQueues used lately: the measure by which admission fair sharing orders the workloads of one ClusterQueue.
//
// Per LocalQueue the ledger keeps the consumed amount of each resource, which decays with the configured half-life
// towards what is in use, and a penalty for every workload that has just been let in, so that a queue cannot win twice
// before its usage shows. The share of a LocalQueue is the weighted sum over resources, in natural units (cores, bytes,
// devices), divided by the queue's weight. Sums run in name order and amounts are kept in billionths, rounded down, as
// in Kueue. Source: Kueue, pkg/util/admissionfairsharing and pkg/cache/queue/afs. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_QUEUE_LOCAL_QUEUE_LEDGER_H_
#define MUSTER_SCHEDULER_QUEUE_LOCAL_QUEUE_LEDGER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "quota/amount.h"
#include "scheduler/ids.h"
#include "scheduler/options.h"

namespace muster::scheduler {

class LocalQueueLedger {
 public:
  // Amounts by resource name.
  using Amounts = std::map<std::string, quota::Amount>;
  // Billionths of a natural unit.
  using Billionths = __int128;
  using Balance = std::map<std::string, Billionths>;

  explicit LocalQueueLedger(AdmissionFairSharingOptions options) : options_(std::move(options)) {}

  // Of the LocalQueue's fairSharing. Zero or less: its share is infinite. Unset: 1. Returns whether that is new.
  bool SetWeight(int local_queue, double weight) {
    Account& account = accounts_[local_queue];
    const bool differs = account.weight != weight || account.missing;
    account.weight = weight;
    account.missing = false;
    return differs;
  }
  // What its status says it consumed, up to `updated`.
  void SetConsumed(int local_queue, const Amounts& consumed, absl::Time updated);
  // The object is gone, but nobody has said so yet: who looks its weight up finds none and takes 1, while what waits in
  // it is ordered as before.
  void SetMissing(int local_queue) { accounts_[local_queue].missing = true; }
  // The LocalQueue is gone, and so is what it used. What was admitted through it counts as of a queue that used
  // nothing.
  void Forget(int local_queue) { accounts_.erase(local_queue); }
  // Whether it says anything about the LocalQueue that it would not say of one it never heard of.
  bool Remembers(int local_queue) const {
    const auto it = accounts_.find(local_queue);
    return it != accounts_.end() && (it->second.weight != 1 || it->second.missing || !it->second.consumed.empty() ||
                                     !it->second.penalties.empty());
  }
  // The lower, the earlier its workloads go. O(resources).
  double Share(int local_queue) const;
  // The same for those who look the weight up (candidates for preemption). O(resources).
  double LookedUpShare(int local_queue) const;

  // A workload got its first reservation: until it is settled, its requests count for what they would be after one
  // sampling interval. Replaces an earlier penalty of the same workload.
  void AddPenalty(int local_queue, WorkloadId workload, const Amounts& requests);
  // The workload is gone, or will not be admitted. Does nothing if there is no penalty.
  void DropPenalty(int local_queue, WorkloadId workload);
  // What it consumed up to `updated`, and what is to be settled yet. Nothing, up to the infinite past, of one it knows
  // nothing about.
  struct Statement {
    Balance consumed, penalty;
    absl::Time updated = absl::InfinitePast();
  };
  Statement StatementOf(int local_queue) const;
  bool HasPenalty(int local_queue) const;
  bool HasPenalty(int local_queue, WorkloadId workload) const;
  // Whether the last sample is at least one interval ago, or a penalty waits to be settled.
  bool IsDue(int local_queue, absl::Time now) const;
  // Lets consumption decay towards `in_use` and settles the penalties of `admitted` workloads. O(resources +
  // penalties).
  void Sample(int local_queue, const Amounts& in_use, const std::vector<WorkloadId>& admitted, absl::Time now);

 private:
  struct Account {
    double weight = 1;
    bool missing = false;
    Balance consumed;
    absl::Time updated = absl::InfinitePast();
    std::map<WorkloadId, Balance> penalties;
  };

  static Balance InBillionths(const Amounts& amounts);
  static Balance Scaled(const Balance& balance, double factor);
  static void AddTo(Balance* sum, const Balance& more);
  double Share(const Account& account, double weight) const;
  // The part of the present that a span of time brings into the average: 1 - 0.5^(span / half-life).
  double Alpha(absl::Duration span) const;

  AdmissionFairSharingOptions options_;
  std::map<int, Account> accounts_;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_QUEUE_LOCAL_QUEUE_LEDGER_H_
