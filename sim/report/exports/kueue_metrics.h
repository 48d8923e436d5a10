// The metrics that Kueue's manager would have exposed during a replay, as OpenMetrics text over the trace's clock:
// dashboards made for a cluster show a replay. docs/simulator.md lists them.
//
// Names, types, labels and buckets are Kueue's; replica_role is "standalone". In a replay a job is admitted when its
// quota is reserved, so what Kueue tells of the one holds for the other. Runs that end for reasons Kueue does not know
// (the job failed by itself, was set aside in a livelock, migrated) count as evictions with Muster's name for the cause,
// except failures, which are the job's own affair.
#ifndef MUSTER_SIM_REPORT_EXPORTS_KUEUE_METRICS_H_
#define MUSTER_SIM_REPORT_EXPORTS_KUEUE_METRICS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/files/output_file.h"
#include "sim/replay/observer.h"
#include "sim/report/exports/metric_families.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Memory: the changes of values (MetricFamilies), and the jobs that wait or run. Thread-safety: compatible.
class KueueMetrics : public ReplayObserver {
 public:
  // A sample every `step_s` seconds; 0: every minute, or, of replays of more than a week, so far apart that there are
  // 10,080 at most. `trace` is the one that is replayed, and outlives this. Errors: Unavailable naming the file.
  static absl::StatusOr<KueueMetrics> Open(const std::string& path, const Trace* trace, int64_t step_s);
  void OnBegin(const ReplaySetting& setting) override;
  void OnSubmit(const JobSubmit& event) override;
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  void OnChange(const WorldChange& change) override;
  void OnInstant(int64_t now_s) override;
  void OnEnd(int64_t now_s) override;
  // ResourceExhausted if the step is too small.
  absl::Status status() const override { return families_.has_value() ? families_->status() : absl::OkStatus(); }
  // Writes the file. Errors: Unavailable if something could not be written. REQUIRES: OnEnd has been called.
  absl::Status Close();
  // REQUIRES: as Close.
  int64_t step_s() const { return families_->step_s(); }

 private:
  struct Team {
    std::string name, cohort, labels;
    scheduler::ClusterQueueId id = scheduler::kNoId;
    bool strict = false, active = false, touched = false;
    int64_t waiting = 0, running = 0;
  };
  struct Job {
    int team = 0;
    int64_t queued_s = 0;
    uint32_t told_reasons = 0;                          // a bit for each StopCause it was evicted for
    std::vector<std::pair<size_t, int64_t>> held = {};  // index in used_, amount; while it runs
  };
  // What a team uses of one resource of one flavor.
  struct Used {
    std::string labels, resource;
    int64_t amount = 0;
  };

  KueueMetrics(OutputFile file, const Trace* trace, int64_t step_s)
      : file_(std::move(file)), trace_(trace), step_s_(step_s) {}
  void TellQuotas(const ReplaySetting& setting, int64_t now_s);
  void TellStatus(int64_t now_s);
  void TellShares(int64_t now_s);
  void TellPending(Team* team, int64_t now_s);
  void Evicted(const RunStop& event, Job* job);
  void Touch(int team);
  size_t UsedOf(int team, const std::string& flavor, const std::string& resource);
  void Use(size_t used, int64_t change, int64_t now_s);
  std::string WithClass(const Team& team, size_t job) const;

  OutputFile file_;
  const Trace* trace_;
  int64_t step_s_;
  std::optional<MetricFamilies> families_;
  const scheduler::Engine* engine_ = nullptr;
  bool fair_sharing_ = false;
  std::vector<Team> teams_;
  std::vector<int> touched_;
  std::vector<Used> used_;
  std::map<std::tuple<int, std::string, std::string>, size_t> used_of_;  // by team, flavor, resource
  absl::flat_hash_map<size_t, Job> jobs_;                                // that wait or run
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_EXPORTS_KUEUE_METRICS_H_
