// What the page's script is given, in short names because they come with the page. Times are seconds on the trace's
// clock; in "runs" they count from `begin`, column by column. Teams are told by their index in `teams`.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "api/vocabulary.h"
#include "sim/report/html/html_report.h"

namespace muster::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxTeamsDrawn = 24;    // with lines of their own; the others are one
constexpr size_t kMaxTeams = 1000;       // in the table
constexpr size_t kMaxPairs = 500;        // of teams that preempted each other
constexpr size_t kMaxPlaces = 2000;      // rows of the chart of nodes
constexpr size_t kMaxPlacings = 100000;  // runs on places

// Three decimals are what the input (seconds, whole units) can bear.
Json Round(double value) {
  const double rounded = std::strtod(absl::StrFormat("%.3f", value).c_str(), nullptr);
  // Whole numbers without ".0".
  if (rounded == std::floor(rounded) && std::abs(rounded) < 1e15) return static_cast<int64_t>(rounded);
  return rounded;
}

Json ToJson(const TeamMetrics& m) {
  return {{"name", m.name},
          {"nominal", Round(m.nominal)},
          {"jobs", m.jobs},
          {"started", m.started},
          {"finished", m.finished},
          {"never", m.never_admitted},
          {"preemptions", m.preemptions},
          {"waitMean", Round(m.wait.mean)},
          {"wait50", m.wait.p50},
          {"wait90", m.wait.p90},
          {"wait99", m.wait.p99},
          {"waitMax", m.wait.max},
          {"jct", Round(m.jct_mean_s)},
          {"slowdown", Round(m.slowdown_mean)},
          {"hours", Round(m.amount_hours)},
          {"borrowed", Round(m.borrowed_hours)},
          {"utilisation", Round(m.utilisation)},
          {"peakQueue", m.peak_queue}};
}

// What the page has room for.
Json FiguresForPage(Json figures) {
  constexpr size_t kMaxRows = 500;
  if (figures.is_null()) return figures;
  const auto cut = [](Json* rows) {
    if (rows->size() > kMaxRows) rows->erase(rows->begin() + kMaxRows, rows->end());
  };
  for (Json& groups : figures["groups"]) cut(&groups);
  cut(&figures["lending"]["loans"]);
  figures.erase("preemptions");  // told by team number already
  return figures;
}

// The teams with lines of their own: those that used most, by their index.
std::vector<size_t> Drawn(const Metrics& metrics) {
  std::vector<size_t> drawn(metrics.teams.size());
  std::iota(drawn.begin(), drawn.end(), size_t{0});
  if (drawn.size() <= kMaxTeamsDrawn) return drawn;
  std::stable_sort(drawn.begin(), drawn.end(), [&metrics](size_t a, size_t b) {
    return metrics.teams[a].amount_hours > metrics.teams[b].amount_hours;
  });
  drawn.resize(kMaxTeamsDrawn);
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

}  // namespace

// {name, cohort, tree, ..., lent, waits: [count by step]} for each team.
Json HtmlReport::Teams(const Metrics& metrics) const {
  Json teams = Json::array();
  for (size_t t = 0; t < std::min(metrics.teams.size(), kMaxTeams); ++t) {
    Json team = ToJson(metrics.teams[t]);
    team["cohort"] = teams_[t].cohort;
    team["tree"] = usage_.TreeOf(t);
    team["lent"] = Round(usage_.series().Total(UsageRecorder::SeriesOf(t, UsageRecorder::kLent)) / 3600);
    team["waits"] = runs_.waits()[t].counts();
    teams.push_back(std::move(team));
  }
  return teams;
}

