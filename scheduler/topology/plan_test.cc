// Which levels and sizes a request comes to in a tree of blocks, racks and hosts, and why some come to nothing.
#include "scheduler/topology/plan.h"

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using api::TopologyRequest;
using Layers = std::vector<api::SliceConstraint>;

constexpr char kBlock[] = "block", kRack[] = "rack";

TopologyTree Tree() { return TopologyTree("t", {kBlock, kRack, kHostnameLabel}); }

TopologyRequest Required(const char* level) {
  TopologyRequest r;
  r.required = level;
  return r;
}
TopologyRequest Preferred(const char* level) {
  TopologyRequest r;
  r.preferred = level;
  return r;
}
TopologyRequest Unconstrained(bool value = true) {
  TopologyRequest r;
  r.unconstrained = value;
  return r;
}
TopologyRequest Sliced(TopologyRequest r, const char* level, std::optional<int32_t> size) {
  r.pod_set_slice_required_topology = level;
  r.pod_set_slice_size = size;
  return r;
}
TopologyRequest Layered(TopologyRequest r, Layers layers) {
  r.pod_set_slice_constraints = std::move(layers);
  return r;
}

struct Case {
  const char* about;
  TopologyRequest request;
  bool required, unconstrained;
  int level, slice_level, slice_size;
  std::vector<int32_t> inner = {};
};

TEST(TopologyPlan, ResolvesLevelsAndSizes) {
  const Case kCases[] = {
      {"a required level, pods one by one on hosts", Required(kRack), true, false, 1, 2, 1},
      {"a preferred level", Preferred(kBlock), false, false, 0, 2, 1},
      {"no constraint: hosts, whichever", Unconstrained(), false, true, 2, 2, 1},
      {"slices within a required level", Sliced(Required(kBlock), kRack, 4), true, false, 0, 1, 4},
      {"slices of the required level itself", Sliced(Required(kRack), kRack, 2), true, false, 1, 1, 2},
      {"slices alone may lie anywhere", Sliced({}, kRack, 4), false, true, 0, 1, 4},
      {"slices within a preferred level", Sliced(Preferred(kBlock), kRack, 3), false, false, 0, 1, 3},
      {"one constraint is the same as the two fields", Layered(Required(kBlock), {{kRack, 4}}), true, false, 0, 1, 4},
      {"constraints alone may lie anywhere", Layered({}, {{kRack, 4}}), false, true, 0, 1, 4},
      {"a second layer applies down to its own level",
       Layered(Required(kBlock), {{kBlock, 8}, {kHostnameLabel, 2}}),
       true,
       false,
       0,
       0,
       8,
       {0, 2, 2}},
      {"a third layer divides the second",
       Layered({}, {{kBlock, 8}, {kRack, 4}, {kHostnameLabel, 2}}),
       false,
       true,
       0,
       0,
       8,
       {0, 4, 2}},
      {"a layer may be as large as the one around it",
       Layered({}, {{kRack, 4}, {kHostnameLabel, 4}}),
       false,
       true,
       0,
       1,
       4,
       {0, 0, 4}},
      {"required goes before preferred",
       [] {
         TopologyRequest r = Required(kRack);
         r.preferred = kBlock;
         return r;
       }(),
       true, false, 1, 2, 1},
  };
  const TopologyTree tree = Tree();
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    TopologyFailure failure;
    const auto plan = PlanTopology(tree, &c.request, /*implied=*/false, /*multi_layer=*/true, &failure);
    ASSERT_TRUE(plan.has_value()) << ToString(failure);
    EXPECT_EQ(plan->required, c.required);
    EXPECT_EQ(plan->unconstrained, c.unconstrained);
    EXPECT_EQ(plan->level, c.level);
    EXPECT_EQ(plan->slice_level, c.slice_level);
    EXPECT_EQ(plan->slice_size, c.slice_size);
    EXPECT_EQ(plan->inner_size, c.inner);
    EXPECT_EQ(plan->layers, c.inner.empty() ? Layers() : c.request.pod_set_slice_constraints);
    EXPECT_TRUE(HasRequestedLevels(tree, c.request, /*multi_layer=*/true));
    EXPECT_TRUE(IsExplicitTopologyRequest(c.request));
  }
}

TEST(TopologyPlan, WithoutTheGateInnerLayersAreLeftOut) {
  TopologyFailure failure;
  const TopologyRequest r = Layered({}, {{kBlock, 8}, {"zone", 3}});
  const auto plan = PlanTopology(Tree(), &r, false, /*multi_layer=*/false, &failure);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->slice_size, 8);
  EXPECT_TRUE(plan->inner_size.empty());
  EXPECT_TRUE(plan->layers.empty());
  EXPECT_TRUE(HasRequestedLevels(Tree(), r, /*multi_layer=*/false));
  EXPECT_FALSE(HasRequestedLevels(Tree(), r, /*multi_layer=*/true));
}

// A pod set that asks for nothing, in a ClusterQueue with topology-aware flavors only.
TEST(TopologyPlan, ImpliedTopologyIsHostsWithoutConstraint) {
  TopologyRequest only_index;
  only_index.pod_index_label = "index";
  const TopologyRequest* const kRequests[] = {nullptr, &only_index};
  for (const TopologyRequest* r : kRequests) {
    TopologyFailure failure;
    const auto plan = PlanTopology(Tree(), r, /*implied=*/true, true, &failure);
    ASSERT_TRUE(plan.has_value());
    EXPECT_TRUE(plan->unconstrained);
    EXPECT_FALSE(plan->required);
    EXPECT_EQ(plan->level, 2);
    EXPECT_EQ(plan->slice_level, 2);
    EXPECT_EQ(plan->slice_size, 1);
    EXPECT_FALSE(PlanTopology(Tree(), r, /*implied=*/false, true, &failure).has_value());
    EXPECT_EQ(ToString(failure), "topology level not specified");
  }
  EXPECT_FALSE(IsExplicitTopologyRequest(only_index));
}

