#include "sim/report/figures/job_groups.h"

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace muster::sim {
namespace {

// The size classes in their order: 0, below 1, then by powers of two.
int SizeRank(double amount) {
  if (!(amount > 0)) return 0;
  if (amount < 1) return 1;
  int exponent = 0;
  const double mantissa = std::frexp(amount, &exponent);  // amount = mantissa x 2^exponent, mantissa from 1/2 to 1
  return 2 + (mantissa == 0.5 ? exponent - 1 : exponent);
}

}  // namespace

std::string SizeName(double amount) {
  const int rank = SizeRank(amount);
  if (rank == 0) return "0";
  if (rank == 1) return "below 1";
  if (rank <= 3) return absl::StrCat(rank - 1);
  return absl::StrFormat("%.0f-%.0f", std::ldexp(1.0, rank - 3) + 1, std::ldexp(1.0, rank - 2));
}

JobGroups::JobGroups(const Trace* trace) : trace_(trace), held_(trace->shapes.size()) {}

void JobGroups::OnStart(const RunStart& event) {
  Held& held = HeldBy(event.job);
  held.open += event.amount;
  held.all -= event.amount * static_cast<double>(event.now_s - begin_s_);
}

void JobGroups::OnStop(const RunStop& event) {
  Held& held = HeldBy(event.job);
  held.open -= event.amount;
  held.all += event.amount * static_cast<double>(event.now_s - begin_s_);
  held.lost += event.amount * static_cast<double>(event.lost_s);
  held.overhead += event.amount * static_cast<double>(event.overhead_s);
}

void JobGroups::OnEnd(int64_t now_s) {
  for (Held& held : held_) {
    held.all += held.open * static_cast<double>(now_s - begin_s_);
    held.open = 0;
  }
}

std::vector<TeamMetrics> JobGroups::Of(JobGrouping grouping, const SimulationResult& result) const {
  using Key = std::pair<int, std::string>;  // in the order of groups
  const auto key_of = [&](size_t shape) -> Key {
    if (grouping == JobGrouping::kQueue) return {0, trace_->shapes[shape].queue};
    if (grouping == JobGrouping::kPriorityClass) return {0, trace_->shapes[shape].priority_class};
    const double amount = result.shapes[shape].amount;
    return {SizeRank(amount), SizeName(amount)};
  };
  std::vector<bool> used(trace_->shapes.size());
  for (const Job& job : trace_->jobs) used[job.shape] = true;
  std::map<Key, int> index;
  for (size_t shape = 0; shape < trace_->shapes.size(); ++shape) {
    if (used[shape]) index.emplace(key_of(shape), 0);
  }
  std::vector<TeamMetrics> groups;
  for (auto& [key, at] : index) {
    at = static_cast<int>(groups.size());
    groups.emplace_back().name = key.second;
  }
  std::vector<int> group_of(trace_->shapes.size());
  for (size_t shape = 0; shape < trace_->shapes.size(); ++shape) {
    if (!used[shape]) continue;
    group_of[shape] = index.at(key_of(shape));
    TeamMetrics& group = groups[group_of[shape]];
    group.amount_hours += held_[shape].all / 3600;
    group.lost_hours += held_[shape].lost / 3600;
    group.overhead_hours += held_[shape].overhead / 3600;
  }
  Summary summary(groups.size());
  for (size_t job = 0; job < trace_->jobs.size(); ++job) {
    summary.Take(group_of[trace_->jobs[job].shape], result.OutcomeOf(*trace_, job));
  }
  return std::move(summary).Finish(std::move(groups), {}, result.metrics.begin_s, result.metrics.end_s).teams;
}

}  // namespace muster::sim
