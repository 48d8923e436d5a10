#include "scheduler/topology/tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"

namespace muster::scheduler {
namespace {

constexpr int64_t kRankGap = int64_t{1} << 32;

}  // namespace

TopologyTree::TopologyTree(std::string name, std::vector<std::string> levels)
    : name_(std::move(name)),
      levels_(std::move(levels)),
      lowest_is_host_(levels_.back() == kHostnameLabel),
      by_level_(levels_.size()) {}

int TopologyTree::LevelIndex(absl::string_view label) const {
  for (int i = 0; i < num_levels(); ++i) {
    if (levels_[i] == label) return i;
  }
  return -1;
}

DomainId TopologyTree::AncestorAt(DomainId id, int level) const {
  while (domains_[id].level > level) id = domains_[id].parent;
  return id;
}

std::vector<std::string> TopologyTree::Values(DomainId id) const {
  std::vector<std::string> out(domains_[id].level + 1);
  for (; id != kNoId; id = domains_[id].parent) out[domains_[id].level] = domains_[id].value;
  return out;
}

std::string TopologyTree::Path(DomainId id) const { return absl::StrJoin(Values(id), ","); }

std::string TopologyTree::LeafName(LeafId leaf) const {
  const DomainId id = leaf_domain_[leaf];
  return lowest_is_host_ ? domains_[id].value : Path(id);
}

bool TopologyTree::PathLess(DomainId a, absl::Span<const std::string> values) const {
  const std::vector<std::string> path = Values(a);
  return std::lexicographical_compare(path.begin(), path.end(), values.begin(), values.end());
}

void TopologyTree::Renumber(int level) {
  int64_t rank = 0;
  for (const DomainId id : by_level_[level]) {
    rank += kRankGap;
    domains_[id].rank = rank;
  }
  ++rank_version_;
}

// Domains usually arrive in order or nearly so; otherwise a place is found by bisection. Ranks leave gaps, so that a
// domain that arrives late does not move the others.
DomainId TopologyTree::AddDomain(DomainId parent, int level, const std::string& value) {
  const DomainId id = num_domains();
  domains_.push_back({parent, level, 0, kNoId, value, {}});
  present_below_.push_back(0);
  child_[{parent, value}] = id;
  std::vector<DomainId>& peers = by_level_[level];
  const std::vector<std::string> path = Values(id);
  auto place = peers.end();
  if (!peers.empty() && !PathLess(peers.back(), path)) {
    place = std::lower_bound(peers.begin(), peers.end(), path,
                             [this](DomainId a, const std::vector<std::string>& p) { return PathLess(a, p); });
  }
  const int64_t after = place == peers.begin() ? 0 : domains_[*(place - 1)].rank;
  const int64_t before = place == peers.end() ? after + 2 * kRankGap : domains_[*place].rank;
  domains_[id].rank = after + (before - after) / 2;
  const bool crowded = domains_[id].rank == after;
  peers.insert(place, id);
  if (crowded) Renumber(level);
  if (parent != kNoId) {
    std::vector<DomainId>& siblings = domains_[parent].children;
    siblings.insert(std::lower_bound(siblings.begin(), siblings.end(), id,
                                     [this](DomainId a, DomainId b) { return domains_[a].rank < domains_[b].rank; }),
                    id);
  }
  return id;
}

LeafId TopologyTree::AddLeaf(absl::Span<const std::string> values) {
  DomainId id = kNoId;
  for (int level = 0; level < num_levels(); ++level) {
    const auto it = child_.find(std::make_pair(id, values[level]));
    id = it != child_.end() ? it->second : AddDomain(id, level, values[level]);
  }
  if (domains_[id].leaf != kNoId) return domains_[id].leaf;
  const LeafId leaf = num_leaves();
  domains_[id].leaf = leaf;
  leaf_domain_.push_back(id);
  present_.push_back(0);
  node_.push_back(nullptr);
  for (auto* amounts : {&free_, &used_, &assumed_}) amounts->resize(amounts->size() + stride_, 0);
  return leaf;
}

void TopologyTree::Widen(int resources) {
  if (resources <= stride_) return;
  for (auto* amounts : {&free_, &used_, &assumed_}) {
    std::vector<quota::Amount> wider(static_cast<size_t>(num_leaves()) * resources, 0);
    for (LeafId leaf = 0; leaf < num_leaves(); ++leaf) {
      std::copy_n(amounts->begin() + static_cast<size_t>(leaf) * stride_, stride_,
                  wider.begin() + static_cast<size_t>(leaf) * resources);
    }
    *amounts = std::move(wider);
  }
  stride_ = resources;
}

void TopologyTree::SetLeaf(LeafId leaf, bool present, std::vector<quota::Amount> free, const api::Node* node) {
  Widen(static_cast<int>(free.size()));
  free.resize(stride_, 0);
  std::copy(free.begin(), free.end(), free_.begin() + static_cast<size_t>(leaf) * stride_);
  if (const int32_t change = (present ? 1 : 0) - present_[leaf]; change != 0) {
    num_present_ += change;
    for (DomainId id = leaf_domain_[leaf]; id != kNoId; id = domains_[id].parent) present_below_[id] += change;
  }
  present_[leaf] = present ? 1 : 0;
  node_[leaf] = present && lowest_is_host_ ? node : nullptr;
  Note({leaf, /*node_changed=*/true, /*only_used=*/false});
}

void TopologyTree::Note(Touch touch) {
  // Followers that fall far behind start over anyway.
  const size_t most = 4 * leaf_domain_.size() + 4096;
  if (journal_.size() >= most) {
    const size_t drop = journal_.size() / 2;
    journal_.erase(journal_.begin(), journal_.begin() + drop);
    journal_begin_ += drop;
  }
  journal_.push_back(touch);
}

void TopologyTree::Add(bool assumed, LeafId leaf, absl::Span<const ResourceAmount> per_pod, int64_t count) {
  for (const ResourceAmount& a : per_pod) {
    if (a.resource >= stride_) Widen(a.resource + 1);
    quota::Amount& sum = (assumed ? assumed_ : used_)[static_cast<size_t>(leaf) * stride_ + a.resource];
    if (open_marks_ > 0) undo_.push_back({assumed, leaf, a.resource, sum});
    sum = count >= 0 ? quota::Add(sum, quota::Mul(a.amount, count)) : quota::Sub(sum, quota::Mul(a.amount, -count));
  }
  Note({leaf, /*node_changed=*/false, /*only_used=*/!assumed});
}

void TopologyTree::AddUsed(LeafId leaf, absl::Span<const ResourceAmount> per_pod, int64_t count) {
  Add(false, leaf, per_pod, count);
}
void TopologyTree::AddAssumed(LeafId leaf, absl::Span<const ResourceAmount> per_pod, int64_t count) {
  Add(true, leaf, per_pod, count);
}

void TopologyTree::Rollback(UndoMark mark) {
  Touch noted{kNoId, false, false};
  while (undo_.size() > mark) {
    const Undo& u = undo_.back();
    (u.assumed ? assumed_ : used_)[static_cast<size_t>(u.leaf) * stride_ + u.resource] = u.before;
    if (u.leaf != noted.leaf || u.assumed == noted.only_used) {
      noted = {u.leaf, /*node_changed=*/false, /*only_used=*/!u.assumed};
      Note(noted);
    }
    undo_.pop_back();
  }
  --open_marks_;
}

}  // namespace muster::scheduler
