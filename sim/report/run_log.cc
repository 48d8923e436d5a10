#include "sim/report/run_log.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/resource_units.h"
#include "sim/replay/host_books.h"
#include "sim/report/csv.h"

namespace muster::sim {
namespace {

// FLAVOR:AMOUNT;... of one resource.
std::string FlavorsOf(const scheduler::Engine& engine, scheduler::WorkloadId id, const std::string& resource) {
  const std::vector<scheduler::FlavorResourceAmount> all = engine.ReservedUsage(id);
  std::string text;
  for (auto held = all.begin(); held != all.end();) {  // by flavor
    const std::string& flavor = held->flavor;
    double amount = 0;
    for (; held != all.end() && held->flavor == flavor; ++held) {
      if (held->resource == resource) amount += api::QuantityOf(resource, held->amount).ToDouble();
    }
    absl::StrAppend(&text, text.empty() ? "" : ";", flavor, ":");
    AppendAmount(amount, &text);
  }
  return text;
}

// HOST:PODS;...
std::string HostsOf(const scheduler::Decision& decision) {
  std::map<std::string, int64_t> pods;  // by name
  for (const scheduler::PodSetDecision& pod_set : decision.pod_sets) {
    if (!pod_set.topology.has_value()) continue;
    for (const scheduler::TopologyPlacement::Domain& domain : pod_set.topology->domains) {
      pods[DomainName(*pod_set.topology->levels, domain.domain->values)] += domain.count;
    }
  }
  std::string text;
  for (const auto& [host, count] : pods) absl::StrAppend(&text, text.empty() ? "" : ";", host, ":", count);
  return text;
}

}  // namespace

absl::StatusOr<RunLog> RunLog::Open(const std::string& dir, const Trace* trace) {
  absl::StatusOr<OutputFile> file = OutputFile::Create(dir + "/runs.csv");
  if (!file.ok()) return file.status();
  RunLog log(*std::move(file), trace);
  log.file_.stream() << "job_id,run,start_s,stop_s,cause,by,amount,flavors,hosts,lost_s,overhead_s\n";
  return log;
}

void RunLog::BeginLine(size_t job, int32_t run, int64_t start_s) {
  line_.clear();
  AppendCsvField(trace_->jobs[job].id, &line_);
  absl::StrAppend(&line_, ",", run, ",", start_s, ",");
}

void RunLog::OnBegin(const ReplaySetting& setting) {
  engine_ = setting.engine;
  resource_ = setting.resource;
}

void RunLog::OnStart(const RunStart& event) {
  Started started{event.run, event.now_s, {}};
  AppendAmount(event.amount, &started.held);
  started.held += ',';
  AppendCsvField(FlavorsOf(*engine_, event.decision->workload, resource_), &started.held);
  started.held += ',';
  AppendCsvField(HostsOf(*event.decision), &started.held);
  open_[event.job] = std::move(started);
}

void RunLog::OnStop(const RunStop& event) {
  const auto it = open_.find(event.job);
  BeginLine(event.job, event.run, event.started_s);
  absl::StrAppend(&line_, event.now_s, ",", ToString(event.cause), ",");
  if (event.by != RunStop::kNobody) AppendCsvField(trace_->jobs[event.by].id, &line_);
  absl::StrAppend(&line_, ",", it->second.held, ",", event.lost_s);
  absl::StrAppend(&line_, ",", event.overhead_s, "\n");
  file_.stream().write(line_.data(), static_cast<std::streamsize>(line_.size()));
  open_.erase(it);
}

void RunLog::OnEnd(int64_t /*now_s*/) {
  std::vector<size_t> jobs;
  for (const auto& [job, run] : open_) jobs.push_back(job);
  std::sort(jobs.begin(), jobs.end());  // the map has no order of its own
  for (const size_t job : jobs) {
    const Started& run = open_.at(job);
    BeginLine(job, run.run, run.start_s);
    absl::StrAppend(&line_, ",,,", run.held, ",,\n");
    file_.stream().write(line_.data(), static_cast<std::streamsize>(line_.size()));
  }
}

absl::Status RunLog::Close() { return file_.Commit(); }

}  // namespace muster::sim
