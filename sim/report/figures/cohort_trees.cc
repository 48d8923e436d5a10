#include "sim/report/figures/cohort_trees.h"

#include <algorithm>

namespace muster::sim {

std::map<std::string, LendableQuota> LendableByFlavor(const std::vector<api::ResourceGroup>& groups,
                                                      const std::string& resource) {
  std::map<std::string, LendableQuota> quotas;
  for (const api::ResourceGroup& group : groups) {
    for (const api::FlavorQuotas& flavor : group.flavors) {
      for (const api::ResourceQuota& quota : flavor.resources) {
        if (quota.name != resource) continue;
        const double nominal = quota.nominal_quota.ToDouble();
        LendableQuota& sum = quotas[flavor.name];
        sum.nominal += nominal;
        sum.lendable += quota.lending_limit.has_value() ? std::min(nominal, quota.lending_limit->ToDouble()) : nominal;
      }
    }
  }
  return quotas;
}

LendableQuota LendableOf(const std::vector<api::ResourceGroup>& groups, const std::string& resource) {
  LendableQuota sum;
  for (const auto& [flavor, quota] : LendableByFlavor(groups, resource)) {
    sum.nominal += quota.nominal;
    sum.lendable += quota.lendable;
  }
  return sum;
}

CohortTrees::CohortTrees(const std::vector<api::Cohort>& cohorts) {
  for (const api::Cohort& cohort : cohorts) parents_[cohort.metadata.name] = cohort.parent_name;
}

std::string CohortTrees::TopOf(std::string cohort) const {
  // Parents in a circle end the walk: no cohort is visited more often than there are cohorts.
  for (size_t steps = 0; steps <= parents_.size(); ++steps) {
    const auto parent = parents_.find(cohort);
    if (parent == parents_.end() || parent->second.empty()) break;
    cohort = parent->second;
  }
  return cohort;
}

}  // namespace muster::sim
