#include "sim/report/report.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "scheduler/decision_text.h"

namespace muster::sim {
namespace {

using Json = nlohmann::ordered_json;
using scheduler::Decision;

// Three decimals are what the input (seconds, whole units) can bear.
double Round(double value) { return std::strtod(absl::StrFormat("%.3f", value).c_str(), nullptr); }

Json ToJson(const TeamMetrics& m) {
  return {{"name", m.name},
          {"nominal", Round(m.nominal)},
          {"jobs", m.jobs},
          {"started", m.started},
          {"finished", m.finished},
          {"never_admitted", m.never_admitted},
          {"preemptions", m.preemptions},
          {"wait_s",
           {{"mean", Round(m.wait.mean)},
            {"p50", m.wait.p50},
            {"p90", m.wait.p90},
            {"p99", m.wait.p99},
            {"max", m.wait.max}}},
          {"jct_mean_s", Round(m.jct_mean_s)},
          {"bounded_slowdown_mean", Round(m.slowdown_mean)},
          {"resource_hours", Round(m.amount_hours)},
          {"borrowed_hours", Round(m.borrowed_hours)},
          {"utilisation", Round(m.utilisation)},
          {"peak_queue", m.peak_queue}};
}

std::string JsonString(const std::string& text) {
  // Most names need no escapes, and then no library.
  const auto plain = [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), plain)) return absl::StrCat("\"", text, "\"");
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A CSV field, quoted if it has to be.
std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

// A field of what happened at `at_s`, if it did.
void AppendSeconds(int64_t at_s, int64_t value, std::string* row) {
  if (at_s >= 0) absl::StrAppend(row, value);
  *row += ',';
}

}  // namespace

std::string FormatTable(const Metrics& metrics) {
  std::vector<std::vector<std::string>> rows = {{"queue", "quota", "jobs", "finished", "never", "preempted",
                                                 "wait mean", "p50", "p90", "p99", "max", "JCT mean", "slowdown",
                                                 "used h", "borrowed h", "util", "peak queue"}};
  auto add = [&](const TeamMetrics& m) {
    rows.push_back({m.name, absl::StrFormat("%.10g", m.nominal), absl::StrCat(m.jobs), absl::StrCat(m.finished),
                    absl::StrCat(m.never_admitted), absl::StrCat(m.preemptions), absl::StrFormat("%.1f", m.wait.mean),
                    absl::StrCat(m.wait.p50), absl::StrCat(m.wait.p90), absl::StrCat(m.wait.p99),
                    absl::StrCat(m.wait.max), absl::StrFormat("%.1f", m.jct_mean_s),
                    absl::StrFormat("%.2f", m.slowdown_mean), absl::StrFormat("%.0f", m.amount_hours),
                    absl::StrFormat("%.0f", m.borrowed_hours), absl::StrFormat("%.1f%%", 100 * m.utilisation),
                    absl::StrCat(m.peak_queue)});
  };
  for (const TeamMetrics& team : metrics.teams) add(team);
  add(metrics.total);
  std::vector<size_t> width(rows[0].size());
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  }
  std::string out = absl::StrCat("Resource ", metrics.resource, ", ", metrics.end_s - metrics.begin_s,
                                 " s from the first submission to the last end. Times in seconds.\n\n");
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string pad(width[c] - row[c].size(), ' ');
      absl::StrAppend(&out, c == 0 ? "" : "  ", c == 0 ? row[c] : pad, c == 0 ? pad : row[c]);
    }
    out += '\n';
  }
  return out;
}

