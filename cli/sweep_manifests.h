// `muster sweep manifests`: what runs the shards of a sweep on a cluster.
#ifndef MUSTER_CLI_SWEEP_MANIFESTS_H_
#define MUSTER_CLI_SWEEP_MANIFESTS_H_

#include <CLI/CLI.hpp>

namespace muster::cli {

void AddSweepManifests(CLI::App* sweep, int* exit_code);

}  // namespace muster::cli

#endif  // MUSTER_CLI_SWEEP_MANIFESTS_H_
