// Why runs ended before their jobs had finished, whom they made room for, and what that cost.
#ifndef MUSTER_SIM_REPORT_FIGURES_PREEMPTION_METER_H_
#define MUSTER_SIM_REPORT_FIGURES_PREEMPTION_METER_H_

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/replay/observer.h"

namespace muster::sim {

struct StopKind {
  int by_team = -1;  // -1: nobody's job took the place
  int of_team = 0;
  StopCause cause = StopCause::kInClusterQueue;
  int64_t count = 0;
  double held = 0;  // amount-seconds that the runs held until they were stopped
  double lost = 0;  // of these, work to be done again
};

// Memory: the jobs that wait or run, and a StopKind for each that differs. Thread-safety: compatible.
class PreemptionMeter : public ReplayObserver {
 public:
  void OnSubmit(const JobSubmit& event) override { team_of_[event.job] = event.team; }
  void OnStop(const RunStop& event) override;
  std::vector<StopKind> kinds() const;  // by team, team and cause

 private:
  absl::flat_hash_map<size_t, int> team_of_;
  std::map<std::tuple<int, int, StopCause>, StopKind> kinds_;
};

// Whether quota that was borrowed was taken back by whom it belongs to.
constexpr bool IsReclaim(StopCause cause) {
  return cause == StopCause::kInCohortReclamation || cause == StopCause::kInCohortReclaimWhileBorrowing;
}

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_FIGURES_PREEMPTION_METER_H_
