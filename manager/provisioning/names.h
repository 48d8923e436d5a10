// Names of ProvisioningRequests and of the PodTemplates they refer to.
//
// Source of the rules: Kueue, pkg/controller/admissionchecks/provisioning.
// Pure.
#ifndef MUSTER_MANAGER_PROVISIONING_NAMES_H_
#define MUSTER_MANAGER_PROVISIONING_NAMES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::manager {

// "<workload>-<check>-<attempt>" and "ppt-<request>-<pod set>"; too long ones are cut, with a hash behind.
std::string ProvisioningRequestName(absl::string_view workload, absl::string_view check, int32_t attempt);
std::string PodTemplateName(absl::string_view request, absl::string_view pod_set);

// Which attempt a request is; nullopt when it was made for another Workload or check, or its name was cut.
std::optional<int32_t> AttemptOf(absl::string_view request, absl::string_view workload, absl::string_view check);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROVISIONING_NAMES_H_
