#include "sim/compare/text.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace muster::sim {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

std::string Letter(size_t i) { return i < 26 ? std::string(1, static_cast<char>('A' + i)) : absl::StrCat("#", i + 1); }

std::string Counted(size_t n, absl::string_view what) { return absl::StrCat(n, " ", what, n == 1 ? "" : "s"); }

// The first two columns to the left, numbers to the right.
std::string Aligned(const Rows& rows) {
  std::vector<size_t> width(rows[0].size());
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string pad(width[c] - row[c].size(), ' ');
      absl::StrAppend(&line, c == 0 ? "" : "  ", c < 2 ? row[c] : pad, c < 2 ? pad : row[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&out, line, "\n");
  }
  return out;
}

std::string RunLine(const RunResult& run) {
  const Json& p = run.provenance();
  const Json policy = p.value("policy", Json::array()), trace = p.value("trace", Json::object());
  std::string line =
      absl::StrCat(run.dir, ": muster ", p.value("muster", "?"), ", trace ",
                   trace.is_object() ? trace.value("file", "?") : "?", ", policy of ", Counted(policy.size(), "file"));
  const auto variant = p.find("variant");
  if (variant != p.end() && variant->is_object() && variant->contains("name")) {
    absl::StrAppend(&line, ", variant ",
                    variant->at("name").is_string() ? variant->at("name").get<std::string>() : "?");
  }
  return line;
}

void AppendTable(const Comparison& comparison, const std::string& letter, std::string* out) {
  Rows rows = {{"queue", "figure", "A", letter, "change", "from", "to", ""}};
  std::vector<std::string> alike;
  for (const TeamChange& team : comparison.teams) {
    if (team.same && team.name != "total") {
      alike.push_back(team.name);
      continue;
    }
    std::string name = team.name;
    for (const FigureChange& figure : team.figures) {
      if (!figure.differs() && !figure.clear()) continue;
      rows.push_back(
          {name, figure.name, FigureText(figure.base), FigureText(figure.other), FigureText(figure.change(), true),
           figure.interval.has_value() ? FigureText(figure.interval->low, true) : "",
           figure.interval.has_value() ? FigureText(figure.interval->high, true) : "", figure.clear() ? "*" : ""});
      name.clear();
    }
    if (team.moved > 0) {
      rows.push_back({name, "moved", "", "", absl::StrCat(team.moved), "", "", ""});
    }
  }
  if (rows.size() > 1) absl::StrAppend(out, Aligned(rows));
  if (!alike.empty()) absl::StrAppend(out, "Nothing changed for: ", absl::StrJoin(alike, ", "), ".\n");
}

void AppendJobs(const char* title, const std::vector<JobChange>& jobs, const std::string& letter, std::string* out) {
  if (jobs.empty()) return;
  absl::StrAppend(out, "\n", title, "\n");
  for (const JobChange& job : jobs) {
    absl::StrAppend(out, "  ", job.id, " (", job.team, "): ", FateText(job), "\n");
    if (!job.why.has_value()) continue;
    absl::StrAppend(out, "    A: ", DecisionText(job.why->a), "\n    ", letter, ": ", DecisionText(job.why->b), "\n");
  }
}

Json ToJson(const std::optional<DecisionLine>& line) {
  if (!line.has_value()) return nullptr;
  return {{"t", line->t_s}, {"job", line->job}, {"decision", line->words}};
}
Json ToJson(const std::optional<Parting>& parting) {
  if (!parting.has_value()) return nullptr;
  return {{"base", ToJson(parting->a)}, {"other", ToJson(parting->b)}};
}

double Rounded(double value) { return std::strtod(absl::StrFormat("%.3f", value).c_str(), nullptr); }

Json ToJson(const TeamChange& team) {
  Json json = {{"name", team.name},
               {"jobs", team.jobs},
               {"started_in_both", team.started_in_both},
               {"finished_in_both", team.finished_in_both},
               {"moved", team.moved},
               {"same", team.same},
               {"figures", Json::object()}};
  for (const FigureChange& figure : team.figures) {
    Json& one = json["figures"][figure.key];
    one = {{"base", Rounded(figure.base)}, {"other", Rounded(figure.other)}, {"change", Rounded(figure.change())}};
    one["interval"] = nullptr;
    if (figure.interval.has_value()) {
      one["interval"] = Json::array({Rounded(figure.interval->low), Rounded(figure.interval->high)});
    }
  }
  return json;
}

Json ToJson(const std::vector<JobChange>& jobs) {
  const auto or_null = [](int64_t seconds) { return seconds < 0 ? Json(nullptr) : Json(seconds); };
  Json list = Json::array();
  for (const JobChange& job : jobs) {
    list.push_back({{"job", job.id},
                    {"queue", job.team},
                    {"later_s", job.later_s.has_value() ? Json(*job.later_s) : Json(nullptr)},
                    {"start_s", {or_null(job.base->first_start_s), or_null(job.other->first_start_s)}},
                    {"finish_s", {or_null(job.base->finish_s), or_null(job.other->finish_s)}},
                    {"preemptions", {job.base->preemptions, job.other->preemptions}},
                    {"first_difference", ToJson(job.why)}});
  }
  return list;
}

}  // namespace

std::string FigureText(double value, bool sign) {
  const double size = std::fabs(value);
  if (size >= 1e15) return absl::StrFormat(sign ? "%+.3e" : "%.3e", value);
  std::string text = absl::StrFormat("%.*f", size >= 100 ? 1 : size >= 10 ? 2 : 3, value);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  if (text == "-0") text.erase(0, 1);
  return sign && value > 0 && text != "0" ? "+" + text : text;
}

