// Writes HyperPod records as the API takes them: exactly its spelling, in the order of its documentation.
#ifndef MUSTER_API_HYPERPOD_WRITE_H_
#define MUSTER_API_HYPERPOD_WRITE_H_

#include <nlohmann/json.hpp>

#include "api/hyperpod/cluster.h"
#include "api/hyperpod/policy.h"

namespace muster::hyperpod {

// The body of CreateClusterSchedulerConfig and CreateComputeQuota, as `--cli-input-json` takes it. What only the
// service writes (ids, versions, status) is left out, and so is what is not set. Pure.
nlohmann::ordered_json ToCreateJson(const ClusterSchedulerConfig& policy);
nlohmann::ordered_json ToCreateJson(const ComputeQuota& quota);

// What DescribeCluster answers about `capacity`: an instance group per type.
nlohmann::ordered_json ToDescribeClusterJson(const Capacity& capacity);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_WRITE_H_
