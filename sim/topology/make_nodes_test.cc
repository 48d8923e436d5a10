#include "sim/topology/make_nodes.h"

#include <gtest/gtest.h>

#include "api/vocabulary.h"

namespace muster::sim {
namespace {

TEST(MakeNodesTest, MakesWhatTheWordsSay) {
  const auto nodes = MakeNodes("20xp5.48xlarge:rack=8:example.com/row=16:name=gpu-");
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  ASSERT_EQ(nodes->size(), 20u);
  const api::Node& last = nodes->back();
  EXPECT_EQ(last.metadata.name, "gpu-19");
  EXPECT_EQ(last.metadata.labels.at(api::kHostnameLabel), "gpu-19");
  EXPECT_EQ(last.metadata.labels.at(api::kInstanceTypeLabel), "ml.p5.48xlarge");
  EXPECT_EQ(last.metadata.labels.at("rack"), "rack-2");
  EXPECT_EQ(last.metadata.labels.at("example.com/row"), "example.com/row-1");
  EXPECT_EQ(last.metadata.labels.at(api::kNetworkLayer1Label), "nn-1-0");
  EXPECT_EQ(last.allocatable.at("nvidia.com/gpu"), api::Quantity::FromValue(8));
  EXPECT_EQ((*nodes)[7].metadata.labels.at("rack"), "rack-0");
  EXPECT_EQ((*nodes)[8].metadata.labels.at("rack"), "rack-1");
}

TEST(MakeNodesTest, NodesAreCalledAfterTheirType) {
  EXPECT_EQ((*MakeNodes("1xml.g5.12xlarge"))[0].metadata.name, "ml-g5-12xlarge-0");
}

TEST(MakeNodesTest, MistakesAreNamed) {
  for (const char* words :
       {"", "x", "64", "0xml.p5.48xlarge", "-1xml.p5.48xlarge", "4xml.p5.huge", "100001xml.p5.48xlarge",
        "4xml.p5.48xlarge:rack", "4xml.p5.48xlarge:rack=0", "4xml.p5.48xlarge:=2", "4xml.p5.48xlarge:name="}) {
    const auto nodes = MakeNodes(words);
    ASSERT_FALSE(nodes.ok()) << words;
    EXPECT_NE(std::string(nodes.status().message()).find(words), std::string::npos) << nodes.status();
  }
}

}  // namespace
}  // namespace muster::sim
