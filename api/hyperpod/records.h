// Typed records from canonical JSON. Internal to api/hyperpod.
#ifndef MUSTER_API_HYPERPOD_RECORDS_H_
#define MUSTER_API_HYPERPOD_RECORDS_H_

#include <nlohmann/json.hpp>
#include <vector>

#include "api/hyperpod/cluster.h"
#include "api/hyperpod/policy.h"
#include "api/problem.h"

namespace muster::hyperpod {

// REQUIRES for all: `value` comes from Canonical() with the record's shape.
ClusterSchedulerConfig ToClusterSchedulerConfig(const nlohmann::json& value, Form form);
ComputeQuota ToComputeQuota(const nlohmann::json& value, Form form);
Cluster ToCluster(const nlohmann::json& value);
ClusterNode ToClusterNode(const nlohmann::json& value);

// What a call of that form requires, in canonical JSON `value` and the JSON it was read from (a member that is filled
// in elsewhere counts as given), and what the service rejects beyond the model.
void CheckRecord(const ClusterSchedulerConfig& policy, const nlohmann::json& read_from,
                 std::vector<api::Problem>* problems);
void CheckRecord(const ComputeQuota& quota, const nlohmann::json& read_from, std::vector<api::Problem>* problems);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_RECORDS_H_
