#include "scheduler/topology/placer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "scheduler/topology/placer_internal.h"

namespace muster::scheduler {
namespace {

int32_t SlicesBelow(const TopologyCounts& counts, DomainId id, int level, int32_t size) {
  const TopologyTree::Domain& d = counts.tree().domain(id);
  if (d.level == level) return counts.at(id).pods / size;
  int32_t sum = 0;
  for (const DomainId child : d.children) sum += SlicesBelow(counts, child, level, size);
  return sum;
}

}  // namespace

TopologyFailure NotFit(const PlacementContext& x, int level, int32_t fit) {
  TopologyFailure f;
  f.topology = x.tree().name();
  f.fit = fit;
  f.requested = x.slices_needed();
  f.in_slices = x.plan.slice_size != 1;
  f.kind = TopologyFailure::Kind::kNotFit;
  const TopologyExclusions out = x.counts.Exclusions();
  f.total_nodes = out.total_nodes;
  f.node_selector = out.node_selector;
  f.affinity = out.affinity;
  f.topology_domain = out.topology_domain;
  f.taints = out.taints;
  for (const auto& [resource, nodes] : out.resources) f.resources[x.resources.Name(resource)] = nodes;
  if (x.plan.layers.empty()) return f;
  f.kind = TopologyFailure::Kind::kLayersNotFit;
  // What the best domain of the level could take.
  DomainId best = kNoId;
  for (const DomainId id : x.tree().AtLevel(level)) {
    if (!x.tree().has_present(id)) continue;
    if (best == kNoId || x.counts.at(id).slices > x.counts.at(best).slices) best = id;
  }
  for (const api::SliceConstraint& layer : x.plan.layers) {
    const int at = x.tree().LevelIndex(layer.topology);
    f.layers.push_back({layer.topology, SlicesBelow(x.counts, best, at, layer.size), x.count / layer.size});
  }
  return f;
}

TopologyFailure NoDomains(const PlacementContext& x, int level) {
  return TopologyText(absl::StrCat("no topology domains at level: ", x.tree().levels()[level]));
}

std::optional<TopologyFailure> PlacePods(TopologyCounts& counts, const TopologyPlan& plan, int32_t count,
                                         int32_t leaders, const PlacerOptions& options, const ResourceNames& resources,
                                         Placement* placement) {
  const PlacementContext context{counts, plan, count, leaders, options, resources};
  const bool balance = options.balanced && !plan.required && !plan.unconstrained;
  const bool general = leaders > 0 || balance || options.respect_affinity || options.force_general;
  std::vector<ChosenDomain> leaves;
  std::optional<TopologyFailure> failure = general ? PlaceByLists(context, &leaves) : PlaceByOrders(context, &leaves);
  if (failure.has_value()) return failure;
  const TopologyTree& tree = counts.tree();
  std::sort(leaves.begin(), leaves.end(), [&tree](const ChosenDomain& a, const ChosenDomain& b) {
    return tree.domain(a.id).rank < tree.domain(b.id).rank;
  });
  placement->workers.clear();
  placement->leader.clear();
  for (const ChosenDomain& d : leaves) {
    if (d.pods > 0) placement->workers.push_back({tree.domain(d.id).leaf, d.pods});
    if (d.leaders > 0) placement->leader.push_back({tree.domain(d.id).leaf, d.leaders});
  }
  return std::nullopt;
}

}  // namespace muster::scheduler
