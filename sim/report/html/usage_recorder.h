// What each team used, borrowed, lent and had waiting, over time.
//
// Amounts are of the replay's main resource, over all flavors. Borrowed is what a team uses beyond its nominal quota.
// Lent is the part of its unused quota that teams of the same cohort tree have borrowed; where several (or cohorts with
// quota of their own) have unused quota, each is taken to lend in proportion to what it may lend.
#ifndef MUSTER_SIM_REPORT_HTML_USAGE_RECORDER_H_
#define MUSTER_SIM_REPORT_HTML_USAGE_RECORDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/metrics/level_series.h"
#include "sim/replay/observer.h"

namespace muster::sim {

// Thread-safety: compatible.
class UsageRecorder {
 public:
  enum Kind : size_t { kUsed, kBorrowed, kLent, kJobsWaiting, kAmountWaiting, kKinds };
  static constexpr size_t kMaxBuckets = 800;

  void OnBegin(const ReplaySetting& setting);
  void OnSubmit(const JobSubmit& event);
  void OnStart(const RunStart& event);
  void OnStop(const RunStop& event);
  void OnChange(const WorldChange& change);
  // O(teams of the cohort trees in which something changed).
  void OnInstant(int64_t now_s);
  void OnEnd(int64_t now_s);

  // After OnEnd.
  const LevelSeries& series() const { return *series_; }
  static size_t SeriesOf(size_t team, Kind kind) { return team * kKinds + kind; }
  // The quota of all teams and cohorts, over time; and as it was in the end.
  size_t CapacitySeries() const { return teams_.size() * kKinds; }
  double capacity() const { return capacity_; }
  // The cohort at the top of a team's tree; "" = none.
  const std::string& TreeOf(size_t team) const { return trees_[teams_[team].tree].name; }

 private:
  struct Team {
    double nominal = 0, lendable = 0;  // the most it may lend
    double used = 0, jobs_waiting = 0, amount_waiting = 0;
    size_t tree = 0;
  };
  struct Tree {
    std::string name;
    std::vector<size_t> teams;
    double own = 0;  // quota of the cohorts themselves
    bool touched = false;
  };
  void Learn(const ReplaySetting& setting);
  void Touch(size_t team);
  void Sample(const Tree& tree, int64_t now_s);

  std::vector<Team> teams_;
  std::vector<Tree> trees_;
  std::vector<size_t> touched_;
  std::optional<LevelSeries> series_;
  double capacity_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_HTML_USAGE_RECORDER_H_
