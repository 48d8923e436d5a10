// The service's side of the policy calls, in memory: records with versions, and the errors that clients get.
//
//   PolicyStore store;
//   auto created = store.Call("CreateComputeQuota", body);       // {"ComputeQuotaArn": …, "ComputeQuotaId": …}
//   auto updated = store.Call("UpdateComputeQuota", change);     // Aborted: "ConflictException: …" when stale
//   Compile(store.Policies(), store.Quotas(), …)
//
// For scenarios and what-if: what a sequence of calls leads to. Nothing here waits, and nothing fails halfway: records
// go from Created to Updated to gone.
// Thread-safety: compatible.
#ifndef MUSTER_API_HYPERPOD_STORE_H_
#define MUSTER_API_HYPERPOD_STORE_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/hyperpod/policy.h"

namespace muster::hyperpod {

class PolicyStore {
 public:
  // Carries out Create-, Update-, Describe- or Delete-, ClusterSchedulerConfig or ComputeQuota, or their lists
  // (ListComputeQuotas, ListClusterSchedulerConfigs), and returns the answer's body. Versions start at 1 and rise by 1.
  //
  // Errors, with the service's exception in front of the message:
  //   InvalidArgument "ValidationException: …"   the body breaks the API model; every problem, one line each
  //   Aborted         "ConflictException: …"     a stale TargetVersion; a second policy of a cluster; a name or a team
  //                                              that is taken
  //   NotFound        "ResourceNotFound: …"      no record of that id, or a deleted one
  //   Unimplemented                              another operation
  absl::StatusOr<nlohmann::json> Call(absl::string_view operation, const nlohmann::json& body);

  // What there is, in the order of creation.
  std::vector<ClusterSchedulerConfig> Policies() const { return policies_; }
  std::vector<ComputeQuota> Quotas() const { return quotas_; }

 private:
  template <class T>
  absl::StatusOr<nlohmann::json> CallFor(absl::string_view verb, const nlohmann::json& body, std::vector<T>* records);

  std::vector<ClusterSchedulerConfig> policies_;
  std::vector<ComputeQuota> quotas_;
  int64_t created_ = 0;
};

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_STORE_H_
