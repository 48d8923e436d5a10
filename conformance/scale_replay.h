// Drives the engine through a large scenario in virtual time and keeps what it decided.
//
// At each instant: workloads that end, workloads that are created, re-activations that are due; then cycles until no
// head is left. Admissions take effect at once, evictions complete after the cycle that decided them, and cycles take
// no virtual time. Test-only.
#ifndef MUSTER_CONFORMANCE_SCALE_REPLAY_H_
#define MUSTER_CONFORMANCE_SCALE_REPLAY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/executor.h"
#include "conformance/scale_scenario.h"

namespace muster::conformance {

struct ScaleOutcome {
  int64_t admissions = 0, evictions = 0, cycles = 0, finished = 0;
  // Of the engine and the event loop; reading and writing text not included. Of all threads.
  double cpu_seconds = 0;
  // The same by the clock, and in cycles alone.
  double wall_seconds = 0, cycle_wall_seconds = 0;
  // "<cycle> A <ms> <workload> <cq> <res=flavor,...> n=<pods> [t=<host>:<pods>,...]" (admitted) and
  // "<cycle> E <ms> <workload> <cq> <reason>" (preempted), sorted within a cycle.
  std::vector<std::string> log;
  // Over the log; over the log without cycle numbers, sorted by (ms, line); and over
  // "<workload> <admissions> <finished>" in sequence order.
  std::string digest_strict, digest_time, digest_final;
};

// `executor` may be null.
ScaleOutcome ReplayScale(const ScaleScenario& scenario, base::Executor* executor = nullptr);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_SCALE_REPLAY_H_
