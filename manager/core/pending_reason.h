// Why a Workload waits, as its condition QuotaReserved says it when the scheduler has not looked at it.
// Source of the order and the words: Kueue, pkg/controller/core/workload_controller.go.
#ifndef MUSTER_MANAGER_CORE_PENDING_REASON_H_
#define MUSTER_MANAGER_CORE_PENDING_REASON_H_

#include <string>

#include "api/kueue.h"
#include "kube/object.h"
#include "manager/core/context.h"

namespace muster::manager {

struct PendingCondition {
  std::string reason;  // "" = nothing is to be said yet
  std::string message;
};

// REQUIRES: the Workload holds no quota. What the scheduler said last stays.
PendingCondition PendingConditionOf(const Context& context, const kube::Object& object, const api::Workload& workload);

// What the annotation admission-gated-by names; "" when it is not gated.
std::string AdmissionGatesOf(const kube::Object& workload);

// Of a LocalQueue or ClusterQueue: whether its stopPolicy is other than None; whether it is HoldAndDrain.
bool IsStopped(const kube::Object& queue);
bool IsDraining(const kube::Object& queue);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_PENDING_REASON_H_
