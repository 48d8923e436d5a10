// Admission checks of kueue.x-k8s.io/provisioning-request: before a Workload starts, the cluster autoscaler is asked to
// make room for its pods, and the check passes once it has.
//
// Problem: a Workload with quota may find no nodes. Its check makes a ProvisioningRequest with templates of its pods,
// follows what the autoscaler says about it, makes another one when that fails, and takes it away when the Workload ends
// or loses its quota.
//
// Source of the rules: kueue-manager.md, "ProvisioningRequest"; Kueue, pkg/controller/admissionchecks/provisioning.
// Pure.
#ifndef MUSTER_MANAGER_PROVISIONING_RECONCILE_H_
#define MUSTER_MANAGER_PROVISIONING_RECONCILE_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

// The requests of a Workload and its checks of this controller. Errors: of a check whose parameters are no config's, of a
// flavor that is gone, of pod sets without assignment. O(checks x requests).
Plan ReconcileProvisioning(const World& world, absl::string_view ns, absl::string_view name);

// The condition Active of an AdmissionCheck of this controller: whether it names a config that is there.
Plan ReconcileProvisioningCheck(const World& world, absl::string_view name, absl::Time now);

// Keys of Workloads and AdmissionChecks to look at when an object changed. `before`: null for one that is new; `after`:
// for one that is gone. REQUIRES: not both. O(what is given back + AdmissionChecks for a config).
std::vector<kube::ObjectKey> ProvisioningToLookAt(const World& world, const kube::ObjectPtr& before,
                                                  const kube::ObjectPtr& after);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROVISIONING_RECONCILE_H_
