#include "sim/replay/check_input.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::sim {
namespace {

api::ClusterQueue Queue() {
  api::ClusterQueue cq;
  cq.metadata.name = "q";
  cq.namespace_selector.emplace();
  cq.resource_groups = {{{"gpu"}, {{"f", {{"gpu", api::Quantity::FromValue(8), {}, {}}}}}}};
  return cq;
}

Trace Jobs(const api::ResourceList& requests) {
  Trace trace;
  trace.source = "t.csv";
  for (int64_t row = 2; row < 4; ++row) {
    JobShape shape;
    shape.queue = "q";
    shape.pods = {{1, requests}};
    trace.Add({.id = "j" + std::to_string(row), .row = row}, std::move(shape));
  }
  return trace;
}

ReplayPolicy Policy(const api::ResourceFlavor& flavor, const std::vector<api::Node>& nodes = {}) {
  std::vector<api::Object> objects = {flavor, Queue()};
  objects.insert(objects.end(), nodes.begin(), nodes.end());
  return *MakePolicy(objects);
}

api::ResourceFlavor Flavor(const std::string& topology) {
  api::ResourceFlavor flavor;
  flavor.metadata.name = "f";
  flavor.topology_name = topology;
  flavor.node_labels = {{"pool", "a"}};
  return flavor;
}

const api::ResourceList kGpu = {{"gpu", api::Quantity::FromValue(1)}};

TEST(WhatCannotRunTest, NothingToSayOfWhatCan) { EXPECT_TRUE(WhatCannotRun(Jobs(kGpu), Policy(Flavor(""))).empty()); }

TEST(WhatCannotRunTest, ATopologyAwareFlavorNeedsNodes) {
  std::vector<std::string> lines = WhatCannotRun(Jobs(kGpu), Policy(Flavor("racks")));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("ResourceFlavor/f: has spec.topologyName racks, and there are no Node objects"),
            std::string::npos)
      << lines[0];
  api::Node node;
  node.metadata.name = "n";
  lines = WhatCannotRun(Jobs(kGpu), Policy(Flavor("racks"), {node}));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("no Node carries its spec.nodeLabels"), std::string::npos) << lines[0];
  node.metadata.labels["pool"] = "a";
  EXPECT_TRUE(WhatCannotRun(Jobs(kGpu), Policy(Flavor("racks"), {node})).empty());
}

TEST(WhatCannotRunTest, AResourceNeedsAQuota) {
  api::ResourceList requests = kGpu;
  requests["memory"] = api::Quantity::FromValue(1);
  ReplayPolicy policy = Policy(Flavor(""));
  const std::vector<std::string> lines = WhatCannotRun(Jobs(requests), policy);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("t.csv:2: job j2 and 1 more ask for memory, which ClusterQueue/q does not cover (it covers "
                          "gpu)"),
            std::string::npos)
      << lines[0];
  policy.options.exclude_resource_prefixes = {"mem"};
  EXPECT_TRUE(WhatCannotRun(Jobs(requests), policy).empty()) << "excluded";
  policy.options.exclude_resource_prefixes = {};
  policy.options.quota_check = scheduler::QuotaCheckStrategy::kIgnoreUndeclared;
  EXPECT_TRUE(WhatCannotRun(Jobs(requests), policy).empty()) << "ignored";
}

TEST(WhatCannotRunTest, TransformationsCount) {
  ReplayPolicy policy = Policy(Flavor(""));
  policy.options.transformations = {{.input = "slice", .replace = true, .multiply_by = "", .outputs = {{"gpu", 2}}}};
  EXPECT_TRUE(WhatCannotRun(Jobs({{"slice", api::Quantity::FromValue(1)}}), policy).empty());
}

TEST(WhatCannotRunTest, SharesOfADeviceAreNotPlacedOnNodes) {
  api::Node node;
  node.metadata.name = "n";
  node.metadata.labels["pool"] = "a";
  ReplayPolicy policy = Policy(Flavor("racks"), {node});
  policy.options.quota_check = scheduler::QuotaCheckStrategy::kIgnoreUndeclared;
  api::ResourceList share = kGpu;
  share["alibabacloud.com/gpu-milli"] = api::Quantity::FromValue(500);
  const std::vector<std::string> lines = WhatCannotRun(Jobs(share), policy);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find("t.csv:2: job j2 and 1 more ask for alibabacloud.com/gpu-milli, a share of one device"), 0u)
      << lines[0];
  EXPECT_NE(lines[0].find("muster pack does"), std::string::npos);
  EXPECT_TRUE(WhatCannotRun(Jobs(kGpu), policy).empty()) << "whole devices are";
  policy.flavors[0].topology_name.clear();
  EXPECT_TRUE(WhatCannotRun(Jobs(share), policy).empty()) << "quotas alone count amounts, whatever they are of";
}

}  // namespace
}  // namespace muster::sim
