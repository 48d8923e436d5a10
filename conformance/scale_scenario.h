// Reads a large recorded scenario: the objects, and every workload as a row.
//
// Format kq-scenario/1 (docs/conformance.md): flavors, an optional regular topology, cohorts, ClusterQueues, classes of
// workloads, and rows [ClusterQueue, class, creation in ms]. Test-only.
#ifndef MUSTER_CONFORMANCE_SCALE_SCENARIO_H_
#define MUSTER_CONFORMANCE_SCALE_SCENARIO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/kueue.h"
#include "scheduler/options.h"

namespace muster::conformance {

struct ScaleClass {
  api::Workload workload;  // all but name, UID, queue and creation time
  int64_t runtime_ms = 0;  // negative: never finishes
};

struct ScaleRow {
  int32_t cluster_queue = 0;  // into ScaleScenario::cluster_queues
  int32_t workload_class = 0;
  int64_t create_ms = 0;
};

struct ScaleScenario {
  std::string name;
  scheduler::EngineOptions options;
  std::vector<api::Topology> topologies;
  std::vector<api::Node> nodes;
  std::vector<api::ResourceFlavor> flavors;
  std::vector<api::Cohort> cohorts;
  std::vector<api::ClusterQueue> cluster_queues;
  std::vector<ScaleClass> classes;
  std::vector<ScaleRow> rows;  // the workload's sequence number is its index
};

// Reads the file, gzipped or not. Errors: NotFound if it cannot be opened; InvalidArgument, naming the file, if it is
// not such a scenario or a row points nowhere.
absl::StatusOr<ScaleScenario> ReadScaleScenario(const std::string& path);

// So many copies of the scenario's cohorts, ClusterQueues and workloads beside each other, under names of their own.
// Flavors and nodes are theirs together. REQUIRES: copies >= 1.
ScaleScenario CopiesOf(const ScaleScenario& scenario, int copies);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_SCALE_SCENARIO_H_
