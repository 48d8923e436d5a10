// Drives the engine at one instant until nothing more comes of it. Shared by everything that plays on a virtual clock:
// the replay of traces and the scenarios.
#ifndef MUSTER_SIM_DRIVER_H_
#define MUSTER_SIM_DRIVER_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/time/time.h"
#include "scheduler/engine.h"

namespace muster::sim {

// Thread-safety: compatible.
class Driver {
 public:
  explicit Driver(scheduler::EngineOptions options) : engine_(std::move(options)) {}

  scheduler::Engine& engine() { return engine_; }
  const scheduler::Engine& engine() const { return engine_; }

  // Carries out a decision of the cycle: starts what was admitted, stops victims (CompleteEviction). Returns whether
  // anything came of it.
  using Carry = std::function<bool(const scheduler::Decision& decision, int64_t cycle)>;

  struct Settled {
    bool progress = false;
    int64_t cycles = 0;
  };
  // Runs cycles at `now` until the engine is quiet.
  Settled Decide(absl::Time now, const Carry& carry);

  // The engine's next timer after `now`, rounded up to a whole second; InfiniteFuture if there is none.
  absl::Time NextTimer(absl::Time now) const;

 private:
  scheduler::Engine engine_;
};

// The workloads a decision stops: victims that were not on their way out already, and the variant of the same job that
// gives way to a more favorable one.
std::vector<scheduler::WorkloadId> NewVictims(const scheduler::Decision& decision);

}  // namespace muster::sim

#endif  // MUSTER_SIM_DRIVER_H_
