#include "scheduler/topology/plan.h"

#include "absl/strings/str_cat.h"

namespace muster::scheduler {
namespace {

bool OnlySlices(const api::TopologyRequest& r) {
  return !r.required.has_value() && !r.preferred.has_value() &&
         (r.pod_set_slice_required_topology.has_value() || !r.pod_set_slice_constraints.empty());
}

// The label the request is about; nullopt if it names none.
std::optional<std::string> LevelLabel(const TopologyTree& tree, const api::TopologyRequest* r) {
  if (r == nullptr) return std::nullopt;
  if (r->required.has_value()) return r->required;
  if (r->preferred.has_value()) return r->preferred;
  if (OnlySlices(*r)) return tree.levels().front();
  if (r->unconstrained.value_or(false)) return tree.levels().back();
  return std::nullopt;
}

std::string SliceLabel(const TopologyTree& tree, const api::TopologyRequest* r) {
  if (r != nullptr) {
    if (r->pod_set_slice_required_topology.has_value()) return *r->pod_set_slice_required_topology;
    if (!r->pod_set_slice_constraints.empty()) return r->pod_set_slice_constraints[0].topology;
  }
  return tree.levels().back();
}

}  // namespace

bool IsExplicitTopologyRequest(const api::TopologyRequest& r) {
  return r.required.has_value() || r.preferred.has_value() || r.unconstrained.has_value() ||
         r.pod_set_slice_required_topology.has_value() || r.pod_set_slice_size.has_value() ||
         !r.pod_set_slice_constraints.empty();
}

std::vector<api::SliceConstraint> SliceLayers(const api::TopologyRequest& r) {
  if (!r.pod_set_slice_constraints.empty()) return r.pod_set_slice_constraints;
  if (r.pod_set_slice_required_topology.has_value() && r.pod_set_slice_size.has_value()) {
    return {{*r.pod_set_slice_required_topology, *r.pod_set_slice_size}};
  }
  return {};
}

bool AsksForSlices(const api::TopologyRequest* r) {
  return r != nullptr && ((r->pod_set_slice_required_topology.has_value() && r->pod_set_slice_size.has_value()) ||
                          !r->pod_set_slice_constraints.empty());
}

std::optional<TopologyPlan> PlanTopology(const TopologyTree& tree, const api::TopologyRequest* r, bool implied,
                                         bool multi_layer, TopologyFailure* failure) {
  const auto fail = [failure](const auto&... parts) {
    *failure = TopologyText(absl::StrCat(parts...));
    return std::nullopt;
  };
  TopologyPlan plan;
  if (r != nullptr && (!r->pod_set_slice_constraints.empty() || r->pod_set_slice_required_topology.has_value())) {
    plan.slice_size = !r->pod_set_slice_constraints.empty() ? r->pod_set_slice_constraints[0].size
                                                            : r->pod_set_slice_size.value_or(0);
    if (plan.slice_size <= 0) return fail("slice topology requested, but slice size not provided");
  }
  plan.required = r != nullptr && r->required.has_value();
  plan.unconstrained = implied || (r != nullptr && (r->unconstrained.value_or(false) || OnlySlices(*r)));
  std::optional<std::string> label = LevelLabel(tree, r);
  if (!label.has_value() && implied) label = tree.levels().back();
  if (!label.has_value()) return fail("topology level not specified");
  plan.level = tree.LevelIndex(*label);
  if (plan.level < 0) return fail("no requested topology level: ", *label);
  const std::string slice_label = SliceLabel(tree, r);
  plan.slice_level = tree.LevelIndex(slice_label);
  if (plan.slice_level < 0) return fail("no requested topology level for slices: ", slice_label);
  if (plan.level > plan.slice_level) {
    return fail("podset slice topology ", slice_label, " is above the podset topology ", *label);
  }
  if (!multi_layer || r == nullptr || r->pod_set_slice_constraints.size() < 2) return plan;
  plan.layers = r->pod_set_slice_constraints;
  plan.inner_size.assign(tree.num_levels(), 0);
  int32_t outer_size = plan.slice_size;
  int outer_level = plan.slice_level;
  for (size_t i = 1; i < plan.layers.size(); ++i) {
    const api::SliceConstraint& layer = plan.layers[i];
    const int level = tree.LevelIndex(layer.topology);
    if (level < 0) return fail("no requested topology level for additional slice layer: ", layer.topology);
    if (level <= outer_level) {
      return fail("additional slice layer topology ", layer.topology, " must be at a lower level than ",
                  tree.levels()[outer_level]);
    }
    if (layer.size <= 0 || outer_size % layer.size != 0) {
      return fail("additional slice layer size ", layer.size, " must evenly divide parent layer size ", outer_size);
    }
    for (int l = outer_level + 1; l <= level; ++l) plan.inner_size[l] = layer.size;
    outer_size = layer.size;
    outer_level = level;
  }
  return plan;
}

bool HasRequestedLevels(const TopologyTree& tree, const api::TopologyRequest& r, bool multi_layer) {
  const std::optional<std::string> label = LevelLabel(tree, &r);
  if (!label.has_value() || tree.LevelIndex(*label) < 0 || tree.LevelIndex(SliceLabel(tree, &r)) < 0) return false;
  if (!multi_layer) return true;
  for (const api::SliceConstraint& layer : r.pod_set_slice_constraints) {
    if (tree.LevelIndex(layer.topology) < 0) return false;
  }
  return true;
}

}  // namespace muster::scheduler
