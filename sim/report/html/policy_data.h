// The policy a replay ran under, as a report shows it.
#ifndef MUSTER_SIM_REPORT_HTML_POLICY_DATA_H_
#define MUSTER_SIM_REPORT_HTML_POLICY_DATA_H_

#include <nlohmann/json.hpp>

#include "sim/replay/policy.h"

namespace muster::sim {

// {settings: [{name, value}], fairSharing, queues: [{name, cohort, strategy, weight, withinClusterQueue, reclaimWithinCohort,
// borrowWithinCohort, stop}], quotas: [{owner, kind, flavor, resource, nominal, borrowing, lending}], cohorts: [{name,
// parent, weight}], left: rows of these that are not told, for want of room}. Quantities as Kubernetes writes them; null
// for what is not set.
nlohmann::ordered_json PolicyData(const ReplayPolicy& policy);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_HTML_POLICY_DATA_H_
