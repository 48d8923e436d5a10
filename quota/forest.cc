#include "quota/forest.h"

#include <algorithm>

#include "base/check.h"

namespace muster::quota {

const Forest::Cell* Forest::Search(const Node& node, FrId f) {
  const FrId* const end = node.keys + node.num_cells;
  const FrId* const found = std::lower_bound(node.keys, end, f);
  return found == end || *found != f ? nullptr : node.cells + (found - node.keys);
}

const Forest::Cell* Forest::FindExtra(NodeId n, FrId f) const {
  const Tree& tree = trees_[nodes_[n].tree];
  const auto it = tree.extra.find({n, f});
  return it == tree.extra.end() ? nullptr : &tree.cells[it->second];
}

const Forest::Cell* Forest::FindOrAbove(NodeId n, FrId f) const {
  for (; n != kNoNode; n = nodes_[n].parent) {
    if (const Cell* cell = Find(n, f)) return cell;
  }
  return nullptr;
}

Forest::Cell* Forest::Ensure(NodeId n, FrId f) {
  if (const Cell* known = Find(n, f)) return const_cast<Cell*>(known);
  Tree& tree = TreeOf(n);
  Node& node = nodes_[n];
  // Those above first, which may move all cells.
  if (node.parent != kNoNode) Ensure(node.parent, f);
  const auto index = static_cast<int32_t>(tree.cells.size());
  const bool moves = tree.cells.size() == tree.cells.capacity();
  tree.cells.emplace_back();
  if (moves) Point(&tree);
  Cell& cell = tree.cells.back();
  if (node.parent != kNoNode) {
    const Cell* above = Find(node.parent, f);
    cell.up = static_cast<int32_t>(above - &cell);
    cell.potential = above->potential;
  }
  tree.extra.emplace(std::pair(n, f), index);
  ++node.num_extra;
  return &cell;
}

bool Forest::IsCrowded(NodeId n) {
  Tree& tree = TreeOf(n);
  if (tree.extra.size() <= tree.extra_limit) return false;
  const auto used = std::count_if(tree.extra.begin(), tree.extra.end(),
                                  [&](const auto& extra) { return tree.cells[extra.second].usage != 0; });
  tree.extra_limit = std::max<size_t>(64, 2 * used);
  return tree.extra.size() > tree.extra_limit;
}

void Forest::SetUsage(Tree* tree, Cell* cell, Amount value) {
  if (tree->marks > 0) tree->undo.push_back({static_cast<int32_t>(cell - tree->cells.data()), cell->usage});
  StoreUsage(cell, value);
}

void Forest::StoreUsage(Cell* cell, Amount value) {
  const bool was_over = cell->subtree < cell->usage;
  const bool is_over = cell->subtree < value;
  cell->usage = value;
  if (was_over != is_over && cell->up != 0) cell->above()->children_over += is_over ? 1 : -1;
}

void Forest::AddUsage(NodeId n, FrId f, Amount amount) {
  if (amount == 0) return;
  Cell* cell = Ensure(n, f);
  Tree& tree = TreeOf(n);
  while (true) {
    const Amount local = cell->LocalAvailable();
    SetUsage(&tree, cell, Add(cell->usage, amount));
    cell = cell->above();
    if (cell == nullptr || amount <= local) return;
    amount = Sub(amount, local);
  }
}

void Forest::RemoveUsage(NodeId n, FrId f, Amount amount) {
  if (amount == 0) return;
  Cell* cell = Ensure(n, f);
  Tree& tree = TreeOf(n);
  while (true) {
    const Amount stored_in_parent = Sub(cell->usage, cell->local);
    SetUsage(&tree, cell, Sub(cell->usage, amount));
    cell = cell->above();
    if (cell == nullptr || stored_in_parent <= 0) return;
    amount = std::min(amount, stored_in_parent);
  }
}

void Forest::AddUsage(NodeId n, absl::Span<const FrAmount> amounts) {
  for (const FrAmount& a : amounts) AddUsage(n, a.fr, a.amount);
}
void Forest::RemoveUsage(NodeId n, absl::Span<const FrAmount> amounts) {
  for (const FrAmount& a : amounts) RemoveUsage(n, a.fr, a.amount);
}

Forest::UndoMark Forest::Mark(NodeId n) {
  Tree& tree = TreeOf(n);
  ++tree.marks;
  return tree.undo.size();
}

void Forest::Rollback(NodeId n, UndoMark mark) {
  Tree& tree = TreeOf(n);
  MUSTER_CHECK(tree.marks > 0 && mark <= tree.undo.size(), "the mark last taken ends first");
  while (tree.undo.size() > mark) {
    StoreUsage(&tree.cells[tree.undo.back().cell], tree.undo.back().old_value);
    tree.undo.pop_back();
  }
  --tree.marks;
}

void Forest::Release(NodeId n, UndoMark) {
  Tree& tree = TreeOf(n);
  MUSTER_CHECK(tree.marks > 0, "no mark is open");
  // An outer mark may still roll these changes back, so they stay in the log until the last mark ends.
  if (--tree.marks == 0) tree.undo.clear();
}

Amount Forest::Available(const Cell& cell) {
  if (cell.up == 0) return Sub(cell.subtree, cell.usage);
  Amount from_parent = Available(*cell.above());
  if (cell.borrowing_limit != kUnlimited) {
    const Amount stored_in_parent = Sub(cell.subtree, cell.local);
    const Amount used_in_parent = std::max<Amount>(0, Sub(cell.usage, cell.local));
    from_parent = std::min(from_parent, Add(Sub(stored_in_parent, used_in_parent), cell.borrowing_limit));
  }
  return Add(cell.LocalAvailable(), from_parent);
}

Amount Forest::Available(NodeId n, FrId f) const {
  const Cell* cell = FindOrAbove(n, f);
  return cell == nullptr ? 0 : Available(*cell);
}

Amount Forest::AvailableClipped(NodeId n, FrId f) const { return std::max<Amount>(0, Available(n, f)); }

bool Forest::BorrowingWith(NodeId n, FrId f, Amount amount) const {
  const Cell& cell = CellOf(n, f);
  return Own(nodes_[n], cell) < Add(cell.usage, amount);
}

bool Forest::IsWithinNominal(NodeId n, absl::Span<const FrId> frs) const {
  for (const FrId f : frs) {
    const Cell& cell = CellOf(n, f);
    if (cell.subtree < cell.usage) return false;
  }
  return true;
}

bool Forest::AnyChildOverNominal(NodeId cohort, absl::Span<const FrId> frs) const {
  for (const FrId f : frs) {
    if (CellOf(cohort, f).children_over > 0) return true;
  }
  return false;
}

bool Forest::IsBorrowing(NodeId n) const {
  const Node& node = nodes_[n];
  if (node.parent == kNoNode) return false;
  const auto borrows = [&](const Cell& cell) { return Own(node, cell) < cell.usage; };
  if (std::any_of(node.cells, node.cells + node.num_cells, borrows)) return true;
  if (node.num_extra == 0) return false;
  const Tree& tree = trees_[node.tree];
  return std::any_of(tree.extra.begin(), tree.extra.end(),
                     [&](const auto& extra) { return extra.first.first == n && borrows(tree.cells[extra.second]); });
}

Forest::Height Forest::FindHeight(NodeId cluster_queue, FrId f, Amount amount) const {
  NodeId n = nodes_[cluster_queue].parent;
  const Cell* cell = Find(cluster_queue, f);
  const Cell& own = cell == nullptr ? kNothing : *cell;
  if (n == kNoNode || !(Own(nodes_[cluster_queue], own) < Add(own.usage, amount))) return {0, n != kNoNode};
  Amount rest = Sub(amount, own.LocalAvailable());
  while (true) {
    cell = cell != nullptr ? cell->above() : Find(n, f);
    const Cell& at = cell == nullptr ? kNothing : *cell;
    const Node& node = nodes_[n];
    if (!(Own(node, at) < Add(at.usage, rest))) return {node.height, node.parent != kNoNode};
    if (node.parent == kNoNode) return {node.height, false};
    rest = Sub(rest, at.LocalAvailable());
    n = node.parent;
  }
}

bool Forest::FitsInQuota(NodeId n, absl::Span<const FrAmount> requests, std::vector<FrAmount>* remaining) const {
  bool fits = true;
  if (remaining != nullptr) remaining->clear();
  for (const FrAmount& r : requests) {
    const Cell& cell = CellOf(n, r.fr);
    if (cell.subtree < Add(cell.usage, r.amount)) fits = false;
    if (remaining != nullptr) {
      remaining->push_back({r.fr, std::max<Amount>(0, Sub(r.amount, cell.LocalAvailable()))});
    }
  }
  return fits;
}

}  // namespace muster::quota
