// Dominant resource shares (Kueue: pkg/cache/scheduler/fair_sharing.go).
//
// A node's share is the largest, over resources, of (what it uses beyond its subtree quota) * 1000 / (what its parent
// could lend it at most), divided by its weight. Borrowed amounts of one resource add up over flavors.
#include <algorithm>
#include <limits>

#include "absl/container/inlined_vector.h"
#include "quota/forest.h"

namespace muster::quota {

double Share::Weighted() const {
  if (ratio == 0) return 0;
  if (weight == 0) return std::numeric_limits<double>::infinity();
  return ratio / weight;
}

int CompareShares(const Share& a, const Share& b) {
  const bool a_zero = a.weight == 0 && a.ratio > 0;
  const bool b_zero = b.weight == 0 && b.ratio > 0;
  if (a_zero != b_zero) return a_zero ? 1 : -1;
  const double x = a_zero ? a.ratio : a.Weighted();
  const double y = b_zero ? b.ratio : b.Weighted();
  return x < y ? -1 : (x > y ? 1 : 0);
}

Share Forest::DominantResourceShare(NodeId n, absl::Span<const FrAmount> extra) const {
  const Node& node = nodes_[n];
  Share share;
  share.weight = node.weight;
  if (node.parent == kNoNode) {
    share.weight = 1;
    return share;
  }
  // What is used of the pair beyond quota, with `extra` on top.
  const auto over = [&](uint32_t k) {
    Amount usage = node.cells[k].usage;
    for (const FrAmount& e : extra) {
      if (e.fr == node.keys[k]) usage = Add(usage, e.amount);
    }
    return Sub(usage, node.cells[k].subtree);
  };
  uint32_t k = 0;
  while (k < node.num_cells && over(k) <= 0) ++k;
  if (k == node.num_cells) return share;  // nearly always
  share.borrowing = true;
  absl::InlinedVector<Amount, 8> borrowed(node.num_lendable, 0);
  for (; k < node.num_cells; ++k) {
    Amount& sum = borrowed[node.cells[k].share];
    sum = Add(sum, std::max<Amount>(0, over(k)));
  }
  double best = -1;
  const Lendable* const lendable = trees_[node.tree].lendable.data() + node.first_lendable;
  for (uint32_t r = 0; r < node.num_lendable; ++r) {
    if (borrowed[r] <= 0) continue;
    if (lendable[r].amount <= 0) continue;
    const double ratio = static_cast<double>(borrowed[r]) * 1000.0 / static_cast<double>(lendable[r].amount);
    // Resources come in name order, so the first of equals is the alphabetically smallest.
    if (ratio > best) {
      best = ratio;
      share.dominant = lendable[r].resource;
    }
  }
  share.ratio = best > 0 ? best : 0;
  return share;
}

bool Forest::BorrowsAny(NodeId n, absl::Span<const FrAmount> requested) const {
  for (const FrAmount& r : requested) {
    if (r.amount <= 0) continue;
    const Cell& cell = CellOf(n, r.fr);
    if (cell.has_quota && cell.usage > cell.subtree) return true;
  }
  return false;
}

}  // namespace muster::quota
