#include "sim/report/run_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/resource_units.h"
#include "sim/replay/host_books.h"
#include "sim/report/csv.h"

namespace muster::sim {
namespace {

// FLAVOR:AMOUNT;... of one resource.
std::string FlavorsOf(const scheduler::Engine& engine, scheduler::WorkloadId id, const std::string& resource) {
  std::map<std::string, double> amounts;
  for (const scheduler::FlavorResourceAmount& held : engine.ReservedUsage(id)) {
    double& amount = amounts[held.flavor];
    if (held.resource == resource) amount += api::QuantityOf(resource, held.amount).ToDouble();
  }
  std::string text;
  for (const auto& [flavor, amount] : amounts) {
    absl::StrAppend(&text, text.empty() ? "" : ";", flavor, ":", absl::StrFormat("%.10g", amount));
  }
  return text;
}

// HOST:PODS;...
std::string HostsOf(const scheduler::Decision& decision) {
  std::map<std::string, int64_t> pods;
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

std::string RunLog::JobField(size_t job) const { return CsvField(trace_->jobs[job].id); }

void RunLog::OnBegin(const ReplaySetting& setting) {
  engine_ = setting.engine;
  resource_ = setting.resource;
}

void RunLog::OnStart(const RunStart& event) {
  open_[event.job] = {absl::StrCat(JobField(event.job), ",", event.run, ",", event.now_s, ","),
                      absl::StrCat(absl::StrFormat("%.10g", event.amount), ",",
                                   CsvField(FlavorsOf(*engine_, event.decision->workload, resource_)), ",",
                                   CsvField(HostsOf(*event.decision)), ",")};
}

void RunLog::OnStop(const RunStop& event) {
  const auto it = open_.find(event.job);
  file_.stream() << it->second.front << event.now_s << ',' << std::string(ToString(event.cause)) << ','
                 << (event.by == RunStop::kNobody ? "" : JobField(event.by)) << ',' << it->second.middle << event.lost_s
                 << ',' << event.overhead_s << '\n';
  open_.erase(it);
}

void RunLog::OnEnd(int64_t /*now_s*/) {
  for (const auto& [job, run] : open_) file_.stream() << run.front << ",,," << run.middle << ",\n";
}

absl::Status RunLog::Close() { return file_.Commit(); }

}  // namespace muster::sim