// {width, at: [begin of each bucket], capacity: in the end, quota: [mean of each bucket], lines: [{team: index or null for all others, others, used, borrowed,
// lent, jobs, amount: [mean of each bucket]}]}.
Json HtmlReport::Series(const Metrics& metrics) const {
  const LevelSeries& series = usage_.series();
  Json at = Json::array(), lines = Json::array();
  for (size_t b = 0; b < series.buckets(); ++b)
    at.push_back(series.begin_s() + static_cast<int64_t>(b) * series.width_s());
  const std::vector<size_t> drawn = Drawn(metrics);
  const auto line = [&series](Json team, const std::vector<size_t>& of) {
    Json json = {{"team", std::move(team)}, {"others", of.size()}};
    constexpr std::pair<const char*, UsageRecorder::Kind> kKinds[] = {{"used", UsageRecorder::kUsed},
                                                                      {"borrowed", UsageRecorder::kBorrowed},
                                                                      {"lent", UsageRecorder::kLent},
                                                                      {"jobs", UsageRecorder::kJobsWaiting},
                                                                      {"amount", UsageRecorder::kAmountWaiting}};
    for (const auto& [name, kind] : kKinds) {
      Json values = Json::array();
      for (size_t b = 0; b < series.buckets(); ++b) {
        double sum = 0;
        for (size_t t : of) sum += series.Mean(UsageRecorder::SeriesOf(t, kind), b);
        values.push_back(Round(sum));
      }
      json[name] = std::move(values);
    }
    return json;
  };
  std::vector<size_t> others;
  for (size_t t = 0; t < metrics.teams.size(); ++t) {
    if (std::binary_search(drawn.begin(), drawn.end(), t)) {
      lines.push_back(line(t, {t}));
    } else {
      others.push_back(t);
    }
  }
  if (!others.empty()) lines.push_back(line(nullptr, others));
  Json quota = Json::array();
  for (size_t b = 0; b < series.buckets(); ++b) quota.push_back(Round(series.Mean(usage_.CapacitySeries(), b)));
  return {{"width", series.width_s()},
          {"at", std::move(at)},
          {"capacity", Round(usage_.capacity())},
          {"quota", std::move(quota)},
          {"lines", std::move(lines)}};
}

// {places, capacity, level: "node" or what it is, free: [places without pods], freeAmount: what these have, allFree: what all have free};
// null if there are no places.
Json HtmlReport::Places() const {
  if (places_.places() == 0) return nullptr;
  // In words: what a place is one of.
  const std::string level = places_.level() == api::kHostnameLabel ? "node"
                            : places_.level().empty()              ? "lowest topology domain"
                                                                   : places_.level() + " domain";
  Json json = {{"places", places_.places()}, {"capacity", Round(places_.capacity())}, {"level", level}};
  const LevelSeries& series = places_.series();
  constexpr std::pair<const char*, PlaceRecorder::Kind> kKinds[] = {{"free", PlaceRecorder::kFreePlaces},
                                                                    {"freeAmount", PlaceRecorder::kFreePlaceAmount},
                                                                    {"allFree", PlaceRecorder::kFreeAmount}};
  for (const auto& [name, kind] : kKinds) {
    Json values = Json::array();
    for (size_t b = 0; b < series.buckets(); ++b) values.push_back(Round(series.Mean(kind, b)));
    json[name] = std::move(values);
  }
  return json;
}