std::string FormatSummary(const Trace& trace, const SimulationResult& result) {
  Json json = {{"trace", std::filesystem::path(trace.source).filename().string()},
               {"resource", result.metrics.resource},
               {"begin_s", result.metrics.begin_s},
               {"end_s", result.metrics.end_s},
               {"skipped_rows", trace.bad_rows},
               {"cycles", result.cycles},
               {"decisions", result.decisions},
               {"livelocks", {{"count", result.livelocks}, {"first", Json::array()}}},
               {"total", ToJson(result.metrics.total)},
               {"teams", Json::array()}};
  for (const Livelock& l : result.livelocks_told) {
    json["livelocks"]["first"].push_back({{"t", l.at_s}, {"set_aside", l.set_aside}, {"loop", l.loop}});
  }
  for (const TeamMetrics& team : result.metrics.teams) json["teams"].push_back(ToJson(team));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::Status WriteReport(const std::string& dir, const Trace& trace, const SimulationResult& result) {
  if (absl::Status s = WriteFile(dir + "/summary.json", FormatSummary(trace, result)); !s.ok()) return s;
  absl::StatusOr<OutputFile> file = OutputFile::Create(dir + "/jobs.csv");
  if (!file.ok()) return file.status();
  // What all rows of jobs of one shape say.
  std::vector<std::string> queues, amounts;
  for (size_t i = 0; i < trace.shapes.size(); ++i) {
    queues.push_back(
        absl::StrCat(",", CsvField(trace.shapes[i].queue), ",", CsvField(result.teams[result.shapes[i].team]), ","));
    amounts.push_back(absl::StrFormat(",%.10g,", result.shapes[i].amount));
  }
  std::string rows =
      "job_id,queue,cluster_queue,submit_s,first_start_s,finish_s,wait_s,duration_s,amount,preemptions\n";
  const auto flush = [&] {
    file->stream().write(rows.data(), static_cast<std::streamsize>(rows.size()));
    rows.clear();
  };
  for (size_t i = 0; i < trace.jobs.size(); ++i) {
    const Job& job = trace.jobs[i];
    const JobRun& run = result.jobs[i];
    absl::StrAppend(&rows, CsvField(job.id), queues[job.shape], job.submit_s, ",");
    AppendSeconds(run.first_start_s, run.first_start_s, &rows);
    AppendSeconds(run.finish_s, run.finish_s, &rows);
    AppendSeconds(run.first_start_s, run.first_start_s - job.submit_s, &rows);
    absl::StrAppend(&rows, job.duration_s, amounts[job.shape], run.preemptions, "\n");
    if (rows.size() > size_t{1} << 16) flush();
  }
  flush();
  return file->Commit();
}

absl::StatusOr<DecisionLog> DecisionLog::Open(const std::string& dir, const Trace* trace) {
  absl::StatusOr<OutputFile> file = OutputFile::Create(dir + "/decisions.jsonl");
  if (!file.ok()) return file.status();
  return DecisionLog(*std::move(file), trace);
}

void DecisionLog::OnDecision(const DecisionEvent& event) {
  const Decision& d = *event.decision;
  const bool admitted = d.outcome == scheduler::Outcome::kAdmitted;
  line_.clear();
  absl::StrAppend(&line_, "{\"t\":", event.now_s, ",\"cycle\":", event.cycle,
                  ",\"job\":", JsonString(trace_->jobs[event.job].id), ",\"queue\":", JsonString(d.queue->name));
  absl::StrAppend(&line_, ",\"outcome\":\"", admitted ? "admit" : event.victims.empty() ? "pending" : "preempt", "\"");
  if (admitted) {
    absl::StrAppend(&line_, ",\"borrows\":", d.borrowing > 0 ? "true" : "false", ",\"flavors\":[");
    for (size_t p = 0; p < d.pod_sets.size(); ++p) {
      const scheduler::PodSetDecision& pod_set = d.pod_sets[p];
      absl::StrAppend(&line_, p == 0 ? "" : ",", "{\"pods\":", pod_set.count);
      for (const scheduler::ResourceFlavorChoice& choice : pod_set.flavors) {
        if (choice.flavor == scheduler::kNoId) continue;
        absl::StrAppend(&line_, ",", JsonString(d.ResourceName(choice.resource)), ":",
                        JsonString(d.FlavorName(choice.flavor)));
      }
      line_ += '}';
    }
    line_ += ']';
  }
  if (!event.victims.empty()) {
    line_ += ",\"victims\":[";
    for (size_t v = 0; v < event.victims.size(); ++v) {
      absl::StrAppend(&line_, v == 0 ? "" : ",", JsonString(trace_->jobs[event.victims[v]].id));
    }
    line_ += ']';
  }
  if (!admitted) absl::StrAppend(&line_, ",\"reason\":", JsonString(scheduler::Message(d)));
  line_ += "}\n";
  file_.stream() << line_;
}

absl::Status DecisionLog::Close() { return file_.Commit(); }

}  // namespace muster::sim