TEST(TopologyPlan, SaysWhatIsWrong) {
  struct Wrong {
    const char* about;
    TopologyRequest request;
    const char* message;
    bool has_levels;  // HasRequestedLevels
  };
  const Wrong kCases[] = {
      {"a level the topology does not have", Required("zone"), "no requested topology level: zone", false},
      {"unconstrained, but not true", Unconstrained(false), "topology level not specified", false},
      {"a size without a level is no slice request",
       [] {
         TopologyRequest r;
         r.pod_set_slice_size = 2;
         return r;
       }(),
       "topology level not specified", false},
      {"slices at a level that is not there", Sliced(Required(kBlock), "zone", 2),
       "no requested topology level for slices: zone", false},
      {"slices wider than the gang", Sliced(Required(kRack), kBlock, 2),
       "podset slice topology block is above the podset topology rack", true},
      {"slices without a size", Sliced(Required(kBlock), kRack, std::nullopt),
       "slice topology requested, but slice size not provided", true},
      {"slices of nothing", Sliced(Required(kBlock), kRack, 0), "slice topology requested, but slice size not provided",
       true},
      {"a layer of nothing", Layered(Required(kBlock), {{kRack, 0}}),
       "slice topology requested, but slice size not provided", true},
      {"an inner layer at a level that is not there", Layered({}, {{kRack, 2}, {"zone", 1}}),
       "no requested topology level for additional slice layer: zone", false},
      {"an inner layer at the level of the one around it", Layered({}, {{kRack, 2}, {kRack, 1}}),
       "additional slice layer topology rack must be at a lower level than rack", true},
      {"an inner layer above the one around it", Layered({}, {{kRack, 2}, {kBlock, 1}}),
       "additional slice layer topology block must be at a lower level than rack", true},
      {"a third layer at the level of the second", Layered({}, {{kBlock, 4}, {kRack, 2}, {kRack, 1}}),
       "additional slice layer topology rack must be at a lower level than rack", true},
      {"an inner layer that does not divide the outer", Layered({}, {{kRack, 4}, {kHostnameLabel, 3}}),
       "additional slice layer size 3 must evenly divide parent layer size 4", true},
      {"a third layer that divides the first, not the second",
       Layered({}, {{kBlock, 12}, {kRack, 4}, {kHostnameLabel, 3}}),
       "additional slice layer size 3 must evenly divide parent layer size 4", true},
      {"an inner layer of nothing", Layered({}, {{kRack, 4}, {kHostnameLabel, 0}}),
       "additional slice layer size 0 must evenly divide parent layer size 4", true},
  };
  const TopologyTree tree = Tree();
  for (const Wrong& c : kCases) {
    SCOPED_TRACE(c.about);
    TopologyFailure failure;
    EXPECT_FALSE(PlanTopology(tree, &c.request, false, true, &failure).has_value());
    EXPECT_EQ(ToString(failure), c.message);
    EXPECT_EQ(HasRequestedLevels(tree, c.request, true), c.has_levels);
  }
}

TEST(TopologyPlan, SlicesHaveTwoForms) {
  TopologyRequest size_alone;
  size_alone.pod_set_slice_size = 2;
  TopologyRequest none = Required(kRack);
  EXPECT_EQ(SliceLayers(Sliced({}, kRack, 4)), (Layers{{kRack, 4}}));
  EXPECT_EQ(SliceLayers(Layered({}, {{kBlock, 4}, {kRack, 2}})), (Layers{{kBlock, 4}, {kRack, 2}}));
  EXPECT_EQ(SliceLayers(Layered(Sliced({}, kRack, 4), {{kBlock, 2}})), (Layers{{kBlock, 2}})) << "constraints go first";
  EXPECT_TRUE(SliceLayers(size_alone).empty());
  EXPECT_TRUE(SliceLayers(Sliced({}, kRack, std::nullopt)).empty());
  const TopologyRequest sliced = Sliced({}, kRack, 4), half = Sliced({}, kRack, std::nullopt),
                        layered = Layered({}, {{kBlock, 4}});
  EXPECT_TRUE(AsksForSlices(&sliced));
  EXPECT_TRUE(AsksForSlices(&layered));
  EXPECT_FALSE(AsksForSlices(&half));
  EXPECT_FALSE(AsksForSlices(&size_alone));
  EXPECT_FALSE(AsksForSlices(&none));
  EXPECT_FALSE(AsksForSlices(nullptr));
}

// Each field on its own makes a request explicit; what only names pods does not.
TEST(TopologyPlan, WhatIsExplicit) {
  EXPECT_TRUE(IsExplicitTopologyRequest(Required(kRack)));
  EXPECT_TRUE(IsExplicitTopologyRequest(Preferred(kRack)));
  EXPECT_TRUE(IsExplicitTopologyRequest(Unconstrained(false)));
  EXPECT_TRUE(IsExplicitTopologyRequest(Sliced({}, kRack, std::nullopt)));
  EXPECT_TRUE(IsExplicitTopologyRequest(Layered({}, {{kRack, 1}})));
  TopologyRequest size_alone;
  size_alone.pod_set_slice_size = 2;
  EXPECT_TRUE(IsExplicitTopologyRequest(size_alone));
  TopologyRequest grouped;
  grouped.pod_set_group_name = "g";
  grouped.sub_group_count = 2;
  EXPECT_FALSE(IsExplicitTopologyRequest(grouped));
}

}  // namespace
}  // namespace muster::scheduler
