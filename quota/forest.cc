#include "quota/forest.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "quota/cohort_graph.h"

namespace muster::quota {

absl::StatusOr<Forest> Forest::Build(const ForestSpec& spec) {
  Forest f;
  const int n = static_cast<int>(spec.nodes.size());
  f.num_frs_ = static_cast<int>(spec.resource_of_fr.size());
  f.num_resources_ = spec.num_resources;
  f.resource_of_fr_ = spec.resource_of_fr;
  std::vector<CohortEdge> edges;
  for (int i = 0; i < n; ++i) {
    const NodeSpec& node = spec.nodes[i];
    if (node.parent == kNoNode) continue;
    if (node.parent < 0 || node.parent >= n || !spec.nodes[node.parent].is_cohort) {
      return absl::InvalidArgumentError(absl::StrCat(node.is_cohort ? "Cohort/" : "ClusterQueue/", node.name,
                                                     ": parent ", node.parent, " is not a cohort"));
    }
    if (node.is_cohort) edges.push_back({node.name, spec.nodes[node.parent].name});
  }
  if (const auto cycles = FindCohortCycles(edges); !cycles.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("Cohort/", cycles[0].front(), ": spec.parentName forms a cycle: ",
                                                   FormatCycle(cycles[0]), "; remove one of these parents"));
  }

  const size_t cells = static_cast<size_t>(n) * f.num_frs_;
  for (auto* v : {&f.nominal_, &f.subtree_, &f.local_, &f.potential_, &f.usage_}) v->assign(cells, 0);
  f.borrowing_limit_.assign(cells, kUnlimited);
  f.lending_limit_.assign(cells, kUnlimited);
  f.present_.assign(cells, 0);
  f.lendable_.assign(static_cast<size_t>(n) * f.num_resources_, 0);
  f.children_.resize(n);
  f.frs_.resize(n);
  f.root_.assign(n, kNoNode);
  f.height_.assign(n, 0);
  f.depth_.assign(n, 0);
  for (int i = 0; i < n; ++i) {
    const NodeSpec& node = spec.nodes[i];
    f.name_.push_back(node.name);
    f.parent_.push_back(node.parent);
    f.is_cohort_.push_back(node.is_cohort);
    f.weight_.push_back(node.weight);
    if (node.parent != kNoNode) f.children_[node.parent].push_back(i);
    for (const QuotaSpec& q : node.quotas) {
      if (q.fr < 0 || q.fr >= f.num_frs_) {
        return absl::InvalidArgumentError(absl::StrCat(node.name, ": unknown flavor-resource pair ", q.fr));
      }
      const size_t at = f.At(i, q.fr);
      f.nominal_[at] = q.nominal;
      f.borrowing_limit_[at] = q.borrowing_limit.value_or(kUnlimited);
      f.lending_limit_[at] = q.lending_limit.value_or(kUnlimited);
      f.present_[at] = 1;
    }
  }
  for (int i = 0; i < n; ++i) {
    if (f.parent_[i] != kNoNode) continue;
    f.ComputeSubtree(i);
    f.ComputeDown(i);
  }
  f.children_over_.assign(cells, 0);
  f.parent_cell_.assign(cells, kNoCell);
  for (int i = 0; i < n; ++i) {
    const NodeId p = f.parent_[i];
    if (p == kNoNode) continue;
    for (FrId fr = 0; fr < f.num_frs_; ++fr) {
      f.parent_cell_[f.At(i, fr)] = f.At(p, fr);
      if (f.subtree_[f.At(i, fr)] < 0) ++f.children_over_[f.At(p, fr)];
    }
  }
  return f;
}

