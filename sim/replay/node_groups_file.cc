#include "sim/replay/node_groups_file.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sim/replay/yaml_fields.h"

namespace muster::sim {
namespace {

constexpr int64_t kMaxNodes = 1000000;

absl::Status ReadLabels(const YAML::Node& node, const std::string& name, api::StringMap* out) {
  return ReadMap(node, name, [&](const std::string& key, const YAML::Node& value) {
    if (!value.IsScalar()) return Bad(value, absl::StrCat(name, ".", key, " has to be the value of a label"));
    (*out)[key] = value.Scalar();
    return absl::OkStatus();
  });
}

absl::Status ReadPrice(const YAML::Node& node, const std::string& name, double* out) {
  if (node.IsScalar() && absl::SimpleAtod(node.Scalar(), out) && std::isfinite(*out) && *out >= 0 && *out <= 1e9) {
    return absl::OkStatus();
  }
  return Bad(node, absl::StrCat(name, " has to be a number from 0 to 1000000000"));
}

absl::Status ReadGroup(const YAML::Node& node, const std::string& name, NodeGroup* group) {
  absl::Status s = ReadMap(node, name, [&](const std::string& key, const YAML::Node& value) {
    const std::string its = absl::StrCat(name, ".", key);
    if (key == "matchLabels") return ReadLabels(value, its, &group->match_labels);
    if (key == "min") return ReadNumber(value, its, kMaxNodes, &group->min);
    if (key == "max") return ReadNumber(value, its, kMaxNodes, &group->max.emplace());
    if (key == "provisionSeconds") return ReadNumber(value, its, kMaxSeconds, &group->provision_s);
    if (key == "idleSeconds") return ReadNumber(value, its, kMaxSeconds, &group->idle_s.emplace());
    if (key == "pricePerHour") return ReadPrice(value, its, &group->price_per_hour);
    return Bad(value, absl::StrCat(its,
                                   " is not known; use matchLabels, min, max, provisionSeconds, idleSeconds or "
                                   "pricePerHour"));
  });
  if (!s.ok()) return s;
  if (group->match_labels.empty()) {
    return Bad(node, absl::StrCat(name, ".matchLabels has to name the labels of its nodes"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadNodeGroups(const YAML::Node& node, std::vector<NodeGroup>* out) {
  return ReadMap(node, "nodeGroups", [&](const std::string& key, const YAML::Node& value) {
    NodeGroup group;
    group.name = key;
    if (absl::Status s = ReadGroup(value, absl::StrCat("nodeGroups.", key), &group); !s.ok()) return s;
    out->push_back(std::move(group));
    return absl::OkStatus();
  });
}

}  // namespace muster::sim
