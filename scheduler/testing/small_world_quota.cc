// The tree's arithmetic of the naive model.
#include <algorithm>
#include <limits>

#include "scheduler/testing/small_world_model.h"

namespace muster::scheduler::small {

Quotas::Quotas(const World& world) : w_(world) {
  for (const Job& job : world.jobs) holds.push_back(job.holds());
}

long Quotas::Nominal(int node, int pair) const {
  const Node& n = w_.nodes[node];
  return n.quota.empty() ? 0 : n.quota[pair].nominal;
}

long Quotas::Subtree(int node, int pair) const {
  long sum = Nominal(node, pair);
  for (int c = 0; c < static_cast<int>(w_.nodes.size()); ++c) {
    if (w_.nodes[c].parent == node) sum += Subtree(c, pair) - Kept(c, pair);
  }
  return sum;
}

long Quotas::Kept(int node, int pair) const {
  const Node& n = w_.nodes[node];
  if (n.quota.empty() || !n.quota[pair].lend) return 0;
  return std::max(0L, Subtree(node, pair) - *n.quota[pair].lend);
}

long Quotas::Usage(int node, int pair) const {
  long sum = 0;
  if (w_.nodes[node].cohort) {
    for (int c = 0; c < static_cast<int>(w_.nodes.size()); ++c) {
      if (w_.nodes[c].parent == node) sum += std::max(0L, Usage(c, pair) - Kept(c, pair));
    }
    return sum;
  }
  for (size_t j = 0; j < w_.jobs.size(); ++j) {
    if (holds[j] && w_.jobs[j].queue == node) sum += w_.jobs[j].Held(pair);
  }
  for (const Extra& e : extra) {
    if (e.queue == node) sum += e.amounts[pair];
  }
  return sum;
}

long Quotas::KeptFree(int node, int pair) const { return std::max(0L, Kept(node, pair) - Usage(node, pair)); }

long Quotas::RawAvailable(int node, int pair) const {
  const Node& n = w_.nodes[node];
  if (n.parent < 0) return Subtree(node, pair) - Usage(node, pair);
  long up = RawAvailable(n.parent, pair);
  if (!n.quota.empty() && n.quota[pair].borrow) {
    const long kept = Kept(node, pair);
    up = std::min(up, Subtree(node, pair) - kept - std::max(0L, Usage(node, pair) - kept) + *n.quota[pair].borrow);
  }
  return KeptFree(node, pair) + up;
}

long Quotas::Available(int node, int pair) const { return std::max(0L, RawAvailable(node, pair)); }

long Quotas::Potential(int node, int pair) const {
  const Node& n = w_.nodes[node];
  if (n.parent < 0) return Subtree(node, pair);
  const long p = Kept(node, pair) + Potential(n.parent, pair);
  return !n.quota.empty() && n.quota[pair].borrow ? std::min(p, Subtree(node, pair) + *n.quota[pair].borrow) : p;
}

bool Quotas::BorrowingWith(int node, int pair, long amount) const {
  return Subtree(node, pair) < Usage(node, pair) + amount;
}

bool Quotas::WithinNominal(int node, const std::vector<int>& pairs) const {
  return std::all_of(pairs.begin(), pairs.end(), [&](int p) { return Subtree(node, p) >= Usage(node, p); });
}

int Quotas::Height(int cohort) const {
  int height = 0;
  for (int c = 0; c < static_cast<int>(w_.nodes.size()); ++c) {
    if (w_.nodes[c].parent != cohort || !w_.IsActive(c)) continue;  // as if they were not there
    height = std::max(height, w_.nodes[c].cohort ? 1 + Height(c) : 1);
  }
  return height;
}

std::pair<int, bool> Quotas::FindHeight(int queue, int pair, long amount) const {
  int parent = w_.nodes[queue].parent;
  if (!BorrowingWith(queue, pair, amount) || parent < 0) return {0, parent >= 0};
  long rest = amount - KeptFree(queue, pair);
  int root = parent;
  for (int c = parent; c >= 0; c = w_.nodes[c].parent) {
    if (!BorrowingWith(c, pair, rest)) return {Height(c), w_.nodes[c].parent >= 0};
    rest -= KeptFree(c, pair);
    root = c;
  }
  return {Height(root), false};
}

Quotas::Share Quotas::ShareOf(int node) const {
  Share share;
  share.weight = w_.nodes[node].weight;
  const int parent = w_.nodes[node].parent;
  if (parent < 0) return share;
  for (int r = 0; r < w_.resources; ++r) {
    long borrowed = 0, lendable = 0;
    for (int f = 0; f < w_.flavors; ++f) {
      const int pair = f * w_.resources + r;
      const long over = Usage(node, pair) - Subtree(node, pair);
      if (over > 0) {
        borrowed += over;
        share.borrowed.push_back(pair);
      }
      lendable += Potential(parent, pair);
    }
    if (borrowed > 0 && lendable > 0) {
      share.ratio = std::max(share.ratio, static_cast<double>(borrowed) * 1000 / static_cast<double>(lendable));
    }
  }
  share.borrowing = !share.borrowed.empty();
  return share;
}

int Quotas::Compare(const Share& a, const Share& b) {
  const bool a_inf = a.weight == 0 && a.ratio > 0, b_inf = b.weight == 0 && b.ratio > 0;
  const auto order = [](double x, double y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (a_inf && b_inf) return order(a.ratio, b.ratio);
  if (a_inf || b_inf) return a_inf ? 1 : -1;
  return order(a.ratio == 0 ? 0 : a.ratio / a.weight, b.ratio == 0 ? 0 : b.ratio / b.weight);
}

}  // namespace muster::scheduler::small
