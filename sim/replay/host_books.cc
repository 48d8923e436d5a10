#include "sim/replay/host_books.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/resource_units.h"
#include "api/vocabulary.h"

namespace muster::sim {
namespace {

constexpr char kPods[] = "pods";

bool IsReady(const api::Node& node) {
  return std::any_of(node.conditions.begin(), node.conditions.end(),
                     [](const api::Condition& c) { return c.type == "Ready" && c.status == "True"; });
}

// The label; a node's host name is its name where no label says otherwise.
std::string LevelOf(const api::Node& node, const std::string& level) {
  const auto label = node.metadata.labels.find(level);
  if (label != node.metadata.labels.end()) return label->second;
  return level == api::kHostnameLabel ? node.metadata.name : "";
}

}  // namespace

std::string DomainName(const std::vector<std::string>& levels, const std::vector<std::string>& values) {
  if (!levels.empty() && levels.back() == api::kHostnameLabel && !values.empty()) return values.back();
  return absl::StrJoin(values, ",");
}

void HostBooks::Measure(Domain* domain) const {
  domain->capacity.clear();
  domain->ready_nodes = 0;
  const auto add = [domain](const api::Node& node) {
    if (!IsReady(node)) return;
    ++domain->ready_nodes;
    for (const auto& [resource, amount] : node.allocatable) {
      domain->capacity[resource] += api::CountedAmount(resource, amount);
    }
  };
  if (domain->levels.empty()) {  // a host
    const auto nodes = on_host_.find(domain->values.back());
    if (nodes == on_host_.end()) return;
    for (const size_t n : nodes->second) add(nodes_[n]);
    return;
  }
  for (const api::Node& node : nodes_) {
    bool inside = true;
    for (size_t i = 0; i < domain->values.size() && inside; ++i) {
      inside = LevelOf(node, domain->levels[i]) == domain->values[i];
    }
    if (inside) add(node);
  }
}

void HostBooks::SetNodes(const std::vector<api::Node>& nodes) {
  nodes_ = nodes;
  by_name_.clear();
  on_host_.clear();
  for (size_t n = 0; n < nodes_.size(); ++n) {
    by_name_[nodes_[n].metadata.name] = n;
    on_host_[LevelOf(nodes_[n], api::kHostnameLabel)].push_back(n);
  }
  for (auto& [name, domain] : domains_) {
    Measure(&domain);
    touched_.insert(name);
  }
}

void HostBooks::SetNode(const api::Node& node) {
  nodes_[by_name_.at(node.metadata.name)] = node;
  const std::string host = LevelOf(node, api::kHostnameLabel);
  for (auto& [name, domain] : domains_) {
    if (domain.levels.empty() && name != host) continue;
    Measure(&domain);
    touched_.insert(name);
  }
}

void HostBooks::Place(const std::vector<std::string>& levels, const std::vector<std::string>& values,
                      const PlacedPods& pods) {
  const auto [it, added] = domains_.try_emplace(pods.domain);
  Domain& domain = it->second;
  if (added) {
    if (!levels.empty() && levels.back() == api::kHostnameLabel) {
      domain.values = {values.back()};  // a host is the same wherever it is moved to
    } else {
      domain.levels = levels;
      domain.values = values;
    }
    Measure(&domain);
  }
  for (const auto& [resource, amount] : pods.requests) {
    domain.used[resource] += pods.pods * api::CountedAmount(resource, amount);
  }
  domain.used[kPods] += pods.pods;
  touched_.insert(pods.domain);
}

void HostBooks::Remove(const PlacedPods& pods) {
  Domain& domain = domains_[pods.domain];
  for (const auto& [resource, amount] : pods.requests) {
    domain.used[resource] -= pods.pods * api::CountedAmount(resource, amount);
  }
  domain.used[kPods] -= pods.pods;
  touched_.insert(pods.domain);
}

absl::Status HostBooks::Verify(bool strict) {
  for (const std::string& name : std::exchange(touched_, {})) {
    const Domain& domain = domains_.at(name);
    for (const auto& [resource, used] : domain.used) {
      if (used < 0) return absl::InternalError(absl::StrCat(name, ": ", used, " of ", resource, " in use"));
      if (used == 0) continue;
      if (domain.ready_nodes == 0) {
        return absl::InternalError(
            absl::StrCat(name, ": ", used, " of ", resource, " in use, and no node is ready there"));
      }
      const auto capacity = domain.capacity.find(resource);
      if (capacity == domain.capacity.end() && resource == kPods) continue;  // the node sets no limit
      const int64_t has = capacity == domain.capacity.end() ? 0 : capacity->second;
      if (used <= has) continue;
      const std::string words = absl::StrCat(name, ": ", used, " of ", resource, " in use, and it has ", has);
      if (strict) return absl::InternalError(words);
      if (overcommitted_++ == 0) first_ = words;
    }
  }
  return absl::OkStatus();
}

}  // namespace muster::sim
