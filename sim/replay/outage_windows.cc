#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sim/replay/cluster_events.h"

namespace muster::sim {
namespace {

// The nodes that a row names: one, all that carry a label, or all there are.
std::vector<std::string> NodesOf(const std::string& words, absl::Span<const api::Node> nodes) {
  std::vector<std::string> out;
  const std::pair<std::string, std::string> label = absl::StrSplit(words, absl::MaxSplits('=', 1));
  if (words.find('=') == std::string::npos && words != "*") return {words};
  for (const api::Node& node : nodes) {
    const auto it = node.metadata.labels.find(label.first);
    const bool carries = it != node.metadata.labels.end() && it->second == label.second;
    if (words == "*" || carries) out.push_back(node.metadata.name);
  }
  return out;
}

}  // namespace

absl::StatusOr<std::vector<Outage>> SpreadWindows(absl::Span<const OutageWindow> windows,
                                                  absl::Span<const api::Node> nodes, int64_t begin_s,
                                                  int64_t horizon_s) {
  std::vector<Outage> out;
  for (const OutageWindow& window : windows) {
    const auto bad = [&window](const auto&... what) {
      return absl::InvalidArgumentError(absl::StrCat(window.row, ": column node: ", what...));
    };
    const Outage& first = window.outage;
    const std::vector<std::string> names = NodesOf(first.node, nodes);
    if (names.empty()) {
      return bad(first.node == "*" ? "there are no nodes" : absl::StrCat("no node has the label ", first.node));
    }
    int64_t begins = 0, times = 1;  // the first that ends after the replay begins, and how many there are from there
    if (window.every_s > 0) {
      const int64_t last_s = std::min(window.until_s, horizon_s);
      if (first.up_s <= begin_s) begins = (begin_s - first.up_s) / window.every_s + 1;
      times = last_s < first.down_s ? 0 : (last_s - first.down_s) / window.every_s + 1 - begins;
    }
    const int64_t room = kMaxOutages - static_cast<int64_t>(out.size());
    if (times > 0 && times > room / static_cast<int64_t>(names.size())) {
      return bad(names.size(), " nodes, ", times, " times over are more than ", kMaxOutages, " outages");
    }
    for (int64_t n = begins; n < begins + times; ++n) {
      for (const std::string& name : names) {
        Outage outage = first;
        outage.node = name;
        outage.down_s += n * window.every_s;
        outage.cordon_s += n * window.every_s;
        if (outage.up_s != Outage::kNever) outage.up_s += n * window.every_s;
        out.push_back(std::move(outage));
      }
    }
  }
  return out;
}

}  // namespace muster::sim
