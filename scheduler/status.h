// Where things stand, as the engine tells it: the phase of a workload, the condition of a ClusterQueue, amounts in use.
// Thread-safety: value types.
#ifndef MUSTER_SCHEDULER_STATUS_H_
#define MUSTER_SCHEDULER_STATUS_H_

#include <cstdint>
#include <string>

#include "quota/amount.h"
#include "scheduler/ids.h"

namespace muster::scheduler {

// Amount of one resource of one flavor, by name: thousandths of a core for cpu, whole units for everything
// else.
struct FlavorResourceAmount {
  std::string flavor;
  std::string resource;
  quota::Amount amount = 0;
  friend bool operator==(const FlavorResourceAmount&, const FlavorResourceAmount&) = default;
};

// A flavor-resource pair by dense ids.
struct FlavorResource {
  FlavorId flavor = kNoId;
  ResourceId resource = kNoId;
};

// Condition Active of a ClusterQueue, as Kueue writes it.
struct ClusterQueueStatus {
  bool active = false;
  bool terminating = false;
  std::string reason;
  std::string message;
};

// Where a workload stands.
enum class WorkloadPhase : uint8_t {
  kUnqueued,      // no such LocalQueue or ClusterQueue, inactive, or held back by a gate
  kPending,       // in its ClusterQueue's heap
  kInadmissible,  // parked: looked at, and nothing has changed since
  kInflight,      // taken by the cycle that is running
  kReserved,      // holds quota
  kFinished,
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_STATUS_H_
