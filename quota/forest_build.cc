// Building the trees of the forest, and taking them down.
#include <algorithm>
#include <numeric>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "quota/cohort_graph.h"
#include "quota/forest.h"

namespace muster::quota {

// A tree on its way: everything is by index into the specs.
struct Forest::Plan {
  absl::Span<const NodeId> ids;
  absl::Span<const NodeSpec> specs;
  Tree* tree = nullptr;
  std::vector<int> top_down;  // parents before their children
  std::vector<std::vector<int>> children;
  std::vector<uint32_t> first;  // of each node's cells; one more at the end
};

const Forest::Cell Forest::kNothing;

Forest::Forest(const Forest& other) { *this = other; }

Forest& Forest::operator=(const Forest& other) {
  if (this == &other) return *this;
  resource_of_fr_ = other.resource_of_fr_;
  nodes_ = other.nodes_;
  free_nodes_ = other.free_nodes_;
  trees_ = other.trees_;
  free_trees_ = other.free_trees_;
  for (Tree& tree : trees_) Point(&tree);
  return *this;
}

absl::StatusOr<Forest> Forest::Build(const ForestSpec& spec) {
  Forest f;
  const int n = static_cast<int>(spec.nodes.size());
  f.SetResources(spec.resource_of_fr);
  std::vector<CohortEdge> edges;
  for (int i = 0; i < n; ++i) {
    const NodeSpec& node = spec.nodes[i];
    for (const QuotaSpec& q : node.quotas) {
      if (q.fr >= 0 && q.fr < f.num_frs()) continue;
      return absl::InvalidArgumentError(absl::StrCat(node.name, ": unknown flavor-resource pair ", q.fr));
    }
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
  std::vector<std::vector<NodeId>> trees(n);  // by root
  for (int i = 0; i < n; ++i) {
    NodeId root = f.NewNode();
    int cohorts = spec.nodes[i].is_cohort ? 1 : 0;
    for (; spec.nodes[root].parent != kNoNode; root = spec.nodes[root].parent) ++cohorts;
    if (cohorts > kMaxCohortDepth) {
      return absl::InvalidArgumentError(absl::StrCat(spec.nodes[i].name, ": is below more than ", kMaxCohortDepth,
                                                     " cohorts; give one of them another parent"));
    }
    trees[root].push_back(i);
  }
  std::vector<NodeId> index(n);  // in its tree
  for (const std::vector<NodeId>& ids : trees) {
    if (ids.empty()) continue;
    std::vector<NodeSpec> specs;
    for (const NodeId id : ids) {
      index[id] = static_cast<NodeId>(specs.size());
      specs.push_back(spec.nodes[id]);
    }
    for (NodeSpec& node : specs) {
      if (node.parent != kNoNode) node.parent = index[node.parent];
    }
    f.BuildTree(ids, specs);
  }
  return f;
}

NodeId Forest::NewNode() {
  if (free_nodes_.empty()) {
    nodes_.emplace_back();
    return num_nodes() - 1;
  }
  const NodeId n = free_nodes_.back();
  free_nodes_.pop_back();
  return n;
}

void Forest::FreeNode(NodeId n) {
  MUSTER_CHECK(!InTree(n));
  nodes_[n] = Node();
  free_nodes_.push_back(n);
}

std::vector<NodeId> Forest::RemoveTree(NodeId n) {
  const int32_t at = nodes_[n].tree;
  MUSTER_CHECK(at >= 0 && trees_[at].marks == 0, "a tree without open marks");
  std::vector<NodeId> nodes = std::move(trees_[at].nodes);
  for (const NodeId id : nodes) nodes_[id] = Node();
  trees_[at] = Tree();
  free_trees_.push_back(at);
  return nodes;
}

void Forest::BuildTree(absl::Span<const NodeId> ids, absl::Span<const NodeSpec> specs) {
  MUSTER_CHECK(ids.size() == specs.size());
  int32_t at = static_cast<int32_t>(trees_.size());
  if (free_trees_.empty()) {
    trees_.emplace_back();
  } else {
    at = free_trees_.back();
    free_trees_.pop_back();
  }
  Plan plan{ids, specs, &trees_[at], {}, {}, {}};
  plan.tree->nodes.assign(ids.begin(), ids.end());
  plan.children.resize(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    MUSTER_CHECK(!InTree(ids[i]), specs[i].name);
    Node& node = nodes_[ids[i]] = Node();
    node.tree = at;
    node.order = static_cast<int32_t>(i);
    node.is_cohort = specs[i].is_cohort;
    node.weight = specs[i].weight;
    node.name = specs[i].name;
    if (specs[i].parent == kNoNode) {
      plan.top_down.push_back(static_cast<int>(i));
    } else {
      node.parent = ids[specs[i].parent];
      plan.children[specs[i].parent].push_back(static_cast<int>(i));
    }
  }
  MUSTER_CHECK(plan.top_down.size() == 1, "one root");
  for (size_t i = 0; i < plan.top_down.size(); ++i) {
    const int n = plan.top_down[i];
    Node& node = nodes_[ids[n]];
    node.root = ids[plan.top_down[0]];
    node.depth = node.parent == kNoNode ? 0 : nodes_[node.parent].depth + 1;
    MUSTER_CHECK(node.depth + (node.is_cohort ? 1 : 0) <= kMaxCohortDepth, node.name);
    for (const int c : plan.children[n]) {
      node.children.push_back(ids[c]);
      if (!specs[c].is_cohort) ++node.counted_queues;
      plan.top_down.push_back(c);
    }
  }
  MUSTER_CHECK(plan.top_down.size() == specs.size(), "all nodes hang on the root");
  LayOut(&plan);
  ComputeUp(plan);
  ComputeDown(plan);
}

// Which cells there are, what they say about themselves, and how they hang together.
void Forest::LayOut(Plan* plan) {
  Tree& tree = *plan->tree;
  const size_t n = plan->specs.size();
  std::vector<std::vector<FrId>> keys(n);
  for (size_t i = n; i-- > 0;) {
    const int at = plan->top_down[i];
    std::vector<FrId>& own = keys[at];
    for (const QuotaSpec& q : plan->specs[at].quotas) own.push_back(q.fr);
    for (const int c : plan->children[at]) own.insert(own.end(), keys[c].begin(), keys[c].end());
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());
  }
  plan->first.assign(1, 0);
  for (const std::vector<FrId>& own : keys) {
    tree.keys.insert(tree.keys.end(), own.begin(), own.end());
    plan->first.push_back(static_cast<uint32_t>(tree.keys.size()));
  }
  tree.keys.shrink_to_fit();
  tree.cells.reserve(tree.keys.size());
  tree.cells.resize(tree.keys.size());
  for (size_t i = 0; i < n; ++i) {
    nodes_[plan->ids[i]].num_cells = plan->first[i + 1] - plan->first[i];
  }
  Point(&tree);
  for (size_t i = 0; i < n; ++i) {
    Node& node = nodes_[plan->ids[i]];
    const std::vector<FrId>& own = keys[i];
    const auto cell_of = [](const Node& of, FrId f) {
      return of.cells + (std::lower_bound(of.keys, of.keys + of.num_cells, f) - of.keys);
    };
    std::vector<ResId> resources;
    for (size_t k = 0; k < own.size(); ++k) {
      Cell& cell = node.cells[k];
      cell.has_quota = true;
      cell.local = kUnlimited;  // the lending limit, until what is kept is computed
      if (node.parent != kNoNode) cell.up = static_cast<int32_t>(cell_of(nodes_[node.parent], own[k]) - &cell);
      resources.push_back(resource_of_fr_[own[k]]);
    }
    for (const QuotaSpec& q : plan->specs[i].quotas) {
      Cell& cell = *cell_of(node, q.fr);
      cell.nominal = q.nominal;
      cell.borrowing_limit = q.borrowing_limit.value_or(kUnlimited);
      cell.local = q.lending_limit.value_or(kUnlimited);
    }
    std::vector<ResId> sorted = resources;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    node.first_lendable = static_cast<uint32_t>(tree.lendable.size());
    node.num_lendable = static_cast<uint32_t>(sorted.size());
    for (const ResId r : sorted) tree.lendable.push_back({r, 0});
    for (size_t k = 0; k < own.size(); ++k) {
      node.cells[k].share =
          static_cast<int32_t>(std::lower_bound(sorted.begin(), sorted.end(), resources[k]) - sorted.begin());
    }
  }
  tree.lendable.shrink_to_fit();
}

void Forest::Point(Tree* tree) {
  const FrId* keys = tree->keys.data();
  Cell* cells = tree->cells.data();
  for (const NodeId n : tree->nodes) {
    Node& node = nodes_[n];
    node.keys = keys;
    node.cells = cells;
    keys += node.num_cells;
    cells += node.num_cells;
  }
}

// Bottom up: SubtreeQuota = own nominal + what children do not keep; height as Kueue counts it.
void Forest::ComputeUp(const Plan& plan) {
  for (size_t i = plan.top_down.size(); i-- > 0;) {
    const int at = plan.top_down[i];
    Node& node = nodes_[plan.ids[at]];
    for (uint32_t k = 0; k < node.num_cells; ++k) node.cells[k].subtree = node.cells[k].nominal;
    for (const int c : plan.children[at]) {
      const Node& child = nodes_[plan.ids[c]];
      for (uint32_t k = 0; k < child.num_cells; ++k) {
        Cell& below = child.cells[k];
        below.above()->subtree = Add(below.above()->subtree, Sub(below.subtree, below.local));
        if (below.subtree < 0) ++below.above()->children_over;
      }
    }
    for (uint32_t k = 0; k < node.num_cells; ++k) {
      Cell& cell = node.cells[k];
      const Amount lending_limit = cell.local;
      cell.local = lending_limit == kUnlimited ? 0 : std::max<Amount>(0, Sub(cell.subtree, lending_limit));
    }
    node.height = HeightOf(node);
  }
}

// Top down: potential, and what the parent could lend.
void Forest::ComputeDown(const Plan& plan) {
  // Potentials of a cohort, by resource, summed over all pairs of the tree: those it has no cell of are as above it.
  // Exact, so that they can be taken out again.
  struct Sum {
    __int128 finite = 0;
    int64_t unlimited = 0;

    void Change(Amount amount, int sign) {
      if (amount == kUnlimited) {
        unlimited += sign;
      } else {
        finite += sign * static_cast<__int128>(amount);
      }
    }
    Amount Clamped() const {
      if (unlimited > 0 || finite >= kUnlimited) return kUnlimited;
      return finite < kAmountMin ? kAmountMin : static_cast<Amount>(finite);
    }
  };
  std::vector<std::vector<Sum>> sums(plan.specs.size());
  Tree& tree = *plan.tree;
  for (const int at : plan.top_down) {
    const Node& node = nodes_[plan.ids[at]];
    Lendable* const lendable = tree.lendable.data() + node.first_lendable;
    const int up = plan.specs[at].parent;
    std::vector<int> place;  // of each resource among the parent's
    if (up != kNoNode) {
      const Node& parent = nodes_[node.parent];
      const Lendable* const first = tree.lendable.data() + parent.first_lendable;
      for (uint32_t r = 0; r < node.num_lendable; ++r) {
        const auto* found = std::lower_bound(first, first + parent.num_lendable, lendable[r].resource,
                                             [](const Lendable& l, ResId resource) { return l.resource < resource; });
        place.push_back(static_cast<int>(found - first));
        lendable[r].amount = sums[up][place.back()].Clamped();
      }
    }
    if (node.is_cohort) sums[at].resize(node.num_lendable);
    if (node.is_cohort && up != kNoNode) {
      for (uint32_t r = 0; r < node.num_lendable; ++r) sums[at][r] = sums[up][place[r]];
    }
    for (uint32_t k = 0; k < node.num_cells; ++k) {
      Cell& cell = node.cells[k];
      if (cell.above() == nullptr) {
        cell.potential = cell.subtree;
      } else {
        cell.potential = Add(cell.local, cell.above()->potential);
        if (cell.borrowing_limit != kUnlimited) {
          cell.potential = std::min(cell.potential, Add(cell.subtree, cell.borrowing_limit));
        }
      }
      if (!node.is_cohort) continue;
      Sum& sum = sums[at][cell.share];
      if (cell.above() != nullptr) sum.Change(cell.above()->potential, -1);
      sum.Change(cell.potential, 1);
    }
  }
}

int Forest::HeightOf(const Node& node) const {
  if (!node.is_cohort) return 0;
  int height = node.counted_queues > 0 ? 1 : 0;
  for (const NodeId c : node.children) {
    if (nodes_[c].is_cohort) height = std::max(height, 1 + nodes_[c].height);
  }
  return height;
}

void Forest::SetCounted(NodeId cluster_queue, bool counted) {
  Node& node = nodes_[cluster_queue];
  if (node.counted == counted) return;
  node.counted = counted;
  if (node.parent == kNoNode) return;
  int32_t& queues = nodes_[node.parent].counted_queues;
  const bool had_some = queues > 0;
  queues += counted ? 1 : -1;
  if (had_some == (queues > 0)) return;  // how many there are makes no difference
  for (NodeId n = node.parent; n != kNoNode; n = nodes_[n].parent) {
    const int height = HeightOf(nodes_[n]);
    if (height == nodes_[n].height) return;
    nodes_[n].height = height;
  }
}

}  // namespace muster::quota
