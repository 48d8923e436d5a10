// Jobs of a trace that are described by manifests: a row gives the times, a file what is run.
#ifndef MUSTER_SIM_TRACE_MANIFESTS_H_
#define MUSTER_SIM_TRACE_MANIFESTS_H_

#include "absl/status/status.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Reads the manifests that jobs of the trace name (JobShape::manifest, relative to the trace's file), each file once, and
// fills in what they say: the Workload's pod sets, and where the row leaves them open, queue (its namespace and the
// label kueue.x-k8s.io/queue-name) and priority class. A row without a manifest stays as it is. Errors:
// InvalidArgument, one line per file: not readable, not one job, a job that becomes several Workloads or none (a
// Deployment: give a row per pod), no queue. O(shapes + size of the files).
absl::Status ReadManifests(Trace* trace);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_MANIFESTS_H_
