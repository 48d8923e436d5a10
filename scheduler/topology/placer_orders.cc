// Placing by the orders that TopologyCounts keep: looks only at domains that end up in the answer (and, where a domain
// has few children, at those). Decides what topology_placer_lists.cc decides for a request without leaders.
#include <algorithm>
#include <limits>
#include <tuple>

#include "scheduler/topology/placer_internal.h"

namespace muster::scheduler {
namespace {

using Key = TopologyCounts::OrderKey;
using Order = TopologyCounts::Order;

constexpr int32_t kLow = std::numeric_limits<int32_t>::min();
constexpr int64_t kLowRank = std::numeric_limits<int64_t>::min();
// Up to so many children are sorted when needed; an order is kept for more.
constexpr size_t kFew = 64;

Order::const_iterator FirstWith(const Order& order, int32_t slices) {
  return order.lower_bound({slices, kLow, kLowRank, kNoId});
}

// Walks an order from most slices to fewest, among equals in ascending order.
class Descent {
 public:
  explicit Descent(const Order& order) : order_(&order), at_(order.end()) {
    if (!order.empty()) at_ = FirstWith(order, order.rbegin()->slices);
  }
  bool done() const { return at_ == order_->end(); }
  const Key& key() const { return *at_; }
  void Next() {
    const int32_t slices = at_->slices;
    ++at_;
    if (at_ != order_->end() && at_->slices == slices) return;
    const auto group = FirstWith(*order_, slices);
    at_ = group == order_->begin() ? order_->end() : FirstWith(*order_, std::prev(group)->slices);
  }
  // The tightest not walked yet with at least `slices`. REQUIRES: the current one has as many.
  const Key& BestFit(int32_t slices) const {
    const auto it = FirstWith(*order_, slices);
    return it->slices < at_->slices ? *it : *at_;
  }

 private:
  const Order* order_;
  Order::const_iterator at_;
};

// The same over a sorted list.
bool MoreSlicesFirst(const Key& a, const Key& b) {
  if (a.slices != b.slices) return a.slices > b.slices;
  return std::tie(a.pods, a.left, a.rank) < std::tie(b.pods, b.left, b.rank);
}

class Orders {
 public:
  explicit Orders(const PlacementContext& context) : x_(context), best_fit_(!context.least_free()) {}

  std::optional<TopologyFailure> Run(std::vector<ChosenDomain>* leaves) {
    int level = 0;
    std::vector<ChosenDomain> fit;
    if (auto failure = FindLevel(x_.plan.level, &level, &fit)) return failure;
    const int lowest = x_.lowest();
    for (; level < std::min(lowest, x_.plan.slice_level); ++level) fit = SpreadPooled(fit);
    for (; level < lowest; ++level) {
      std::vector<ChosenDomain> next;
      for (const ChosenDomain& parent : fit) SpreadPods(parent, x_.SizeBelow(level), &next);
      fit = std::move(next);
    }
    *leaves = std::move(fit);
    return std::nullopt;
  }

 private:
  ChosenDomain Give(const Key& key, int32_t slices) const { return {key.id, slices * x_.plan.slice_size, 0}; }
  std::optional<TopologyFailure> FindLevel(int level, int* found_level, std::vector<ChosenDomain>* found);
  std::vector<ChosenDomain> SpreadPooled(const std::vector<ChosenDomain>& parents);
  void SpreadPods(const ChosenDomain& parent, int32_t size, std::vector<ChosenDomain>* out);

