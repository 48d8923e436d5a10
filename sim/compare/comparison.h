// What another policy did to the same jobs: differences of two runs, per team and per job.
#ifndef MUSTER_SIM_COMPARE_COMPARISON_H_
#define MUSTER_SIM_COMPARE_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/compare/bootstrap.h"
#include "sim/compare/decisions.h"
#include "sim/compare/run.h"

namespace muster::sim {

// One figure of a team in both runs.
struct FigureChange {
  std::string name;  // as in the table: "wait mean", "used h"
  std::string key;   // as in JSON: "wait_mean_s", "resource_hours"
  double base = 0, other = 0;
  // Of other - base. None where there is nothing to draw from: hours are of a team as a whole.
  std::optional<Interval> interval;

  double change() const { return other - base; }
  bool differs() const { return base != other; }
  // Whether the interval leaves out 0.
  bool clear() const { return interval.has_value() && (interval->low > 0 || interval->high < 0); }
};

struct TeamChange {
  std::string name;  // the ClusterQueue that the base sent the jobs to; "total"
  size_t jobs = 0;
  size_t started_in_both = 0, finished_in_both = 0;  // waits are of the ones, JCT of the others
  size_t moved = 0;                                  // jobs that the other run sent to another ClusterQueue
  bool same = true;                                  // no job of it fared otherwise, and no figure differs
  std::vector<FigureChange> figures = {};
};

// A job that gained or lost.
struct JobChange {
  std::string id, team;
  const RunJob* base = nullptr;
  const RunJob* other = nullptr;
  // Later (> 0) or earlier by so many seconds after its submission: its end if it ended in both, else its start. None if
  // it ended, or else started, in one run alone.
  std::optional<int64_t> later_s;
  std::optional<Parting> why;
};

struct Comparison {
  const RunResult* base = nullptr;
  const RunResult* other = nullptr;
  std::vector<std::string> differs_in;   // DiffersIn
  size_t jobs = 0;                       // in both
  size_t only_base = 0, only_other = 0;  // left aside, because the traces differ
  bool same = true;                      // all jobs fared alike, and all decisions are the same where both have them
  size_t jobs_that_differ = 0;
  std::vector<TeamChange> teams;        // by name, "total" last
  std::vector<JobChange> gained, lost;  // who most first
  bool has_decisions = false;           // both runs wrote them
  std::optional<Parting> first_parting;
};

struct CompareOptions {
  BootstrapOptions bootstrap;
  size_t top = 10;         // jobs told of those that gained, and of those that lost
  bool any_trace = false;  // of different traces, compare the jobs that both have
};

// REQUIRES: both outlive the result. Errors: those of PairJobs; what cannot be read of the decisions.
absl::StatusOr<Comparison> Compare(const RunResult& base, const RunResult& other, const CompareOptions& options);

}  // namespace muster::sim

#endif  // MUSTER_SIM_COMPARE_COMPARISON_H_
