// A replay's schedule in the Standard Workload Format (version 2.2), for the tools that read logs of clusters.
//
// A line per job, in the order of submission, numbered from 1; times count from the first submission. A job that was
// stopped and started again is told by its last run: submit + wait is when that began, and wait + run is the time from
// submission to the end. The fields that are filled in:
//   1 number   2 submit   3 wait   4 run   5 processors that ran   8 processors asked for   9 time limit, if it has one
//   11 status: 1 ended, 0 failed (gave up, time limit); -1 still waits or runs   15 queue: see the header
// Processors are the main resource, rounded up. Jobs that were never submitted are left out, and counted in the header.
#ifndef MUSTER_SIM_REPORT_EXPORTS_SWF_SCHEDULE_H_
#define MUSTER_SIM_REPORT_EXPORTS_SWF_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/files/output_file.h"
#include "sim/replay/observer.h"
#include "sim/replay/simulation.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Memory: some bytes for each job that ran more than once. Thread-safety: compatible.
class SwfSchedule : public ReplayObserver {
 public:
  // `trace` is the one that is replayed, and outlives this. Errors: Unavailable naming the file.
  static absl::StatusOr<SwfSchedule> Open(const std::string& path, const Trace* trace);
  void OnStart(const RunStart& event) override;
  // Writes the file. Errors: Unavailable if something could not be written. O(n), O(n log n) if jobs wait for others.
  absl::Status Close(const SimulationResult& result);

 private:
  SwfSchedule(OutputFile file, const Trace* trace) : file_(std::move(file)), trace_(trace) {}

  OutputFile file_;
  const Trace* trace_;
  absl::flat_hash_map<size_t, int64_t> last_start_s_;  // where that is not the first
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_EXPORTS_SWF_SCHEDULE_H_
