// What a run of a job costs beside its work, and how it can end before its work is done.
//
// A replay without a model is an ideal cluster: pods work from the second their quota is reserved, write no checkpoints
// and never fail; who is preempted has lost everything. Each term takes away one of these assumptions. With all of them
// at their defaults the replay is the same, byte for byte.
//
// A run goes like this, in whole seconds:
//
//   start | work ... | checkpoint | work ... | checkpoint | work ... end
//
// `start` is overhead: pods are created, images pulled, and, in each run after the first, the job gathers itself again. A
// checkpoint is overhead too, and is written after each `checkpoint_interval_s` of work except at the end. A run that is
// stopped keeps the work of its finished checkpoints; the rest is lost.
//
// Work is measured in pod-seconds: a job that was let in with fewer pods than it declares takes longer in proportion.
#ifndef MUSTER_SIM_REPLAY_RUN_MODEL_H_
#define MUSTER_SIM_REPLAY_RUN_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/replay/control_plane.h"
#include "sim/replay/node_groups.h"
#include "sim/replay/observer.h"
#include "sim/trace/job_terms.h"

namespace muster::sim {

// The terms of one job. Seconds; 0 = nothing of the kind.
struct RunTerms {
  int64_t checkpoint_interval_s = 0;  // of work; 0 = writes none
  int64_t checkpoint_cost_s = 0;
  int64_t image_pull_s = 0;     // in every run
  int64_t restart_delay_s = 0;  // in every run after the first
  int64_t pod_mtbf_s = 0;       // mean time between failures of one pod; the first pod to fail ends the run
  int32_t backoff_limit = 6;    // failures of its own after which it gives up (Kubernetes: Job.spec.backoffLimit)
  int64_t time_limit_s = 0;     // of all its runs together (Kueue: maximumExecutionTimeSeconds)
  friend bool operator==(const RunTerms&, const RunTerms&) = default;
};

// Thread-safety: value type.
struct RunModel {
  uint64_t seed = 1;  // of failures
  // A job that is preempted, or taken off a node for maintenance, writes a checkpoint first: it loses nothing. Failures
  // are not announced.
  bool checkpoint_when_preempted = false;
  bool enforce_time_limit = false;  // stop jobs at their time limit; otherwise it is only kept
  int64_t admission_s = 0;          // from the decision to the first pod; part of every run's start
  // From the decision to the release of the victim's quota. nullopt: with Kueue's latency its own, otherwise 0.
  std::optional<int64_t> eviction_s;
  ControlPlane control_plane;
  RunTerms all;
  std::vector<NodeGroup> node_groups;
  std::map<std::string, OwnTerms> classes;  // by priority class; over `all`

  int64_t EvictionSeconds() const;
  // O(log classes).
  RunTerms TermsOf(const std::string& priority_class, const OwnTerms& own) const;

  // A YAML file; unknown keys are errors. See docs/simulator.md. Errors: InvalidArgument naming line and key.
  static absl::StatusOr<RunModel> Parse(absl::string_view yaml);
};

// What a job has behind it when a run starts.
struct RunHistory {
  int32_t run = 1;       // the one that starts
  int32_t failures = 0;  // of its own
  int64_t ran_s = 0;     // in all runs, overhead included
  int64_t done = 0;      // pod-seconds of work that count
  int64_t nodes_s = 0;   // until the last of its nodes is there
};

// One run: how it will end if nobody stops it, and what it has achieved when somebody does.
class RunCourse {
 public:
  // `declared` and `pods` are the pods that the job declares and those that run, `duration_s` its duration with all
  // that it declares. REQUIRES: 1 <= pods <= declared, done <= duration_s * declared.
  RunCourse(const RunModel& model, const RunTerms& terms, const RunHistory& history, absl::string_view job,
            int64_t duration_s, int64_t declared, int64_t pods);

  // Seconds from its start to its end, and how that comes: kFinished, kFailed, kGaveUp or kTimeLimit.
  int64_t length_s() const { return length_s_; }
  StopCause cause() const { return cause_; }

  struct Split {
    int64_t kept_s = 0, lost_s = 0, overhead_s = 0;  // their sum is the time since the start
  };
  // What `elapsed_s` seconds of the run were for, if it stops now for this cause. REQUIRES: 0 <= elapsed_s <= length_s.
  Split At(int64_t elapsed_s, StopCause cause) const;
  // Of kept seconds: the work they are, in pod-seconds.
  int64_t Work(int64_t kept_s) const { return kept_s * pods_; }

 private:
  int64_t start_s_ = 0, interval_s_ = 0, cost_s_ = 0, pods_ = 1;
  int64_t length_s_ = 0;
  bool graceful_ = false;
  StopCause cause_ = StopCause::kFinished;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_RUN_MODEL_H_
