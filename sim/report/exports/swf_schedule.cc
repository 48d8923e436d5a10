#include "sim/report/exports/swf_schedule.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace muster::sim {
namespace {

int64_t Processors(double amount) { return static_cast<int64_t>(std::ceil(amount - 1e-9)); }

// A header line is one line.
std::string OneLine(const std::string& text) { return absl::StrReplaceAll(text, {{"\n", " "}, {"\r", " "}}); }

std::string Header(const SimulationResult& result, int64_t lines, int64_t left_out) {
  const Metrics& m = result.metrics;
  std::string text = absl::StrCat(
      "; Version: 2.2\n; Computer: simulated by muster\n; Conversion: muster simulate --swf\n; MaxJobs: ", lines,
      "\n; MaxRecords: ", lines, "\n; UnixStartTime: ", m.begin_s, "\n; MaxProcs: ", Processors(m.total.nominal),
      "\n; MaxQueues: ", result.teams.size(), "\n");
  for (size_t t = 0; t < result.teams.size(); ++t) {
    absl::StrAppend(&text, "; Queue: ", t + 1, " ", OneLine(result.teams[t]), "\n");
  }
  absl::StrAppend(&text, "; Note: processors are ", OneLine(m.resource),
                  "; jobs that were preempted are told by their last run\n");
  if (left_out > 0) absl::StrAppend(&text, "; Note: ", left_out, " jobs were never submitted and are left out\n");
  return text;
}

}  // namespace

absl::StatusOr<SwfSchedule> SwfSchedule::Open(const std::string& path, const Trace* trace) {
  absl::StatusOr<OutputFile> file = OutputFile::Create(path);
  if (!file.ok()) return file.status();
  return SwfSchedule(*std::move(file), trace);
}

void SwfSchedule::OnStart(const RunStart& event) {
  if (event.run > 1) last_start_s_[event.job] = event.now_s;
}

absl::Status SwfSchedule::Close(const SimulationResult& result) {
  // The trace is by submission, but for the jobs that waited for others before they were submitted.
  std::vector<size_t> order(trace_->jobs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto submitted_s = [&](size_t job) { return result.OutcomeOf(*trace_, job).submit_s; };
  if (!result.submitted.empty()) {
    order.erase(std::remove_if(order.begin(), order.end(),
                               [&](size_t job) { return !result.OutcomeOf(*trace_, job).submitted; }),
                order.end());
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return submitted_s(a) < submitted_s(b); });
  }
  const auto lines = static_cast<int64_t>(order.size());
  std::string text = Header(result, lines, static_cast<int64_t>(trace_->jobs.size()) - lines);
  for (int64_t n = 0; n < lines; ++n) {
    const size_t i = order[n];
    const Job& job = trace_->jobs[i];
    const JobOutcome out = result.OutcomeOf(*trace_, i);
    const ShapeRun& shape = result.shapes[job.shape];
    const auto again = last_start_s_.find(i);
    const int64_t start_s = again == last_start_s_.end() ? out.first_start_s : again->second;
    const bool ran = out.first_start_s >= 0;
    const bool ended = out.finish_s >= 0;
    const JobTerms* terms = trace_->TermsOf(job);
    const int64_t limit_s = terms == nullptr ? -1 : terms->own.time_limit_s.value_or(-1);
    absl::StrAppendFormat(&text, "%d %d %d %d %d -1 -1 %d %d -1 %d -1 -1 -1 %d -1 -1 -1\n", n + 1,
                          out.submit_s - result.metrics.begin_s, ran ? start_s - out.submit_s : -1,
                          ended ? out.finish_s - start_s : -1, ran ? Processors(out.amount) : -1,
                          Processors(shape.amount), limit_s,
                          ended        ? 1
                          : out.failed ? 0
                                       : -1,
                          shape.team + 1);
    if (text.size() < size_t{1} << 16 && n + 1 < lines) continue;
    file_.stream().write(text.data(), static_cast<std::streamsize>(text.size()));
    text.clear();
  }
  file_.stream() << text;
  return file_.Commit();
}

}  // namespace muster::sim
