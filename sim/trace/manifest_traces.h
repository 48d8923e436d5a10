// A trace whose rows name a manifest, for tests.
#ifndef MUSTER_SIM_TRACE_MANIFEST_TRACES_H_
#define MUSTER_SIM_TRACE_MANIFEST_TRACES_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/statusor.h"
#include "sim/trace/manifests.h"

namespace muster::sim {

// Writes a file into the test's folder and returns its path.
inline std::string WriteTestFile(const std::string& name, const std::string& text) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / name;
  std::ofstream(path) << text;
  return path.string();
}

// A PyTorchJob of 1 + 3 pods of 2 gpu each, in queue team/queue, with priority class high.
inline constexpr char kManifestJob[] = R"(
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

// The trace of this text, with the manifests that it names. Errors: those of ReadTrace and ReadManifests.
inline absl::StatusOr<Trace> ReadWithManifests(const std::string& csv) {
  absl::StatusOr<Trace> trace = ReadTrace(WriteTestFile("trace.csv", csv), Mapping::ForFile("trace.csv"));
  if (!trace.ok()) return trace;
  if (absl::Status s = ReadManifests(&*trace); !s.ok()) return s;
  return trace;
}

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_MANIFEST_TRACES_H_
