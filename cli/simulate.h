// One replay, as the commands that replay do it.
#ifndef MUSTER_CLI_SIMULATE_H_
#define MUSTER_CLI_SIMULATE_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/end_signals.h"
#include "cli/export_options.h"
#include "cli/spooled_paths.h"
#include "cli/trace_files.h"
#include "cli/world_options.h"
#include "sim/files/result_folder.h"
#include "sim/replay/policy.h"
#include "sim/sweep/variant.h"

namespace muster::cli {

struct SimulateArgs : TraceArgs {
  std::vector<std::string> policy, prices;
  std::string out, resource, what_if;
  bool no_decisions = false, no_report = false, resume = false, strict_topology = false, overwrite = false;
  int threads = 1;
  bool quiet = false;  // no table and no bar: somebody else tells
  WorldOptions world;
  ExportOptions exports;
  // Set by FinishArgs.
  nlohmann::ordered_json options;               // what OptionsOf says (provenance.h)
  std::shared_ptr<const SpooledPaths> spooled;  // of the files that are looked at twice
};

// To be called when the command line has been read: keeps what pipes hold, so that it can be read and digested.
void FinishArgs(const CLI::App& command, SimulateArgs* args);

// What a replay is made of, but not where its results go.
void AddReplayOptions(CLI::App* command, SimulateArgs* args, bool required = true);

// The policy, changed if there is a variant, and held against all rules. What only deserves a warning, and queues that
// will admit nothing, are named on standard error. Errors: all mistakes, one line each.
absl::StatusOr<sim::ReplayPolicy> ReadReplayPolicy(const SimulateArgs& args, const sim::Variant* variant);

// The trace with the manifests that it names, and the load that is asked for.
absl::StatusOr<TraceFile> ReadReplayTrace(const SimulateArgs& args);

// One replay: of a trace, under a policy (the variant's, if that is not null), whose results go to `folder`, if that is
// not null, and to args.exports. With `signals` the first signal stops it where it is, and what it has written stays in the folder as
// unfinished. Errors: Cancelled then. REQUIRES: FinishArgs was called.
absl::Status Replay(const SimulateArgs& args, sim::ReplayPolicy policy, const TraceFile& trace,
                    const sim::Variant* variant, sim::ResultFolder* folder, EndSignals* signals);

// Replays the policy as it is and each variant of args.what_if, into folders of args.out, and compares them.
absl::Status SimulateWhatIf(const SimulateArgs& args, EndSignals* signals);

}  // namespace muster::cli

#endif  // MUSTER_CLI_SIMULATE_H_
