// Drives the engine at one instant until nothing more comes of it. Shared by everything that plays on a virtual clock:
// the replay of traces and the scenarios.
//
// The engine decides one head per ClusterQueue and cycle, and puts heads back that may try again. Whoever plays has to
// tell when further cycles would only repeat themselves; that knowledge is here.
#ifndef MUSTER_SIM_DRIVER_H_
#define MUSTER_SIM_DRIVER_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "scheduler/engine.h"

namespace muster::sim {

// Thread-safety: compatible.
class Driver {
 public:
  explicit Driver(scheduler::EngineOptions options) : engine_(std::move(options)) {}

  scheduler::Engine& engine() { return engine_; }
  const scheduler::Engine& engine() const { return engine_; }

  // Tells of a ClusterQueue that is or has been in the engine: with more flavors to a resource group, a head that goes
  // back to the front may have more to try.
  void NoteClusterQueue(const api::ClusterQueue& cluster_queue);

  // Carries out a decision of the cycle: starts what was admitted, stops victims (CompleteEviction). Returns whether
  // anything came of it.
  using Carry = std::function<bool(const scheduler::Decision& decision, int64_t cycle)>;

  struct Settled {
    bool progress = false;
    int64_t cycles = 0;
  };
  // Runs cycles at `now` until no head is left or another cycle would decide what the last one has decided.
  Settled Decide(absl::Time now, const Carry& carry);

  // The engine's next timer after `now`, rounded up to a whole second; InfiniteFuture if there is none. `idle` says
  // that the caller has nothing else to wait for: timers that fire again and again without effect are then given up
  // after a while, so that a replay ends.
  absl::Time NextTimer(absl::Time now, bool idle);

 private:
  bool Exhausted(const scheduler::CycleResult& result);

  scheduler::Engine engine_;
  absl::flat_hash_map<scheduler::WorkloadId, int> looks_;  // at heads since something last came of a cycle
  int max_looks_ = 1;
  int idle_timers_ = 0;  // in a row, with nothing else to come
};

// The workloads a decision stops: victims that were not on their way out already, and the variant of the same job that
// gives way to a more favorable one.
std::vector<scheduler::WorkloadId> NewVictims(const scheduler::Decision& decision);

}  // namespace muster::sim

#endif  // MUSTER_SIM_DRIVER_H_
