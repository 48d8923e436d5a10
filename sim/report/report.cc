#include "sim/report/report.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "scheduler/decision_text.h"
#include "sim/report/csv.h"
#include "sim/report/json_string.h"
#include "sim/report/metrics_json.h"

namespace muster::sim {
namespace {

using Json = nlohmann::ordered_json;
using scheduler::Decision;

// A field of what happened at `at_s`, if it did.
void AppendSeconds(int64_t at_s, int64_t value, std::string* row) {
  if (at_s >= 0) absl::StrAppend(row, value);
  *row += ',';
}

// Also what transformations make, such as example.com/gpu-memory.
bool IsOfBytes(absl::string_view resource) {
  return absl::StrContains(resource, "memory") || absl::StrContains(resource, "storage") ||
         absl::StartsWith(resource, "hugepages-");
}

// Bytes would be unreadable in units.
std::string AmountText(absl::string_view resource, double amount) {
  constexpr double kMi = 1 << 20;
  if (amount < kMi || !IsOfBytes(resource)) return absl::StrFormat("%.15g", amount);
  double scaled = amount / kMi;
  const char* suffix = "Mi";
  for (const char* next : {"Gi", "Ti", "Pi", "Ei"}) {
    if (scaled < 1024) break;
    scaled /= 1024;
    suffix = next;
  }
  return absl::StrFormat("%.10g%s", std::strtod(absl::StrFormat("%.2f", scaled).c_str(), nullptr), suffix);
}

std::string HoursText(absl::string_view resource, double hours) { return AmountText(resource, std::round(hours)); }

std::string NodeGroupLines(const Metrics& metrics) {
  std::string text;
  for (const NodeGroupMetrics& g : metrics.node_groups) {
    absl::StrAppend(
        &text,
        absl::StrFormat("Node group %s: %.1f node-hours, %d to %d nodes, at most %d; %d launched, %d removed", g.name,
                        g.node_hours, g.min, g.max, g.peak, g.launched, g.removed),
        g.failed > 0 ? absl::StrCat(", ", g.failed, " lost") : "",
        g.cost > 0 ? absl::StrFormat("; cost %.2f", g.cost) : "", ".\n");
  }
  return text;
}

// What the table has no room for.
std::string Remarks(const Metrics& metrics) {
  std::string text = NodeGroupLines(metrics);
  const TeamMetrics& total = metrics.total;
  // Under preemption alone the table says it all.
  bool more = total.failed > 0 || total.deadlines > 0;
  for (const StopCause cause :
       {StopCause::kNodeFailed, StopCause::kMaintenance, StopCause::kFailed, StopCause::kStopped}) {
    more |= total.stops.contains(std::string(ToString(cause)));
  }
  if (!more) return text;
  if (total.never_admitted > 0) {
    absl::StrAppend(&text, total.never_admitted, " of ", total.jobs,
                    " jobs never ran and are not in these waits; with what ", "they have waited so far: mean ",
                    absl::StrFormat("%.1f", total.wait_so_far.mean), ", p50 ", total.wait_so_far.p50, ", p90 ",
                    total.wait_so_far.p90, ", max ", total.wait_so_far.max, ".\n");
  }
  if (total.failed > 0) absl::StrAppend(&text, total.failed, " of ", total.jobs, " jobs failed for good.\n");
  if (!total.stops.empty()) {
    std::vector<std::string> causes;
    for (const auto& [cause, count] : total.stops) causes.push_back(absl::StrCat(count, " ", cause));
    absl::StrAppend(&text, "Runs that ended early: ", absl::StrJoin(causes, ", "), ".\n");
  }
  if (total.deadlines > 0) {
    absl::StrAppend(&text, total.missed_deadlines, " of ", total.deadlines, " deadlines missed.\n");
  }
  if (metrics.node_hours > 0) {
    absl::StrAppend(
        &text,
        absl::StrFormat("The nodes were held %.1f%% of the time, and %.1f%% with work that counted.\n",
                        100 * total.amount_hours / metrics.node_hours,
                        100 * (total.amount_hours - total.lost_hours - total.overhead_hours) / metrics.node_hours));
  }
  return text;
}

}  // namespace

std::string FormatTable(const Metrics& metrics) {
  std::vector<std::vector<std::string>> rows = {{"queue", "quota", "jobs", "finished", "never", "preempted",
                                                 "wait mean", "p50", "p90", "p99", "max", "JCT mean", "slowdown",
                                                 "used h", "borrowed h", "lost h", "util", "peak queue"}};
  auto add = [&](const TeamMetrics& m) {
    rows.push_back({m.name, AmountText(metrics.resource, m.nominal), absl::StrCat(m.jobs), absl::StrCat(m.finished),
                    absl::StrCat(m.never_admitted), absl::StrCat(m.preemptions), absl::StrFormat("%.1f", m.wait.mean),
                    absl::StrCat(m.wait.p50), absl::StrCat(m.wait.p90), absl::StrCat(m.wait.p99),
                    absl::StrCat(m.wait.max), absl::StrFormat("%.1f", m.jct_mean_s),
                    absl::StrFormat("%.2f", m.slowdown_mean), HoursText(metrics.resource, m.amount_hours),
                    HoursText(metrics.resource, m.borrowed_hours), HoursText(metrics.resource, m.lost_hours),
                    absl::StrFormat("%.1f%%", 100 * m.utilisation), absl::StrCat(m.peak_queue)});
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
  if (const std::string remarks = Remarks(metrics); !remarks.empty()) absl::StrAppend(&out, "\n", remarks);
  return out;
}

std::string FormatSummary(const Trace& trace, const SimulationResult& result, const Json& more) {
  Json json = {{"trace", std::filesystem::path(trace.source).filename().string()},
               {"resource", result.metrics.resource},
               {"begin_s", result.metrics.begin_s},
               {"end_s", result.metrics.end_s},
               {"skipped_rows", trace.bad_rows},
               {"cycles", result.cycles},
               {"decisions", result.decisions},
               {"livelocks", {{"count", result.livelocks}, {"first", Json::array()}}},
               {"nodes", Json::object()},
               {"total", JsonOf(result.metrics.total)},
               {"teams", Json::array()}};
  for (const Livelock& l : result.livelocks_told) {
    json["livelocks"]["first"].push_back({{"t", l.at_s}, {"set_aside", l.set_aside}, {"loop", l.loop}});
  }
  if (const double hours = result.metrics.node_hours; hours > 0) {
    json["nodes"] = {{"resource_hours", ThreeDecimals(hours)},
                     {"utilisation", ThreeDecimals(result.metrics.total.amount_hours / hours)}};
  }
  for (const NodeGroupMetrics& group : result.metrics.node_groups) {
    json["node_groups"].push_back({{"name", group.name},
                                   {"min", group.min},
                                   {"max", group.max},
                                   {"peak", group.peak},
                                   {"launched", group.launched},
                                   {"removed", group.removed},
                                   {"failed", group.failed},
                                   {"node_hours", ThreeDecimals(group.node_hours)},
                                   {"cost", ThreeDecimals(group.cost)}});
  }
  for (const TeamMetrics& team : result.metrics.teams) {
    Json entry = JsonOf(team);
    entry["flavors"] = Json::object();
    for (const auto& [flavor, nominal] : team.flavors) entry["flavors"][flavor] = ThreeDecimals(nominal);
    entry["flavor_hours"] = Json::object();
    for (size_t f = 0; f < team.flavors.size(); ++f) {
      entry["flavor_hours"][team.flavors[f].first] = ThreeDecimals(team.flavor_hours[f]);
    }
    json["teams"].push_back(std::move(entry));
  }
  json.update(more);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::Status WriteReport(const std::string& dir, const Trace& trace, const SimulationResult& result, const Json& more) {
  if (absl::Status s = WriteFile(dir + "/summary.json", FormatSummary(trace, result, more)); !s.ok()) return s;
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
    const JobOutcome out = result.OutcomeOf(trace, i);
    absl::StrAppend(&rows, CsvField(job.id), queues[job.shape]);
    AppendSeconds(out.submitted ? out.submit_s : -1, out.submit_s, &rows);
    AppendSeconds(run.first_start_s, run.first_start_s, &rows);
    AppendSeconds(run.finish_s, run.finish_s, &rows);
    AppendSeconds(run.first_start_s, run.first_start_s - out.submit_s, &rows);
    const bool declared = out.amount == result.shapes[job.shape].amount;
    absl::StrAppend(&rows, job.duration_s, declared ? amounts[job.shape] : absl::StrFormat(",%.10g,", out.amount),
                    run.preemptions, "\n");
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
        // "pods" is the count: a quota of pods has a key of its own.
        const std::string& resource = d.ResourceName(choice.resource);
        absl::StrAppend(&line_, ",", resource == "pods" ? "\"pods_flavor\"" : JsonString(resource), ":",
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

void DecisionLog::OnBegin(const ReplaySetting& setting) {
  for (const ReplayTeam& team : setting.teams) teams_.push_back(team.name);
}

void DecisionLog::OnWait(const JobWait& event) {
  const std::string& queue = teams_[event.team];
  file_.stream() << "{\"t\":" << event.now_s << ",\"job\":" << JsonString(trace_->jobs[event.job].id)
                 << ",\"queue\":" << JsonString(queue) << ",\"outcome\":\"pending\"";
  if (event.behind == JobWait::kNobody) {
    file_.stream() << ",\"reason\":" << JsonString(absl::StrCat("ClusterQueue ", queue, " takes no job now")) << "}\n";
    return;
  }
  const std::string& head = trace_->jobs[event.behind].id;
  file_.stream() << ",\"behind\":" << JsonString(head) << ",\"reason\":"
                 << JsonString(absl::StrCat("waits behind ", head, ", the head of StrictFIFO queue ", queue)) << "}\n";
}

absl::Status DecisionLog::Close() { return file_.Commit(); }

}  // namespace muster::sim
