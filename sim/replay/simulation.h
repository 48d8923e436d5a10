// Replays a trace against the engine on a virtual clock.
//
// At each instant, in this order: jobs that end, what changes about nodes and policy, jobs that arrive (in trace order),
// then the engine decides until nothing more comes of it. An admitted job starts at once and ends after its duration; a
// job that is preempted stops at once and goes back to its queue; what either costs is in the model (run_model.h). The
// clock then moves to the next end, change, arrival or engine timer. Everything that happens in one second happens
// together. Same input, same result, bit for bit.
//
// Where Kueue's rules let jobs preempt each other without end (driver.h), one of them waits for the next arrival or end.
//
// With latency (control_plane.h) the engine decides later, or not on everything at once; what is decided takes effect in
// the second in which it is.
//
// Jobs start when their quota is reserved: admission checks pass at once.
#ifndef MUSTER_SIM_REPLAY_SIMULATION_H_
#define MUSTER_SIM_REPLAY_SIMULATION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "scheduler/engine.h"
#include "sim/metrics/metrics.h"
#include "sim/replay/cluster_events.h"
#include "sim/replay/observer.h"
#include "sim/replay/policy.h"
#include "sim/replay/policy_change.h"
#include "sim/replay/run_model.h"
#include "sim/trace/trace.h"

namespace muster::sim {

struct SimulationOptions {
  // The resource the metrics are about; "" = MainResource(policy).
  std::string resource;
  // What a preempted job does when it starts again: false = it has lost its work and runs its full duration again,
  // true = it goes on where it was stopped.
  bool resume_preempted = false;
  // How many threads decide. The result is the same.
  int threads = 1;
  RunModel model = {};
  std::vector<NodeStep> node_steps = {};  // by time (StepsOf)
  // Up to when these are all there are: outages that are made up, or repeat, could go on for ever.
  int64_t outages_known_until_s = Outage::kNever;
  std::vector<PolicyChange> policy_changes = {};  // by time
};

struct SimulationHooks {
  // Told in this order; must outlive the call.
  std::vector<ReplayObserver*> observers;
  // Called now and then with how much of the work is done: jobs that arrived and jobs that ended, of twice all jobs.
  std::function<void(int64_t done, int64_t all)> on_progress;
  // Asked after each instant: true ends the replay there, with the result as it is then (SimulationResult::stopped).
  std::function<bool()> stop = {};
};

// Jobs that only pushed each other aside, until one of them was made to wait for the next arrival or end.
struct Livelock {
  int64_t at_s = 0;
  std::string set_aside;  // the job that waits
  std::string loop;       // who preempts whom, in words
};

// What became of one job, without what its trace says already: millions of these are kept.
struct JobRun {
  int64_t first_start_s = -1;  // -1 = never
  int64_t finish_s = -1;       // -1 = never
  int32_t preemptions = 0;
  bool failed = false;  // gave up, or ran into its time limit
};

// What jobs of one shape have in common in a replay.
struct ShapeRun {
  int team = 0;       // index in SimulationResult::teams
  double amount = 0;  // of the main resource, all pods that are declared
};

struct SimulationResult {
  static constexpr size_t kMaxTold = 100;

  std::vector<JobRun> jobs;        // as in the trace
  std::vector<ShapeRun> shapes;    // as in the trace
  std::vector<std::string> teams;  // ClusterQueues by name
  // Of the few jobs whose last run held another amount than their shape declares.
  absl::flat_hash_map<size_t, double> amounts;
  // When jobs that wait for others were submitted; -1 = never.
  absl::flat_hash_map<size_t, int64_t> submitted;
  Metrics metrics;
  int64_t cycles = 0;
  int64_t decisions = 0;                 // entries looked at in these cycles
  int64_t livelocks = 0;                 // how often a loop was broken
  std::vector<Livelock> livelocks_told;  // the first kMaxTold
  // Whether it was made to stop before the end. Jobs that had not arrived by then count as never admitted, and as not
  // submitted (JobOutcome).
  bool stopped = false;

  // The ClusterQueue that a job of the trace was sent to.
  const std::string& ClusterQueueOf(const Job& job) const { return teams[shapes[job.shape].team]; }
  // All that became of the job with that index in the trace.
  JobOutcome OutcomeOf(const Trace& trace, size_t job) const;
};

// Runs the whole trace. Errors: NotFound for queues that are not in the policy, for priority classes and nodes that are
// not; InvalidArgument for jobs that wait for what cannot come, for changes that a replay cannot make, and for outages
// where no pod has a host; what an observer's status() says.
absl::StatusOr<SimulationResult> Simulate(const Trace& trace, ReplayPolicy policy, const SimulationOptions& options,
                                          const SimulationHooks& hooks);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_SIMULATION_H_
