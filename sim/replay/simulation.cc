#include "sim/replay/simulation.h"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/thread_pool.h"
#include "sim/replay/driver.h"

namespace muster::sim {
namespace {

using scheduler::Decision;
using scheduler::EntryStatus;
using scheduler::WorkloadId;

absl::Time AtSecond(int64_t s) { return absl::FromUnixSeconds(s); }

// A job's end, if it is still the run it was planned for.
struct End {
  int64_t at_s;
  size_t job;
  int32_t run;
  friend bool operator>(const End& a, const End& b) { return std::tie(a.at_s, a.job) > std::tie(b.at_s, b.job); }
};

struct JobState {
  WorkloadId id = scheduler::kNoId;
  int team = 0;
  int32_t run = 0;     // counts starts and stops: which planned end is still true
  int32_t starts = 0;  // counts starts
  bool running = false;
  int64_t done_s = 0;        // work kept from earlier runs
  uint32_t last_reason = 0;  // what the last pending decision said, condensed; 0 = nothing yet
};

double AmountOf(const Job& job, const std::string& resource) {
  double amount = 0;
  for (const PodGroup& group : job.pods) {
    auto request = group.requests.find(resource);
    if (request != group.requests.end()) amount += request->second.ToDouble() * group.count;
  }
  return amount;
}

// Two decisions with the same key tell the reader of a log the same: amounts are left out.
uint32_t ReasonKey(const Decision& d) {
  uint32_t key = 1 + static_cast<uint32_t>(d.pending_reason) * 31 + static_cast<uint32_t>(d.note) * 1009 +
                 static_cast<uint32_t>(d.requeue_reason) * 30011;
  for (const scheduler::PodSetDecision& pod_set : d.pod_sets) {
    for (const scheduler::FlavorReason& r : pod_set.reasons) {
      key = key * 131 + static_cast<uint32_t>(r.code) * 4099 + static_cast<uint32_t>(r.flavor) * 17 +
            static_cast<uint32_t>(r.resource);
    }
  }
  return key == 0 ? 1 : key;
}

// Why a decision stops a job.
StopCause CauseOf(const Decision& d, WorkloadId victim) {
  for (const scheduler::PreemptionTarget& target : d.targets) {
    if (target.workload != victim) continue;
    switch (target.reason) {
      case scheduler::PreemptionReason::kInClusterQueue:
        return StopCause::kInClusterQueue;
      case scheduler::PreemptionReason::kInCohortReclamation:
        return StopCause::kInCohortReclamation;
      case scheduler::PreemptionReason::kInCohortFairSharing:
        return StopCause::kInCohortFairSharing;
      case scheduler::PreemptionReason::kInCohortReclaimWhileBorrowing:
        return StopCause::kInCohortReclaimWhileBorrowing;
    }
  }
  return StopCause::kMigrated;
}

class Simulation {
 public:
  Simulation(const Trace& trace, ReplayPolicy policy, const SimulationOptions& options, const SimulationHooks& hooks)
      : trace_(trace),
        policy_(std::move(policy)),
        options_(options),
        hooks_(hooks),
        pool_(options.threads),
        driver_(policy_.options, options.threads > 1 ? &pool_ : nullptr) {
    if (options_.resource.empty()) options_.resource = MainResource(policy_);
  }

  absl::Status Prepare();
  SimulationResult Run();

 private:
  api::Workload MakeWorkload(size_t index) const;
  void Submit(size_t index);
  void Start(size_t index, const Decision& decision);
  template <typename Event>
  void Tell(void (ReplayObserver::*what)(const Event&), const Event& event) {
    for (ReplayObserver* observer : hooks_.observers) (observer->*what)(event);
  }
  void Stop(size_t index, StopCause cause, size_t by);  // not at its end: back to its queue
  void FinishJobs();
  void Decide();
  bool Carry(const Decision& decision, int64_t cycle);
  WorkloadId LeastImportant(absl::Span<const WorkloadId> workloads) const;
  void SetAside(WorkloadId workload, const LoopWatch::Loop& loop);
  bool NextInstant(size_t next);
  ReplaySetting Setting() const;
  void FillMetrics(int64_t begin_s);

  const Trace& trace_;
  ReplayPolicy policy_;
  SimulationOptions options_;
  const SimulationHooks& hooks_;
  base::ThreadPool pool_;
  Driver driver_;

