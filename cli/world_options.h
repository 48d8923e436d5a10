// What a replay assumes beside its policy and its trace: how jobs run, what happens to nodes, how much load there is.
#ifndef MUSTER_CLI_WORLD_OPTIONS_H_
#define MUSTER_CLI_WORLD_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sim/replay/conservation.h"
#include "sim/replay/simulation.h"
#include "sim/trace/load.h"
#include "sim/trace/trace.h"

namespace muster::cli {

struct WorldOptions {
  std::string model, latency, outages, outages_start;
  std::vector<std::string> nodes, changes;
  int64_t node_mtbf_s = 0, node_mttr_s = 3600;
  sim::LoadShape load;
  bool check = false, lenient = false;
};

void AddWorldOptions(CLI::App* command, WorldOptions* options);

// Adds the nodes of --nodes. Errors: InvalidArgument, also for a node that is there already.
absl::Status AddNodes(const WorldOptions& options, sim::ReplayPolicy* policy);

// Reads the model, the outages and the changes, and works out when they are. Warnings go to standard error. Errors:
// NotFound, InvalidArgument naming file and place.
absl::Status FillWorld(const WorldOptions& options, const sim::Trace& trace, const sim::ReplayPolicy& policy,
                       sim::SimulationOptions* out);

// Input of which nothing would come is an error; with --lenient it is told on standard error.
absl::Status CheckInput(const WorldOptions& options, const sim::Trace& trace, const sim::ReplayPolicy& policy);

// Tells what --check found, on standard error, and that made-up outages ended before the replay did.
void TellWorld(const WorldOptions& options, const sim::SimulationOptions& world, const sim::Metrics& metrics,
               const sim::ConservationCheck* check);

}  // namespace muster::cli

#endif  // MUSTER_CLI_WORLD_OPTIONS_H_
