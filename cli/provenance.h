// What a replay was made of, in the words that summary.json has it.
#ifndef MUSTER_CLI_PROVENANCE_H_
#define MUSTER_CLI_PROVENANCE_H_

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/simulate.h"
#include "cli/trace_files.h"

namespace muster::cli {

// The options that a command was given and that may change what comes of a replay, by name without dashes. An option
// that nobody thought of here is among them: better a difference that is none than one that is not seen. Files that
// are read stand in ProvenanceOf with their digests.
nlohmann::ordered_json OptionsOf(const CLI::App& command);

// All of it: {muster, trace, mapping, manifests, policy, variant, world, options}, of each file its name without folders
// and the SHA-256 of what it holds, decompressed. Errors: a file cannot be read. REQUIRES: args.digest when `trace` was
// read. O(size of the files other than the trace).
// `variant`: whose policy was replayed; null = the policy as it is.
absl::StatusOr<nlohmann::ordered_json> ProvenanceOf(const SimulateArgs& args, const TraceFile& trace,
                                                    const sim::Variant* variant);
// {file, sha256} of one file, decompressed, under the name the user knows.
absl::StatusOr<nlohmann::ordered_json> FileProvenance(const SimulateArgs& args, const std::string& path);

}  // namespace muster::cli

#endif  // MUSTER_CLI_PROVENANCE_H_
