// Whether a Workload may be looked at by the scheduler at all, as far as its namespace and its pods go.
// Source of the rules: Kueue, pkg/workload/resources.go (ValidateAdmissibility).
#ifndef MUSTER_MANAGER_CORE_ADMISSIBILITY_H_
#define MUSTER_MANAGER_CORE_ADMISSIBILITY_H_

#include <string>

#include "api/kueue.h"
#include "kube/object.h"
#include "manager/core/context.h"

namespace muster::manager {

// What is in the way, in the words of the scheduler; "" when nothing is. Unlike the scheduler it asks the pods as the
// Workload has them, without what defaults of the namespace add. O(containers * LimitRanges).
std::string AdmissibilityProblem(const Context& context, const kube::Object& cluster_queue,
                                 const api::Workload& workload);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_ADMISSIBILITY_H_
