// The part of SageMaker's API that keeps cluster policies and compute quotas: records with ids and versions, and its
// refusals. What follows for Kueue is the compiler's (api/hyperpod).
//
// Ids are given out in order: policy000001, quota0000001, quota0000002. Every change takes effect at once.
#ifndef MUSTER_SIM_SCENARIO_SERVICE_H_
#define MUSTER_SIM_SCENARIO_SERVICE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/hyperpod/compile.h"
#include "api/hyperpod/read.h"
#include "sim/scenario/scenario.h"

namespace muster::sim {

// Thread-safety: compatible.
class PolicyService {
 public:
  // Whether the object is a request or a record of this API, rather than a Kubernetes object.
  static bool Knows(const nlohmann::json& object);

  // Plays an operation: Create, Update, Delete or Describe, of ClusterSchedulerConfig or ComputeQuota. Returns what to
  // tell: "ComputeQuota/Team-A created, id quota0000001, version 1". Errors begin with the API's error code:
  // ValidationException, ConflictException (a version that is not the current one, a name or team that is taken),
  // ResourceNotFound.
  absl::StatusOr<std::string> Call(const std::string& operation, const Manifest& request);

  // Reads what stands on its own: a record or a request to create one, or a cluster's description (into `nodes`).
  absl::StatusOr<std::vector<std::string>> Load(const Manifest& object, std::vector<api::Node>* nodes);

  // Whether there is anything to compile.
  bool empty() const { return policies_.empty() && quotas_.empty(); }
  // The Kueue objects of it all on a cluster with these nodes.
  absl::StatusOr<std::vector<api::Object>> Compile(const std::vector<api::Node>& nodes) const;

 private:
  absl::StatusOr<std::string> Create(hyperpod::ClusterSchedulerConfig policy);
  absl::StatusOr<std::string> Create(hyperpod::ComputeQuota quota);

  std::vector<hyperpod::ClusterSchedulerConfig> policies_;
  std::vector<hyperpod::ComputeQuota> quotas_;
  int policies_made_ = 0;
  int quotas_made_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_SCENARIO_SERVICE_H_
