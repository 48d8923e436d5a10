// Those who follow a replay as it goes: logs, figures over time, pictures, checks.
//
// The replay tells, in the order in which things happen: OnBegin once; per instant OnStop for jobs that end, OnSubmit for
// jobs that arrive, then OnDecision, OnStart and OnStop as the engine decides, and OnInstant when nothing more comes of
// it; OnEnd once. Times are whole seconds on the trace's clock and never decrease. Jobs are named by their index in the
// trace, teams (ClusterQueues) by their index in ReplaySetting::teams. What a call passes is valid during the call only.
#ifndef MUSTER_SIM_REPLAY_OBSERVER_H_
#define MUSTER_SIM_REPLAY_OBSERVER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "scheduler/decision.h"
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
};

// Why a run of a job ended.
enum class StopCause : uint8_t {
  kFinished,
  kInClusterQueue,  // preempted, for the reason of the decision (PreemptionReason)
  kInCohortReclamation,
  kInCohortFairSharing,
  kInCohortReclaimWhileBorrowing,
  kMigrated,  // gave way to a more favorable variant of itself
  kLivelock,  // set aside (driver.h)
};
// "Finished", "InClusterQueue", "InCohortReclamation", "InCohortFairSharing", "InCohortReclaimWhileBorrowing",
// "FlavorMigration", "Livelock".
absl::string_view ToString(StopCause cause);

struct JobSubmit {
  int64_t now_s = 0;
  size_t job = 0;
  int team = 0;
  double amount = 0;  // of the main resource, all pods
};

struct RunStart {
  int64_t now_s = 0;
  size_t job = 0;
  int team = 0;
  int32_t run = 0;  // of this job, from 1
  double amount = 0;
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
  int64_t lost_s = 0;  // of now_s - started_s: work that has to be done again
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

// Thread-safety: called from the thread that runs the replay.
class ReplayObserver {
 public:
  virtual ~ReplayObserver() = default;
  virtual void OnBegin(const ReplaySetting&) {}
  virtual void OnSubmit(const JobSubmit&) {}
  // For each admission and preemption, and for a job that stays pending when the kind of reason is another than at its
  // last decision.
  virtual void OnDecision(const DecisionEvent&) {}
  virtual void OnStart(const RunStart&) {}
  virtual void OnStop(const RunStop&) {}
  virtual void OnInstant(int64_t /*now_s*/) {}
  virtual void OnEnd(int64_t /*now_s*/) {}
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_OBSERVER_H_
