// A comparison, written: for people and for programs. The same input gives the same bytes.
#ifndef MUSTER_SIM_COMPARE_TEXT_H_
#define MUSTER_SIM_COMPARE_TEXT_H_

#include <string>
#include <vector>

#include "sim/compare/comparison.h"

namespace muster::sim {

// The runs with letters (A is the base), then for each other run a table of what changed, who gained and lost most, and
// why. REQUIRES: not empty; all have the same base.
std::string FormatComparisons(const std::vector<Comparison>& comparisons, const CompareOptions& options);

// {base: {dir, provenance}, bootstrap: {seed, resamples, level}, others: [{dir, provenance, differs_in, same,
// jobs, only_base, only_other, jobs_that_differ, teams: [{name, jobs, started_in_both, finished_in_both, moved, same, figures: {KEY: {base, other,
// change, interval: [low, high] or null}}}], gained: [...], lost: [...], first_difference}]}.
std::string ComparisonsAsJson(const std::vector<Comparison>& comparisons, const CompareOptions& options);

// How a figure is written in tables: 0.194, 2.22, 22.5, 1234.6; no exponent below 10^15. With `sign`, a plus before what
// is above 0.
std::string FigureText(double value, bool sign = false);
// "3 d 04:05:06", "04:05:06".
std::string DurationText(int64_t seconds);
// "ends 3 d 04:05:06 later", "ends no more".
std::string FateText(const JobChange& job);
// "t=20 takes back makes borrows go: ...", or that there was nothing more.
std::string DecisionText(const std::optional<DecisionLine>& line);
// What tells the other run from the base: "other policy, options.resume".
std::string DiffersText(const Comparison& comparison);

}  // namespace muster::sim

#endif  // MUSTER_SIM_COMPARE_TEXT_H_
