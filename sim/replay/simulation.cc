#include "sim/replay/simulation.h"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/thread_pool.h"
#include "sim/replay/driver.h"
#include "sim/replay/job_workloads.h"

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
  int32_t place;  // of its state
  int32_t run;
  friend bool operator>(const End& a, const End& b) { return std::tie(a.at_s, a.job) > std::tie(b.at_s, b.job); }
};

// A job from its submission to its end.
struct JobState {
  static constexpr size_t kNobody = static_cast<size_t>(-1);
  size_t job = kNobody;  // its index in the trace
  WorkloadId id = scheduler::kNoId;
  int team = 0;
  int32_t run = 0;     // counts starts and stops: which planned end is still true
  int32_t starts = 0;  // counts starts
  bool running = false;
  double amount = 0;         // of the main resource
  int64_t started_s = 0;     // the last time
  int64_t done_s = 0;        // work kept from earlier runs
  uint32_t last_reason = 0;  // what the last pending decision said, condensed; 0 = nothing yet
};

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
        driver_(policy_.options, options.threads > 1 ? &pool_ : nullptr),
        workloads_(&trace, &policy_) {
    if (options_.resource.empty()) options_.resource = MainResource(policy_);
  }

  absl::Status Prepare();
  SimulationResult Run();

 private:
  absl::Status FindTargets();
  void Submit(size_t index);
  void Start(JobState* state, const Decision& decision);
  template <typename Event>
  void Tell(void (ReplayObserver::*what)(const Event&), const Event& event) {
    for (ReplayObserver* observer : hooks_.observers) (observer->*what)(event);
  }
  void Stop(JobState* state, StopCause cause, size_t by);  // not at its end: back to its queue
  void FinishJobs();
  void Decide();
  bool Carry(const Decision& decision, int64_t cycle);
  WorkloadId LeastImportant(absl::Span<const WorkloadId> workloads) const;
  void SetAside(WorkloadId workload, const LoopWatch::Loop& loop);
  bool NextInstant(size_t next);
  ReplaySetting Setting() const;
  void FillMetrics(int64_t begin_s);

  // REQUIRES: the workload is of a job that has not ended.
  JobState& StateOf(WorkloadId id) { return states_[static_cast<int32_t>(id)]; }
  const JobState& StateOf(WorkloadId id) const { return states_[static_cast<int32_t>(id)]; }
  bool Holds(const End& end) const {
    const JobState& state = states_[end.place];
    return state.job == end.job && state.run == end.run;
  }

  const Trace& trace_;
  ReplayPolicy policy_;
  SimulationOptions options_;
  const SimulationHooks& hooks_;
  base::ThreadPool pool_;
  Driver driver_;
  JobWorkloads workloads_;

  std::map<std::string, QueueTarget> targets_;
  std::vector<const QueueTarget*> target_of_;  // by shape; null = no job has it
  std::vector<JobState> states_;  // by WorkloadId, which the engine uses again: as many as are alive at once
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  UsageMeter meter_;
  int64_t now_s_ = 0;
  SimulationResult result_;
};

// Where the jobs of every shape go. All unknown names at once, so that one run shows what a mapping lacks.
absl::Status Simulation::FindTargets() {
  target_of_.resize(trace_.shapes.size());
  std::vector<bool> seen(trace_.shapes.size());
  std::map<std::string, std::string> unknown;
  for (const Job& job : trace_.jobs) {
    if (seen[job.shape]) continue;
    seen[job.shape] = true;
    const JobShape& shape = trace_.ShapeOf(job);
    auto target = targets_.find(shape.queue);
    if (target == targets_.end() && !unknown.contains(shape.queue)) {
      absl::StatusOr<QueueTarget> resolved = ResolveQueue(shape.queue, &policy_);
      if (resolved.ok()) {
        target = targets_.emplace(shape.queue, *std::move(resolved)).first;
      } else {
        unknown[shape.queue] = absl::StrCat(trace_.source, ":", job.row, ": ", resolved.status().message());
      }
    }
    if (target != targets_.end()) target_of_[job.shape] = &target->second;
    if (shape.priority_class.empty() || policy_.priority_classes.contains(shape.priority_class)) continue;
    unknown.emplace("class " + shape.priority_class,
                    absl::StrCat(trace_.source, ":", job.row, ": priority class \"", shape.priority_class,
                                 "\" is not in the policy; add a WorkloadPriorityClass"));
  }
  if (unknown.empty()) return absl::OkStatus();
  std::string text;
  for (const auto& [name, message] : unknown) absl::StrAppend(&text, text.empty() ? "" : "\n", message);
  return absl::NotFoundError(text);
}

