#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/vocabulary.h"
#include "sim/trace/openb.h"
#include "sim/trace/readers.h"

namespace muster::sim {
namespace {

constexpr int64_t kMostNodes = 1000000;

absl::StatusOr<api::Node> NodeOf(const Record& record) {
  const auto text = [&record](absl::string_view column) {
    return std::string(absl::StripAsciiWhitespace(record.Get(column).value_or("")));
  };
  api::Node node;
  node.metadata.name = text("sn");
  if (node.metadata.name.empty()) return absl::InvalidArgumentError("sn: no value");
  node.metadata.labels[api::kHostnameLabel] = node.metadata.name;
  if (!text("model").empty()) node.metadata.labels[std::string(kGpuModelLabel)] = text("model");
  int64_t amounts[3] = {};
  const char* const columns[3] = {"cpu_milli", "memory_mib", "gpu"};
  for (int i = 0; i < 3; ++i) {
    if (!absl::SimpleAtoi(text(columns[i]), &amounts[i]) || amounts[i] < 0 || amounts[i] > int64_t{1} << 40) {
      return absl::InvalidArgumentError(
          absl::StrCat(columns[i], ": \"", text(columns[i]).substr(0, 40), "\" is no count"));
    }
  }
  node.allocatable["cpu"] = api::Quantity::FromMilli(amounts[0]);
  node.allocatable["memory"] = api::Quantity::FromValue(amounts[1] << 20, api::Quantity::Format::kBinarySI);
  node.allocatable["pods"] = api::Quantity::FromValue(110);
  if (amounts[2] > 0) node.allocatable[std::string(kGpuMilli)] = api::Quantity::FromValue(amounts[2] * 1000);
  node.capacity = node.allocatable;
  api::Condition ready;
  ready.type = "Ready";
  ready.status = "True";
  node.conditions.push_back(std::move(ready));
  return node;
}

}  // namespace

absl::StatusOr<std::vector<api::Node>> ReadOpenbNodes(std::istream* in) {
  absl::StatusOr<std::unique_ptr<RecordReader>> reader = NewCsvReader(in);
  if (!reader.ok()) return reader.status();
  std::vector<api::Node> nodes;
  std::set<std::string> names;
  Record record;
  for (;;) {
    absl::StatusOr<bool> more = (*reader)->Next(&record);
    const auto bad = [&record](const auto&... what) {
      return absl::InvalidArgumentError(absl::StrCat("row ", record.row, ": ", what...));
    };
    if (absl::IsDataLoss(more.status())) return more.status();
    if (!more.ok()) return bad(more.status().message());
    if (!*more) return nodes;
    absl::StatusOr<api::Node> node = NodeOf(record);
    if (!node.ok()) return bad(node.status().message());
    if (!names.insert(node->metadata.name).second) return bad("sn: ", node->metadata.name, " comes twice");
    if (static_cast<int64_t>(nodes.size()) == kMostNodes) return bad("more than ", kMostNodes, " nodes");
    nodes.push_back(*std::move(node));
  }
}

}  // namespace muster::sim
