// Drives the engine at one instant until nothing more comes of it. Shared by everything that plays on a virtual clock:
// the replay of traces and the scenarios.
//
// Kueue's rules allow for jobs that preempt each other for ever (kubernetes-sigs/kueue#14543, #3779). The engine decides
// as Kueue does; the driver notices (loop_watch.h), has one of these jobs set aside, and goes on. It comes back when
// something arrives, ends or changes (Disturbed).
#ifndef MUSTER_SIM_REPLAY_DRIVER_H_
#define MUSTER_SIM_REPLAY_DRIVER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/executor.h"
#include "scheduler/engine.h"
#include "sim/replay/loop_watch.h"

namespace muster::sim {

// Whoever says how many cycles there is time for. Thread-safety: compatible.
class Pace {
 public:
  virtual ~Pace() = default;
  // Whether another cycle begins now.
  virtual bool Free() const = 0;
  // One was decided and carried out.
  virtual void CycleDone() = 0;
};

// Thread-safety: compatible.
class Driver {
 public:
  // Cycles may be decided on these threads (engine.h, "Threads"); null, or must outlive the driver.
  explicit Driver(scheduler::EngineOptions options, base::Executor* executor = nullptr)
      : engine_(std::move(options)), executor_(executor) {}

  scheduler::Engine& engine() { return engine_; }
  const scheduler::Engine& engine() const { return engine_; }

  // The reason of the eviction of a job that is set aside.
  static constexpr char kLivelock[] = "Livelock";

  // What the owner of the jobs does about decisions.
  struct Hands {
    // Carries out a decision of the cycle: starts what was admitted, stops victims (CompleteEviction). Returns whether
    // anything came of it.
    std::function<bool(const scheduler::Decision& decision, int64_t cycle)> carry;
    // Which of the workloads of a loop shall wait: the one that matters least.
    std::function<scheduler::WorkloadId(absl::Span<const scheduler::WorkloadId> workloads)> yields;
    // Evicts that workload, which runs, for the reason kLivelock, and stops its job (CompleteEviction).
    std::function<void(scheduler::WorkloadId workload, const LoopWatch::Loop& loop)> set_aside;
  };

  struct Settled {
    bool progress = false;
    bool quiet = true;  // false: there was no time for more cycles
    int64_t cycles = 0;
  };
  // Runs cycles at `now` until the engine is quiet, or until `pace` is not free. Ends, whatever the engine decides.
  Settled Decide(absl::Time now, const Hands& hands, Pace* pace = nullptr);

  // A job arrived or ended, or an object changed: all but that time has passed. Lets those back in that were set aside.
  void Disturbed(absl::Time now);

  // The engine's next timer after `now`, rounded up to a whole second; InfiniteFuture if there is none.
  absl::Time NextTimer(absl::Time now) const;

 private:
  // Looks at a decision that was carried out.
  void Watch(const scheduler::Decision& decision, const Hands& hands);

  scheduler::Engine engine_;
  base::Executor* executor_;
  LoopWatch watch_;
  std::optional<LoopWatch::Loop> loop_;              // found, and not yet broken
  scheduler::WorkloadId yields_ = scheduler::kNoId;  // who has to wait, once it runs
  std::vector<scheduler::WorkloadId> aside_;
};

// A loop in words: who preempts whom, by the names that `name` gives.
std::string LoopInWords(const LoopWatch::Loop& loop, const std::function<std::string(scheduler::WorkloadId)>& name);

// The workloads a decision stops: victims that were not on their way out already, and the variant of the same job that
// gives way to a more favorable one.
std::vector<scheduler::WorkloadId> NewVictims(const scheduler::Decision& decision);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_DRIVER_H_
