// Kueue's older API versions, brought to v1beta2 as JSON, before anything typed is read.
//
// Source of the rules: Kueue's conversion webhook (v1beta1 -> v1beta2), and the v1alpha1 names of Cohort and Topology.
#ifndef MUSTER_API_CONVERT_H_
#define MUSTER_API_CONVERT_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/strings/string_view.h"

namespace muster::api {

// Rewrites `object`, an object of `kind` in an older version of kueue.x-k8s.io, in place: renamed fields, values that
// were renamed, and apiVersion. Whatever does not have the expected shape is left for the reader to complain about.
// Never fails. (A topology assignment needs no rewriting: both forms are read.)
void UpgradeToV1Beta2(absl::string_view kind, nlohmann::json& object);

}  // namespace muster::api

#endif  // MUSTER_API_CONVERT_H_
