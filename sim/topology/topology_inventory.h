// A topology out of a list of hosts: one row per host, one column per level.
#ifndef MUSTER_SIM_TOPOLOGY_TOPOLOGY_INVENTORY_H_
#define MUSTER_SIM_TOPOLOGY_TOPOLOGY_INVENTORY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/core.h"
#include "api/kueue.h"

namespace muster::sim {

struct InventoryOptions {
  std::vector<std::string> levels;  // columns from the widest level to the lowest one above the host
  std::string host_column;          // names the host
  api::ResourceList capacity;       // of every host; "pods" is 110 unless given
};

struct Inventory {
  api::Topology topology;  // named "inventory"; its levels are the columns and the host name
  std::vector<api::Node> nodes;
};

// Reads a CSV file, compressed or not. Hosts are Ready and carry the columns as labels.
// Errors: NotFound for a file that cannot be opened; InvalidArgument for a missing column, a row that cannot be read,
// an empty value, or a host that comes twice, with the row.
absl::StatusOr<Inventory> ReadInventory(const std::string& path, const InventoryOptions& options);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TOPOLOGY_TOPOLOGY_INVENTORY_H_
