#include "sim/report/exports/batsim_jobs.h"

#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/vocabulary.h"
#include "sim/report/csv.h"

namespace muster::sim {
namespace {

absl::string_view FinalState(StopCause cause) {
  if (cause == StopCause::kFinished) return "COMPLETED_SUCCESSFULLY";
  return cause == StopCause::kTimeLimit ? "COMPLETED_WALLTIME_REACHED" : "COMPLETED_FAILED";
}

// {0, 1, 2, 7} -> "0-2 7".
std::string Intervals(const std::set<int64_t>& numbers) {
  std::string text;
  for (auto from = numbers.begin(); from != numbers.end();) {
    auto to = from, next = std::next(from);
    while (next != numbers.end() && *next == *to + 1) to = next++;
    absl::StrAppend(&text, text.empty() ? "" : " ", *from);
    if (*to != *from) absl::StrAppend(&text, "-", *to);
    from = next;
  }
  return text;
}

}  // namespace

absl::StatusOr<BatsimJobs> BatsimJobs::Open(const std::string& path, const Trace* trace) {
  absl::StatusOr<OutputFile> file = OutputFile::Create(path);
  if (!file.ok()) return file.status();
  file->stream() << "job_id,workload_name,profile,submission_time,requested_number_of_resources,requested_time,success,"
                    "final_state,starting_time,execution_time,finish_time,waiting_time,turnaround_time,stretch,"
                    "allocated_resources,consumed_energy,metadata\n";
  return BatsimJobs(*std::move(file), trace);
}

void BatsimJobs::OnBegin(const ReplaySetting& setting) {
  begin_s_ = setting.begin_s;
  for (const ReplayTeam& team : setting.teams) teams_.push_back(CsvField(team.name));
  for (const api::Node& node : setting.policy->nodes) {
    const auto host = node.metadata.labels.find(api::kHostnameLabel);
    numbers_.emplace(host == node.metadata.labels.end() ? node.metadata.name : host->second, 0);
  }
  int64_t next = 0;
  for (auto& [name, number] : numbers_) number = next++;
}

void BatsimJobs::OnSubmit(const JobSubmit& event) { jobs_[event.job] = {event.now_s, event.amount, ""}; }

std::string BatsimJobs::NodesOf(const scheduler::Decision& decision) const {
  std::set<int64_t> nodes;
  for (const scheduler::PodSetDecision& pod_set : decision.pod_sets) {
    if (!pod_set.topology.has_value() || pod_set.topology->levels->back() != api::kHostnameLabel) continue;
    for (const scheduler::TopologyPlacement::Domain& domain : pod_set.topology->domains) {
      const auto known = numbers_.find(domain.domain->values.back());
      if (known != numbers_.end()) nodes.insert(known->second);
    }
  }
  return Intervals(nodes);
}

void BatsimJobs::OnStart(const RunStart& event) { jobs_[event.job].nodes = NodesOf(*event.decision); }

void BatsimJobs::OnStop(const RunStop& event) {
  if (!IsLast(event.cause)) return;
  const auto known = jobs_.find(event.job);
  const Waiting& waiting = known->second;
  const Job& job = trace_->jobs[event.job];
  const JobTerms* terms = trace_->TermsOf(job);
  const int64_t limit_s = terms == nullptr ? -1 : terms->own.time_limit_s.value_or(-1);
  const int64_t run_s = event.now_s - event.started_s, turnaround_s = event.now_s - waiting.submit_s;
  // Of a job that took no time the stretch is not defined.
  const std::string stretch =
      run_s == 0 ? "" : absl::StrFormat("%.10g", static_cast<double>(turnaround_s) / static_cast<double>(run_s));
  file_.stream() << absl::StrCat(CsvField(job.id), ",", teams_[event.team], ",,", waiting.submit_s - begin_s_, ",",
                                 static_cast<int64_t>(std::ceil(waiting.amount - 1e-9)), ",", limit_s, ",",
                                 event.cause == StopCause::kFinished ? 1 : 0, ",", FinalState(event.cause), ",",
                                 event.started_s - begin_s_, ",", run_s)
                 << absl::StrCat(",", event.now_s - begin_s_, ",", event.started_s - waiting.submit_s, ",",
                                 turnaround_s, ",", stretch, ",", waiting.nodes, ",-1,\n");
  jobs_.erase(known);
}

}  // namespace muster::sim
