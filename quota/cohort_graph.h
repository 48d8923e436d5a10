// The parent graph of cohorts: finding the cycles that Kueue would refuse to schedule in.
#ifndef MUSTER_QUOTA_COHORT_GRAPH_H_
#define MUSTER_QUOTA_COHORT_GRAPH_H_

#include <string>
#include <vector>

#include "absl/types/span.h"

namespace muster::quota {

// One cohort and the cohort it names as its parent ("" = none). A parent that is not listed exists implicitly.
struct CohortEdge {
  std::string name;
  std::string parent;
};

// Every cycle in the parent relation, each as the names along it: starting at the smallest name, following parents, the
// first name not repeated. Cycles are sorted by first name. A cohort that is its own parent is a cycle of one.
// O((V + E) log V). Pure.
std::vector<std::vector<std::string>> FindCohortCycles(absl::Span<const CohortEdge> edges);

// "a -> b -> c -> a". REQUIRES: cycle is not empty.
std::string FormatCycle(absl::Span<const std::string> cycle);

}  // namespace muster::quota

#endif  // MUSTER_QUOTA_COHORT_GRAPH_H_
