// A replay's schedule as the table of jobs that the simulator Batsim writes (PREFIX_jobs.csv), for the tools that read it.
//
// A line per job, when it has ended for good; jobs that still wait or run at the end of the replay have none. Times count
// from the first submission. A job that was stopped and started again is told by its last run. workload_name is the
// ClusterQueue, profile and metadata are empty, resources are of the main resource, rounded up, and requested_time is the
// time limit (-1: none). allocated_resources are the nodes of the last run, as intervals of their numbers among the
// policy's nodes by name from 0 ("0-3 7"); empty for jobs without a host. consumed_energy is -1: not known.
#ifndef MUSTER_SIM_REPORT_EXPORTS_BATSIM_JOBS_H_
#define MUSTER_SIM_REPORT_EXPORTS_BATSIM_JOBS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/files/output_file.h"
#include "sim/replay/observer.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Memory: the jobs that wait or run. Thread-safety: compatible.
class BatsimJobs : public ReplayObserver {
 public:
  // `trace` is the one that is replayed, and outlives this. Errors: Unavailable naming the file.
  static absl::StatusOr<BatsimJobs> Open(const std::string& path, const Trace* trace);
  void OnBegin(const ReplaySetting& setting) override;
  void OnSubmit(const JobSubmit& event) override;
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  // Errors: Unavailable if something could not be written. The file is there from then on.
  absl::Status Close() { return file_.Commit(); }

 private:
  struct Waiting {
    int64_t submit_s = 0;
    double amount = 0;
    std::string nodes;  // of its run
  };
  BatsimJobs(OutputFile file, const Trace* trace) : file_(std::move(file)), trace_(trace) {}
  std::string NodesOf(const scheduler::Decision& decision) const;

  OutputFile file_;
  const Trace* trace_;
  int64_t begin_s_ = 0;
  std::vector<std::string> teams_;
  std::map<std::string, int64_t> numbers_;  // of nodes, by host name
  absl::flat_hash_map<size_t, Waiting> jobs_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_EXPORTS_BATSIM_JOBS_H_
