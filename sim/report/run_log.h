// Writes runs.csv: what each run of each job held, where, for how long, and why it ended.
#ifndef MUSTER_SIM_REPORT_RUN_LOG_H_
#define MUSTER_SIM_REPORT_RUN_LOG_H_

#include <cstdint>
#include <map>
#include <string>

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
  std::string JobField(size_t job) const;

  // What is known of a run as it starts: the fields up to start_s, and amount, flavors and hosts.
  struct Started {
    std::string front, middle;
  };
  OutputFile file_;
  const Trace* trace_;
  const scheduler::Engine* engine_ = nullptr;
  std::string resource_;
  std::map<size_t, Started> open_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_RUN_LOG_H_
