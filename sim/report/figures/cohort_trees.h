// What may be lent, and within which tree of cohorts.
#ifndef MUSTER_SIM_REPORT_FIGURES_COHORT_TREES_H_
#define MUSTER_SIM_REPORT_FIGURES_COHORT_TREES_H_

#include <map>
#include <string>
#include <vector>

#include "api/kueue.h"

namespace muster::sim {

struct LendableQuota {
  double nominal = 0;
  double lendable = 0;  // the most of it that may be lent
};

// Of one resource, by flavor.
std::map<std::string, LendableQuota> LendableByFlavor(const std::vector<api::ResourceGroup>& groups,
                                                      const std::string& resource);
// Over all flavors.
LendableQuota LendableOf(const std::vector<api::ResourceGroup>& groups, const std::string& resource);

// Thread-safety: immutable.
class CohortTrees {
 public:
  explicit CohortTrees(const std::vector<api::Cohort>& cohorts);
  // The cohort at the top of a cohort's tree; a name that nobody knows is its own. O(depth log cohorts), parents in a
  // circle included.
  std::string TopOf(std::string cohort) const;

 private:
  std::map<std::string, std::string> parents_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_FIGURES_COHORT_TREES_H_
