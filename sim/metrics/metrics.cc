#include "sim/metrics/metrics.h"

#include <algorithm>
#include <utility>

#include "absl/numeric/int128.h"

namespace muster::sim {

Spread SpreadOf(std::vector<int64_t>* values) {
  Spread spread;
  if (values->empty()) return spread;
  absl::int128 sum = 0;
  for (int64_t v : *values) sum += v;
  const size_t n = values->size();
  size_t settled = 0;  // what is before is in its place
  auto rank = [&](size_t percent) {
    const size_t at = (n * percent + 99) / 100 - 1;
    if (at >= settled) {
      std::nth_element(values->begin() + settled, values->begin() + at, values->end());
      settled = at + 1;
    }
    return (*values)[at];
  };
  spread.mean = static_cast<double>(sum) / static_cast<double>(n);
  spread.p50 = rank(50);
  spread.p90 = rank(90);
  spread.p99 = rank(99);
  spread.max = rank(100);
  return spread;
}

void Summary::Sums::Take(const JobOutcome& job) {
  ++jobs;
  preemptions += job.preemptions;
  failed += job.failed ? 1 : 0;
  if (job.deadline_s.has_value()) {
    ++deadlines;
    missed += job.finish_s < 0 || job.finish_s > *job.deadline_s ? 1 : 0;
  }
  if (job.first_start_s < 0) return;
  ++started;
  if (job.finish_s < 0) return;
  ++finished;
  const double jct_s = static_cast<double>(job.finish_s - job.submit_s);
  jct += jct_s;
  slowdown += std::max(1.0, jct_s / static_cast<double>(std::max<int64_t>(job.duration_s, 10)));
}

void Summary::Sums::Finish(std::vector<int64_t>* waits, std::vector<int64_t>* censored, TeamMetrics* m) const {
  m->jobs = jobs;
  m->started = started;
  m->finished = finished;
  m->never_admitted = jobs - started;
  m->preemptions = preemptions;
  m->failed = failed;
  m->deadlines = deadlines;
  m->missed_deadlines = missed;
  m->wait = SpreadOf(waits);
  if (censored->empty()) {
    m->wait_so_far = m->wait;
  } else {
    censored->insert(censored->end(), waits->begin(), waits->end());
    m->wait_so_far = SpreadOf(censored);
  }
  if (finished > 0) {
    m->jct_mean_s = jct / static_cast<double>(finished);
    m->slowdown_mean = slowdown / static_cast<double>(finished);
  }
  if (m->capacity_hours > 0) m->utilisation = m->amount_hours / m->capacity_hours;
}

void Summary::Take(int team, const JobOutcome& job) {
  teams_[team].sums.Take(job);
  total_.Take(job);
  if (job.first_start_s >= 0) {
    teams_[team].waits.push_back(job.first_start_s - job.submit_s);
  } else if (job.submitted) {
    teams_[team].never.push_back(job.submit_s);
  }
}

Metrics Summary::Finish(std::vector<TeamMetrics> teams, TeamMetrics total, int64_t begin_s, int64_t end_s) && {
  total.name = "total";
  std::vector<int64_t> waits, censored;  // of all teams
  for (size_t t = 0; t < teams.size(); ++t) {
    std::vector<int64_t> never;
    for (const int64_t submit_s : teams_[t].never) never.push_back(end_s - submit_s);
    censored.insert(censored.end(), never.begin(), never.end());
    teams_[t].sums.Finish(&teams_[t].waits, &never, &teams[t]);
    if (waits.empty()) {
      waits = std::move(teams_[t].waits);
    } else {
      waits.insert(waits.end(), teams_[t].waits.begin(), teams_[t].waits.end());
    }
    teams_[t].waits = {};
    for (const auto& [cause, count] : teams[t].stops) total.stops[cause] += count;
  }
  total_.Finish(&waits, &censored, &total);
  Metrics metrics;
  metrics.begin_s = begin_s;
  metrics.end_s = end_s;
  metrics.teams = std::move(teams);
  metrics.total = std::move(total);
  return metrics;
}

}  // namespace muster::sim
