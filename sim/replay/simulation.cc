#include "sim/replay/simulation.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/vocabulary.h"
#include "sim/replay/simulation_impl.h"

namespace muster::sim {

using scheduler::Decision;
using scheduler::WorkloadId;

namespace {

// All pods of a shape, if it may run with fewer; otherwise 1: then they count as one.
int64_t DeclaredPods(const JobShape& shape) {
  int64_t pods = 0;
  bool elastic = false;
  for (const PodGroup& group : shape.pods) {
    pods += group.count;
    elastic |= group.min_count > 0 && group.min_count < group.count;
  }
  if (shape.workload != nullptr) {
    for (const api::PodSet& pod_set : shape.workload->spec.pod_sets) {
      elastic |= pod_set.min_count.has_value() && *pod_set.min_count < pod_set.count;
    }
  }
  return elastic ? std::max<int64_t>(1, pods) : 1;
}

}  // namespace

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

// Work is counted in pod-seconds of 64 bits, and checkpoints can make a run much longer than its work.
absl::Status Simulation::CheckWork() const {
  constexpr int64_t kMost = int64_t{1} << 61;
  const RunModel& model = options_.model;
  for (const Job& job : trace_.jobs) {
    const auto bad = [&](const auto&... what) {
      return absl::InvalidArgumentError(
          absl::StrCat(trace_.source, ":", job.row, ": job ", job.id, ": ", what..., " is beyond reckoning"));
    };
    const int64_t pods = declared_pods_[job.shape];
    if (job.duration_s > kMost / pods) return bad(job.duration_s, " s of ", pods, " pods");
    if (job.terms == 0 && model.classes.empty() && model.all.checkpoint_interval_s == 0) continue;
    const JobTerms* own = trace_.TermsOf(job);
    const RunTerms terms = model.TermsOf(trace_.ShapeOf(job).priority_class, own == nullptr ? OwnTerms() : own->own);
    if (terms.checkpoint_interval_s == 0) continue;
    const int64_t checkpoints = job.duration_s * pods / terms.checkpoint_interval_s;
    if (checkpoints > 0 && terms.checkpoint_cost_s > kMost / checkpoints) {
      return bad(checkpoints, " checkpoints of ", terms.checkpoint_cost_s, " s");
    }
  }
  return absl::OkStatus();
}

// The nodes that outages name. A node that fails has to be one that jobs are placed on.
absl::Status Simulation::FindNodes() {
  if (options_.node_steps.empty()) return absl::OkStatus();
  IndexNodes();
  std::set<std::string> unknown;
  for (const NodeStep& step : options_.node_steps) {
    if (!node_of_.contains(step.node)) unknown.insert(step.node);
    if (unknown.size() > 5) break;
  }
  if (!unknown.empty()) {
    return absl::NotFoundError(
        absl::StrCat("outages of nodes that are not in the policy: ", absl::StrJoin(unknown, ", "),
                     "; add the Node objects, or correct the names"));
  }
  if (HasHosts()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("there are outages, and no job has a host that could fail: give the flavors a Topology (",
                   "spec.topologyName) whose last level is ", api::kHostnameLabel));
}

bool Simulation::HasHosts() const {
  return std::any_of(policy_.topologies.begin(), policy_.topologies.end(), [](const api::Topology& topology) {
    return !topology.levels.empty() && topology.levels.back() == api::kHostnameLabel;
  });
}

void Simulation::IndexNodes() {
  nodes_given_ = policy_.nodes;
  for (size_t i = 0; i < policy_.nodes.size(); ++i) node_of_[policy_.nodes[i].metadata.name] = i;
}

void Simulation::SetTeams() {
  std::map<std::string, TeamQuota> quotas;
  std::map<std::string, bool> strict;
  for (const api::ClusterQueue& cq : policy_.cluster_queues) {
    quotas[cq.metadata.name] = QuotaOf(cq, options_.resource);
    strict[cq.metadata.name] = cq.queueing_strategy == "StrictFIFO";
  }
  for (const auto& [name, target] : targets_) quotas.try_emplace(target.cluster_queue);
  std::vector<TeamQuota> in_order;
  for (const auto& [name, quota] : quotas) {
    team_of_[name] = static_cast<int>(result_.teams.size());
    result_.teams.push_back(name);
    in_order.push_back(quota);
    strict_.push_back(strict[name]);
  }
  meter_.SetTeams(std::move(in_order), now_s_);
  stops_.resize(result_.teams.size());
  head_.resize(result_.teams.size(), JobState::kNobody);
}

absl::Status Simulation::Prepare() {
  if (absl::Status status = FindTargets(); !status.ok()) return status;
  if (absl::Status status = arrivals_.Link(); !status.ok()) return status;
  const std::optional<int64_t> first_s = arrivals_.NextAt();
  begin_s_ = now_s_ = first_s.value_or(0);
  if (absl::Status status = FindNodeGroups(); !status.ok()) return status;
  if (absl::Status status = FindNodes(); !status.ok()) return status;
  for (const PolicyChange& change : options_.policy_changes) {
    if (absl::Status status = CheckChange(policy_, change); !status.ok()) return status;
  }
  SetTeams();
  result_.jobs.resize(trace_.jobs.size());
  result_.shapes.resize(trace_.shapes.size());
  declared_pods_.resize(trace_.shapes.size());
  for (size_t i = 0; i < trace_.shapes.size(); ++i) {
    declared_pods_[i] = DeclaredPods(trace_.shapes[i]);
    if (target_of_[i] == nullptr) continue;
    result_.shapes[i] = {team_of_[target_of_[i]->cluster_queue],
                         AmountOf(trace_.shapes[i], options_.resource, policy_)};
  }
  if (absl::Status status = CheckWork(); !status.ok()) return status;
  node_since_s_ = now_s_;
  for (const api::Node& node : policy_.nodes) {
    if (!groups_.Scales(HostOf(node))) node_capacity_ += CapacityOf(node, options_.resource);
  }
  ApplyPolicy(policy_, AtSecond(now_s_), &driver_.engine());
  return absl::OkStatus();
}

scheduler::EngineOptions Simulation::EngineOptionsOf(const ReplayPolicy& policy, const SimulationOptions& options) {
  scheduler::EngineOptions out = policy.options;
  const ControlPlane& plane = options.model.control_plane;
  if (plane.latency == ControlPlane::Latency::kKueue) {
    out.reactivation_batch = absl::Milliseconds(plane.requeue_batch_ms);
  }
  return out;
}

bool Simulation::IsTimeToDecide() {
  const ControlPlane& plane = options_.model.control_plane;
  if (plane.latency != ControlPlane::Latency::kFixed) return true;
  if (!decide_at_.has_value())
    decide_at_ = now_s_ + plane.fixed_s;  // something has happened, or there would be no instant
  if (now_s_ < *decide_at_) return false;
  decide_at_.reset();
  return true;
}

// Says of jobs that arrived and were not looked at whom they wait for.
void Simulation::TellWaiting() {
  for (const WorkloadId id : new_) {
    const JobState& state = StateOf(id);
    if (state.id != id || state.starts > 0 || state.last_reason != 0) continue;
    const size_t head = strict_[state.team] && head_[state.team] != state.job ? head_[state.team] : JobWait::kNobody;
    Tell(&ReplayObserver::OnWait, JobWait{now_s_, state.job, state.team, head});
  }
  new_.clear();
}

void Simulation::Decide() {
  const Driver::Hands hands = {
      .carry = [this](const Decision& decision, int64_t cycle) { return Carry(decision, cycle); },
      .yields = [this](absl::Span<const WorkloadId> workloads) { return LeastImportant(workloads); },
      .set_aside = [this](WorkloadId workload, const LoopWatch::Loop& loop) { SetAside(workload, loop); }};
  if (IsTimeToDecide()) {
    const Driver::Settled settled = driver_.Decide(AtSecond(now_s_), hands, day_.has_value() ? &*day_ : nullptr);
    result_.cycles += settled.cycles;
    if (settled.quiet) TellWaiting();
  }
  meter_.SamplePeaks();
  for (ReplayObserver* observer : hooks_.observers) observer->OnInstant(now_s_);
}

// Moves the clock to the next end, arrival, change or timer. False if there is none.
bool Simulation::NextInstant() {
  // Drop ends that preemption made void, so that they do not wake the engine.
  while (!ends_.empty() && !Holds(ends_.top())) ends_.pop();
  while (!leaving_.empty() && !Holds(leaving_.top())) leaving_.pop();
  std::optional<int64_t> at_s = arrivals_.NextAt();
  const auto consider = [&at_s](int64_t t) { at_s = std::min(at_s.value_or(t), t); };
  if (!ends_.empty()) consider(ends_.top().at_s);
  if (!leaving_.empty()) consider(leaving_.top().at_s);
  const absl::Time timer = driver_.NextTimer(AtSecond(now_s_));
  if (timer != absl::InfiniteFuture()) consider(absl::ToUnixSeconds(timer));
  if (decide_at_.has_value()) consider(*decide_at_);
  if (day_.has_value() && !driver_.engine().IsQuiet()) consider(std::max(now_s_, day_->FreeAt()));
  // Nobody cares for the cluster when there is no job, but one that waits may be let in.
  if (const std::optional<int64_t> step = NextStep(); step.has_value() && (at_s.has_value() || alive_ > 0)) {
    consider(*step);
  }
  if (!at_s.has_value()) return false;
  now_s_ = std::max(now_s_, *at_s);
  return true;
}

ReplaySetting Simulation::Setting() const {
  std::map<std::string, const api::ClusterQueue*> queues;
  for (const api::ClusterQueue& cq : policy_.cluster_queues) queues[cq.metadata.name] = &cq;
  ReplaySetting setting;
  setting.resource = options_.resource;
  setting.begin_s = begin_s_;
  setting.policy = &policy_;
  setting.engine = &driver_.engine();
  setting.scaled_nodes = &groups_.host_of();
  for (const std::string& name : result_.teams) {
    ReplayTeam team;
    team.name = name;
    if (const auto queue = queues.find(name); queue != queues.end()) {
      team.cohort = queue->second->cohort_name;
      team.nominal = NominalOf(queue->second->resource_groups, options_.resource);
    }
    setting.teams.push_back(std::move(team));
  }
  return setting;
}

void Simulation::FillMetrics() {
  std::vector<TeamMetrics> teams(result_.teams.size());
  for (size_t t = 0; t < result_.teams.size(); ++t) {
    teams[t].name = result_.teams[t];
    for (int cause = 0; cause < kStopCauses; ++cause) {
      if (stops_[t][cause] == 0) continue;
      teams[t].stops[std::string(ToString(static_cast<StopCause>(cause)))] = stops_[t][cause];
    }
  }
  TeamMetrics total;
  meter_.Report(&teams, &total);
  result_.metrics.end_s = now_s_;
  Summary summary(teams.size());
  for (size_t i = 0; i < trace_.jobs.size(); ++i) {
    const Job& job = trace_.jobs[i];
    const JobTerms* terms = trace_.TermsOf(job);
    if (terms != nullptr && !terms->after.empty()) {
      result_.submitted[i] = arrivals_.IsHeldBack(i) ? -1 : arrivals_.SubmittedAt(i);
    }
    summary.Take(result_.shapes[job.shape].team, result_.OutcomeOf(trace_, i));
  }
  result_.metrics = std::move(summary).Finish(std::move(teams), std::move(total), begin_s_, now_s_);
  result_.metrics.resource = options_.resource;
  PassNodeTime();
  result_.metrics.node_hours = node_seconds_ / 3600;
  for (const NodeGroupUse& use : groups_.Uses(now_s_)) {
    result_.metrics.node_groups.push_back({.name = use.name,
                                           .min = use.min,
                                           .max = use.max,
                                           .peak = use.peak,
                                           .launched = use.launched,
                                           .removed = use.removed,
                                           .failed = use.failed,
                                           .node_hours = static_cast<double>(use.node_seconds) / 3600,
                                           .cost = use.cost});
  }
}

absl::Status Simulation::Verdict() const {
  for (const ReplayObserver* observer : hooks_.observers) {
    if (absl::Status status = observer->status(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<SimulationResult> Simulation::Run() {
  Tell(&ReplayObserver::OnBegin, Setting());
  TellNodeMoves();
  while (NextInstant()) {
    if (day_.has_value()) day_->SetTime(now_s_);
    FinishJobs();
    StopLeaving();
    TakeSteps();
    while (const std::optional<size_t> job = arrivals_.Take(now_s_)) {
      Submit(*job);
      if (arrivals_.taken() % 512 == 0) Progress();
    }
    if (ended_ % 512 == 0) Progress();
    Decide();
    if (absl::Status status = Verdict(); !status.ok()) return status;
    if (hooks_.stop && hooks_.stop()) {
      result_.stopped = true;
      break;
    }
  }
  Progress();
  meter_.CloseAt(now_s_);
  for (ReplayObserver* observer : hooks_.observers) observer->OnEnd(now_s_);
  if (absl::Status status = Verdict(); !status.ok()) return status;
  FillMetrics();
  return std::move(result_);
}

JobOutcome SimulationResult::OutcomeOf(const Trace& trace, size_t job) const {
  const Job& row = trace.jobs[job];
  const JobRun& run = jobs[job];
  const JobTerms* terms = trace.TermsOf(row);
  const auto held_back = submitted.find(job);
  const bool ever = held_back == submitted.end() || held_back->second >= 0;
  const int64_t submit_s = held_back == submitted.end() ? row.submit_s : std::max(row.submit_s, held_back->second);
  return {.submit_s = submit_s,
          .duration_s = row.duration_s,
          .first_start_s = run.first_start_s,
          .finish_s = run.finish_s,
          .preemptions = run.preemptions,
          .amount = amounts.contains(job) ? amounts.at(job) : shapes[row.shape].amount,
          .submitted = ever && (!stopped || submit_s <= metrics.end_s),
          .failed = run.failed,
          .deadline_s = terms == nullptr ? std::nullopt : terms->deadline_s};
}

absl::StatusOr<SimulationResult> Simulate(const Trace& trace, ReplayPolicy policy, const SimulationOptions& options,
                                          const SimulationHooks& hooks) {
  Simulation simulation(trace, std::move(policy), options, hooks);
  if (absl::Status status = simulation.Prepare(); !status.ok()) return status;
  return simulation.Run();
}

}  // namespace muster::sim