std::string DurationText(int64_t seconds) {
  const int64_t days = seconds / 86400, rest = seconds % 86400;
  const std::string clock = absl::StrFormat("%02d:%02d:%02d", rest / 3600, rest / 60 % 60, rest % 60);
  return days == 0 ? clock : absl::StrCat(days, " d ", clock);
}

std::string FateText(const JobChange& job) {
  const RunJob &a = *job.base, &b = *job.other;
  if (a.finished() != b.finished()) return a.finished() ? "ends no more" : "ends now";
  if (a.started() != b.started()) return a.started() ? "starts no more" : "starts now";
  const int64_t later_s = job.later_s.value_or(0);
  if (later_s == 0) return "ends at the same time";
  return absl::StrCat(a.finished() ? "ends " : "starts ", DurationText(std::llabs(later_s)),
                      later_s > 0 ? " later" : " earlier", ", waits ", DurationText(b.wait_s()), " instead of ",
                      DurationText(a.wait_s()),
                      a.preemptions == b.preemptions
                          ? ""
                          : absl::StrCat(", preempted ", b.preemptions, " times instead of ", a.preemptions));
}

std::string DecisionText(const std::optional<DecisionLine>& line) {
  if (!line.has_value()) return "nothing more";
  return absl::StrCat("t=", line->t_s, " ", line->job, " ", line->words);
}

std::string DiffersText(const Comparison& comparison) {
  if (comparison.differs_in.empty()) return "made of the same as A";
  return absl::StrCat("differs from A in: ", absl::StrJoin(comparison.differs_in, ", "));
}

std::string FormatComparisons(const std::vector<Comparison>& comparisons, const CompareOptions& options) {
  const RunResult& base = *comparisons.front().base;
  std::string out = absl::StrCat("A = ", RunLine(base), "\n");
  for (size_t i = 0; i < comparisons.size(); ++i) {
    absl::StrAppend(&out, Letter(i + 1), " = ", RunLine(*comparisons[i].other), "; ", DiffersText(comparisons[i]),
                    "\n");
  }
  absl::StrAppend(&out, "Resource ", base.summary["resource"].get<std::string>(), ", ",
                  Counted(base.jobs.size(), "job"), ". Times in seconds.\n");
  for (size_t i = 0; i < comparisons.size(); ++i) {
    const Comparison& c = comparisons[i];
    const std::string letter = Letter(i + 1);
    absl::StrAppend(&out, "\n", letter, " against A: ");
    if (c.only_base + c.only_other > 0) {
      absl::StrAppend(&out, "different traces, with ", Counted(c.jobs, "job"), " in both; ", c.only_base,
                      " that only A has and ", c.only_other, " that only ", letter,
                      " has are left aside, but are in the ", "hours and queue lengths.\n");
    }
    if (c.same) {
      absl::StrAppend(&out, "no difference: all ", Counted(c.jobs, "job"),
                      " wait as long, end as late and are preempted as often",
                      c.has_decisions ? ", and all decisions are the same" : "", ".\n");
      continue;
    }
    const TeamChange& total = c.teams.back();
    absl::StrAppend(&out, c.jobs_that_differ, " of ", Counted(c.jobs, "job"), " fare otherwise. Waits are of the ",
                    total.started_in_both, " that start in both, JCT of the ", total.finished_in_both,
                    " that end in both.\n");
    AppendTable(c, letter, &out);
    absl::StrAppend(
        &out, absl::StrFormat("From, to: %.10g %% interval of the change by bootstrap over jobs (%d resamples, "
                              "seed %d); * leaves out 0.\n",
                              100 * options.bootstrap.level, options.bootstrap.resamples, options.bootstrap.seed));
    AppendJobs("Gained most:", c.gained, letter, &out);
    AppendJobs("Lost most:", c.lost, letter, &out);
    if (!c.has_decisions) {
      absl::StrAppend(&out, "\nWhy is not known: decisions.jsonl is missing; replay without --no-decisions.\n");
    } else if (c.first_parting.has_value()) {
      absl::StrAppend(&out, "\nThe first decision that differs\n    A: ", DecisionText(c.first_parting->a), "\n    ",
                      letter, ": ", DecisionText(c.first_parting->b), "\n");
    }
  }
  return out;
}

std::string ComparisonsAsJson(const std::vector<Comparison>& comparisons, const CompareOptions& options) {
  const RunResult& base = *comparisons.front().base;
  Json json = {{"base", {{"dir", base.dir}, {"provenance", base.provenance()}}},
               {"resource", base.summary["resource"]},
               {"jobs", base.jobs.size()},
               {"bootstrap",
                {{"seed", options.bootstrap.seed},
                 {"resamples", options.bootstrap.resamples},
                 {"level", options.bootstrap.level}}},
               {"others", Json::array()}};
  for (const Comparison& c : comparisons) {
    Json other = {{"dir", c.other->dir},
                  {"provenance", c.other->provenance()},
                  {"differs_in", c.differs_in},
                  {"same", c.same},
                  {"jobs", c.jobs},
                  {"only_base", c.only_base},
                  {"only_other", c.only_other},
                  {"jobs_that_differ", c.jobs_that_differ},
                  {"teams", Json::array()},
                  {"gained", ToJson(c.gained)},
                  {"lost", ToJson(c.lost)},
                  {"first_difference", ToJson(c.first_parting)}};
    for (const TeamChange& team : c.teams) other["teams"].push_back(ToJson(team));
    json["others"].push_back(std::move(other));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace muster::sim
