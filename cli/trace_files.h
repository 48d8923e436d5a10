// Reading the trace that a command names.
#ifndef MUSTER_CLI_TRACE_FILES_H_
#define MUSTER_CLI_TRACE_FILES_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "sim/trace/trace.h"

namespace muster::cli {

struct TraceArgs {
  std::string trace, mapping, format, timezone;
  bool lenient = false, skip_bad_rows = false;
  int64_t max_jobs = 0;
  bool digest = false;  // work out TraceFile::sha256
};

// --mapping, --format, --timezone, --lenient, --max-jobs, --skip-bad-rows.
void AddTraceOptions(CLI::App* command, TraceArgs* args);

struct TraceFile {
  sim::Trace trace;
  sim::Format format = sim::Format::kCsv;
  std::string sha256;  // of all that the file holds, decompressed; "" unless asked for
};

// Reads the trace, "-" being standard input; the manifests that it names are left to sim::ReadManifests. What it was
// taken for, what was left out of it and what only deserves a warning is told on standard error, unless `quiet`.
// Errors: those of sim::ReadTrace and of the mapping; InvalidArgument that lists bad rows, unless they are to be
// skipped; no job at all.
absl::StatusOr<TraceFile> ReadTraceFile(const TraceArgs& args, bool keep_record = false, bool quiet = false);

}  // namespace muster::cli

#endif  // MUSTER_CLI_TRACE_FILES_H_
