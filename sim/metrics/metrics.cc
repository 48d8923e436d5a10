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

void UsageMeter::SetTeams(const std::vector<double>& nominal) {
  teams_.assign(nominal.size(), Team());
  for (size_t i = 0; i < nominal.size(); ++i) teams_[i].nominal = nominal[i];
}

void UsageMeter::Integrate(Team* team, int64_t now_s) {
  const double dt = static_cast<double>(now_s - team->last_s);
  team->integral += team->used * dt;
  team->borrowed += std::max(0.0, team->used - team->nominal) * dt;
  team->last_s = now_s;
}

void UsageMeter::Add(int team, double amount, int64_t now_s) {
  Integrate(&teams_[team], now_s);
  teams_[team].used += amount;
}

void UsageMeter::Queue(int team, int64_t change) {
  Team& t = teams_[team];
  t.queued += change;
  queued_ += change;
  if (!std::exchange(t.touched, true)) touched_.push_back(team);
}

void UsageMeter::SamplePeaks() {
  for (int i : touched_) {
    teams_[i].peak = std::max(teams_[i].peak, teams_[i].queued);
    teams_[i].touched = false;
  }
  touched_.clear();
  peak_ = std::max(peak_, queued_);
}

void UsageMeter::CloseAt(int64_t now_s) {
  for (Team& team : teams_) Integrate(&team, now_s);
}

void UsageMeter::Report(std::vector<TeamMetrics>* teams, TeamMetrics* total) const {
  for (size_t i = 0; i < teams_.size(); ++i) {
    TeamMetrics& m = (*teams)[i];
    m.amount_hours = teams_[i].integral / 3600;
    m.borrowed_hours = teams_[i].borrowed / 3600;
    m.peak_queue = teams_[i].peak;
    total->amount_hours += m.amount_hours;
    total->borrowed_hours += m.borrowed_hours;
  }
  total->peak_queue = peak_;
}

void Summary::Sums::Take(const JobOutcome& job) {
  ++jobs;
  preemptions += job.preemptions;
  if (job.first_start_s < 0) return;
  ++started;
  if (job.finish_s < 0) return;
  ++finished;
  const double jct_s = static_cast<double>(job.finish_s - job.submit_s);
  jct += jct_s;
  slowdown += std::max(1.0, jct_s / static_cast<double>(std::max<int64_t>(job.duration_s, 10)));
}

void Summary::Sums::Finish(std::vector<int64_t>* waits, int64_t length_s, TeamMetrics* m) const {
  m->jobs = jobs;
  m->started = started;
  m->finished = finished;
  m->never_admitted = jobs - started;
  m->preemptions = preemptions;
  m->wait = SpreadOf(waits);
  if (finished > 0) {
    m->jct_mean_s = jct / static_cast<double>(finished);
    m->slowdown_mean = slowdown / static_cast<double>(finished);
  }
  const double capacity_hours = m->nominal * static_cast<double>(length_s) / 3600;
  if (capacity_hours > 0) m->utilisation = m->amount_hours / capacity_hours;
}

void Summary::Take(int team, const JobOutcome& job) {
  teams_[team].sums.Take(job);
  total_.Take(job);
  if (job.first_start_s >= 0) teams_[team].waits.push_back(job.first_start_s - job.submit_s);
}

Metrics Summary::Finish(std::vector<TeamMetrics> teams, TeamMetrics total, int64_t begin_s, int64_t end_s) && {
  total.name = "total";
  std::vector<int64_t> waits;  // of all teams
  for (size_t t = 0; t < teams.size(); ++t) {
    total.nominal += teams[t].nominal;
    teams_[t].sums.Finish(&teams_[t].waits, end_s - begin_s, &teams[t]);
    if (waits.empty()) {
      waits = std::move(teams_[t].waits);
    } else {
      waits.insert(waits.end(), teams_[t].waits.begin(), teams_[t].waits.end());
    }
    teams_[t].waits = {};
  }
  total_.Finish(&waits, end_s - begin_s, &total);
  Metrics metrics;
  metrics.begin_s = begin_s;
  metrics.end_s = end_s;
  metrics.teams = std::move(teams);
  metrics.total = std::move(total);
  return metrics;
}

}  // namespace muster::sim
