// The admission checks that a Workload has to pass.
#ifndef MUSTER_MANAGER_CORE_CHECKS_H_
#define MUSTER_MANAGER_CORE_CHECKS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "api/kueue.h"
#include "kube/object.h"
#include "manager/core/context.h"

namespace muster::manager {

// By name, sorted: the checks of the ClusterQueue that apply to the flavors the Workload was assigned; to a Workload
// without admission only those that apply to every flavor of the ClusterQueue. (Kueue: AdmissionChecksForWorkload)
std::vector<std::string> RequiredChecks(const kube::Object& cluster_queue, const api::Workload& workload);

// The checks of a status brought in line with the required ones: missing ones are Pending since `now`, others are gone;
// by name. Returns whether anything changed.
bool SyncChecks(const std::vector<std::string>& required, std::vector<api::AdmissionCheckState>* checks,
                absl::Time now);

// Of the checks in that state: `AdmissionChecks in Retry state: "a" (why); "b"`; "" if there are none.
std::string ChecksInState(const std::vector<api::AdmissionCheckState>& checks, absl::string_view state);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_CHECKS_H_
