// Jobs that a manifest describes, replayed.
#include <gtest/gtest.h>

#include "sim/replay/simulation.h"
#include "sim/trace/manifest_traces.h"

namespace muster::sim {
namespace {

TEST(ManifestJobsTest, TheReplayRunsThePodSetsOfTheManifest) {
  WriteTestFile("train.yaml", kManifestJob);
  absl::StatusOr<Trace> trace =
      ReadWithManifests("job_id,submit_s,duration_s,manifest\na,0,10,train.yaml\nb,1,10,train.yaml\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  api::ResourceFlavor flavor;
  flavor.metadata.name = "f";
  api::ClusterQueue cq;
  cq.metadata.name = "cq";
  cq.namespace_selector.emplace();
  cq.resource_groups = {{{"gpu"}, {{"f", {{"gpu", api::Quantity::FromValue(8), {}, {}}}}}}};
  api::LocalQueue lq;
  lq.metadata.name = "queue";
  lq.metadata.ns = "team";
  lq.cluster_queue = "cq";
  api::WorkloadPriorityClass high;
  high.metadata.name = "high";
  absl::StatusOr<SimulationResult> result =
      Simulate(*trace, *MakePolicy(std::vector<api::Object>{flavor, cq, lq, high}), {}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->OutcomeOf(*trace, 0).amount, 8);
  EXPECT_EQ(result->jobs[0].first_start_s, 0);
  EXPECT_EQ(result->jobs[1].first_start_s, 10);  // all 8 are taken until then
}

}  // namespace
}  // namespace muster::sim