absl::Status Simulation::Prepare() {
  if (absl::Status status = FindTargets(); !status.ok()) return status;
  std::map<std::string, double> nominal;
  for (const api::ClusterQueue& cq : policy_.cluster_queues) {
    nominal[cq.metadata.name] = NominalOf(cq, options_.resource);
  }
  for (const auto& [name, target] : targets_) nominal.emplace(target.cluster_queue, 0);
  std::vector<double> nominals;
  std::map<std::string, int> team_of;
  for (const auto& [name, amount] : nominal) {
    team_of[name] = static_cast<int>(result_.teams.size());
    result_.teams.push_back(name);
    nominals.push_back(amount);
  }
  meter_.SetTeams(nominals);
  result_.jobs.resize(trace_.jobs.size());
  result_.shapes.resize(trace_.shapes.size());
  for (size_t i = 0; i < trace_.shapes.size(); ++i) {
    if (target_of_[i] == nullptr) continue;
    result_.shapes[i] = {team_of[target_of_[i]->cluster_queue], AmountOf(trace_.shapes[i], options_.resource)};
  }
  now_s_ = trace_.jobs.empty() ? 0 : trace_.jobs.front().submit_s;
  meter_.CloseAt(now_s_);
  ApplyPolicy(policy_, AtSecond(now_s_), &driver_.engine());
  return absl::OkStatus();
}

void Simulation::Submit(size_t index) {
  const uint32_t shape = trace_.jobs[index].shape;
  driver_.Disturbed(AtSecond(now_s_));
  const WorkloadId id = driver_.engine().Apply(workloads_.Of(index, *target_of_[shape]), AtSecond(now_s_));
  if (id >= static_cast<int32_t>(states_.size())) states_.resize(static_cast<int32_t>(id) + 1);
  JobState& state = StateOf(id);
  state = {.job = index, .id = id, .team = result_.shapes[shape].team, .amount = result_.shapes[shape].amount};
  meter_.Queue(state.team, +1);
  Tell(&ReplayObserver::OnSubmit, JobSubmit{now_s_, index, state.team, state.amount});
}

void Simulation::Start(JobState* state, const Decision& decision) {
  state->running = true;
  ++state->run;
  state->last_reason = 0;
  state->started_s = now_s_;
  JobRun& out = result_.jobs[state->job];
  if (out.first_start_s < 0) out.first_start_s = now_s_;
  ends_.push({now_s_ + trace_.jobs[state->job].duration_s - state->done_s, state->job, static_cast<int32_t>(state->id),
              state->run});
  meter_.Add(state->team, state->amount, now_s_);
  meter_.Queue(state->team, -1);
  Tell(&ReplayObserver::OnStart, RunStart{now_s_, state->job, state->team, ++state->starts, state->amount, &decision});
}

void Simulation::Stop(JobState* state, StopCause cause, size_t by) {
  ++result_.jobs[state->job].preemptions;
  const int64_t ran_s = now_s_ - state->started_s;
  if (options_.resume_preempted) state->done_s += ran_s;
  state->running = false;
  ++state->run;  // its planned end is void
  meter_.Add(state->team, -state->amount, now_s_);
  meter_.Queue(state->team, +1);
  driver_.engine().CompleteEviction(state->id, AtSecond(now_s_));
  Tell(&ReplayObserver::OnStop, RunStop{.now_s = now_s_,
                                        .job = state->job,
                                        .team = state->team,
                                        .run = state->starts,
                                        .amount = state->amount,
                                        .cause = cause,
                                        .started_s = state->started_s,
                                        .lost_s = options_.resume_preempted ? 0 : ran_s,
                                        .by = by});
}

void Simulation::FinishJobs() {
  while (!ends_.empty() && ends_.top().at_s <= now_s_) {
    const End end = ends_.top();
    ends_.pop();
    if (!Holds(end)) continue;
    JobState& state = states_[end.place];
    state.running = false;
    result_.jobs[state.job].finish_s = now_s_;
    meter_.Add(state.team, -state.amount, now_s_);
    Tell(&ReplayObserver::OnStop, RunStop{.now_s = now_s_,
                                          .job = state.job,
                                          .team = state.team,
                                          .run = state.starts,
                                          .amount = state.amount,
                                          .cause = StopCause::kFinished,
                                          .started_s = state.started_s});
    driver_.Disturbed(AtSecond(now_s_));
    driver_.engine().Finish(state.id, AtSecond(now_s_));
    driver_.engine().DeleteWorkload(state.id, AtSecond(now_s_));  // memory stays with what waits and runs
    state = {};
  }
}

