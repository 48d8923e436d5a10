// The figures of a replay: who waited how long, and who used how much of what was his.
//
// Times are whole seconds on the trace's clock. "Amount" is of one resource (the report's main resource), in base
// units: with nvidia.com/gpu, amount-seconds / 3600 are GPU-hours.
#ifndef MUSTER_SIM_METRICS_METRICS_H_
#define MUSTER_SIM_METRICS_METRICS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace muster::sim {

// What became of one job.
struct JobOutcome {
  int64_t submit_s = 0;
  int64_t duration_s = 0;
  int64_t first_start_s = -1;  // -1 = never
  int64_t finish_s = -1;       // -1 = never
  int32_t preemptions = 0;
  double amount = 0;  // of the main resource
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
  double nominal = 0;  // quota of the main resource
  int64_t jobs = 0, started = 0, finished = 0, never_admitted = 0, preemptions = 0;
  Spread wait;                // submit to first start, of the jobs that started
  double jct_mean_s = 0;      // submit to finish, of the jobs that finished
  double slowdown_mean = 0;   // of the jobs that finished: max(1, JCT / max(duration, 10 s))
  double amount_hours = 0;    // time integral of what was held
  double borrowed_hours = 0;  // ... of what was held beyond the nominal quota
  double utilisation = 0;     // amount_hours / (nominal x length of the replay); 0 if nominal is 0
  int64_t peak_queue = 0;     // most jobs waiting at once, after deciding
};

struct Metrics {
  std::string resource;
  int64_t begin_s = 0, end_s = 0;  // first submission, last event
  std::vector<TeamMetrics> teams;  // by name
  TeamMetrics total;               // name "total"; borrowed_hours is the sum of the teams'
};

// Follows usage and queue length of the teams while a replay runs. Every call is O(1). Times must not decrease.
// Thread-safety: compatible.
class UsageMeter {
 public:
  // REQUIRES: team < the size given to SetTeams.
  void SetTeams(const std::vector<double>& nominal);
  void Add(int team, double amount, int64_t now_s);  // negative: released
  void Queue(int team, int64_t change);
  // To be called after deciding at an instant: what is queued now counts for the peak.
  void SamplePeaks();
  // Integrates up to `now_s`.
  void CloseAt(int64_t now_s);
  // Fills amount_hours, borrowed_hours and peak_queue of teams (same order as in SetTeams) and of the total.
  void Report(std::vector<TeamMetrics>* teams, TeamMetrics* total) const;

 private:
  struct Team {
    double nominal = 0, used = 0, integral = 0, borrowed = 0;
    int64_t last_s = 0, queued = 0, peak = 0;
    bool touched = false;
  };
  void Integrate(Team* team, int64_t now_s);
  std::vector<Team> teams_;
  std::vector<int> touched_;
  int64_t queued_ = 0, peak_ = 0;
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
    int64_t jobs = 0, started = 0, finished = 0, preemptions = 0;
    double jct = 0, slowdown = 0;

    void Take(const JobOutcome& job);
    void Finish(std::vector<int64_t>* waits, int64_t length_s, TeamMetrics* m) const;
  };
  struct Team {
    Sums sums;
    std::vector<int64_t> waits;
  };
  std::vector<Team> teams_;
  Sums total_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_METRICS_METRICS_H_
