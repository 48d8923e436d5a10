// One replay, as the commands that replay do it.
#ifndef MUSTER_CLI_SIMULATE_H_
#define MUSTER_CLI_SIMULATE_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/end_signals.h"
#include "cli/spooled_paths.h"
#include "cli/trace_files.h"
#include "cli/world_options.h"

namespace muster::cli {

struct SimulateArgs : TraceArgs {
  std::vector<std::string> policy;
  std::string out, resource;
  bool no_decisions = false, no_report = false, resume = false, strict_topology = false, overwrite = false;
  int threads = 1;
  WorldOptions world;
  // Set by FinishArgs.
  nlohmann::ordered_json options;               // what OptionsOf says (provenance.h)
  std::shared_ptr<const SpooledPaths> spooled;  // of the files that are looked at twice
};

// To be called when the command line has been read: keeps what pipes hold, so that it can be read and digested.
void FinishArgs(const CLI::App& command, SimulateArgs* args);

// What a replay is made of, but not where its results go.
void AddReplayOptions(CLI::App* command, SimulateArgs* args);

// Replays. Results go to args.out, unless that is empty. If a signal asks for it, the replay stops where it is and what
// it has written goes to the folder `unfinished` in args.out. Errors: Cancelled then.
absl::Status Simulate(const SimulateArgs& args, EndSignals* signals);

}  // namespace muster::cli

#endif  // MUSTER_CLI_SIMULATE_H_
