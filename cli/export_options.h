// What `muster simulate` writes for other tools to read: --perfetto, --openmetrics, --swf, --batsim.
#ifndef MUSTER_CLI_EXPORT_OPTIONS_H_
#define MUSTER_CLI_EXPORT_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sim/replay/observer.h"
#include "sim/replay/simulation.h"
#include "sim/report/exports/batsim_jobs.h"
#include "sim/report/exports/kueue_metrics.h"
#include "sim/report/exports/perfetto.h"
#include "sim/report/exports/swf_schedule.h"
#include "sim/trace/trace.h"

namespace muster::cli {

struct ExportOptions {
  std::string perfetto, openmetrics, swf, batsim;  // files; "" = not asked for
  int64_t openmetrics_step_s = 0;                  // 0 = KueueMetrics' own
};

void AddExportOptions(CLI::App* command, ExportOptions* options);

// The exports of one replay. Thread-safety: compatible.
class Exports {
 public:
  // Opens the files: what cannot be written is known before the replay begins. `trace` is the one that is replayed.
  // Errors: InvalidArgument if two are to go to one file, Unavailable naming a file.
  absl::Status Open(const ExportOptions& options, const sim::Trace* trace);
  bool any() const { return perfetto_.has_value() || metrics_.has_value() || swf_.has_value() || batsim_.has_value(); }
  // Who has to follow the replay.
  void AddTo(std::vector<sim::ReplayObserver*>* observers);
  // Writes what is left, and puts the files in their places. Standard error is told what a reader has to know. Errors:
  // Unavailable naming a file.
  absl::Status Close(const sim::SimulationResult& result);

 private:
  std::optional<sim::PerfettoTrace> perfetto_;
  std::optional<sim::KueueMetrics> metrics_;
  std::optional<sim::SwfSchedule> swf_;
  std::optional<sim::BatsimJobs> batsim_;
};

}  // namespace muster::cli

#endif  // MUSTER_CLI_EXPORT_OPTIONS_H_