// {of: how many runs there were, hours, ofHours, job, team, run, amount, queued, start, length, cause: columns by start;
// causes: their names, places: names, at: the places of each run, atLeft: runs of which no place is told}.
Json HtmlReport::Runs() {
  std::vector<ToldRun> runs = runs_.TakeRuns();
  const int64_t begin_s = usage_.series().begin_s();
  double seconds = 0;
  // Places go to the largest runs first.
  size_t placings = 0, left = 0, used_places = 0;
  for (ToldRun& run : runs) {
    seconds += run.amount * static_cast<double>(run.end_s - run.start_s);
    if (run.places.empty()) continue;
    std::sort(run.places.begin(), run.places.end());
    run.places.erase(std::unique(run.places.begin(), run.places.end()), run.places.end());
    const bool known = static_cast<size_t>(run.places.back()) < kMaxPlaces;
    if (!known || placings + run.places.size() > kMaxPlacings) {
      run.places.clear();
      ++left;
      continue;
    }
    placings += run.places.size();
    used_places = std::max(used_places, static_cast<size_t>(run.places.back()) + 1);
  }
  std::stable_sort(runs.begin(), runs.end(), [](const ToldRun& a, const ToldRun& b) {
    return std::make_pair(a.start_s, a.team) < std::make_pair(b.start_s, b.team);
  });
  Json columns = {{"job", Json::array()},    {"team", Json::array()},   {"run", Json::array()},
                  {"amount", Json::array()}, {"queued", Json::array()}, {"start", Json::array()},
                  {"length", Json::array()}, {"cause", Json::array()},  {"at", Json::array()}};
  for (ToldRun& run : runs) {
    columns["job"].push_back(std::move(run.job));
    columns["team"].push_back(run.team);
    columns["run"].push_back(run.run);
    columns["amount"].push_back(Round(run.amount));
    columns["queued"].push_back(run.queued_s - begin_s);
    columns["start"].push_back(run.start_s - begin_s);
    columns["length"].push_back(run.end_s - run.start_s);
    columns["cause"].push_back(static_cast<int>(run.cause));
    if (used_places > 0) columns["at"].push_back(std::move(run.places));
  }
  Json places = Json::array(), causes = Json::array();
  const size_t rows = std::min(std::max(used_places, places_.places()), kMaxPlaces);
  for (size_t p = 0; p < rows; ++p) places.push_back(places_.names()[p]);
  for (int c = 0; c < kStopCauses; ++c) {
    causes.push_back(std::string(ToString(static_cast<StopCause>(c))));
  }
  columns["of"] = runs_.run_count();
  columns["hours"] = Round(seconds / 3600);
  columns["ofHours"] = Round(runs_.run_seconds() / 3600);
  columns["causes"] = std::move(causes);
  columns["places"] = std::move(places);
  columns["ofPlaces"] = places_.names().size();
  columns["atLeft"] = left;
  return columns;
}

std::string HtmlReport::Data(const ReportFacts& facts, const Metrics& metrics) {
  Json waits = Json::array(), pairs = Json::array();
  for (ToldWait& wait : runs_.TakeWaits()) {
    waits.push_back({{"job", std::move(wait.job)},
                     {"team", wait.team},
                     {"amount", Round(wait.amount)},
                     {"submit", wait.submit_s},
                     {"wait", wait.wait_s},
                     {"started", wait.started}});
  }
  std::vector<StopKind> preemptions = preemptions_.kinds();
  std::map<StopCause, StopKind> causes;
  for (const StopKind& kind : preemptions) {
    StopKind& sum = causes[kind.cause];
    sum.count += kind.count;
    sum.held += kind.held;
    sum.lost += kind.lost;
  }
  std::stable_sort(preemptions.begin(), preemptions.end(),
                   [](const StopKind& a, const StopKind& b) { return a.count > b.count; });
  for (const StopKind& kind : preemptions) {
    if (pairs.size() == kMaxPairs) break;
    pairs.push_back({{"by", kind.by_team},
                     {"of", kind.of_team},
                     {"cause", std::string(ToString(kind.cause))},
                     {"count", kind.count},
                     {"held", Round(kind.held / 3600)},
                     {"lost", Round(kind.lost / 3600)}});
  }
  Json by_cause = Json::array();
  for (const auto& [cause, sum] : causes) {
    by_cause.push_back({{"cause", std::string(ToString(cause))},
                        {"count", sum.count},
                        {"held", Round(sum.held / 3600)},
                        {"lost", Round(sum.lost / 3600)}});
  }
  const Json data = {
      {"trace", facts.trace},
      {"resource", resource_},
      {"begin", metrics.begin_s},
      {"end", metrics.end_s},
      {"resume", facts.resume_preempted},
      {"skippedRows", facts.skipped_rows},
      {"cycles", facts.cycles},
      {"decisions", facts.decisions},
      {"livelocks", facts.livelocks},
      {"teamCount", metrics.teams.size()},
      {"teams", Teams(metrics)},
      {"total", ToJson(metrics.total)},
      {"series", Series(metrics)},
      {"waitSteps", WaitHistogram::Bounds()},
      {"nodes", Places()},
      {"runs", Runs()},
      {"longestWaits", std::move(waits)},
      {"preemptions", {{"causes", std::move(by_cause)}, {"pairs", std::move(pairs)}, {"ofPairs", preemptions.size()}}},
      {"figures", FiguresForPage(facts.figures)},
      {"policy", std::move(policy_)}};
  return data.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace muster::sim
