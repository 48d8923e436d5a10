#include "sim/topology/make_nodes.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "api/hyperpod/catalog.h"
#include "api/hyperpod/cluster.h"
#include "api/vocabulary.h"

namespace muster::sim {
namespace {

constexpr int64_t kMaxNodes = 100000;

}  // namespace

absl::StatusOr<std::vector<api::Node>> MakeNodes(absl::string_view words) {
  const auto bad = [&](const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat("\"", words, "\": ", what...));
  };
  const std::vector<std::string> parts = absl::StrSplit(words, ':');
  const std::pair<std::string, std::string> head = absl::StrSplit(parts[0], absl::MaxSplits('x', 1));
  int64_t count = 0;
  if (!absl::SimpleAtoi(head.first, &count) || count < 1 || count > kMaxNodes || head.second.empty()) {
    return bad("nodes are COUNTxTYPE, such as 64xml.p5.48xlarge, up to ", kMaxNodes);
  }
  const hyperpod::InstanceType* type = hyperpod::FindInstanceType(head.second);
  if (type == nullptr) type = hyperpod::FindInstanceType(absl::StrCat("ml.", head.second));
  if (type == nullptr)
    return bad("there is no instance type ", head.second, "; see docs/hyperpod.md for those there are");

  hyperpod::Cluster cluster;
  cluster.groups.push_back({.name = "made", .instance_types = {type->name}, .count = count});
  std::vector<api::Node> nodes = hyperpod::MakeNodes(cluster);
  std::string prefix = absl::StrCat(absl::StrReplaceAll(type->name, {{".", "-"}}), "-");
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::pair<std::string, std::string> option = absl::StrSplit(parts[i], absl::MaxSplits('=', 1));
    if (option.first == "name" && !option.second.empty()) {
      prefix = option.second;
      continue;
    }
    int64_t together = 0;
    if (option.first.empty() || !absl::SimpleAtoi(option.second, &together) || together < 1) {
      return bad("\"", parts[i], "\" is neither LABEL=N, so many nodes with one value, nor name=PREFIX");
    }
    for (int64_t n = 0; n < count; ++n) {
      nodes[n].metadata.labels[option.first] = absl::StrCat(option.first, "-", n / together);
    }
  }
  for (int64_t n = 0; n < count; ++n) {
    nodes[n].metadata.name = absl::StrCat(prefix, n);
    nodes[n].metadata.labels[api::kHostnameLabel] = nodes[n].metadata.name;
  }
  return nodes;
}

}  // namespace muster::sim
