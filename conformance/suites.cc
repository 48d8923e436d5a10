#include "conformance/suites.h"

#include "absl/strings/match.h"

namespace muster::conformance {
namespace {

void RunUnsupported(const Case&, Level, Verdict& verdict) {
  verdict.Unsupported("the library has no public function for this question");
}

struct Entry {
  absl::string_view prefix;
  Handler handler;
};

constexpr Entry kHandlers[] = {
    {"cache_", RunCacheSnapshot},
    {"cache_cluster_queue_readiness", RunReadiness},
    {"cache_cluster_queue_usage", RunClusterQueueUsage},
    {"entry_ordering", RunEntryOrdering},
    {"flavorassigner_", RunFlavorAssigner},
    {"flavorassigner_is_preferred", RunIsPreferred},
    {"flavorassigner_podset_reducer", RunPodSetReducer},
    {"last_assignment_outdated", RunLastAssignmentOutdated},
    {"queue_", RunQueueOrder},
    {"queue_heads", RunQueueHeads},
    {"queue_inadmissible_requeue", RunInadmissibleRequeue},
    {"resources_to_reserve", RunResourcesToReserve},
    {"schedule", RunSchedule},
    {"preemption_candidates_ordering", RunCandidatesOrdering},
    {"preemption_fair_preemptions", RunPreemption},
    {"preemption_hierarchical_preemptions", RunPreemption},
    {"preemption_preemption", RunPreemption},
    {"tas_find_topology_assignments", RunFindTopologyAssignments},
};

}  // namespace

Handler HandlerFor(absl::string_view suite) {
  const Entry* best = nullptr;
  for (const Entry& e : kHandlers) {
    if (absl::StartsWith(suite, e.prefix) && (best == nullptr || e.prefix.size() > best->prefix.size())) best = &e;
  }
  return best == nullptr ? RunUnsupported : best->handler;
}

}  // namespace muster::conformance
