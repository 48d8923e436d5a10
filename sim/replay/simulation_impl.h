// How a replay goes on: the parts of simulation.cc that it and its neighbours share. Not for others.
#ifndef MUSTER_SIM_REPLAY_SIMULATION_IMPL_H_
#define MUSTER_SIM_REPLAY_SIMULATION_IMPL_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/thread_pool.h"
#include "scheduler/decision.h"
#include "sim/metrics/usage_meter.h"
#include "sim/replay/arrivals.h"
#include "sim/replay/control_plane.h"
#include "sim/replay/driver.h"
#include "sim/replay/job_workloads.h"
#include "sim/replay/node_groups.h"
#include "sim/replay/simulation.h"

namespace muster::sim {

inline absl::Time AtSecond(int64_t s) { return absl::FromUnixSeconds(s); }

// A job's end, if it is still the run it was planned for.
struct End {
  int64_t at_s;
  size_t job;
  int32_t place;  // of its state
  int32_t run;
  friend bool operator>(const End& a, const End& b) { return std::tie(a.at_s, a.job) > std::tie(b.at_s, b.job); }
};

// What a run holds, while it runs.
struct Held {
  RunCourse course;
  std::vector<FlavorUse> uses;
  double amount = 0;               // their sum
  std::vector<std::string> hosts;  // if nodes can fail, or come and go
};

// A job from its submission to its end.
struct JobState {
  static constexpr size_t kNobody = static_cast<size_t>(-1);
  size_t job = kNobody;  // its index in the trace
  scheduler::WorkloadId id = scheduler::kNoId;
  int team = 0;
  int32_t run = 0;     // counts starts and stops: which planned end is still true
  int32_t starts = 0;  // counts starts
  bool running = false;
  int32_t failures = 0;        // of its own
  uint32_t last_reason = 0;    // what the last pending decision said, condensed; 0 = nothing yet
  size_t written = 0;          // its condition as it was written last, condensed; kept only with Kueue's latency
  int64_t started_s = 0;       // the last time
  int64_t ran_s = 0;           // in earlier runs
  int64_t done = 0;            // work kept from earlier runs, in pod-seconds
  std::unique_ptr<Held> held;  // null unless it runs
};

// A run that has been told to stop, and still holds its quota.
struct Leaving {
  int64_t at_s;
  size_t job;
  int32_t place, run;
  StopCause cause;
  size_t by;
  friend bool operator>(const Leaving& a, const Leaving& b) {
    return std::tie(a.at_s, a.job) > std::tie(b.at_s, b.job);
  }
};

// One replay. What happens to jobs is in simulation_jobs.cc, to nodes and the policy in simulation_world.cc, the loop in
// simulation.cc. Thread-safety: one thread.
class Simulation {
 public:
  Simulation(const Trace& trace, ReplayPolicy policy, const SimulationOptions& options, const SimulationHooks& hooks)
      : trace_(trace),
        policy_(std::move(policy)),
        options_(options),
        hooks_(hooks),
        pool_(options.threads),
        driver_(EngineOptionsOf(policy_, options), options.threads > 1 ? &pool_ : nullptr),
        workloads_(&trace, &policy_),
        arrivals_(&trace) {
    if (options_.resource.empty()) options_.resource = MainResource(policy_);
    options_.model.checkpoint_when_preempted |= options_.resume_preempted;
    if (options_.model.control_plane.latency == ControlPlane::Latency::kKueue)
      day_.emplace(options_.model.control_plane);
  }

  absl::Status Prepare();
  absl::StatusOr<SimulationResult> Run();

