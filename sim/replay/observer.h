// Those who follow a replay as it goes: logs, figures over time, pictures, checks.
//
// The replay tells, in the order in which things happen: OnBegin once; per instant OnStop for jobs that end, OnSubmit for
// jobs that arrive, then OnDecision, OnStart and OnStop as the engine decides, and OnInstant when nothing more comes of
// it; OnEnd once. Times are whole seconds on the trace's clock and never decrease. Jobs are named by their index in the
// trace, teams (ClusterQueues) by their index in ReplaySetting::teams. What a call passes is valid during the call only;
// the policy and the engine of ReplaySetting are until OnEnd returns.
#ifndef MUSTER_SIM_REPLAY_OBSERVER_H_
#define MUSTER_SIM_REPLAY_OBSERVER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "scheduler/decision.h"
#include "scheduler/engine.h"
#include "sim/replay/policy.h"
#include "sim/trace/trace.h"

namespace muster::sim {

struct ReplayTeam {
  std::string name;    // of the ClusterQueue
  std::string cohort;  // "" = none
  double nominal = 0;  // quota of the main resource, whole units
};

struct ReplaySetting {
  std::string resource;           // the main resource; amounts are of it
  std::vector<ReplayTeam> teams;  // by name
  int64_t begin_s = 0;
  const ReplayPolicy* policy = nullptr;
  const scheduler::Engine* engine = nullptr;  // as it stands at the time of the call
  // The nodes of node groups, with their hosts; null: there are none. Nothing runs there but between kNodeLaunched and
  // kNodeRemoved. Nodes that are there from the start are told before anything else happens.
  const std::map<std::string, std::string>* scaled_nodes = nullptr;
};

// Why a run of a job ended.
enum class StopCause : uint8_t {
  kFinished,
  kInClusterQueue,  // preempted, for the reason of the decision (PreemptionReason)
  kInCohortReclamation,
  kInCohortFairSharing,
  kInCohortReclaimWhileBorrowing,
  kMigrated,     // gave way to a more favorable variant of itself
  kLivelock,     // set aside (driver.h)
  kNodeFailed,   // one of its nodes went down
  kMaintenance,  // one of its nodes was taken down on purpose
  kFailed,       // by itself; it is tried again
  kGaveUp,       // by itself, and not tried again (backoffLimit)
  kTimeLimit,    // ran into its time limit, and not tried again
  kStopped,      // its ClusterQueue was stopped and drained
};
// "Finished", "InClusterQueue", "InCohortReclamation", "InCohortFairSharing", "InCohortReclaimWhileBorrowing",
// "FlavorMigration", "Livelock", "NodeFailed", "Maintenance", "Failed", "GaveUp", "TimeLimit",
// "ClusterQueueStopped".
absl::string_view ToString(StopCause cause);
inline constexpr int kStopCauses = static_cast<int>(StopCause::kStopped) + 1;
// Whether the job does not come back to its queue: kFinished, kGaveUp, kTimeLimit.
bool IsLast(StopCause cause);
// Whether it made room for another job or for itself, by a decision of the engine.
bool IsPreemption(StopCause cause);

struct JobSubmit {
  int64_t now_s = 0;
  size_t job = 0;
  int team = 0;
  double amount = 0;  // of the main resource, all pods
};

// A job that was submitted and not looked at: others of its ClusterQueue stand before it.
struct JobWait {
  static constexpr size_t kNobody = static_cast<size_t>(-1);
  int64_t now_s = 0;
  size_t job = 0;
  int team = 0;
  size_t behind = kNobody;  // the head of a StrictFIFO queue; nobody: the queue takes no job at all
};

struct RunStart {
  int64_t now_s = 0;
  size_t job = 0;
  int team = 0;
  int32_t run = 0;                                // of this job, from 1
  double amount = 0;                              // what it got: less than the job asks for if it runs with fewer pods
  const scheduler::Decision* decision = nullptr;  // flavors, hosts, what is borrowed; never null
};

struct RunStop {
  int64_t now_s = 0;
  size_t job = 0;
  int team = 0;
  int32_t run = 0;  // the one that RunStart told
  double amount = 0;
  StopCause cause = StopCause::kFinished;
  int64_t started_s = 0;
  int64_t lost_s = 0;      // of now_s - started_s: work that has to be done again
  int64_t overhead_s = 0;  // ... and held without working: starting, pulling images, writing checkpoints
  static constexpr size_t kNobody = static_cast<size_t>(-1);
  size_t by = kNobody;  // the job that it made room for
};

// One decision as the replay saw it.
struct DecisionEvent {
  int64_t now_s = 0;
  int64_t cycle = 0;
  size_t job = 0;
  const scheduler::Decision* decision = nullptr;
  std::vector<size_t> victims;  // the jobs it stops
};

// Something about the cluster or the policy changed, before anything is decided about it.
struct WorldChange {
  enum class Kind : uint8_t { kNodeDown, kNodeUp, kNodeCordoned, kPolicy, kNodeLaunched, kNodeRemoved };
  int64_t now_s = 0;
  Kind kind = Kind::kPolicy;
  std::string name;                        // of the node, or of the file the policy comes from
  const ReplaySetting* setting = nullptr;  // as it is now; begin_s stays
};

// Thread-safety: called from the thread that runs the replay.
class ReplayObserver {
 public:
  virtual ~ReplayObserver() = default;
  virtual void OnBegin(const ReplaySetting&) {}
  virtual void OnSubmit(const JobSubmit&) {}
  // For each admission and preemption, and for a job that stays pending when the kind of reason is another than at its
  // last decision.
  virtual void OnDecision(const DecisionEvent&) {}
  // At the instant at which the scheduler has looked at all there is, before OnInstant, for a job that arrived since the
  // last and has no decision: the one of its submission, with latency a later one. Once per job at most.
  virtual void OnWait(const JobWait&) {}
  virtual void OnStart(const RunStart&) {}
  virtual void OnStop(const RunStop&) {}
  virtual void OnChange(const WorldChange&) {}
  virtual void OnInstant(int64_t /*now_s*/) {}
  virtual void OnEnd(int64_t /*now_s*/) {}
  // Asked after each OnInstant and after OnEnd: an error ends the replay, which returns it.
  virtual absl::Status status() const { return absl::OkStatus(); }
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_OBSERVER_H_
