#include "sim/topology/topology_inventory.h"

#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "sim/files/input.h"
#include "sim/trace/records.h"

namespace muster::sim {

absl::StatusOr<Inventory> ReadInventory(const std::string& path, const InventoryOptions& options) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
  if (!in.ok()) return in.status();
  absl::StatusOr<std::unique_ptr<RecordReader>> reader = NewRecordReader(Format::kCsv, in->get());
  if (!reader.ok()) return reader.status();
  Inventory out;
  out.topology.metadata.name = "inventory";
  out.topology.levels = options.levels;
  out.topology.levels.push_back(api::kHostnameLabel);
  std::set<std::string> hosts;
  Record record;
  while (true) {
    absl::StatusOr<bool> more = (*reader)->Next(&record);
    const auto bad = [&](const auto&... what) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": row ", record.row, ": ", what...));
    };
    if (!more.ok()) return bad(more.status().message());
    if (!*more) break;
    api::Node node;
    std::vector<std::string> columns = options.levels;
    columns.push_back(options.host_column);
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::optional<absl::string_view> value = record.Get(columns[i]);
      if (!value.has_value()) return bad("no column ", columns[i]);
      if (value->empty()) return bad("column ", columns[i], " is empty");
      node.metadata.labels[out.topology.levels[i]] = std::string(*value);
    }
    node.metadata.name = node.metadata.labels[api::kHostnameLabel];
    if (!hosts.insert(node.metadata.name).second) return bad("host ", node.metadata.name, " comes twice");
    node.allocatable = options.capacity;
    node.allocatable.try_emplace("pods", api::Quantity::FromValue(110));
    api::Condition ready;
    ready.type = "Ready";
    ready.status = "True";
    node.conditions.push_back(ready);
    out.nodes.push_back(std::move(node));
  }
  return out;
}

}  // namespace muster::sim
