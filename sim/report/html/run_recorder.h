// The runs and waits of a replay that a report tells one by one: the largest of each, and how many there
// were in all. Memory grows with the jobs that wait or run, and with what is kept.
#ifndef MUSTER_SIM_REPORT_HTML_RUN_RECORDER_H_
#define MUSTER_SIM_REPORT_HTML_RUN_RECORDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/metrics/largest.h"
#include "sim/metrics/wait_histogram.h"
#include "sim/replay/observer.h"

namespace muster::sim {

// One run of a job, from a start to its stop.
struct ToldRun {
  std::string job;
  int team = 0;
  int32_t run = 0;  // of the job, from 1
  double amount = 0;
  int64_t queued_s = 0;  // submitted, or stopped the last time
  int64_t start_s = 0, end_s = 0;
  StopCause cause = StopCause::kFinished;
  std::vector<int> places;  // PlaceRecorder's
};

// How long a job waited for its first start.
struct ToldWait {
  std::string job;
  int team = 0;
  double amount = 0;
  int64_t submit_s = 0, wait_s = 0;
  bool started = false;  // false: it waited until the end of the replay
};

// Thread-safety: compatible.
class RunRecorder {
 public:
  static constexpr size_t kMaxRuns = 20000, kMaxWaits = 200;

  // Names a job while it waits or runs.
  explicit RunRecorder(std::function<std::string(size_t job)> name_of)
      : name_of_(std::move(name_of)), runs_(kMaxRuns), waits_(kMaxWaits) {}

  void OnBegin(const ReplaySetting& setting);
  void OnSubmit(const JobSubmit& event);
  void OnStart(const RunStart& event);
  void OnStop(const RunStop& event, const std::vector<int>& places);
  void OnEnd(int64_t now_s);

  // After OnEnd.
  int64_t run_count() const { return run_count_; }
  double run_seconds() const { return run_seconds_; }                  // amount-seconds of all runs
  std::vector<ToldRun> TakeRuns() { return std::move(runs_).Take(); }  // largest amount x length first
  std::vector<ToldWait> TakeWaits() { return std::move(waits_).Take(); }
  const std::vector<WaitHistogram>& waits() const { return histograms_; }  // of the jobs that started, by team

 private:
  struct Live {
    int team = 0;
    double amount = 0;
    int64_t submit_s = 0, queued_s = 0;
    bool started = false;
  };

  std::function<std::string(size_t)> name_of_;
  absl::flat_hash_map<size_t, Live> live_;  // by job
  Largest<ToldRun> runs_;
  Largest<ToldWait> waits_;
  std::vector<WaitHistogram> histograms_;
  int64_t run_count_ = 0;
  double run_seconds_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_HTML_RUN_RECORDER_H_
