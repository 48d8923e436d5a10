#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/resource_units.h"
#include "scheduler/decision_text.h"
#include "sim/replay/simulation_impl.h"

namespace muster::sim {

using scheduler::Decision;
using scheduler::EntryStatus;
using scheduler::WorkloadId;

namespace {

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

// The pods a decision lets in.
int64_t PodsOf(const Decision& d) {
  int64_t pods = 0;
  for (const scheduler::PodSetDecision& pod_set : d.pod_sets) pods += pod_set.count;
  return pods;
}

}  // namespace

void Simulation::Submit(size_t index) {
  const uint32_t shape = trace_.jobs[index].shape;
  driver_.Disturbed(AtSecond(now_s_));
  const WorkloadId id =
      driver_.engine().Apply(workloads_.Of(index, *target_of_[shape], arrivals_.SubmittedAt(index)), AtSecond(now_s_));
  if (id >= static_cast<int32_t>(states_.size())) states_.resize(static_cast<int32_t>(id) + 1);
  JobState& state = StateOf(id);
  state = {};
  state.job = index;
  state.id = id;
  state.team = result_.shapes[shape].team;
  ++alive_;
  if (day_.has_value()) day_->JobArrived();
  new_.push_back(id);
  meter_.Queue(state.team, +1);
  Tell(&ReplayObserver::OnSubmit, JobSubmit{now_s_, index, state.team, result_.shapes[shape].amount});
}

std::unique_ptr<Held> Simulation::Hold(const JobState& state, const Decision& d) {
  const Job& job = trace_.jobs[state.job];
  const JobTerms* terms = trace_.TermsOf(job);
  const int64_t declared = declared_pods_[job.shape];
  std::vector<std::string> hosts;
  if (!node_of_.empty()) {
    for (const scheduler::PodSetDecision& pod_set : d.pod_sets) {
      if (!pod_set.topology.has_value()) continue;
      for (const scheduler::TopologyPlacement::Domain& domain : pod_set.topology->domains) {
        hosts.push_back(domain.domain->values.back());
      }
    }
    std::sort(hosts.begin(), hosts.end());
    hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  }
  const RunHistory history = {.run = state.starts,
                              .failures = state.failures,
                              .ran_s = state.ran_s,
                              .done = state.done,
                              .nodes_s = groups_.empty() ? 0 : TakeHosts(hosts)};
  auto held = std::make_unique<Held>(Held{
      RunCourse(options_.model,
                options_.model.TermsOf(trace_.ShapeOf(job).priority_class, terms == nullptr ? OwnTerms() : terms->own),
                history, job.id, job.duration_s, declared, declared == 1 ? 1 : PodsOf(d)),
      {},
      0,
      {}});
  for (const scheduler::FlavorResourceAmount& held_amount : driver_.engine().ReservedUsage(d.workload)) {
    if (held_amount.resource != options_.resource) continue;
    const double amount = api::QuantityOf(options_.resource, held_amount.amount).ToDouble();
    held->uses.push_back({meter_.FlavorOf(state.team, held_amount.flavor), amount});
    held->amount += amount;
  }
  for (const std::string& host : hosts) runs_on_[host].insert(static_cast<int32_t>(state.id));
  held->hosts = std::move(hosts);
  return held;
}

void Simulation::Start(JobState* state, const Decision& decision) {
  state->running = true;
  ++state->run;
  ++state->starts;
  state->last_reason = 0;
  state->written = 0;
  if (day_.has_value()) {
    day_->Admitted();
    day_->JobStarted();
  }
  state->started_s = now_s_;
  state->held = Hold(*state, decision);
  const Held& held = *state->held;
  if (head_[state->team] == state->job) head_[state->team] = JobState::kNobody;
  JobRun& out = result_.jobs[state->job];
  if (out.first_start_s < 0) out.first_start_s = now_s_;
  if (held.amount != result_.shapes[trace_.jobs[state->job].shape].amount || result_.amounts.contains(state->job)) {
    result_.amounts[state->job] = held.amount;
  }
  ends_.push({now_s_ + held.course.length_s(), state->job, static_cast<int32_t>(state->id), state->run});
  meter_.Add(state->team, held.uses, 1, now_s_);
  meter_.Queue(state->team, -1);
  Tell(&ReplayObserver::OnStart, RunStart{now_s_, state->job, state->team, state->starts, held.amount, &decision});
}

void Simulation::EndRun(JobState* state, StopCause cause, size_t by) {
  const Held& held = *state->held;
  const int64_t ran_s = now_s_ - state->started_s;
  const RunCourse::Split split = held.course.At(ran_s, cause);
  state->done += held.course.Work(split.kept_s);
  state->ran_s += ran_s;
  state->running = false;
  ++state->run;  // whatever was planned for it is void
  meter_.Add(state->team, held.uses, -1, now_s_);
  meter_.Waste(state->team, held.amount * static_cast<double>(split.lost_s),
               held.amount * static_cast<double>(split.overhead_s));
  if (cause != StopCause::kFinished) ++stops_[state->team][static_cast<int>(cause)];
  for (const std::string& host : held.hosts) {
    runs_on_[host].erase(static_cast<int32_t>(state->id));
    if (!groups_.empty()) groups_.GiveBack(host, now_s_);
  }
  Tell(&ReplayObserver::OnStop, RunStop{.now_s = now_s_,
                                        .job = state->job,
                                        .team = state->team,
                                        .run = state->starts,
                                        .amount = held.amount,
                                        .cause = cause,
                                        .started_s = state->started_s,
                                        .lost_s = split.lost_s,
                                        .overhead_s = split.overhead_s,
                                        .by = by});
  state->held.reset();
}

void Simulation::Stop(JobState* state, StopCause cause, size_t by) {
  if (IsPreemption(cause) || cause == StopCause::kLivelock) ++result_.jobs[state->job].preemptions;
  if (day_.has_value()) day_->JobStopped();
  meter_.Queue(state->team, +1);
  driver_.engine().CompleteEviction(state->id, AtSecond(now_s_));
  EndRun(state, cause, by);
}

void Simulation::Interrupt(JobState* state, StopCause cause) {
  driver_.engine().Evict(state->id, ToString(cause), AtSecond(now_s_));
  Stop(state, cause, RunStop::kNobody);
  driver_.engine().SetRequeued(state->id, AtSecond(now_s_));
}

void Simulation::Leave(JobState* state) {
  if (day_.has_value()) day_->JobEnded();
  driver_.engine().Finish(state->id, AtSecond(now_s_));
  driver_.engine().DeleteWorkload(state->id, AtSecond(now_s_));  // memory stays with what waits and runs
  arrivals_.Ended(state->job, now_s_);
  --alive_;
  ++ended_;
  *state = {};
}

void Simulation::FinishJobs() {
  while (!ends_.empty() && ends_.top().at_s <= now_s_) {
    const End end = ends_.top();
    ends_.pop();
    if (!Holds(end)) continue;
    JobState& state = states_[end.place];
    const StopCause cause = state.held->course.cause();
    driver_.Disturbed(AtSecond(now_s_));
    if (cause == StopCause::kFailed) {
      ++state.failures;
      Interrupt(&state, cause);
      continue;
    }
    if (cause == StopCause::kFinished) {
      result_.jobs[state.job].finish_s = now_s_;
    } else {
      result_.jobs[state.job].failed = true;
    }
    EndRun(&state, cause, RunStop::kNobody);
    Leave(&state);
  }
}

void Simulation::StopLeaving() {
  while (!leaving_.empty() && leaving_.top().at_s <= now_s_) {
    const Leaving leaving = leaving_.top();
    leaving_.pop();
    if (Holds(leaving)) Stop(&states_[leaving.place], leaving.cause, leaving.by);
  }
}

void Simulation::WriteStatus(const Decision& d, JobState* state) {
  const size_t text = std::hash<std::string>()(scheduler::Message(d));
  if (text == state->written) return;
  state->written = text;
  day_->StatusWritten();
  driver_.engine().StatusWritten(d.workload);
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
  if (!admitted) head_[state.team] = state.job;
  if (admitted) Start(&state, d);
  if (day_.has_value() && !admitted) {
    day_->Preempted(static_cast<int64_t>(victims.size()));
    WriteStatus(d, &state);
  }
  const int64_t eviction_s = options_.model.EvictionSeconds();
  for (const WorkloadId victim : victims) {
    JobState& other = StateOf(victim);
    if (!other.running) continue;
    if (eviction_s == 0) {
      Stop(&other, CauseOf(d, victim), state.job);
    } else {
      leaving_.push(
          {now_s_ + eviction_s, other.job, static_cast<int32_t>(victim), other.run, CauseOf(d, victim), state.job});
    }
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

}  // namespace muster::sim