  const PlacementContext& x_;
  const bool best_fit_;
};

std::optional<TopologyFailure> Orders::FindLevel(int level, int* found_level, std::vector<ChosenDomain>* found) {
  if (x_.tree().num_present() == 0) return NoDomains(x_, level);
  const int32_t needed = x_.slices_needed();
  *found_level = level;
  if (x_.options.roomiest && level == x_.lowest() && x_.counts.LastAt(level).slices >= needed) {
    const Key most = x_.counts.LastAt(level);
    const Order& order = x_.counts.LevelOrder(level);
    found->push_back(Give(*order.lower_bound({most.slices, most.pods, kLowRank, kNoId, most.left}), needed));
    return std::nullopt;
  }
  if (const std::optional<Key> first = x_.counts.FirstAt(level, needed); first.has_value()) {
    found->push_back(Give(*first, needed));
    return std::nullopt;
  }
  if (x_.plan.required) {
    const Key roomiest = x_.counts.LastAt(level);
    // Without constraint the last in order is named by its pods (Kueue does so).
    return NotFit(x_, level, best_fit_ ? roomiest.slices : roomiest.pods);
  }
  if (level > 0 && !x_.plan.unconstrained) return FindLevel(level - 1, found_level, found);
  // Slices add up from level to level, so the total needs no walk.
  if (x_.counts.total_slices() < needed) return NotFit(x_, level, static_cast<int32_t>(x_.counts.total_slices()));
  const Order& order = x_.counts.LevelOrder(level);
  int32_t left = needed;
  if (best_fit_) {
    for (Descent walk(order); left > 0; walk.Next()) {
      const bool last = walk.key().slices >= left;
      const Key& key = last ? walk.BestFit(left) : walk.key();
      found->push_back(Give(key, std::min(key.slices, left)));
      left -= key.slices;
    }
  } else {
    for (auto it = FirstWith(order, 1); left > 0; ++it) {
      found->push_back(Give(*it, std::min(it->slices, left)));
      left -= it->slices;
    }
  }
  return std::nullopt;
}

// Above the slice level the children of all parents are one pool, out of which the whole is taken again.
std::vector<ChosenDomain> Orders::SpreadPooled(const std::vector<ChosenDomain>& parents) {
  std::vector<Key> pool;
  std::vector<const Order*> orders;
  for (const ChosenDomain& p : parents) {
    const std::vector<DomainId>& children = x_.tree().domain(p.id).children;
    if (children.size() > kFew) {
      orders.push_back(&x_.counts.ChildOrder(p.id));
    } else {
      for (const DomainId child : children) {
        if (x_.counts.at(child).slices > 0) pool.push_back(x_.counts.KeyOf(child));
      }
    }
  }
  std::vector<ChosenDomain> out;
  int32_t left = x_.slices_needed();
  if (!best_fit_) {
    std::sort(pool.begin(), pool.end());
    size_t next = 0;
    std::vector<Order::const_iterator> heads;
    for (const Order* o : orders) heads.push_back(FirstWith(*o, 1));
    while (left > 0) {
      int from = -1;
      const Key* least = next < pool.size() ? &pool[next] : nullptr;
      for (size_t i = 0; i < orders.size(); ++i) {
        if (heads[i] == orders[i]->end() || (least != nullptr && *least < *heads[i])) continue;
        least = &*heads[i];
        from = static_cast<int>(i);
      }
      if (least == nullptr) return {};  // cannot happen with counts that add up
      out.push_back(Give(*least, std::min(least->slices, left)));
      left -= least->slices;
      if (from < 0) {
        ++next;
      } else {
        ++heads[from];
      }
    }
    return out;
  }
  std::sort(pool.begin(), pool.end(), MoreSlicesFirst);
  size_t next = 0;
  std::vector<Descent> walks;
  for (const Order* o : orders) walks.emplace_back(*o);
  while (left > 0) {
    int from = -1;
    const Key* first = next < pool.size() ? &pool[next] : nullptr;
    for (size_t i = 0; i < walks.size(); ++i) {
      if (walks[i].done() || (first != nullptr && MoreSlicesFirst(*first, walks[i].key()))) continue;
      first = &walks[i].key();
      from = static_cast<int>(i);
    }
    if (first == nullptr || first->slices <= 0) return {};  // cannot happen with counts that add up
    if (first->slices < left) {
      out.push_back(Give(*first, first->slices));
      left -= first->slices;
      if (from < 0) {
        ++next;
      } else {
        walks[from].Next();
      }
      continue;
    }
    // The last one: of all not taken yet, the first with the least room that is enough.
    const Key* best = nullptr;
    const auto consider = [&best](const Key& k) {
      if (best == nullptr || k < *best) best = &k;
    };
    const auto end =
        std::partition_point(pool.begin() + next, pool.end(), [left](const Key& k) { return k.slices >= left; });
    if (end != pool.begin() + next) {
      const int32_t slices = std::prev(end)->slices;
      consider(*std::partition_point(pool.begin() + next, end, [slices](const Key& k) { return k.slices > slices; }));
    }
    for (const Descent& w : walks) {
      if (!w.done() && w.key().slices >= left) consider(w.BestFit(left));
    }
    out.push_back(Give(*best, left));
    return out;
  }
  return out;
}

// At and below the slice level every parent's pods go to its own children, the fullest first: below the slice level no
// slices are counted, and among equals the order is by pods.
void Orders::SpreadPods(const ChosenDomain& parent, int32_t size, std::vector<ChosenDomain>* out) {
  int32_t left = parent.pods / size;
  const auto take = [&](const Key& key) {
    const int32_t taken = std::min(key.pods / size, left);
    if (taken > 0) out->push_back({key.id, taken * size, 0});
    left -= taken;
  };
  const std::vector<DomainId>& children = x_.tree().domain(parent.id).children;
  if (children.size() <= kFew) {
    std::vector<Key> keys;
    for (const DomainId child : children) {
      if (x_.counts.at(child).pods >= size) keys.push_back(x_.counts.KeyOf(child));
    }
    std::sort(keys.begin(), keys.end());
    for (size_t i = 0; left > 0 && i < keys.size(); ++i) take(keys[i]);
    return;
  }
  const Order& order = x_.counts.ChildOrder(parent.id);
  for (auto it = order.lower_bound({0, size, kLowRank, kNoId}); left > 0 && it != order.end(); ++it) take(*it);
}

}  // namespace

std::optional<TopologyFailure> PlaceByOrders(const PlacementContext& context, std::vector<ChosenDomain>* leaves) {
  return Orders(context).Run(leaves);
}

}  // namespace muster::scheduler
