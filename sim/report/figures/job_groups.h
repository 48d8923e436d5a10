// The figures of jobs that have something in common: the queue that the trace names, the priority class, the size.
#ifndef MUSTER_SIM_REPORT_FIGURES_JOB_GROUPS_H_
#define MUSTER_SIM_REPORT_FIGURES_JOB_GROUPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sim/metrics/metrics.h"
#include "sim/replay/observer.h"
#include "sim/replay/simulation.h"
#include "sim/trace/trace.h"

namespace muster::sim {

enum class JobGrouping : uint8_t { kQueue, kPriorityClass, kSize };

// What a job of that amount of the main resource is called: "0", "below 1", "1", "2", "3-4", "5-8", "9-16", ...
std::string SizeName(double amount);

// Of groups, what a TeamMetrics tells of jobs and of what they held: nothing of quotas. Memory: some numbers a shape of
// the trace. Thread-safety: compatible.
class JobGroups : public ReplayObserver {
 public:
  // `trace` is the one that is replayed, and outlives this.
  explicit JobGroups(const Trace* trace);
  void OnBegin(const ReplaySetting& setting) override { begin_s_ = setting.begin_s; }
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  void OnEnd(int64_t now_s) override;

  // Queues and classes by name, sizes from small to large; jobs without a class are in the group "". REQUIRES: OnEnd has
  // been called. O(jobs), with eight bytes for each meanwhile.
  std::vector<TeamMetrics> Of(JobGrouping grouping, const SimulationResult& result) const;

 private:
  // Of the jobs of one shape, in amount-seconds.
  struct Held {
    double open = 0;  // amount of what runs
    double all = 0, lost = 0, overhead = 0;
  };
  Held& HeldBy(size_t job) { return held_[trace_->jobs[job].shape]; }

  const Trace* trace_;
  int64_t begin_s_ = 0;
  std::vector<Held> held_;  // by shape
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_FIGURES_JOB_GROUPS_H_
