#include "sim/report/exports/perfetto.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/replay/host_books.h"
#include "sim/report/json_string.h"

namespace muster::sim {
namespace {

std::string Number(double value) { return absl::StrFormat("%.10g", value); }

std::map<std::string, int64_t> PodsByNode(const scheduler::Decision& decision) {
  std::map<std::string, int64_t> pods;
  for (const scheduler::PodSetDecision& pod_set : decision.pod_sets) {
    if (!pod_set.topology.has_value()) continue;
    for (const scheduler::TopologyPlacement::Domain& domain : pod_set.topology->domains) {
      pods[DomainName(*pod_set.topology->levels, domain.domain->values)] += domain.count;
    }
  }
  return pods;
}

absl::string_view WordFor(WorldChange::Kind kind) {
  switch (kind) {
    case WorldChange::Kind::kNodeDown:
      return "node down";
    case WorldChange::Kind::kNodeUp:
      return "node up";
    case WorldChange::Kind::kNodeCordoned:
      return "node cordoned";
    case WorldChange::Kind::kPolicy:
      return "policy";
    case WorldChange::Kind::kNodeLaunched:
      return "node launched";
    case WorldChange::Kind::kNodeRemoved:
      return "node removed";
  }
  return "";
}

}  // namespace

absl::StatusOr<PerfettoTrace> PerfettoTrace::Open(const std::string& path, const Trace* trace) {
  absl::StatusOr<OutputFile> file = OutputFile::Create(path);
  if (!file.ok()) return file.status();
  return PerfettoTrace(*std::move(file), trace);
}

void PerfettoTrace::Write(absl::string_view event) {
  if (!first_) file_.stream().write(",\n", 2);
  file_.stream().write(event.data(), static_cast<std::streamsize>(event.size()));
  first_ = false;
}

// `place` is where it stands among all processes.
size_t PerfettoTrace::AddProcess(const std::string& name, size_t place) {
  const int pid = static_cast<int>(processes_.size()) + 1;
  processes_.push_back({pid, {}, {}});
  const std::string head = absl::StrCat("{\"ph\":\"M\",\"pid\":", pid, ",\"name\":");
  Write(absl::StrCat(head, "\"process_name\",\"args\":{\"name\":", JsonString(name), "}}"));
  Write(absl::StrCat(head, "\"process_sort_index\",\"args\":{\"sort_index\":", place, "}}"));
  return processes_.size() - 1;
}

size_t PerfettoTrace::NodeProcess(const std::string& node) {
  const auto [known, added] = nodes_.emplace(node, 0);
  if (!added) return known->second;
  const auto rank = ranks_.find(node);
  const size_t place = teams_.size() + 1 + (rank == ranks_.end() ? ranks_.size() + nodes_.size() : rank->second);
  return known->second = AddProcess("node " + node, place);
}

void PerfettoTrace::OnBegin(const ReplaySetting& setting) {
  begin_s_ = setting.begin_s;
  file_.stream() << "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"begin_s\":" << begin_s_
                 << ",\"resource\":" << JsonString(setting.resource) << "},\"traceEvents\":[\n";
  for (const ReplayTeam& team : setting.teams) AddProcess("team " + team.name, processes_.size() + 1);
  teams_.resize(setting.teams.size());
  for (size_t t = 0; t < teams_.size(); ++t) touched_.push_back(t);
  for (const api::Node& node : setting.policy->nodes) ranks_.emplace(node.metadata.name, 0);
  size_t next = 0;
  for (auto& [name, rank] : ranks_) rank = next++;
}

void PerfettoTrace::OnSubmit(const JobSubmit& event) {
  ++teams_[event.team].waiting;
  if (!std::exchange(teams_[event.team].touched, true)) touched_.push_back(event.team);
}

// Slices of one track must not overlap: each run has a track of its own while it lasts.
void PerfettoTrace::AddSlice(size_t process, int64_t pods, Run* run) {
  Process& p = processes_[process];
  const size_t lane = p.lanes.Take();
  if (lane == p.threads.size()) {
    p.threads.push_back(next_thread_++);
    const std::string head = absl::StrCat("{\"ph\":\"M\",\"pid\":", p.pid, ",\"tid\":", p.threads.back(), ",\"name\":");
    Write(absl::StrCat(head, "\"thread_name\",\"args\":{\"name\":\"runs ", lane + 1, "\"}}"));
    Write(absl::StrCat(head, "\"thread_sort_index\",\"args\":{\"sort_index\":", lane, "}}"));
  }
  run->slices.push_back({process, lane, pods});
}

void PerfettoTrace::OnStart(const RunStart& event) {
  Team& team = teams_[event.team];
  --team.waiting;
  team.used += event.amount;
  if (!std::exchange(team.touched, true)) touched_.push_back(event.team);
  Run& run = running_[event.job];
  run = {event.now_s, event.run, event.amount, {}};
  AddSlice(static_cast<size_t>(event.team), -1, &run);
  for (const auto& [node, pods] : PodsByNode(*event.decision)) AddSlice(NodeProcess(node), pods, &run);
}

void PerfettoTrace::EndRun(size_t job, const Run& run, int64_t now_s, absl::string_view stopped, size_t by) {
  const std::string what = absl::StrCat("{\"ph\":\"X\",\"cat\":\"run\",\"name\":", JsonString(trace_->jobs[job].id),
                                        ",\"ts\":", At(run.started_s), ",\"dur\":", At(now_s) - At(run.started_s),
                                        ",\"args\":{\"run\":", run.run, ",\"amount\":", Number(run.amount));
  std::string end = stopped.empty() ? "" : absl::StrCat(",\"stopped\":\"", stopped, "\"");
  if (by != RunStop::kNobody) absl::StrAppend(&end, ",\"by\":", JsonString(trace_->jobs[by].id));
  for (const Slice& slice : run.slices) {
    Process& process = processes_[slice.process];
    const std::string pods = slice.pods < 0 ? "" : absl::StrCat(",\"pods\":", slice.pods);
    Write(absl::StrCat(what, pods, end, "},\"pid\":", process.pid, ",\"tid\":", process.threads[slice.lane], "}"));
    process.lanes.Give(slice.lane);
  }
}

void PerfettoTrace::OnStop(const RunStop& event) {
  Team& team = teams_[event.team];
  team.used -= event.amount;
  if (!IsLast(event.cause)) ++team.waiting;
  if (!std::exchange(team.touched, true)) touched_.push_back(event.team);
  const auto run = running_.find(event.job);
  EndRun(event.job, run->second, event.now_s, ToString(event.cause), event.by);
  running_.erase(run);
}

void PerfettoTrace::OnChange(const WorldChange& change) {
  const std::string name = absl::StrCat(WordFor(change.kind), " ", change.name);
  Write(absl::StrCat("{\"ph\":\"i\",\"s\":\"g\",\"cat\":\"change\",\"pid\":1,\"ts\":", At(change.now_s),
                     ",\"name\":", JsonString(name), "}"));
}

void PerfettoTrace::Count(size_t team, absl::string_view what, const std::string& value, int64_t now_s) {
  Write(absl::StrCat("{\"ph\":\"C\",\"pid\":", processes_[team].pid, ",\"ts\":", At(now_s), ",\"name\":\"", what,
                     "\",\"args\":{\"value\":", value, "}}"));
}

void PerfettoTrace::OnInstant(int64_t now_s) {
  for (const size_t t : touched_) {
    Team& team = teams_[t];
    team.touched = false;
    if (std::exchange(team.told_waiting, team.waiting) != team.waiting) {
      Count(t, "jobs waiting", absl::StrCat(team.waiting), now_s);
    }
    if (std::exchange(team.told_used, team.used) != team.used) Count(t, "used", Number(team.used), now_s);
  }
  touched_.clear();
}

void PerfettoTrace::OnEnd(int64_t now_s) {
  OnInstant(now_s);
  for (const auto& [job, run] : running_) EndRun(job, run, now_s, "", RunStop::kNobody);
  running_.clear();
  file_.stream() << "\n]}\n";
}

absl::Status PerfettoTrace::Close() { return file_.Commit(); }

}  // namespace muster::sim
