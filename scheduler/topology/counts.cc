#include "scheduler/topology/counts.h"

#include <algorithm>
#include <utility>

namespace muster::scheduler {
namespace {

int32_t Wrap(int64_t n) { return static_cast<int32_t>(n); }

}  // namespace

TopologyCounts::TopologyCounts(const TopologyTree& tree, PodShape shape, DomainId within)
    : tree_(tree), shape_(std::move(shape)), within_(within) {
  by_resource_.assign(shape_.requests.size(), 0);
  level_orders_.resize(tree.num_levels());
  ForgetKnown();
}

void TopologyCounts::ForgetKnown() {
  first_.assign(tree_.num_levels(), Known());
  last_.assign(tree_.num_levels(), Known());
}

void TopologyCounts::Follow(const OrderKey& after, bool is_first, Known* known) {
  if (!known->is_known) return;
  const auto ahead = [is_first](const OrderKey& a, const OrderKey& b) { return is_first ? a < b : b < a; };
  const bool counts = !is_first || after.slices >= known->slices;
  if (known->key.has_value() && known->key->id == after.id) {
    // Where it has fallen back another may be the one now.
    if (!counts || ahead(*known->key, after)) {
      known->is_known = false;
    } else {
      known->key = after;
    }
  } else if (counts && (!known->key.has_value() || ahead(after, *known->key))) {
    known->key = after;
  }
}

void TopologyCounts::TallyVerdict(const LeafVerdict& v, int sign) {
  switch (v.refusal) {
    case NodeFilter::Refusal::kTaint:
      by_taint_[v.taint] += sign;
      return;
    case NodeFilter::Refusal::kNodeSelector:
      node_selector_ += sign;
      return;
    case NodeFilter::Refusal::kAffinity:
      node_affinity_ += sign;
      return;
    case NodeFilter::Refusal::kNone:
      break;
  }
  if (v.outside) {
    outside_ += sign;
  } else if (v.limit != kNoLimit) {
    by_resource_[v.limit] += sign;
  }
}

void TopologyCounts::JudgeLeaf(LeafId leaf) {
  LeafVerdict& v = verdicts_[leaf];
  v = LeafVerdict();
  if (!tree_.present(leaf)) return;
  if (within_ != kNoId) {
    v.outside = tree_.AncestorAt(tree_.DomainOf(leaf), tree_.domain(within_).level) != within_;
  }
  if (shape_.filter == nullptr || tree_.node(leaf) == nullptr) return;
  NodeFilter::Verdict verdict = shape_.filter->Judge(*tree_.node(leaf));
  v.refusal = verdict.refusal;
  if (verdict.refusal == NodeFilter::Refusal::kTaint) {
    // One that no leaf has any more gives its place away: values of taints may come and go for ever.
    auto it = std::find(taints_.begin(), taints_.end(), verdict.taint);
    if (it == taints_.end()) {
      it = taints_.begin() + (std::find(by_taint_.begin(), by_taint_.end(), 0) - by_taint_.begin());
    }
    v.taint = static_cast<int32_t>(it - taints_.begin());
    if (it == taints_.end()) {
      taints_.push_back(std::move(verdict.taint));
      by_taint_.push_back(0);
    } else {
      *it = std::move(verdict.taint);
    }
  }
  if (verdict.score != 0 || !affinity_.empty()) {
    affinity_.resize(verdicts_.size(), 0);
    affinity_[leaf] = verdict.score;
  }
}

int32_t TopologyCounts::HowMany(const std::vector<ResourceAmount>& request, LeafId leaf,
                                const std::vector<ResourceAmount>* less, int16_t* limit) const {
  int64_t fit = std::numeric_limits<int32_t>::max();
  for (size_t i = 0; i < request.size(); ++i) {
    const ResourceAmount& r = request[i];
    if (r.amount <= 0) continue;
    quota::Amount left = tree_.Remaining(leaf, r.resource, shape_.empty);
    if (less != nullptr) {
      for (const ResourceAmount& l : *less) {
        if (l.resource == r.resource) left = quota::Sub(left, l.amount);
      }
    }
    const int64_t n = left <= 0 ? 0 : left / r.amount;
    if (n < fit) {
      fit = n;
      if (limit != nullptr) *limit = static_cast<int16_t>(i);
    }
  }
  if (limit != nullptr && fit > 0) *limit = kNoLimit;
  return static_cast<int32_t>(fit);
}

int32_t TopologyCounts::LeftOver(LeafId leaf, int32_t pods) const {
  double least = 1;
  for (const ResourceAmount& r : shape_.requests) {
    if (r.amount <= 0) continue;
    const quota::Amount free = tree_.Remaining(leaf, r.resource, shape_.empty);
    if (free / r.amount != pods) continue;
    least = std::min(least, static_cast<double>(free % r.amount) / static_cast<double>(r.amount));
  }
  return static_cast<int32_t>(least * (1 << 30));
}

DomainCounts TopologyCounts::CountLeaf(LeafId leaf) {
  LeafVerdict& v = verdicts_[leaf];
  DomainCounts c;
  v.limit = kNoLimit;
  if (!tree_.present(leaf) || v.outside || v.refusal != NodeFilter::Refusal::kNone) return c;
  c.pods = HowMany(shape_.requests, leaf, nullptr, &v.limit);
  c.pods_with_leader = c.pods;
  if (shape_.tight && c.pods > 0) c.left = LeftOver(leaf, c.pods);
  if (shape_.leader.has_value() && HowMany(*shape_.leader, leaf, nullptr, nullptr) > 0) {
    c.leaders = 1;
    c.pods_with_leader = HowMany(shape_.requests, leaf, &*shape_.leader, nullptr);
  }
  if (shape_.slice_level == tree_.num_levels() - 1) {
    c.slices = c.pods / shape_.slice_size;
    c.slices_with_leader = c.pods_with_leader / shape_.slice_size;
  }
  if (!affinity_.empty() && leaf < static_cast<LeafId>(affinity_.size())) c.affinity = affinity_[leaf];
  return c;
}

void TopologyCounts::Rebuild() {
  counts_.assign(tree_.num_domains(), DomainCounts());
  stamp_.assign(tree_.num_domains(), 0);
  leaf_stamp_.assign(tree_.num_leaves(), 0);
  verdicts_.assign(tree_.num_leaves(), LeafVerdict());
  affinity_.clear();
  round_ = 0;
  node_selector_ = node_affinity_ = outside_ = 0;
  taints_.clear();
  by_taint_.clear();
  std::fill(by_resource_.begin(), by_resource_.end(), 0);
  for (auto& order : level_orders_) order.reset();
  child_orders_.clear();
  ordered_ = false;
  ForgetKnown();
  for (LeafId leaf = 0; leaf < tree_.num_leaves(); ++leaf) {
    JudgeLeaf(leaf);
    counts_[tree_.DomainOf(leaf)] = CountLeaf(leaf);
    if (tree_.present(leaf)) TallyVerdict(verdicts_[leaf], 1);
  }
  for (int level = tree_.num_levels() - 2; level >= 0; --level) {
    for (const DomainId id : tree_.AtLevel(level)) {
      counts_[id] = SumUp(tree_, shape_, id, [this](DomainId d) -> const DomainCounts& { return counts_[d]; });
    }
  }
  total_slices_ = 0;
  for (const DomainId id : tree_.AtLevel(0)) total_slices_ += counts_[id].slices;
  seen_ = tree_.journal_end();
  rank_version_ = tree_.rank_version();
  built_ = true;
}

void TopologyCounts::Set(DomainId id, const DomainCounts& counts) {
  const TopologyTree::Domain& d = tree_.domain(id);
  Follow(KeyWith(id, counts), /*is_first=*/true, &first_[d.level]);
  Follow(KeyWith(id, counts), /*is_first=*/false, &last_[d.level]);
  if (ordered_) {
    const OrderKey before = KeyOf(id);
    const OrderKey after = KeyWith(id, counts);
    if (before < after || after < before) {
      if (auto& order = level_orders_[d.level]; order.has_value()) {
        order->erase(before);
        order->insert(after);
      }
      if (d.parent != kNoId) {
        if (const auto it = child_orders_.find(d.parent); it != child_orders_.end()) {
          it->second.erase(before);
          it->second.insert(after);
        }
      }
    }
  }
  if (d.parent == kNoId) total_slices_ += counts.slices - counts_[id].slices;
  counts_[id] = counts;
}

void TopologyCounts::Sync() {
  if (built_ && seen_ == tree_.journal_end() && rank_version_ == tree_.rank_version()) return;
  const bool grown = static_cast<int>(counts_.size()) != tree_.num_domains();
  if (!built_ || seen_ < tree_.journal_begin() || rank_version_ != tree_.rank_version() ||
      tree_.journal_end() - seen_ > static_cast<uint64_t>(tree_.num_leaves())) {
    Rebuild();
    return;
  }
  if (grown) {
    const DomainId first = static_cast<DomainId>(counts_.size());
    counts_.resize(tree_.num_domains());
    stamp_.resize(tree_.num_domains(), 0);
    verdicts_.resize(tree_.num_leaves());
    leaf_stamp_.resize(tree_.num_leaves(), 0);
    if (!affinity_.empty()) affinity_.resize(tree_.num_leaves(), 0);
    ForgetKnown();
    for (DomainId id = first; ordered_ && id < tree_.num_domains(); ++id) {
      const TopologyTree::Domain& d = tree_.domain(id);
      if (auto& order = level_orders_[d.level]; order.has_value()) order->insert(KeyOf(id));
      if (const auto it = child_orders_.find(d.parent); it != child_orders_.end()) it->second.insert(KeyOf(id));
    }
  }
  ++round_;
  std::vector<DomainId> dirty;  // parents to sum up again
  const auto touch_parent = [&](DomainId id) {
    const DomainId parent = tree_.domain(id).parent;
    if (parent != kNoId && stamp_[parent] != round_) {
      stamp_[parent] = round_;
      dirty.push_back(parent);
    }
  };
  // Without leaders and affinity sums follow from differences; with them parents are summed up anew.
  const bool differences = !shape_.leader.has_value() && affinity_.empty();
  const auto add_to_parents = [&](DomainId id, DomainCounts before) {
    DomainCounts after = counts_[id];
    while (true) {
      const TopologyTree::Domain& d = tree_.domain(id);
      if (d.parent == kNoId) return;
      const int32_t inner = shape_.InnerSize(d.level);
      const auto whole = [inner](int32_t n) { return inner > 0 ? n / inner * inner : n; };
      DomainCounts p = counts_[d.parent];
      const DomainCounts old = p;
      p.pods = Wrap(int64_t{p.pods} + whole(after.pods) - whole(before.pods));
      p.slices = d.level - 1 == shape_.slice_level ? p.pods / shape_.slice_size
                                                   : Wrap(int64_t{p.slices} + after.slices - before.slices);
      p.pods_with_leader = p.pods;
      p.slices_with_leader = p.slices;
      if (p == old) return;
      Set(d.parent, p);
      before = old;
      after = p;
      id = d.parent;
    }
  };
  for (; seen_ < tree_.journal_end(); ++seen_) {
    const TopologyTree::Touch touch = tree_.journal(seen_);
    if (shape_.empty && touch.only_used) continue;  // counts as if nobody used anything
    // Once is enough: what counts is how it is now.
    if (leaf_stamp_[touch.leaf] == round_ && !touch.node_changed) continue;
    leaf_stamp_[touch.leaf] = round_;
    const DomainId id = tree_.DomainOf(touch.leaf);
    const LeafVerdict old_verdict = verdicts_[touch.leaf];
    if (touch.node_changed) JudgeLeaf(touch.leaf);
    const DomainCounts counts = CountLeaf(touch.leaf);
    // An absent leaf has an empty verdict, which tallies nothing.
    TallyVerdict(old_verdict, -1);
    TallyVerdict(verdicts_[touch.leaf], 1);
    if (counts == counts_[id]) continue;
    const DomainCounts before = counts_[id];
    Set(id, counts);
    if (differences && affinity_.empty()) {
      add_to_parents(id, before);
    } else {
      touch_parent(id);
    }
  }
  // Leaves are all of the lowest level, so children come before their parents: each parent is added behind all of its
  // own level and below.
  for (size_t i = 0; i < dirty.size(); ++i) {
    const DomainId id = dirty[i];
    const DomainCounts counts =
        SumUp(tree_, shape_, id, [this](DomainId d) -> const DomainCounts& { return counts_[d]; });
    if (counts == counts_[id]) continue;
    Set(id, counts);
    touch_parent(id);
  }
}

TopologyExclusions TopologyCounts::Exclusions() const {
  TopologyExclusions out;
  out.total_nodes = tree_.num_present();
  out.node_selector = node_selector_;
  out.affinity = node_affinity_;
  out.topology_domain = outside_;
  for (size_t i = 0; i < taints_.size(); ++i) {
    if (by_taint_[i] > 0) out.taints[taints_[i]] = by_taint_[i];
  }
  for (size_t i = 0; i < by_resource_.size(); ++i) {
    if (by_resource_[i] > 0) out.resources.emplace_back(shape_.requests[i].resource, by_resource_[i]);
  }
  return out;
}

const TopologyCounts::Order& TopologyCounts::LevelOrder(int level) {
  std::optional<Order>& order = level_orders_[level];
  if (!order.has_value()) {
    std::vector<OrderKey> keys;
    for (const DomainId id : tree_.AtLevel(level)) keys.push_back(KeyOf(id));
    std::sort(keys.begin(), keys.end());
    order.emplace(keys.begin(), keys.end());
    ordered_ = true;
  }
  return *order;
}

std::optional<TopologyCounts::OrderKey> TopologyCounts::FirstAt(int level, int32_t slices) {
  if (HasOrder(level)) {
    constexpr int32_t kLow = std::numeric_limits<int32_t>::min();
    const Order& order = LevelOrder(level);
    const auto it = order.lower_bound({slices, kLow, std::numeric_limits<int64_t>::min(), kNoId});
    if (it == order.end()) return std::nullopt;
    return *it;
  }
  Known& known = first_[level];
  if (known.is_known && known.slices == slices) return known.key;
  std::optional<OrderKey> first;
  for (const DomainId id : tree_.AtLevel(level)) {
    const DomainCounts& c = counts_[id];
    if (c.slices < slices) continue;
    // Most are told apart without their ranks, which are elsewhere in memory.
    if (first.has_value() && std::tie(first->slices, first->pods) < std::tie(c.slices, c.pods)) continue;
    const OrderKey key = KeyOf(id);
    if (!first.has_value() || key < *first) first = key;
  }
  known = {true, slices, first};
  return first;
}

TopologyCounts::OrderKey TopologyCounts::LastAt(int level) {
  if (HasOrder(level)) return *LevelOrder(level).rbegin();
  Known& known = last_[level];
  if (known.is_known) return *known.key;
  const absl::Span<const DomainId> ids = tree_.AtLevel(level);
  OrderKey last = KeyOf(ids.front());
  for (const DomainId id : ids) {
    const DomainCounts& c = counts_[id];
    if (std::tie(c.slices, c.pods) < std::tie(last.slices, last.pods)) continue;
    const OrderKey key = KeyOf(id);
    if (last < key) last = key;
  }
  known = {true, 0, last};
  return last;
}

const TopologyCounts::Order& TopologyCounts::ChildOrder(DomainId parent) {
  const auto [it, added] = child_orders_.try_emplace(parent);
  if (added) {
    std::vector<OrderKey> keys;
    for (const DomainId id : tree_.domain(parent).children) keys.push_back(KeyOf(id));
    std::sort(keys.begin(), keys.end());
    it->second = Order(keys.begin(), keys.end());
    ordered_ = true;
  }
  return it->second;
}

}  // namespace muster::scheduler