 private:
  static scheduler::EngineOptions EngineOptionsOf(const ReplayPolicy& policy, const SimulationOptions& options);
  absl::Status FindTargets();
  absl::Status CheckWork() const;
  absl::Status FindNodes();
  void IndexNodes();
  bool HasHosts() const;  // whether jobs are placed on hosts
  void SetTeams();
  void Submit(size_t index);
  void Start(JobState* state, const scheduler::Decision& decision);
  std::unique_ptr<Held> Hold(const JobState& state, const scheduler::Decision& decision);
  template <typename Event>
  void Tell(void (ReplayObserver::*what)(const Event&), const Event& event) {
    for (ReplayObserver* observer : hooks_.observers) (observer->*what)(event);
  }
  // The run is over: gives back what it holds and tells. What becomes of the workload is the caller's to do.
  void EndRun(JobState* state, StopCause cause, size_t by);
  // The job goes back to its queue. Its workload has been marked for eviction.
  void Stop(JobState* state, StopCause cause, size_t by);
  // The same for a reason other than preemption: evicts it, and lets it queue again at once.
  void Interrupt(JobState* state, StopCause cause);
  void Leave(JobState* state);  // for good
  void FinishJobs();
  void StopLeaving();
  void TakeSteps();
  void SetNode(const NodeStep& step);
  void StopRunsOn(const std::string& host, const NodeStep& step);
  absl::Status FindNodeGroups();
  // Tells of the nodes that appeared and went away.
  void TellNodeMoves();
  // Seconds until the nodes of those hosts, which a run takes now, are there.
  int64_t TakeHosts(const std::vector<std::string>& hosts);
  void ChangePolicy(const PolicyChange& change);
  void Decide();
  // Whether it is time to. Called once per instant.
  bool IsTimeToDecide();
  // The condition of a workload that stays pending, on its way to the API server.
  void WriteStatus(const scheduler::Decision& decision, JobState* state);
  void TellWaiting();
  bool Carry(const scheduler::Decision& decision, int64_t cycle);
  scheduler::WorkloadId LeastImportant(absl::Span<const scheduler::WorkloadId> workloads) const;
  void SetAside(scheduler::WorkloadId workload, const LoopWatch::Loop& loop);
  bool NextInstant();
  std::optional<int64_t> NextStep() const;
  ReplaySetting Setting() const;
  void PassNodeTime();
  void FillMetrics();
  absl::Status Verdict() const;

  // REQUIRES: the workload is of a job that has not ended.
  JobState& StateOf(scheduler::WorkloadId id) { return states_[static_cast<int32_t>(id)]; }
  const JobState& StateOf(scheduler::WorkloadId id) const { return states_[static_cast<int32_t>(id)]; }
  // Whether the run that something was planned for is still the one.
  template <typename Planned>
  bool Holds(const Planned& planned) const {
    const JobState& state = states_[planned.place];
    return state.job == planned.job && state.run == planned.run;
  }
  void Progress() const {
    if (!hooks_.on_progress) return;
    hooks_.on_progress(arrivals_.taken() + ended_, 2 * static_cast<int64_t>(trace_.jobs.size()));
  }

  const Trace& trace_;
  ReplayPolicy policy_;
  SimulationOptions options_;
  const SimulationHooks& hooks_;
  base::ThreadPool pool_;
  Driver driver_;
  JobWorkloads workloads_;
  Arrivals arrivals_;

  std::map<std::string, QueueTarget> targets_;
  std::vector<const QueueTarget*> target_of_;  // by shape; null = no job has it
  std::vector<int64_t> declared_pods_;         // by shape
  std::map<std::string, int> team_of_;         // by name
  std::vector<JobState> states_;  // by scheduler::WorkloadId, which the engine uses again: as many as are alive at once
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  std::priority_queue<Leaving, std::vector<Leaving>, std::greater<>> leaving_;
  size_t next_node_step_ = 0, next_change_ = 0;
  std::vector<api::Node> nodes_given_;
  std::map<std::string, size_t> node_of_;  // if nodes can fail, or come and go: index in policy_.nodes
  NodeGroups groups_;
  std::map<std::string, std::set<int32_t>> runs_on_;  // host -> places of the states that run there
  UsageMeter meter_;
  std::vector<std::array<int64_t, kStopCauses>> stops_;  // by team
  std::vector<size_t> head_;                             // by team: who was looked at last, in vain
  std::vector<bool> strict_;                             // by team: StrictFIFO
  std::vector<scheduler::WorkloadId> new_;               // submitted at this instant
  double node_capacity_ = 0, node_seconds_ = 0;          // of the main resource: now; up to node_since_s_
  int64_t node_since_s_ = 0;
  std::optional<SchedulerDay> day_;   // with Kueue's latency
  std::optional<int64_t> decide_at_;  // with a fixed latency: when it looks at what happened
  int64_t alive_ = 0, ended_ = 0;     // jobs
  int64_t begin_s_ = 0, now_s_ = 0;
  SimulationResult result_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_SIMULATION_IMPL_H_
