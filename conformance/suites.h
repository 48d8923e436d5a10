// How each family of suites is run. A handler executes one case through the library's public interface and reports
// every difference to the verdict; a case it cannot run is a difference too.
#ifndef MUSTER_CONFORMANCE_SUITES_H_
#define MUSTER_CONFORMANCE_SUITES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "conformance/case.h"

namespace muster::conformance {

using Handler = void (*)(const Case& c, Level level, Verdict& verdict);

// The handler of a suite: that of the longest known prefix of its name. Never null: an unknown suite is unsupported.
Handler HandlerFor(absl::string_view suite);

// cache_suites.cc
void RunCacheSnapshot(const Case& c, Level level, Verdict& verdict);
void RunReadiness(const Case& c, Level level, Verdict& verdict);
void RunClusterQueueUsage(const Case& c, Level level, Verdict& verdict);
// queue_suites.cc
void RunQueueHeads(const Case& c, Level level, Verdict& verdict);
void RunQueueOrder(const Case& c, Level level, Verdict& verdict);
void RunInadmissibleRequeue(const Case& c, Level level, Verdict& verdict);
// schedule_suites.cc
void RunSchedule(const Case& c, Level level, Verdict& verdict);
// flavorassigner_suites.cc
void RunFlavorAssigner(const Case& c, Level level, Verdict& verdict);
// pure_suites.cc
void RunEntryOrdering(const Case& c, Level level, Verdict& verdict);
void RunIsPreferred(const Case& c, Level level, Verdict& verdict);
void RunPodSetReducer(const Case& c, Level level, Verdict& verdict);
void RunLastAssignmentOutdated(const Case& c, Level level, Verdict& verdict);
void RunResourcesToReserve(const Case& c, Level level, Verdict& verdict);
// topology_suites.cc
void RunFindTopologyAssignments(const Case& c, Level level, Verdict& verdict);
// preemption_suites.cc
void RunPreemption(const Case& c, Level level, Verdict& verdict);
void RunCandidatesOrdering(const Case& c, Level level, Verdict& v);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_SUITES_H_
