// The service's side of the policy calls, in memory: records with versions, and the errors that clients get.
//
//   PolicyService service;
//   auto created = service.Call("CreateComputeQuota", body);  // body {"ComputeQuotaArn": …, "ComputeQuotaId": …}
//   auto updated = service.Call("UpdateComputeQuota", change);  // Aborted: "ConflictException: …" when stale
//   Compile(service.policies(), service.quotas(), …)
//
// For scenarios and what-if: what a sequence of calls leads to. Nothing here waits, and nothing fails halfway: records
// go from Created to Updated to gone. Ids are given out in order: policy000001, quota0000001, quota0000002.
//
// The rules are SageMaker's as far as they are published (API model, CloudFormation's documentation); the texts of
// ConflictException and ResourceNotFound are not.
// Thread-safety: compatible. Copying one keeps a state to come back to.
#ifndef MUSTER_API_HYPERPOD_SERVICE_H_
#define MUSTER_API_HYPERPOD_SERVICE_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/hyperpod/policy.h"
#include "api/problem.h"

namespace muster::hyperpod {

struct PolicyAnswer {
  nlohmann::json body;  // what the client gets
  std::string text;     // what happened: "ComputeQuota/Team-A created, id quota0000001, version 1"
};

class PolicyService {
 public:
  // Carries out Create-, Update-, Describe- or Delete-, ClusterSchedulerConfig or ComputeQuota, or their lists
  // (ListComputeQuotas, ListClusterSchedulerConfigs). Versions start at 1 and rise by 1. `body` may be of any spelling
  // that read.h reads; `source` says where it was written, for messages. O(records + size of the body).
  //
  // Errors, with the service's exception in front of the message; a call that fails changes nothing:
  //   InvalidArgument "ValidationException: …"   the body breaks the API model (every problem, one line each), or gives
  //                                              a quota to another team
  //   Aborted         "ConflictException: …"     TargetVersion is not the current version: look again and retry
  //   AlreadyExists   "ConflictException: …"     a second policy of a cluster; a name or a team of that cluster that is
  //                                              taken
  //   NotFound        "ResourceNotFound: …"      no record of that id, or a deleted one
  //   Unimplemented                              another operation
  absl::StatusOr<PolicyAnswer> Call(absl::string_view operation, const nlohmann::json& body,
                                    const api::Source& source = {});

  // Takes in a record that was read (read.h): as Create does, but an id, a version and a status that it has are kept. A
  // record whose status is Deleted is left out. Returns the answer of the create call.
  // Errors: AlreadyExists as of Call, also for an id that is taken; InvalidArgument for an update, which is no record.
  absl::StatusOr<PolicyAnswer> Add(ClusterSchedulerConfig policy);
  absl::StatusOr<PolicyAnswer> Add(ComputeQuota quota);

  // What there is, in the order of creation. Valid until the next call.
  const std::vector<ClusterSchedulerConfig>& policies() const { return policies_; }
  const std::vector<ComputeQuota>& quotas() const { return quotas_; }
  bool empty() const { return policies_.empty() && quotas_.empty(); }

 private:
  // The records of one kind, and how many ids were given out.
  template <class T>
  struct Shelf {
    std::vector<T>& records;
    int64_t& ids;
  };
  Shelf<ClusterSchedulerConfig> Policies() { return {policies_, policy_ids_}; }
  Shelf<ComputeQuota> Quotas() { return {quotas_, quota_ids_}; }

  template <class T>
  static absl::StatusOr<PolicyAnswer> Insert(T record, Shelf<T> shelf);
  template <class T>
  static absl::StatusOr<PolicyAnswer> AddTo(T record, Shelf<T> shelf);
  template <class T>
  static absl::StatusOr<PolicyAnswer> CallFor(absl::string_view verb, const nlohmann::json& body,
                                              const api::Source& source, Shelf<T> shelf);

  std::vector<ClusterSchedulerConfig> policies_;
  std::vector<ComputeQuota> quotas_;
  int64_t policy_ids_ = 0;
  int64_t quota_ids_ = 0;
};

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_SERVICE_H_
