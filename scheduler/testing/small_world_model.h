// An independent decision about a small world: one cycle of Kueue's scheduler, written from its description rather than
// from the engine, as slowly and as plainly as it can be said. Nothing is remembered: every figure is worked out from
// the list of jobs whenever it is asked for.
#ifndef MUSTER_SCHEDULER_TESTING_SMALL_WORLD_MODEL_H_
#define MUSTER_SCHEDULER_TESTING_SMALL_WORLD_MODEL_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/testing/small_world.h"

namespace muster::scheduler::small {

// Quota of the tree, with who holds what.
class Quotas {
 public:
  explicit Quotas(const World& world);

  int Pairs() const { return w_.flavors * w_.resources; }
  long Nominal(int node, int pair) const;
  long Subtree(int node, int pair) const;
  long Kept(int node, int pair) const;  // never lent to the parent
  long Usage(int node, int pair) const;
  long KeptFree(int node, int pair) const;
  long Available(int node, int pair) const;  // for a ClusterQueue never below 0
  long Potential(int node, int pair) const;
  bool BorrowingWith(int node, int pair, long amount) const;
  bool WithinNominal(int node, const std::vector<int>& pairs) const;
  int Height(int cohort) const;
  // Borrowing height, and whether the subtree that lends is smaller than the tree.
  std::pair<int, bool> FindHeight(int queue, int pair, long amount) const;

  // Dominant resource share.
  struct Share {
    double ratio = 0, weight = 1;
    bool borrowing = false;
    std::vector<int> borrowed;  // pairs
  };
  Share ShareOf(int node) const;
  static int Compare(const Share& a, const Share& b);  // -1, 0, 1

  std::vector<bool> holds;  // by job: whether it counts
  struct Extra {
    int queue;
    std::vector<long> amounts;  // by pair
  };
  std::vector<Extra> extra;  // reserved by entries of the cycle

  const World& world() const { return w_; }

 private:
  long RawAvailable(int node, int pair) const;
  const World& w_;
};

// A waiting job that wants `usage` and cannot have the pairs in `lacking` without preemption.
struct Ask {
  int queue = 0;
  int priority = 0;
  long created = 0;
  std::vector<long> usage;  // by pair
  std::vector<int> lacking;
};
struct Victim {
  int job;
  PreemptionReason reason;
};
// Who has to go so that it fits; empty if nobody's going helps. Leaves `quotas` as it was.
std::vector<Victim> FindVictims(Quotas& quotas, const Ask& ask);

// Where the search for flavors stopped: by pod set and resource the flavor that was tried last; -1 = the last of all,
// or the pod set was not reached.
using Tried = std::vector<std::vector<int>>;

// A head, and what became of it.
struct Decided {
  int job = 0;
  Verdict verdict;
  std::vector<long> usage;     // by pair, what it asks for in the end
  std::vector<int> victims;    // jobs
  std::optional<Tried> tried;  // the next attempt goes on from there; nullopt = it starts over
};
// One cycle over these heads, at most one of each queue; `from` is by head. In the order in which they were processed.
std::vector<Decided> RunCycleNaively(const World& world, const std::vector<int>& heads,
                                     const std::vector<std::optional<Tried>>& from);

// One cycle from a cold start: which heads, what they get, who has to go.
Outcome DecideNaively(const World& world);

}  // namespace muster::scheduler::small

#endif  // MUSTER_SCHEDULER_TESTING_SMALL_WORLD_MODEL_H_
