// For which pods room is asked for, and how they look.
//
// Source of the rules: Kueue, pkg/controller/admissionchecks/provisioning (reqIsNeeded, mergePodSets, createPodTemplate).
// Pure.
#ifndef MUSTER_MANAGER_PROVISIONING_POD_SETS_H_
#define MUSTER_MANAGER_PROVISIONING_POD_SETS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/kueue.h"
#include "kube/object.h"
#include "manager/provisioning/config.h"
#include "manager/world.h"

namespace muster::manager {

// Whether any pod of the Workload uses what the config manages. Errors: FailedPrecondition for a pod set without
// assignment. REQUIRES: it has an admission.
absl::StatusOr<bool> NeedsProvisioning(const api::Workload& workload, const ProvisioningConfig& config);

// Pods that are asked for together.
struct ProvisionedPodSet {
  size_t pod_set = 0;  // index of the first of them, whose template stands for all
  int64_t count = 0;
};

// Those of the pod sets that use what the config manages; alike ones are merged if it says so. Errors: as
// NeedsProvisioning. O(pod sets squared).
absl::StatusOr<std::vector<ProvisionedPodSet>> ProvisionedPodSets(const kube::Object& object,
                                                                  const api::Workload& workload,
                                                                  const ProvisioningConfig& config);

// The template of a pod set with what its flavors add, and limits where nothing is requested. Errors: NotFound for a
// flavor that is gone, FailedPrecondition for a template that contradicts it.
absl::StatusOr<nlohmann::json> ProvisionedTemplate(const World& world, const kube::Object& object,
                                                   const api::Workload& workload, size_t pod_set);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROVISIONING_POD_SETS_H_
