// One replay's results, read back from its folder.
#ifndef MUSTER_SIM_COMPARE_RUN_H_
#define MUSTER_SIM_COMPARE_RUN_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace muster::sim {

// A line of jobs.csv.
struct RunJob {
  std::string id;
  std::string team;      // ClusterQueue
  int64_t submit_s = 0;  // -1 = never: what it waits for did not end
  int64_t duration_s = 0;
  int64_t first_start_s = -1;  // -1 = never
  int64_t finish_s = -1;       // -1 = never
  int64_t preemptions = 0;
  double amount = 0;

  bool started() const { return first_start_s >= 0; }
  // REQUIRES: started(), finished().
  int64_t wait_s() const { return first_start_s - submit_s; }
  int64_t jct_s() const { return finish_s - submit_s; }
  bool finished() const { return finish_s >= 0; }
  friend bool operator==(const RunJob&, const RunJob&) = default;
};

// Thread-safety: value type.
struct RunResult {
  std::string dir;
  nlohmann::ordered_json summary;
  std::vector<RunJob> jobs;  // in the order of the trace
  std::string decisions;     // the path of decisions.jsonl; "" = was not written

  const nlohmann::ordered_json& provenance() const { return summary.at("provenance"); }
};

// Reads a folder that `muster simulate --out` wrote. Errors: those of ReadSummary; InvalidArgument naming file, line
// and column for what cannot be read.
absl::StatusOr<RunResult> ReadRun(const std::string& dir);

// The same job in two runs: its places in their `jobs`.
struct JobPair {
  size_t a = 0, b = 0;
};

// The jobs of two runs that are to be held against each other, in the order of a. All of them, if both replayed the same
// trace. Of different ones it is an error, unless `any_trace`: then jobs are the same that have the same id. Errors:
// InvalidArgument saying what differs: the trace, mapping or manifests, rows that were left out, the load (--thin,
// --scale-load and so on), the resource that is reported; no job in common.
absl::StatusOr<std::vector<JobPair>> PairJobs(const RunResult& a, const RunResult& b, bool any_trace);

// The parts of the provenance in which the runs differ: "version", "policy", "options.resume", "variant".
std::vector<std::string> DiffersIn(const RunResult& a, const RunResult& b);

}  // namespace muster::sim

#endif  // MUSTER_SIM_COMPARE_RUN_H_
