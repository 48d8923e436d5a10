// Writing the outcome of a replay: a table to read, files to compute with.
//
// All output is the same for the same replay, byte for byte: rows in trace order, teams by name, fixed number formats.
#ifndef MUSTER_SIM_REPORT_REPORT_H_
#define MUSTER_SIM_REPORT_REPORT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/files/output_file.h"
#include "sim/metrics/metrics.h"
#include "sim/replay/simulation.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// An aligned table, one line per team and one for all.
std::string FormatTable(const Metrics& metrics);

// The text of summary.json: {trace, resource, begin_s, end_s, skipped_rows, cycles, decisions, livelocks: {count,
// first: [{t, set_aside, loop}]}, total: {...}, teams: [...]}, and the members of `more` (figures/figures.h).
std::string FormatSummary(const Trace& trace, const SimulationResult& result,
                          const nlohmann::ordered_json& more = nlohmann::ordered_json::object());

// Writes DIR/summary.json and DIR/jobs.csv (job_id, queue, cluster_queue, submit_s, first_start_s, finish_s, wait_s,
// duration_s, amount, preemptions; empty where it never came to it). Creates DIR. Errors: Unavailable naming the file.
absl::Status WriteReport(const std::string& dir, const Trace& trace, const SimulationResult& result,
                         const nlohmann::ordered_json& more = nlohmann::ordered_json::object());

// Writes decisions.jsonl, one object a line: t (seconds), cycle, job, queue, outcome (admit, preempt or pending), for
// admit flavors, for preempt victims, reason (Kueue's words). A job that arrives in a StrictFIFO queue and is not looked
// at has a line without a cycle that says `behind` whom it waits. Thread-safety: compatible.
class DecisionLog : public ReplayObserver {
 public:
  // Errors: Unavailable naming the file.
  static absl::StatusOr<DecisionLog> Open(const std::string& dir, const Trace* trace);
  void OnBegin(const ReplaySetting& setting) override;
  void OnDecision(const DecisionEvent& event) override;
  void OnWait(const JobWait& event) override;
  // Errors: Unavailable if something could not be written.
  absl::Status Close();

 private:
  DecisionLog(OutputFile file, const Trace* trace) : file_(std::move(file)), trace_(trace) {}

  OutputFile file_;
  const Trace* trace_;
  std::vector<std::string> teams_;
  std::string line_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_REPORT_H_
