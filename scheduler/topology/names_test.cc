#include "scheduler/topology/names.h"

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

TEST(LevelName, IsWhatPeopleCallIt) {
  EXPECT_EQ(LevelName("kubernetes.io/hostname"), "host");
  EXPECT_EQ(LevelName("topology.kubernetes.io/zone"), "zone");
  EXPECT_EQ(LevelName("topology.k8s.aws/network-node-layer-3"), "network layer 3");
  EXPECT_EQ(LevelName("topology.k8s.aws/ultraserver-id"), "UltraServer");
  EXPECT_EQ(LevelName("nvidia.com/gpu.clique"), "NVLink domain");
  EXPECT_EQ(LevelName("cloud.google.com/gce-topology-subblock"), "sub-block");
  EXPECT_EQ(LevelName("example.com/rack"), "example.com/rack") << "not known: the label itself";
  EXPECT_EQ(LevelName(""), "");
}

}  // namespace
}  // namespace muster::scheduler
