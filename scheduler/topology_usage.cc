#include "scheduler/topology_usage.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_join.h"

namespace muster::scheduler {
namespace {

constexpr char kHostname[] = "kubernetes.io/hostname";

}  // namespace

void TopologyUsage::SetFlavor(const api::ResourceFlavor& flavor) {
  if (flavor.topology_name.empty()) {
    flavors_.erase(flavor.metadata.name);
    return;
  }
  flavors_[flavor.metadata.name] = {flavor.node_labels, flavor.topology_name};
}

void TopologyUsage::Add(const std::string& flavor, absl::Span<const std::string> values,
                        absl::Span<const NamedAmount> per_pod, int64_t count, int sign) {
  ByDomain& of_flavor = used_[flavor];
  const std::string domain = absl::StrJoin(values, ",");
  auto& amounts = of_flavor[domain];
  const auto change = [&](const std::string& resource, quota::Amount amount) {
    quota::Amount& sum = amounts[resource];
    sum = sign > 0 ? quota::Add(sum, amount) : quota::Sub(sum, amount);
    if (sum == 0) amounts.erase(resource);
  };
  for (const NamedAmount& a : per_pod) change(a.resource, quota::Mul(a.amount, count));
  change("pods", count);
  if (amounts.empty()) of_flavor.erase(domain);
}

TopologyUsage::ByDomain TopologyUsage::Usage(const std::string& flavor, bool share_hosts) const {
  const auto own = used_.find(flavor);
  const ByDomain own_usage = own == used_.end() ? ByDomain() : own->second;
  const auto nodes_of = flavors_.find(flavor);
  if (nodes_of == flavors_.end()) return own_usage;
  const auto levels = levels_.find(nodes_of->second.topology);
  if (!share_hosts || levels == levels_.end() || levels->second.empty() || levels->second.back() != kHostname) {
    return own_usage;
  }
  std::set<std::string> hosts;  // the hosts the flavor selects
  for (const auto& [name, labels] : nodes_) {
    const auto has = [&labels = labels](const std::string& key) { return labels.count(key) > 0; };
    const bool selected = std::all_of(nodes_of->second.node_labels.begin(), nodes_of->second.node_labels.end(),
                                      [&labels = labels](const auto& want) {
                                        const auto it = labels.find(want.first);
                                        return it != labels.end() && it->second == want.second;
                                      });
    if (selected && std::all_of(levels->second.begin(), levels->second.end(), has)) hosts.insert(labels.at(kHostname));
  }
  ByDomain out;
  for (const auto& [other, usage] : used_) {
    for (const auto& [host, amounts] : usage) {
      if (hosts.count(host) == 0) continue;
      for (const auto& [resource, amount] : amounts) {
        quota::Amount& sum = out[host][resource];
        sum = quota::Add(sum, amount);
      }
    }
  }
  return out;
}

}  // namespace muster::scheduler
