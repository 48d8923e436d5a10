// The subcommands that hold replays against each other; as in commands.h.
#ifndef MUSTER_CLI_COMPARE_H_
#define MUSTER_CLI_COMPARE_H_

#include <CLI/CLI.hpp>

namespace muster::cli {

// `compare`: hold the results of replays against each other.
void AddCompare(CLI::App* app, int* exit_code);
// `sweep`: replay many variants of a policy; `sweep merge` and `sweep manifests`: on many machines.
void AddSweep(CLI::App* app, int* exit_code);

}  // namespace muster::cli

#endif  // MUSTER_CLI_COMPARE_H_
