// Jobs that a manifest describes, replayed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sim/replay/simulation.h"
#include "sim/trace/manifests.h"

namespace muster::sim {
namespace {

std::string Write(const std::string& name, const std::string& text) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / name;
  std::ofstream(path) << text;
  return path.string();
}

constexpr char kJob[] = R"(
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata:
  name: train
  namespace: team
  labels: {kueue.x-k8s.io/queue-name: queue, kueue.x-k8s.io/priority-class: high}
spec:
  pytorchReplicaSpecs:
    Master: {template: {spec: {containers: [{name: c, resources: {requests: {gpu: 2}}}]}}}
    Worker: {replicas: 3, template: {spec: {containers: [{name: c, resources: {requests: {gpu: 2}}}]}}}
)";

absl::StatusOr<Trace> Read(const std::string& csv) {
  absl::StatusOr<Trace> trace = ReadTrace(Write("trace.csv", csv), Mapping::ForFile("trace.csv"));
  if (!trace.ok()) return trace;
  if (absl::Status s = ReadManifests(&*trace); !s.ok()) return s;
  return trace;
}

TEST(ManifestJobsTest, TheReplayRunsThePodSetsOfTheManifest) {
  Write("train.yaml", kJob);
  absl::StatusOr<Trace> trace = Read("job_id,submit_s,duration_s,manifest\na,0,10,train.yaml\nb,1,10,train.yaml\n");
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
