// What Alibaba's cluster-trace-gpu-v2023 ("openb") is called in Kubernetes. A GPU that pods share is a resource counted
// in thousandths of a card, as in the simulator that was published with the trace: Kubernetes counts devices whole.
#ifndef MUSTER_SIM_TRACE_OPENB_H_
#define MUSTER_SIM_TRACE_OPENB_H_

#include <istream>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/core.h"

namespace muster::sim {

constexpr absl::string_view kGpuMilli = "alibabacloud.com/gpu-milli";
constexpr absl::string_view kGpuModelLabel = "alibabacloud.com/gpu-card-model";

// The nodes of a node list (columns sn, cpu_milli, memory_mib, gpu, model), labelled with their card's model and their
// name (kubernetes.io/hostname). Errors: InvalidArgument naming row and column. O(rows).
absl::StatusOr<std::vector<api::Node>> ReadOpenbNodes(std::istream* in);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_OPENB_H_
