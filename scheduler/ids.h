// Dense handles for what the engine knows. Names are interned once, at the edge; the core works on these.
#ifndef MUSTER_SCHEDULER_IDS_H_
#define MUSTER_SCHEDULER_IDS_H_

#include <cstdint>

namespace muster::scheduler {

using WorkloadId = int32_t;      // valid until the workload is deleted, then reused
using ClusterQueueId = int32_t;  // valid for the life of the engine
using FlavorId = int32_t;        // valid for the life of the engine
using ResourceId = int32_t;      // valid for the life of the engine
inline constexpr int32_t kNoId = -1;

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_IDS_H_