// Bottom up: SubtreeQuota = own nominal + what children do not keep; height as Kueue counts it.
void Forest::ComputeSubtree(NodeId n) {
  for (FrId f = 0; f < num_frs_; ++f) subtree_[At(n, f)] = nominal_[At(n, f)];
  int height = std::min<int>(static_cast<int>(children_[n].size()), 1);
  for (NodeId c : children_[n]) {
    ComputeSubtree(c);
    if (is_cohort_[c]) height = std::max(height, 1 + height_[c]);
    for (FrId f = 0; f < num_frs_; ++f) {
      const size_t up = At(n, f), down = At(c, f);
      subtree_[up] = Add(subtree_[up], Sub(subtree_[down], local_[down]));
      present_[up] |= present_[down];
    }
  }
  height_[n] = is_cohort_[n] ? height : 0;
  for (FrId f = 0; f < num_frs_; ++f) {
    const size_t at = At(n, f);
    local_[at] = lending_limit_[at] == kUnlimited ? 0 : std::max<Amount>(0, Sub(subtree_[at], lending_limit_[at]));
    if (present_[at]) frs_[n].push_back(f);
  }
}

void Forest::CountOnly(absl::Span<const uint8_t> counted) {
  MUSTER_CHECK(counted.size() == parent_.size());
  std::vector<NodeId> order(num_nodes());
  for (NodeId n = 0; n < num_nodes(); ++n) order[n] = n;
  std::stable_sort(order.begin(), order.end(), [&](NodeId a, NodeId b) { return depth_[a] > depth_[b]; });
  for (const NodeId n : order) {
    height_[n] = 0;
    for (const NodeId c : children_[n]) {
      if (is_cohort_[c]) {
        height_[n] = std::max(height_[n], 1 + height_[c]);
      } else if (counted[c]) {
        height_[n] = std::max(height_[n], 1);
      }
    }
  }
}

// Top down: potential, root, depth, and what the parent could lend.
void Forest::ComputeDown(NodeId n) {
  const NodeId p = parent_[n];
  root_[n] = p == kNoNode ? n : root_[p];
  depth_[n] = p == kNoNode ? 0 : depth_[p] + 1;
  for (FrId f = 0; f < num_frs_; ++f) {
    const size_t at = At(n, f);
    if (p == kNoNode) {
      potential_[at] = subtree_[at];
      continue;
    }
    potential_[at] = Add(local_[at], potential_[At(p, f)]);
    if (borrowing_limit_[at] != kUnlimited) {
      potential_[at] = std::min(potential_[at], Add(subtree_[at], borrowing_limit_[at]));
    }
  }
  if (p != kNoNode) {
    for (FrId f : frs_[root_[n]]) {
      Amount& sum = lendable_[static_cast<size_t>(n) * num_resources_ + resource_of_fr_[f]];
      sum = Add(sum, potential_[At(p, f)]);
    }
  }
  for (NodeId c : children_[n]) ComputeDown(c);
}

void Forest::SetUsage(size_t i, Amount value) {
  if (marks_ > 0) undo_.push_back({i, usage_[i]});
  StoreUsage(i, value);
}

void Forest::StoreUsage(size_t i, Amount value) {
  const bool was_over = subtree_[i] < usage_[i];
  const bool is_over = subtree_[i] < value;
  usage_[i] = value;
  if (was_over != is_over && parent_cell_[i] != kNoCell) children_over_[parent_cell_[i]] += is_over ? 1 : -1;
}

void Forest::AddUsage(NodeId n, FrId f, Amount amount) {
  while (true) {
    const size_t at = At(n, f);
    const Amount local = LocalAvailable(at);
    SetUsage(at, Add(usage_[at], amount));
    n = parent_[n];
    if (n == kNoNode || amount <= local) return;
    amount = Sub(amount, local);
  }
}

void Forest::RemoveUsage(NodeId n, FrId f, Amount amount) {
  while (true) {
    const size_t at = At(n, f);
    const Amount stored_in_parent = Sub(usage_[at], local_[at]);
    SetUsage(at, Sub(usage_[at], amount));
    n = parent_[n];
    if (n == kNoNode || stored_in_parent <= 0) return;
    amount = std::min(amount, stored_in_parent);
  }
}

