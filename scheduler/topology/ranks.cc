#include "scheduler/topology/ranks.h"

#include <algorithm>

namespace muster::scheduler {

std::vector<LeafId> RankOrder(const TopologyTree& tree, absl::Span<const PlacedPods> placement) {
  // The rank of a leaf is its place in a depth-first walk.
  std::vector<PlacedPods> walk(placement.begin(), placement.end());
  std::sort(walk.begin(), walk.end(), [&tree](const PlacedPods& a, const PlacedPods& b) {
    return tree.domain(tree.DomainOf(a.leaf)).rank < tree.domain(tree.DomainOf(b.leaf)).rank;
  });
  std::vector<LeafId> out;
  for (const PlacedPods& p : walk) out.insert(out.end(), p.count, p.leaf);
  return out;
}

std::vector<int> RingCrossings(const TopologyTree& tree, absl::Span<const LeafId> by_rank) {
  std::vector<int> out(tree.num_levels(), 0);
  for (size_t i = 0; i < by_rank.size(); ++i) {
    const DomainId here = tree.DomainOf(by_rank[i]), next = tree.DomainOf(by_rank[(i + 1) % by_rank.size()]);
    for (int level = 0; level < tree.num_levels(); ++level) {
      if (tree.AncestorAt(here, level) != tree.AncestorAt(next, level)) ++out[level];
    }
  }
  return out;
}

}  // namespace muster::scheduler