// Does what a decision says. Returns whether anything came of it.
bool Simulation::Carry(const Decision& d, int64_t cycle) {
  ++result_.decisions;
  JobState& state = StateOf(d.workload);
  DecisionEvent event{now_s_, cycle, state.job, &d, {}};
  const bool admitted = d.status == EntryStatus::kAssumed;
  const std::vector<WorkloadId> victims = NewVictims(d);
  for (WorkloadId victim : victims) event.victims.push_back(StateOf(victim).job);
  const bool progress = admitted || !victims.empty();
  const uint32_t reason = progress ? 0 : ReasonKey(d);
  if (progress || reason != state.last_reason) Tell(&ReplayObserver::OnDecision, event);
  if (!progress) state.last_reason = reason;
  if (admitted) Start(&state, d);
  for (const WorkloadId victim : victims) {
    if (StateOf(victim).running) Stop(&StateOf(victim), CauseOf(d, victim), state.job);
  }
  return progress;
}

// The lowest priority; of equals the one that was submitted last.
WorkloadId Simulation::LeastImportant(absl::Span<const WorkloadId> workloads) const {
  const auto rank = [this](WorkloadId id) {
    const size_t job = StateOf(id).job;
    return std::make_pair(PriorityOf(trace_.ShapeOf(trace_.jobs[job]), policy_), -static_cast<int64_t>(job));
  };
  return *std::min_element(workloads.begin(), workloads.end(),
                           [&](WorkloadId a, WorkloadId b) { return rank(a) < rank(b); });
}

void Simulation::SetAside(WorkloadId workload, const LoopWatch::Loop& loop) {
  const auto name = [this](WorkloadId id) { return trace_.jobs[StateOf(id).job].id; };
  ++result_.livelocks;
  if (result_.livelocks_told.size() < SimulationResult::kMaxTold) {
    result_.livelocks_told.push_back({now_s_, name(workload), LoopInWords(loop, name)});
  }
  driver_.engine().Evict(workload, Driver::kLivelock, AtSecond(now_s_));
  Stop(&StateOf(workload), StopCause::kLivelock, RunStop::kNobody);
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
  while (!ends_.empty() && !Holds(ends_.top())) ends_.pop();
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
  for (const std::string& name : result_.teams) {
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
  std::vector<TeamMetrics> teams(result_.teams.size());
  std::map<std::string, double> nominal;
  for (const api::ClusterQueue& cq : policy_.cluster_queues) {
    nominal[cq.metadata.name] = NominalOf(cq, options_.resource);
  }
  for (size_t t = 0; t < result_.teams.size(); ++t) {
    teams[t].name = result_.teams[t];
    teams[t].nominal = nominal[result_.teams[t]];
  }
  TeamMetrics total;
  meter_.Report(&teams, &total);
  Summary summary(teams.size());
  for (size_t i = 0; i < trace_.jobs.size(); ++i) {
    summary.Take(result_.shapes[trace_.jobs[i].shape].team, result_.OutcomeOf(trace_, i));
  }
  result_.metrics = std::move(summary).Finish(std::move(teams), std::move(total), begin_s, now_s_);
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

JobOutcome SimulationResult::OutcomeOf(const Trace& trace, size_t job) const {
  const Job& row = trace.jobs[job];
  const JobRun& run = jobs[job];
  return {.submit_s = row.submit_s,
          .duration_s = row.duration_s,
          .first_start_s = run.first_start_s,
          .finish_s = run.finish_s,
          .preemptions = run.preemptions,
          .amount = shapes[row.shape].amount};
}

absl::StatusOr<SimulationResult> Simulate(const Trace& trace, ReplayPolicy policy, const SimulationOptions& options,
                                          const SimulationHooks& hooks) {
  Simulation simulation(trace, std::move(policy), options, hooks);
  if (absl::Status status = simulation.Prepare(); !status.ok()) return status;
  return simulation.Run();
}

}  // namespace muster::sim
