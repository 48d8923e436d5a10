// Writes runs.csv: what each run of each job held, where, for how long, and why it ended.
#ifndef MUSTER_SIM_REPORT_RUN_LOG_H_
#define MUSTER_SIM_REPORT_RUN_LOG_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/files/output_file.h"
#include "sim/replay/observer.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// A line per run, in the order in which they end; those that go on when the replay ends come last, by job, without
// stop_s and cause. The columns:
//   job_id      as in the trace
//   run         of this job, from 1
//   start_s, stop_s
//   cause       ToString(StopCause)
//   by          the job that it made room for
//   amount      of the main resource
//   flavors     FLAVOR:AMOUNT;... of the main resource, by name; a flavor that gives only other resources has 0
//   hosts       HOST:PODS;... of topology-aware jobs, by name; where the Topology ends above the host, its lowest domain
//   lost_s      of stop_s - start_s: work that has to be done again
//   overhead_s  ... and held without working
// Memory: one line per job that runs. Thread-safety: compatible.
class RunLog : public ReplayObserver {
 public:
  // Errors: Unavailable naming the file.
  static absl::StatusOr<RunLog> Open(const std::string& dir, const Trace* trace);
  void OnBegin(const ReplaySetting& setting) override;
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  void OnEnd(int64_t now_s) override;
  // Errors: Unavailable if something could not be written.
  absl::Status Close();

 private:
  RunLog(OutputFile file, const Trace* trace) : file_(std::move(file)), trace_(trace) {}
  // Sets line_ to the fields up to start_s.
  void BeginLine(size_t job, int32_t run, int64_t start_s);

  // What is known of a run as it starts.
  struct Started {
    int32_t run = 0;
    int64_t start_s = 0;
    std::string held;  // the fields amount, flavors and hosts
  };
  OutputFile file_;
  const Trace* trace_;
  const scheduler::Engine* engine_ = nullptr;
  std::string resource_;
  absl::flat_hash_map<size_t, Started> open_;
  std::string line_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_RUN_LOG_H_
