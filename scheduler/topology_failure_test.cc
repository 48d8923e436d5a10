// Kueue's sentences about pods that have no place, word for word.
#include "scheduler/topology_failure.h"

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

TopologyFailure NotFit(int fit, int requested, bool in_slices) {
  TopologyFailure f;
  f.kind = TopologyFailure::Kind::kNotFit;
  f.topology = "default";
  f.fit = fit;
  f.requested = requested;
  f.in_slices = in_slices;
  return f;
}

TEST(TopologyFailure, SaysHowManyWouldFit) {
  EXPECT_EQ(ToString(NotFit(0, 3, false)), "topology \"default\" doesn't allow to fit any of 3 pod(s)");
  EXPECT_EQ(ToString(NotFit(1, 3, false)), "topology \"default\" allows to fit only 1 out of 3 pod(s)");
  EXPECT_EQ(ToString(NotFit(0, 2, true)), "topology \"default\" doesn't allow to fit any of 2 slice(s)");
  EXPECT_EQ(ToString(NotFit(1, 2, true)), "topology \"default\" allows to fit only 1 out of 2 slice(s)");
  EXPECT_EQ(ToString(TopologyText("no requested topology level: rack")), "no requested topology level: rack");
}

TEST(TopologyFailure, CountsTheNodesThatTakeNoPod) {
  TopologyFailure f = NotFit(0, 3, false);
  f.total_nodes = 9;
  EXPECT_EQ(ToString(f), "topology \"default\" doesn't allow to fit any of 3 pod(s)");  // none is excluded
  f.node_selector = 1;
  f.affinity = 2;
  f.topology_domain = 3;
  f.taints["spot=true:NoSchedule"] = 1;
  f.resources["cpu"] = 1;
  f.resources["nvidia.com/gpu"] = 1;
  EXPECT_EQ(ToString(f),
            "topology \"default\" doesn't allow to fit any of 3 pod(s). Total nodes: 9; excluded: affinity: 2, "
            "nodeSelector: 1, resource \"cpu\": 1, resource \"nvidia.com/gpu\": 1, taint \"spot=true:NoSchedule\": 1, "
            "topologyDomain: 3");
}

TEST(TopologyFailure, TellsLayersOfSlicesApart) {
  TopologyFailure f;
  f.kind = TopologyFailure::Kind::kLayersNotFit;
  f.topology = "default";
  f.layers = {{"block", 1, 2}, {"rack", 0, 4}};
  EXPECT_EQ(
      ToString(f),
      "topology \"default\" doesn't allow to fit; 1/2 slice(s) fit on level block; 0/4 slice(s) fit on level rack");
  f.total_nodes = 2;
  f.resources["cpu"] = 2;
  EXPECT_EQ(ToString(f),
            "topology \"default\" doesn't allow to fit; 1/2 slice(s) fit on level block; 0/4 slice(s) fit on level "
            "rack. Total nodes: 2; excluded: resource \"cpu\": 2");
}

}  // namespace
}  // namespace muster::scheduler
