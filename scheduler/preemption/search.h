// What the classical search and the fair-sharing search have in common: taking victims out, asking whether it fits,
// and giving back those it fits without. Internal to preemption.
#ifndef MUSTER_SCHEDULER_PREEMPTION_SEARCH_H_
#define MUSTER_SCHEDULER_PREEMPTION_SEARCH_H_

#include <vector>

#include "quota/trial.h"
#include "scheduler/preemption/victim_search.h"

namespace muster::scheduler {

class PreemptionSearch {
 public:
  PreemptionSearch(const HoldersView& view, const PreemptionRequest& request, OtherCapacity* other);
  PreemptionSearch(const PreemptionSearch&) = delete;
  PreemptionSearch& operator=(const PreemptionSearch&) = delete;

  const HoldersView& view() const { return view_; }
  const PreemptionRequest& request() const { return request_; }
  quota::Forest& forest() { return view_.declared->forest(); }
  const ClusterQueueRules& rules() const { return view_.declared->cq(request_.cq).rules; }
  quota::NodeId node() const { return node_; }
  const WorkloadState& workload(WorkloadId id) const { return (*view_.workloads)[id]; }

  // The candidates of a ClusterQueue: by withinClusterQueue in the own one, by reclaimWithinCohort in others.
  VictimQueue QueueOf(ClusterQueueId cq) const;

  // What is removed and restored while a trial lives is taken back when it ends. Trials nest.
  class Trial {
   public:
    explicit Trial(PreemptionSearch& search) : quota_(search.forest(), search.node()), other_(search.other_) {
      if (other_ != nullptr) other_->Mark();
    }
    ~Trial() {
      if (other_ != nullptr) other_->Rollback();
    }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

   private:
    quota::Trial quota_;
    OtherCapacity* other_;
  };
  void Remove(WorkloadId victim);
  void Restore(WorkloadId victim);
  // Whether the preemptor fits now: each pair available and, unless borrowing is allowed, within nominal quota.
  bool Fits(bool allow_borrowing);
  // Gives back every victim, last but one to first, without whom it still fits. REQUIRES: it fits.
  void FillBack(bool allow_borrowing, std::vector<PreemptionTarget>* targets);

 private:
  const HoldersView& view_;
  const PreemptionRequest& request_;
  OtherCapacity* other_;
  quota::NodeId node_;
  VictimFilter within_, across_;
};

std::vector<PreemptionTarget> SearchClassically(PreemptionSearch& search);
std::vector<PreemptionTarget> SearchByShares(PreemptionSearch& search,
                                             const std::vector<FairSharingStrategy>& strategies);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_PREEMPTION_SEARCH_H_
