// Which pod of a gang goes where, by index: so that neighbours in a ring are close. An extension; Kueue assigns ranks
// in the order of the assignment, and so does nothing else here unless this is called.
//
// Ring collectives send most between ranks i and i+1 (and from the last to the first). Walking the domains depth first
// makes the ring leave and enter every domain once, on every level: no order crosses fewer, because a domain that does
// not hold the whole gang has to be left at least once. Thread-safety: pure functions.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_RANKS_H_
#define MUSTER_SCHEDULER_TOPOLOGY_RANKS_H_

#include <vector>

#include "absl/types/span.h"
#include "scheduler/topology/placer.h"
#include "scheduler/topology/tree.h"

namespace muster::scheduler {

// The leaf of every pod, by pod index. O(pods log pods).
std::vector<LeafId> RankOrder(const TopologyTree& tree, absl::Span<const PlacedPods> placement);

// How often the ring of the pods, in this order, goes from one domain to another, by level (highest first). O(pods *
// levels).
std::vector<int> RingCrossings(const TopologyTree& tree, absl::Span<const LeafId> by_rank);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_RANKS_H_
