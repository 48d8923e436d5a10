#include "sim/compare/comparison.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"

namespace muster::sim {
namespace {

using Json = nlohmann::ordered_json;

// Figures that summary.json has of a team as a whole.
struct WholeFigure {
  const char* key;
  const char* name;
};
constexpr WholeFigure kWholeFigures[] = {
    {"resource_hours", "used h"},
    {"borrowed_hours", "borrowed h"},
    {"lost_hours", "lost h"},
    {"peak_queue", "peak queue"},
};

const Json* TeamIn(const RunResult& run, const std::string& name) {
  if (name == "total") return &run.summary["total"];
  for (const Json& team : run.summary["teams"]) {
    if (team.is_object() && team.value("name", "") == name) return &team;
  }
  return nullptr;
}

std::optional<double> Figure(const Json* team, const char* key) {
  if (team == nullptr || !team->is_object()) return std::nullopt;
  const auto found = team->find(key);
  if (found == team->end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

// What is compared of the jobs of one team.
struct Pairs {
  std::vector<int64_t> wait_base, wait_other, jct_base, jct_other, preempted_base, preempted_other;
  int64_t never_base = 0, never_other = 0, finished_base = 0, finished_other = 0;

  void Add(const RunJob& base, const RunJob& other) {
    never_base += base.started() ? 0 : 1;
    never_other += other.started() ? 0 : 1;
    finished_base += base.finished() ? 1 : 0;
    finished_other += other.finished() ? 1 : 0;
    preempted_base.push_back(base.preemptions);
    preempted_other.push_back(other.preemptions);
    if (base.started() && other.started()) {
      wait_base.push_back(base.wait_s());
      wait_other.push_back(other.wait_s());
    }
    if (base.finished() && other.finished()) {
      jct_base.push_back(base.jct_s());
      jct_other.push_back(other.jct_s());
    }
  }
};

FigureChange Of(const char* name, const char* key, const Paired& paired, double times = 1) {
  return {name, key, paired.a * times, paired.b * times,
          Interval{paired.difference.low * times, paired.difference.high * times}};
}

void Fill(const Pairs& pairs, const Json* base, const Json* other, const BootstrapOptions& options, TeamChange* team) {
  team->jobs = pairs.preempted_base.size();
  team->started_in_both = pairs.wait_base.size();
  team->finished_in_both = pairs.jct_base.size();
  const PairedSpread wait = BootstrapPaired(pairs.wait_base, pairs.wait_other, options);
  const PairedSpread jct = BootstrapPaired(pairs.jct_base, pairs.jct_other, options);
  const PairedSpread preempted = BootstrapPaired(pairs.preempted_base, pairs.preempted_other, options);
  team->figures = {
      Of("wait mean", "wait_mean_s", wait.mean),
      Of("wait p50", "wait_p50_s", wait.p50),
      Of("wait p90", "wait_p90_s", wait.p90),
      Of("wait p99", "wait_p99_s", wait.p99),
      Of("JCT mean", "jct_mean_s", jct.mean),
      Of("preempted", "preemptions", preempted.mean, static_cast<double>(team->jobs)),
      {"never", "never_admitted", static_cast<double>(pairs.never_base), static_cast<double>(pairs.never_other), {}},
      {"finished", "finished", static_cast<double>(pairs.finished_base), static_cast<double>(pairs.finished_other), {}},
  };
  for (const WholeFigure& figure : kWholeFigures) {
    const std::optional<double> one = Figure(base, figure.key), two = Figure(other, figure.key);
    if (one.has_value() && two.has_value()) team->figures.push_back({figure.name, figure.key, *one, *two, {}});
  }
  for (const FigureChange& figure : team->figures) team->same = team->same && !figure.differs();
}

bool FaredAlike(const RunJob& a, const RunJob& b) {
  return a.team == b.team && a.started() == b.started() && a.finished() == b.finished() &&
         (!a.started() || a.wait_s() == b.wait_s()) && (!a.finished() || a.jct_s() == b.jct_s()) &&
         a.preemptions == b.preemptions;
}

// How much a job lost; negative: gained. Ended or started in one run alone is more than any number of seconds.
struct Loss {
  int rank = 0;  // 2 ends no more, 1 starts no more, -1 starts now, -2 ends now
  std::optional<int64_t> later_s;
};
Loss LossOf(const RunJob& base, const RunJob& other) {
  if (base.finished() && other.finished()) return {0, other.jct_s() - base.jct_s()};
  if (base.finished() != other.finished()) return {base.finished() ? 2 : -2, std::nullopt};
  if (base.started() && other.started()) return {0, other.wait_s() - base.wait_s()};
  if (base.started() != other.started()) return {base.started() ? 1 : -1, std::nullopt};
  return {0, 0};
}

void FindJobs(const std::vector<JobPair>& pairs, size_t top, Comparison* comparison) {
  struct Ranked {
    int rank;
    int64_t later_s;
    size_t pair;
  };
  std::vector<Ranked> gained, lost;
  const RunResult &base = *comparison->base, &other = *comparison->other;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const RunJob &one = base.jobs[pairs[i].a], &two = other.jobs[pairs[i].b];
    if (FaredAlike(one, two)) continue;
    ++comparison->jobs_that_differ;
    const Loss loss = LossOf(one, two);
    const int64_t later_s = loss.later_s.value_or(0);
    if (loss.rank > 0 || later_s > 0) lost.push_back({loss.rank, later_s, i});
    if (loss.rank < 0 || later_s < 0) gained.push_back({-loss.rank, -later_s, i});
  }
  const auto tell = [&](std::vector<Ranked>* ranked, std::vector<JobChange>* out) {
    const size_t n = std::min(top, ranked->size());
    std::partial_sort(ranked->begin(), ranked->begin() + static_cast<std::ptrdiff_t>(n), ranked->end(),
                      [](const Ranked& x, const Ranked& y) {
                        if (x.rank != y.rank) return x.rank > y.rank;
                        return x.later_s != y.later_s ? x.later_s > y.later_s : x.pair < y.pair;
                      });
    for (size_t k = 0; k < n; ++k) {
      const JobPair pair = pairs[(*ranked)[k].pair];
      const RunJob &one = base.jobs[pair.a], &two = other.jobs[pair.b];
      out->push_back({one.id, one.team, &one, &two, LossOf(one, two).later_s, std::nullopt});
    }
  };
  tell(&gained, &comparison->gained);
  tell(&lost, &comparison->lost);
}

absl::Status FindWhy(Comparison* comparison) {
  const RunResult &base = *comparison->base, &other = *comparison->other;
  comparison->has_decisions = !base.decisions.empty() && !other.decisions.empty();
  if (!comparison->has_decisions) return absl::OkStatus();
  if (base.summary["files"]["decisions.jsonl"] == other.summary["files"]["decisions.jsonl"]) return absl::OkStatus();
  std::vector<std::string> ids;
  for (const auto* list : {&comparison->gained, &comparison->lost}) {
    for (const JobChange& job : *list) ids.push_back(job.id);
  }
  absl::StatusOr<Partings> partings = FindPartings(base.decisions, other.decisions, ids);
  if (!partings.ok()) return partings.status();
  comparison->first_parting = partings->first;
  for (auto* list : {&comparison->gained, &comparison->lost}) {
    for (JobChange& job : *list) {
      const auto found = partings->of_job.find(job.id);
      if (found != partings->of_job.end()) job.why = found->second;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Comparison> Compare(const RunResult& base, const RunResult& other, const CompareOptions& options) {
  absl::StatusOr<std::vector<JobPair>> pairs_or = PairJobs(base, other, options.any_trace);
  if (!pairs_or.ok()) return pairs_or.status();
  const std::vector<JobPair>& pairs = *pairs_or;
  Comparison comparison;
  comparison.base = &base;
  comparison.other = &other;
  comparison.differs_in = DiffersIn(base, other);
  comparison.jobs = pairs.size();
  comparison.only_base = base.jobs.size() - pairs.size();
  comparison.only_other = other.jobs.size() - pairs.size();
  FindJobs(pairs, options.top, &comparison);
  if (absl::Status s = FindWhy(&comparison); !s.ok()) return s;

  std::map<std::string, Pairs> by_team;
  std::map<std::string, size_t> moved;
  Pairs all;
  std::map<std::string, bool> alike;
  for (const Json& team : base.summary["teams"]) by_team[team.value("name", "")];
  for (const JobPair& pair : pairs) {
    const RunJob &one = base.jobs[pair.a], &two = other.jobs[pair.b];
    by_team[one.team].Add(one, two);
    all.Add(one, two);
    moved[one.team] += one.team == two.team ? 0 : 1;
    if (!FaredAlike(one, two)) alike[one.team] = false;
  }
  for (const auto& [name, of_team] : by_team) {
    TeamChange team{.name = name, .moved = moved[name], .same = !alike.contains(name)};
    Fill(of_team, TeamIn(base, name), TeamIn(other, name), options.bootstrap, &team);
    comparison.teams.push_back(std::move(team));
  }
  TeamChange total{.name = "total", .same = comparison.jobs_that_differ == 0};
  for (const auto& [name, count] : moved) total.moved += count;
  Fill(all, TeamIn(base, "total"), TeamIn(other, "total"), options.bootstrap, &total);
  comparison.teams.push_back(std::move(total));
  comparison.same = !comparison.first_parting.has_value();
  for (const TeamChange& team : comparison.teams) comparison.same = comparison.same && team.same;
  return comparison;
}

}  // namespace muster::sim
