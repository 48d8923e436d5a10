// The validators of the single kinds. Internal to api/; see validation.h.
#ifndef MUSTER_API_VALIDATORS_H_
#define MUSTER_API_VALIDATORS_H_

#include <nlohmann/json.hpp>

#include "api/field_errors.h"
#include "api/kueue.h"
#include "api/validation.h"

namespace muster::api {

// Annotations that change what is valid.

// The resource groups of a ClusterQueue, or of a Cohort.
struct QuotaRules {
  bool has_parent = false;
  bool is_cohort = false;
};
void ValidateResourceGroups(const std::vector<ResourceGroup>& groups, const QuotaRules& rules, const JsonPath& path,
                            const ValidationOptions& options, FieldErrors& errors);
// How many flavors and resources a ClusterQueue may have; Kueue does not count those of a Cohort.
void ValidateQuotaSizes(const std::vector<ResourceGroup>& groups, const JsonPath& path, FieldErrors& errors);
// spec.fairSharing of a ClusterQueue or Cohort.
void ValidateFairSharing(const std::optional<FairSharing>& fair_sharing, const JsonPath& path, FieldErrors& errors);

// `before` is the object that is changed, nullptr on creation.
void ValidateClusterQueue(const ClusterQueue& queue, const ClusterQueue* before, const ValidationOptions& options,
                          FieldErrors& errors);
void ValidateCohort(const Cohort& cohort, const ValidationOptions& options, FieldErrors& errors);
void ValidateResourceFlavor(const ResourceFlavor& flavor, const ValidationOptions& options, FieldErrors& errors);
void ValidateWorkload(const Workload& workload, const Workload* before, const ValidationOptions& options,
                      FieldErrors& errors);
// Whether the Workload is that of an elastic job.
bool IsElastic(const Workload& workload, const ValidationOptions& options);
// The rest has no webhook, only schemas.
void ValidateLocalQueue(const LocalQueue& queue, FieldErrors& errors);
void ValidateTopology(const Topology& topology, FieldErrors& errors);
void ValidateAdmissionCheck(const AdmissionCheck& check, FieldErrors& errors);
void ValidateWorkloadPriorityClass(const WorkloadPriorityClass& priority_class, FieldErrors& errors);

// spec.nodeTaints and tolerations by the rules of the schemas.
void ValidateTaintSchema(const std::vector<Taint>& taints, const JsonPath& path, FieldErrors& errors);
void ValidateTolerationSchema(const std::vector<Toleration>& tolerations, const JsonPath& path, FieldErrors& errors);
void ValidateConditionSchema(const std::vector<Condition>& conditions, const JsonPath& path, FieldErrors& errors);

// What may not change. The JSON is the object as it would be written, for what has no typed field.
void ValidateWorkloadUpdate(const Workload& now, const nlohmann::json& now_json, const Workload& before,
                            const nlohmann::json& before_json, const ValidationOptions& options, FieldErrors& errors);

}  // namespace muster::api

#endif  // MUSTER_API_VALIDATORS_H_
