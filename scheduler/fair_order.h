// The order in which nominated entries are let in under fair sharing: a tournament up the cohort tree.
//
// At every cohort the best entries of its child cohorts and the entries of its ClusterQueues meet; the one whose side
// would have the smallest dominant resource share with the entry in goes on. The winner at the root is processed, and
// what it took is seen by the next round. A round costs O(entries of the tree); shares are recomputed only where the
// last winner changed usage. Trees do not influence each other; they are taken in the order of their first
// ClusterQueue by name (Kueue: map order). Source: Kueue, pkg/scheduler/fair_sharing_iterator.go.
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_FAIR_ORDER_H_
#define MUSTER_SCHEDULER_FAIR_ORDER_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "quota/forest.h"
#include "scheduler/feature_gates.h"

namespace muster::scheduler {

struct FairEntry {
  quota::NodeId node = quota::kNoNode;  // ClusterQueue
  absl::Span<const quota::FrAmount> usage;
  bool is_preemptor = false;
  int64_t priority = 0;
  absl::Time timestamp;
};

class FairOrder {
 public:
  // At most one entry per node, in ClusterQueue name order. All arguments must outlive the order.
  FairOrder(quota::Forest& forest, const FeatureGates& gates, std::vector<FairEntry> entries);

  // The index of the next entry, -1 when there is none. Usage in the forest may be changed between calls only along
  // the path of the entry returned last.
  int Pop();

 private:
  // How an entry's side stands at one level of its path.
  struct Standing {
    quota::Share share;
    bool borrows = false;
  };
  struct State {
    bool stale = true;
    std::vector<Standing> standings;  // [0]: the ClusterQueue, [1]: its parent, ...
  };
  void Refresh(int index);
  int Winner(quota::NodeId cohort);
  bool Better(int a, int b, quota::NodeId cohort) const;
  const Standing& At(int index, quota::NodeId cohort) const;

  quota::Forest& forest_;
  const FeatureGates& gates_;
  std::vector<FairEntry> entries_;
  std::vector<State> states_;
  std::map<quota::NodeId, int> remaining_;                // node -> entry
  std::vector<quota::NodeId> by_name_;                    // nodes of entries in the given order
  size_t next_ = 0;                                       // into by_name_
  std::map<quota::NodeId, std::vector<int>> candidates_;  // cohort -> entries of its ClusterQueues, by name
  std::map<quota::NodeId, std::vector<quota::NodeId>> child_cohorts_;  // those with entries below, by name
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_FAIR_ORDER_H_
