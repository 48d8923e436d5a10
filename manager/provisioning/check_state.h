// What an admission check says, by what became of its ProvisioningRequest.
//
// Source of the rules: Kueue, pkg/controller/admissionchecks/provisioning (syncCheckStates).
// Pure.
#ifndef MUSTER_MANAGER_PROVISIONING_CHECK_STATE_H_
#define MUSTER_MANAGER_PROVISIONING_CHECK_STATE_H_

#include "absl/strings/string_view.h"
#include "api/kueue.h"
#include "kube/object.h"
#include "manager/provisioning/config.h"

namespace muster::manager {

// The state of a check without config, and of one for whose Workload no room has to be made. Each returns whether that
// is new.
bool SetInactive(api::AdmissionCheckState* check);
bool SetNotNeeded(api::AdmissionCheckState* check);

// The state that follows from a request; `attempt`: which one it is. Returns whether that is new.
bool FollowRequest(const api::Workload& workload, const kube::Object& request, int32_t attempt,
                   const ProvisioningConfig& config, api::AdmissionCheckState* check);

// Whether the request is over without having made room: another one may be made. (That its booking expired does not
// matter to a Workload that is admitted.)
bool IsOver(const kube::Object& request, bool admitted);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROVISIONING_CHECK_STATE_H_
