// The order in which nominated entries are let in under fair sharing: a tournament up the cohort tree.
//
// At every cohort the best entries of its child cohorts and the entries of its ClusterQueues meet; the one whose side
// would have the smallest dominant resource share with the entry in goes on. The winner at the root is processed, and
// what it took is seen by the next round. Trees do not influence each other; they are taken in the order of their first
// ClusterQueue by name (Kueue: map order). Source: Kueue, pkg/scheduler/fair_sharing_iterator.go.
//
// Only what an entry's own ClusterQueue uses decides how it stands among the ClusterQueues of its cohort, and that does
// not change before the entry is taken. So they are sorted once, and a round asks again only along the path of the last
// winner: O(depth * (child cohorts + pairs)) per round, O(n log n) in all for flat cohorts. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_ORDER_FAIR_ORDER_H_
#define MUSTER_SCHEDULER_ORDER_FAIR_ORDER_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
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
  // Ties end in the given order: pass entries by ClusterQueue name. Of two entries of one ClusterQueue (a second pass
  // and a head) only the later takes part, as in Kueue. All arguments must outlive the order.
  FairOrder(quota::Forest& forest, const FeatureGates& gates, std::vector<FairEntry> entries);

  // The index of the next entry, -1 when there is none. Usage in the forest may be changed between calls only along
  // the path of the entry returned last.
  int Pop();

 private:
  // An entry that has got as far as some cohort, and how its side, a child of that cohort, would stand with it in.
  struct Candidate {
    int entry = -1;
    bool borrows = false;
    quota::Share share;
  };
  struct Cohort {
    quota::NodeId node = quota::kNoNode;
    int parent = -1;                // in cohorts_; -1 at a root
    std::vector<Candidate> queues;  // of its ClusterQueues, best first
    size_t next = 0;                // those before are taken
    std::vector<int> children;      // in cohorts_: cohorts with entries below, by name
    bool stale = true;              // whether winner has to be looked for
    Candidate winner;               // as the parent sees it; no entry if none is left
  };

  int Enter(quota::NodeId cohort);
  Candidate InItsQueue(int entry);
  Candidate Tried(int entry, quota::NodeId side);
  bool Better(const Candidate& a, const Candidate& b) const;
  const Candidate& Winner(int cohort);

  quota::Forest& forest_;
  const FeatureGates& gates_;
  std::vector<FairEntry> entries_;
  std::vector<uint8_t> taken_;  // by entry
  int next_ = 0;                // the first that may not be taken
  std::vector<int> cohort_of_;  // by entry, in cohorts_; -1 if its ClusterQueue is in none
  std::vector<Cohort> cohorts_;
  absl::flat_hash_map<quota::NodeId, int> cohort_index_;  // in cohorts_
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ORDER_FAIR_ORDER_H_
