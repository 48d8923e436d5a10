// Kueue's older API versions, brought to v1beta2 as JSON, before anything typed is read.
//
// Source of the rules: Kueue's conversion webhook (v1beta1 -> v1beta2), and the v1alpha1 names of Cohort and Topology.
#ifndef MUSTER_API_CONVERT_H_
#define MUSTER_API_CONVERT_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::api {

// Rewrites `object`, an object of `kind` in an older version of kueue.x-k8s.io, in place: renamed fields, values that
// were renamed, and apiVersion. Whatever does not have the expected shape is left for the reader to complain about.
// Never fails. (A topology assignment needs no rewriting: both forms are read.)
void UpgradeToV1Beta2(absl::string_view kind, nlohmann::json& object);

// The other way: an object of v1beta2 as v1beta1 has it, in place, topology assignments included. What v1beta1 cannot
// say is lost, as in Kueue: multi-layer slice constraints. Errors: InvalidArgument for a topology assignment that
// cannot be read.
absl::Status DowngradeToV1Beta1(absl::string_view kind, nlohmann::json& object);

// Rewrites the topology assignments of a Workload from v1beta1's list of domains to v1beta2's slices. Errors: as above.
absl::Status UpgradeTopologyAssignments(nlohmann::json& workload);

}  // namespace muster::api

#endif  // MUSTER_API_CONVERT_H_
