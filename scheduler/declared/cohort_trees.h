// Which ClusterQueues hang together: the edges from ClusterQueues to cohorts and between cohorts, without quotas.
//
// Problem: every workload that ends notifies the whole tree of its ClusterQueue, so the way to the root must cost
// nothing, also while objects come and go and the quota forest is stale. Edges are arrays of dense ids; a cohort that
// is only mentioned exists without a parent. Parents may form a cycle: what leads into one belongs to no tree.
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_DECLARED_COHORT_TREES_H_
#define MUSTER_SCHEDULER_DECLARED_COHORT_TREES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "scheduler/base/name_slots.h"
#include "scheduler/ids.h"

namespace muster::scheduler {

class CohortTrees {
 public:
  // A tree is known by its root cohort, or by the ClusterQueue that is alone in it. Comparable, and valid as long as the
  // root stays one and is not forgotten.
  using TreeId = int32_t;
  static constexpr TreeId kNoTree = -1;  // parents form a cycle, or there are too many above one another
  static bool IsCohort(TreeId tree) { return tree > kNoTree; }

  // Sets the parent ("" = none) of a cohort, and the cohort of a ClusterQueue. O(1).
  void SetParent(absl::string_view cohort, absl::string_view parent);
  void SetCohort(ClusterQueueId cq, absl::string_view cohort);
  // The ClusterQueue is gone.
  void Remove(ClusterQueueId cq);

  // O(depth).
  TreeId TreeOf(ClusterQueueId cq) const;
  // Whether the ClusterQueue is in no tree because there are too many cohorts above it. O(depth); O(1) if it is in one.
  bool IsTooDeep(ClusterQueueId cq) const;
  TreeId TreeOfCohort(absl::string_view cohort) const;
  // The ClusterQueues of the tree, none if its root is a root no more. O(size of the tree).
  std::vector<ClusterQueueId> Members(TreeId tree) const;
  // The same with the cohorts, named by ids that are dense and stay the same; they may not exist, if nobody is in them.
  struct Everybody {
    std::vector<int32_t> cohorts;
    std::vector<ClusterQueueId> queues;
  };
  Everybody AllOf(TreeId tree) const;
  int32_t Find(absl::string_view cohort) const { return names_.Find(cohort); }  // kNoId if it was never mentioned
  const std::string& Name(int32_t cohort) const { return names_.Name(cohort); }
  // kNoId if there is none.
  int32_t ParentOf(int32_t cohort) const { return cohorts_[cohort].parent; }
  int32_t CohortOf(ClusterQueueId cq) const { return queues_[cq].cohort; }
  static TreeId Alone(ClusterQueueId cq) { return -2 - cq; }
  // Ids of cohorts are smaller than end; so many are remembered.
  int32_t end() const { return names_.end(); }
  size_t size() const { return names_.size(); }
  bool Has(int32_t cohort) const { return names_.Has(cohort); }
  // Gives the id back. REQUIRES: Has(cohort), it has no members and no parent.
  void Forget(int32_t cohort) { names_.Forget(cohort); }
  // Whether somebody names it as where it belongs.
  bool HasMembers(int32_t cohort) const {
    return !cohorts_[cohort].children.empty() || !cohorts_[cohort].queues.empty();
  }

 private:
  static constexpr int32_t kNone = -1;
  struct Cohort {
    int32_t parent = kNone;
    size_t place = 0;  // among the children of the parent
    std::vector<int32_t> children;
    std::vector<ClusterQueueId> queues;
  };
  struct Queue {
    bool exists = false;
    int32_t cohort = kNone;
    size_t place = 0;  // among the queues of the cohort
  };
  void Leave(ClusterQueueId cq);
  int32_t Ensure(absl::string_view cohort);
  TreeId RootOf(int32_t cohort) const;

  NameSlots names_;
  std::vector<Cohort> cohorts_;  // by id in names_
  std::vector<Queue> queues_;    // by ClusterQueueId
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_DECLARED_COHORT_TREES_H_
