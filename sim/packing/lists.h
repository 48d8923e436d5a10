// Nodes and pods from lists, one row each, in the columns of the openb cluster that Alibaba published.
//
//   nodes  name (or sn), cpu_milli, memory_mib, gpu, model
//   pods   name, cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec
//
// gpu_milli is what a pod asks of each of its GPUs, in thousandths: below 1000 only with num_gpu 1. gpu_spec names the
// models that will do, joined by "|"; empty, or no such column: any. Other columns are not looked at.
#ifndef MUSTER_SIM_PACKING_LISTS_H_
#define MUSTER_SIM_PACKING_LISTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/packing/machine.h"

namespace muster::sim {

struct PackingLists {
  std::vector<Machine> machines;  // with nothing on them
  std::vector<std::string> pod_names;
  std::vector<PodShape> pods;
  std::vector<std::string> models;  // of GPUs, by number
};

// Reads both, CSV, compressed or not. Errors: NotFound for a file that cannot be opened; InvalidArgument with row and
// column for a column that is missing, a value out of range, a name that comes twice, and more than 64 models.
absl::StatusOr<PackingLists> ReadPackingLists(const std::string& nodes, const std::string& pods);

}  // namespace muster::sim

#endif  // MUSTER_SIM_PACKING_LISTS_H_