void Forest::AddUsage(NodeId n, absl::Span<const FrAmount> amounts) {
  for (const FrAmount& a : amounts) AddUsage(n, a.fr, a.amount);
}
void Forest::RemoveUsage(NodeId n, absl::Span<const FrAmount> amounts) {
  for (const FrAmount& a : amounts) RemoveUsage(n, a.fr, a.amount);
}

Forest::UndoMark Forest::Mark() {
  ++marks_;
  return undo_.size();
}

void Forest::Rollback(UndoMark mark) {
  MUSTER_CHECK(marks_ > 0 && mark <= undo_.size(), "the mark last taken ends first");
  while (undo_.size() > mark) {
    StoreUsage(undo_.back().index, undo_.back().old_value);
    undo_.pop_back();
  }
  --marks_;
}

void Forest::Release(UndoMark) {
  MUSTER_CHECK(marks_ > 0, "no mark is open");
  // An outer mark may still roll these changes back, so they stay in the log until the last mark ends.
  if (--marks_ == 0) undo_.clear();
}

Amount Forest::Available(NodeId n, FrId f) const {
  const size_t at = At(n, f);
  const NodeId p = parent_[n];
  if (p == kNoNode) return Sub(subtree_[at], usage_[at]);
  Amount from_parent = Available(p, f);
  if (borrowing_limit_[at] != kUnlimited) {
    const Amount stored_in_parent = Sub(subtree_[at], local_[at]);
    const Amount used_in_parent = std::max<Amount>(0, Sub(usage_[at], local_[at]));
    from_parent = std::min(from_parent, Add(Sub(stored_in_parent, used_in_parent), borrowing_limit_[at]));
  }
  return Add(LocalAvailable(at), from_parent);
}

Amount Forest::AvailableClipped(NodeId n, FrId f) const { return std::max<Amount>(0, Available(n, f)); }

bool Forest::BorrowingWith(NodeId n, FrId f, Amount amount) const {
  const size_t at = At(n, f);
  const Amount own = is_cohort_[n] ? subtree_[at] : nominal_[at];
  return own < Add(usage_[at], amount);
}

bool Forest::IsWithinNominal(NodeId n, absl::Span<const FrId> frs) const {
  for (FrId f : frs) {
    if (subtree_[At(n, f)] < usage_[At(n, f)]) return false;
  }
  return true;
}

bool Forest::AnyChildOverNominal(NodeId cohort, absl::Span<const FrId> frs) const {
  for (FrId f : frs) {
    if (children_over_[At(cohort, f)] > 0) return true;
  }
  return false;
}

bool Forest::IsBorrowing(NodeId n) const {
  if (parent_[n] == kNoNode) return false;
  for (FrId f = 0; f < num_frs_; ++f) {
    if (BorrowingWith(n, f, 0)) return true;
  }
  return false;
}

Forest::Height Forest::FindHeight(NodeId cluster_queue, FrId f, Amount amount) const {
  NodeId c = parent_[cluster_queue];
  if (c == kNoNode || !BorrowingWith(cluster_queue, f, amount)) return {0, c != kNoNode};
  Amount rest = Sub(amount, LocalAvailable(At(cluster_queue, f)));
  while (true) {
    if (!BorrowingWith(c, f, rest)) return {height_[c], parent_[c] != kNoNode};
    rest = Sub(rest, LocalAvailable(At(c, f)));
    if (parent_[c] == kNoNode) return {height_[c], false};
    c = parent_[c];
  }
}

bool Forest::FitsInQuota(NodeId n, absl::Span<const FrAmount> requests, std::vector<FrAmount>* remaining) const {
  bool fits = true;
  if (remaining != nullptr) remaining->clear();
  for (const FrAmount& r : requests) {
    const size_t at = At(n, r.fr);
    if (subtree_[at] < Add(usage_[at], r.amount)) fits = false;
    if (remaining != nullptr) {
      remaining->push_back({r.fr, std::max<Amount>(0, Sub(r.amount, LocalAvailable(at)))});
    }
  }
  return fits;
}

}  // namespace muster::quota
