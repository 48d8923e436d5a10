// The figures of a replay: who waited how long, and who used how much of what was his.
//
// Times are whole seconds on the trace's clock. "Amount" is of one resource (the report's main resource), in base
// units: with nvidia.com/gpu, amount-seconds / 3600 are GPU-hours.
#ifndef MUSTER_SIM_METRICS_METRICS_H_
#define MUSTER_SIM_METRICS_METRICS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muster::sim {

// What became of one job.
struct JobOutcome {
  int64_t submit_s = 0;
  int64_t duration_s = 0;
  int64_t first_start_s = -1;  // -1 = never
  int64_t finish_s = -1;       // -1 = never
  int32_t preemptions = 0;
  double amount = 0;      // of the main resource
  bool submitted = true;  // false: what it waits for never ended
  bool failed = false;    // gave up, or ran into its time limit
  std::optional<int64_t> deadline_s = std::nullopt;
};

// Distribution of a set of values. Percentiles are by nearest rank: p50 of 1,2,3,4 is 2.
struct Spread {
  double mean = 0;
  int64_t p50 = 0, p90 = 0, p99 = 0, max = 0;
};
// All zero for no values. Changes the order of `values`. O(n).
Spread SpreadOf(std::vector<int64_t>* values);

struct TeamMetrics {
  std::string name;
  double nominal = 0;                                   // quota of the main resource, as it was in the end
  std::vector<std::pair<std::string, double>> flavors;  // the same by flavor; empty in the total
  std::vector<double> flavor_hours;                     // time integral of what was held, in the order of flavors
  int64_t jobs = 0, started = 0, finished = 0, never_admitted = 0, preemptions = 0;
  int64_t failed = 0;  // gave up, or ran into their time limit: not finished, and not to come back
  int64_t deadlines = 0, missed_deadlines = 0;
  Spread wait;                           // submit to first start, of the jobs that started
  Spread wait_so_far;                    // ... and of those that did not, submit to the end of the replay
  double jct_mean_s = 0;                 // submit to finish, of the jobs that finished
  double slowdown_mean = 0;              // of the jobs that finished: max(1, JCT / max(duration, 10 s))
  double amount_hours = 0;               // time integral of what was held
  double borrowed_hours = 0;             // ... of what was held beyond the nominal quota, flavor by flavor
  double lost_hours = 0;                 // of amount_hours: work that had to be done again
  double overhead_hours = 0;             // of amount_hours: held without working
  double capacity_hours = 0;             // time integral of the nominal quota
  double utilisation = 0;                // amount_hours / capacity_hours; 0 without quota
  int64_t peak_queue = 0;                // most jobs waiting at once, after deciding
  std::map<std::string, int64_t> stops;  // runs that ended before their job had finished, by cause
};

// Nodes that came and went (replay/node_groups.h).
struct NodeGroupMetrics {
  std::string name;
  int64_t min = 0, max = 0, peak = 0;  // nodes
  int64_t launched = 0, removed = 0, failed = 0;
  double node_hours = 0;  // from launch to removal
  double cost = 0;        // of these
};

struct Metrics {
  std::string resource;
  int64_t begin_s = 0, end_s = 0;  // first submission, last event
  std::vector<TeamMetrics> teams;  // by name
  TeamMetrics total;               // name "total"; borrowed_hours is the sum of the teams'
  double node_hours = 0;           // what ready nodes had of the resource, over time; 0 without nodes
  std::vector<NodeGroupMetrics> node_groups;
};

// Condenses outcomes. Memory: eight bytes a job that started. Thread-safety: compatible.
class Summary {
 public:
  explicit Summary(size_t teams) : teams_(teams) {}
  // REQUIRES: 0 <= team < the number of teams. The same outcomes in the same order give the same figures, bit for bit.
  void Take(int team, const JobOutcome& job);
  // `teams` (as many as there are) have name and nominal set and what UsageMeter reports. O(jobs).
  Metrics Finish(std::vector<TeamMetrics> teams, TeamMetrics total, int64_t begin_s, int64_t end_s) &&;

 private:
  // What a TeamMetrics needs of the jobs of one team.
  struct Sums {
    int64_t jobs = 0, started = 0, finished = 0, preemptions = 0, failed = 0, deadlines = 0, missed = 0;
    double jct = 0, slowdown = 0;

    void Take(const JobOutcome& job);
    void Finish(std::vector<int64_t>* waits, std::vector<int64_t>* censored, TeamMetrics* m) const;
  };
  struct Team {
    Sums sums;
    std::vector<int64_t> waits;
    std::vector<int64_t> never;  // when those that never started were submitted
  };
  std::vector<Team> teams_;
  Sums total_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_METRICS_METRICS_H_