  std::map<std::string, QueueTarget> targets_;
  std::vector<std::string> teams_;  // ClusterQueues by name
  std::vector<JobState> states_;
  std::vector<int64_t> job_of_;  // by WorkloadId
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  UsageMeter meter_;
  int64_t now_s_ = 0;
  SimulationResult result_;
};

absl::Status Simulation::Prepare() {
  // All unknown names at once, so that one run shows what a mapping lacks.
  std::map<std::string, std::string> unknown;
  for (const Job& job : trace_.jobs) {
    if (targets_.contains(job.queue) || unknown.contains(job.queue)) continue;
    absl::StatusOr<QueueTarget> target = ResolveQueue(job.queue, &policy_);
    if (target.ok()) {
      targets_[job.queue] = *std::move(target);
    } else {
      unknown[job.queue] = absl::StrCat(trace_.source, ":", job.row, ": ", target.status().message());
    }
  }
  for (const Job& job : trace_.jobs) {
    if (job.priority_class.empty() || policy_.priority_classes.contains(job.priority_class)) continue;
    unknown.emplace("class " + job.priority_class,
                    absl::StrCat(trace_.source, ":", job.row, ": priority class \"", job.priority_class,
                                 "\" is not in the policy; add a WorkloadPriorityClass"));
  }
  if (!unknown.empty()) {
    std::string text;
    for (const auto& [name, message] : unknown) absl::StrAppend(&text, text.empty() ? "" : "\n", message);
    return absl::NotFoundError(text);
  }

  std::map<std::string, double> nominal;
  for (const api::ClusterQueue& cq : policy_.cluster_queues) {
    nominal[cq.metadata.name] = NominalOf(cq, options_.resource);
  }
  for (const auto& [name, target] : targets_) nominal.emplace(target.cluster_queue, 0);
  std::vector<double> nominals;
  std::map<std::string, int> team_of;
  for (const auto& [name, amount] : nominal) {
    team_of[name] = static_cast<int>(teams_.size());
    teams_.push_back(name);
    nominals.push_back(amount);
  }
  meter_.SetTeams(nominals);
  states_.resize(trace_.jobs.size());
  result_.jobs.resize(trace_.jobs.size());
  result_.cluster_queue.resize(trace_.jobs.size());
  for (size_t i = 0; i < trace_.jobs.size(); ++i) {
    const Job& job = trace_.jobs[i];
    const std::string& cluster_queue = targets_[job.queue].cluster_queue;
    states_[i].team = team_of[cluster_queue];
    result_.cluster_queue[i] = cluster_queue;
    result_.jobs[i] = {
        .submit_s = job.submit_s, .duration_s = job.duration_s, .amount = AmountOf(job, options_.resource)};
  }
  now_s_ = trace_.jobs.empty() ? 0 : trace_.jobs.front().submit_s;
  meter_.CloseAt(now_s_);
  ApplyPolicy(policy_, AtSecond(now_s_), &driver_.engine());
  return absl::OkStatus();
}

api::Workload Simulation::MakeWorkload(size_t index) const {
  const Job& job = trace_.jobs[index];
  const QueueTarget& target = targets_.at(job.queue);
  api::Workload w;
  // Names and uids that sort in trace order: where the engine breaks ties by them, the earlier row wins.
  w.metadata.uid = absl::StrFormat("%09d", index);
  w.metadata.name = absl::StrCat("job-", w.metadata.uid);
  w.metadata.ns = target.ns;
  w.metadata.creation_timestamp = AtSecond(job.submit_s);
  w.spec.queue_name = target.local_queue;
  w.spec.priority = job.priority;
  if (!job.priority_class.empty()) {
    w.spec.priority = policy_.priority_classes.at(job.priority_class);
    w.spec.priority_class_ref = api::PriorityClassRef{"kueue.x-k8s.io", "WorkloadPriorityClass", job.priority_class};
  }
  if (job.workload != nullptr) {
    w.spec.pod_sets = job.workload->spec.pod_sets;
    return w;
  }
  for (size_t g = 0; g < job.pods.size(); ++g) {
    api::PodSet pod_set;
    pod_set.name = g == 0 ? "main" : absl::StrCat("rest-", g);
    pod_set.count = job.pods[g].count;
    api::Container container;
    container.name = "c";
    container.resources.requests = job.pods[g].requests;
    pod_set.pod_template.spec.containers.push_back(std::move(container));
    pod_set.pod_template.spec.node_selector = job.node_selector;
    w.spec.pod_sets.push_back(std::move(pod_set));
  }
  return w;
}

void Simulation::Submit(size_t index) {
  driver_.Disturbed(AtSecond(now_s_));
  const WorkloadId id = driver_.engine().Apply(MakeWorkload(index), AtSecond(now_s_));
  states_[index].id = id;
  if (id >= static_cast<int32_t>(job_of_.size())) job_of_.resize(id + 1, -1);
  job_of_[id] = static_cast<int64_t>(index);
  meter_.Queue(states_[index].team, +1);
  Tell(&ReplayObserver::OnSubmit, JobSubmit{now_s_, index, states_[index].team, result_.jobs[index].amount});
}

void Simulation::Start(size_t index, const Decision& decision) {
  JobState& state = states_[index];
  JobOutcome& out = result_.jobs[index];
  state.running = true;
  ++state.run;
  state.last_reason = 0;
  if (out.first_start_s < 0) out.first_start_s = now_s_;
  out.last_start_s = now_s_;
  ends_.push({now_s_ + out.duration_s - state.done_s, index, state.run});
  meter_.Add(state.team, out.amount, now_s_);
  meter_.Queue(state.team, -1);
  Tell(&ReplayObserver::OnStart, RunStart{now_s_, index, state.team, ++state.starts, out.amount, &decision});
}

void Simulation::Stop(size_t index, StopCause cause, size_t by) {
  JobState& state = states_[index];
  JobOutcome& out = result_.jobs[index];
  ++out.preemptions;
  const int64_t ran_s = now_s_ - out.last_start_s;
  if (options_.resume_preempted) state.done_s += ran_s;
  state.running = false;
  ++state.run;  // its planned end is void
  meter_.Add(state.team, -out.amount, now_s_);
  meter_.Queue(state.team, +1);
  driver_.engine().CompleteEviction(state.id, AtSecond(now_s_));
  Tell(&ReplayObserver::OnStop, RunStop{.now_s = now_s_,
                                        .job = index,
                                        .team = state.team,
                                        .run = state.starts,
                                        .amount = out.amount,
                                        .cause = cause,
                                        .started_s = out.last_start_s,
                                        .lost_s = options_.resume_preempted ? 0 : ran_s,
                                        .by = by});
}

void Simulation::FinishJobs() {
  while (!ends_.empty() && ends_.top().at_s <= now_s_) {
    const End end = ends_.top();
    ends_.pop();
    JobState& state = states_[end.job];
    if (!state.running || state.run != end.run) continue;
    state.running = false;
    result_.jobs[end.job].finish_s = now_s_;
    meter_.Add(state.team, -result_.jobs[end.job].amount, now_s_);
    Tell(&ReplayObserver::OnStop, RunStop{.now_s = now_s_,
                                          .job = end.job,
                                          .team = state.team,
                                          .run = state.starts,
                                          .amount = result_.jobs[end.job].amount,
                                          .cause = StopCause::kFinished,
                                          .started_s = result_.jobs[end.job].last_start_s});
    driver_.Disturbed(AtSecond(now_s_));
    driver_.engine().Finish(state.id, AtSecond(now_s_));
    driver_.engine().DeleteWorkload(state.id, AtSecond(now_s_));  // memory stays with what waits and runs
    job_of_[state.id] = -1;
    state.id = scheduler::kNoId;
  }
}

// Does what a decision says. Returns whether anything came of it.
bool Simulation::Carry(const Decision& d, int64_t cycle) {
  ++result_.decisions;
  const size_t index = static_cast<size_t>(job_of_[d.workload]);
  DecisionEvent event{now_s_, cycle, index, &d, {}};
  const bool admitted = d.status == EntryStatus::kAssumed;
  for (WorkloadId victim : NewVictims(d)) event.victims.push_back(static_cast<size_t>(job_of_[victim]));
  const bool progress = admitted || !event.victims.empty();
  JobState& state = states_[index];
  const uint32_t reason = progress ? 0 : ReasonKey(d);
  if (progress || reason != state.last_reason) Tell(&ReplayObserver::OnDecision, event);
  if (!progress) state.last_reason = reason;
  if (admitted) Start(index, d);
  for (size_t victim : event.victims) {
    if (states_[victim].running) Stop(victim, CauseOf(d, states_[victim].id), index);
  }
  return progress;
}

// The lowest priority; of equals the one that was submitted last.
WorkloadId Simulation::LeastImportant(absl::Span<const WorkloadId> workloads) const {
  const auto rank = [this](WorkloadId id) {
    const int64_t job = job_of_[id];
    const Job& row = trace_.jobs[job];
    const int32_t priority =
        row.priority_class.empty() ? row.priority : policy_.priority_classes.at(row.priority_class);
    return std::make_pair(priority, -job);
  };
  return *std::min_element(workloads.begin(), workloads.end(),
                           [&](WorkloadId a, WorkloadId b) { return rank(a) < rank(b); });
}

void Simulation::SetAside(WorkloadId workload, const LoopWatch::Loop& loop) {
  const auto name = [this](WorkloadId id) { return trace_.jobs[job_of_[id]].id; };
  ++result_.livelocks;
  if (result_.livelocks_told.size() < SimulationResult::kMaxTold) {
    result_.livelocks_told.push_back({now_s_, name(workload), LoopInWords(loop, name)});
  }
  driver_.engine().Evict(workload, Driver::kLivelock, AtSecond(now_s_));
  Stop(static_cast<size_t>(job_of_[workload]), StopCause::kLivelock, RunStop::kNobody);
}

void Simulation::Decide() {
  const Driver::Hands hands = {
      .carry = [this](const Decision& decision, int64_t cycle) { return Carry(decision, cycle); },
      .yields = [this](absl::Span<const WorkloadId> workloads) { return LeastImportant(workloads); },
      .set_aside = [this](WorkloadId workload, const LoopWatch::Loop& loop) { SetAside(workload, loop); }};
  const Driver::Settled settled = driver_.Decide(AtSecond(now_s_), hands);
  result_.cycles += settled.cycles;
  meter_.SamplePeaks();
  for (ReplayObserver* observer : hooks_.observers) observer->OnInstant(now_s_);
}

// Moves the clock to the next end, arrival or timer. False if there is none.
bool Simulation::NextInstant(size_t next) {
  // Drop ends that preemption made void, so that they do not wake the engine.
  while (!ends_.empty() && ends_.top().run != states_[ends_.top().job].run) ends_.pop();
  bool any = false;
  int64_t at_s = 0;
  auto consider = [&](int64_t t) {
    at_s = any ? std::min(at_s, t) : t;
    any = true;
  };
  if (next < trace_.jobs.size()) consider(trace_.jobs[next].submit_s);
  if (!ends_.empty()) consider(ends_.top().at_s);
  const absl::Time timer = driver_.NextTimer(AtSecond(now_s_));
  if (timer != absl::InfiniteFuture()) consider(absl::ToUnixSeconds(timer));
  if (any) now_s_ = std::max(now_s_, at_s);
  return any;
}

ReplaySetting Simulation::Setting() const {
  std::map<std::string, const api::ClusterQueue*> queues;
  for (const api::ClusterQueue& cq : policy_.cluster_queues) queues[cq.metadata.name] = &cq;
  ReplaySetting setting;
  setting.resource = options_.resource;
  setting.begin_s = now_s_;
  setting.policy = &policy_;
  for (const std::string& name : teams_) {
    ReplayTeam team;
    team.name = name;
    if (const auto queue = queues.find(name); queue != queues.end()) {
      team.cohort = queue->second->cohort_name;
      team.nominal = NominalOf(*queue->second, options_.resource);
    }
    setting.teams.push_back(std::move(team));
  }
  return setting;
}

void Simulation::FillMetrics(int64_t begin_s) {
  std::vector<TeamMetrics> teams(teams_.size());
  std::map<std::string, double> nominal;
  for (const api::ClusterQueue& cq : policy_.cluster_queues) {
    nominal[cq.metadata.name] = NominalOf(cq, options_.resource);
  }
  for (size_t t = 0; t < teams_.size(); ++t) {
    teams[t].name = teams_[t];
    teams[t].nominal = nominal[teams_[t]];
  }
  TeamMetrics total;
  meter_.Report(&teams, &total);
  std::vector<int> team_of(states_.size());
  for (size_t i = 0; i < states_.size(); ++i) team_of[i] = states_[i].team;
  result_.metrics = Summarise(result_.jobs, team_of, std::move(teams), std::move(total), begin_s, now_s_);
  result_.metrics.resource = options_.resource;
}

SimulationResult Simulation::Run() {
  const int64_t begin_s = now_s_;
  Tell(&ReplayObserver::OnBegin, Setting());
  size_t next = 0;
  while (NextInstant(next)) {
    FinishJobs();
    while (next < trace_.jobs.size() && trace_.jobs[next].submit_s <= now_s_) {
      Submit(next++);
      if (hooks_.on_progress && next % 512 == 0) hooks_.on_progress(static_cast<int64_t>(next));
    }
    Decide();
  }
  if (hooks_.on_progress) hooks_.on_progress(static_cast<int64_t>(next));
  meter_.CloseAt(now_s_);
  for (ReplayObserver* observer : hooks_.observers) observer->OnEnd(now_s_);
  FillMetrics(begin_s);
  return std::move(result_);
}

}  // namespace

absl::StatusOr<SimulationResult> Simulate(const Trace& trace, ReplayPolicy policy, const SimulationOptions& options,
                                          const SimulationHooks& hooks) {
  Simulation simulation(trace, std::move(policy), options, hooks);
  if (absl::Status status = simulation.Prepare(); !status.ok()) return status;
  return simulation.Run();
}

}  // namespace muster::sim
