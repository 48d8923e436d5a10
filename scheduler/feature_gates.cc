#include "scheduler/feature_gates.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace muster::scheduler {
namespace {

struct GateRow {
  std::string_view name;
  bool default_on;
};

// In the order of enum Gate, which is name order.
constexpr GateRow kGates[kNumGates] = {
    {"AdmissionFairSharing", true},
    {"AdmissionGatedBy", true},
    {"AssignQueueLabelsForPods", true},
    {"CleanupProvisioningRequestsOnEviction", true},
    {"ConcurrentAdmission", false},
    {"CustomMetricLabels", false},
    {"DeferRayServiceFinalizationForRedisCleanup", true},
    {"DisableWaitForPodsReady", false},
    {"ElasticJobsViaWorkloadSlices", true},
    {"ElasticJobsViaWorkloadSlicesWithTAS", false},
    {"FailureRecoveryPolicy", false},
    {"FairSharingPreemptWithinNominal", true},
    {"FairSharingPrioritizeNonBorrowing", true},
    {"FastQuotaReleaseInPodIntegration", false},
    {"FinishOrphanedWorkloads", true},
    {"FlavorFungibility", true},
    {"FlavorFungibilityPreserveScanProgress", true},
    {"KueueDRAIntegration", true},
    {"KueueDRAIntegrationConsumableCapacity", false},
    {"KueueDRAIntegrationExtendedResource", true},
    {"KueueDRAIntegrationPartitionableDevices", true},
    {"KueueDRARejectWorkloadsWhenDRADisabled", true},
    {"LWSImmutableGroupSize", true},
    {"LocalQueueMetrics", true},
    {"ManagedJobsNamespaceSelectorAlwaysRespected", true},
    {"MetricForWorkloadCreationLatency", true},
    {"MetricsForCohorts", true},
    {"MultiKueue", true},
    {"MultiKueueAdaptersForCustomJobs", true},
    {"MultiKueueClusterProfile", false},
    {"MultiKueueIncrementalDispatcherConfig", true},
    {"MultiKueueIncrementalDispatcherRespectConfigOrder", true},
    {"MultiKueueKubeConfigPathValidation", true},
    {"MultiKueueManagerQuotaAutomation", false},
    {"MultiKueueOrchestratedPreemption", false},
    {"MultiKueueRemoteSpecSync", true},
    {"PartialAdmission", true},
    {"PodIntegrationValidateGroupOwner", true},
    {"PrioritizePreemptorWorkloads", false},
    {"PriorityBoost", false},
    {"PrioritySortingWithinCohort", true},
    {"QuotaCheckStrategy", true},
    {"ReclaimablePods", true},
    {"RecomputeAssignmentUponPreemptionTargetsOverlap", true},
    {"RejectUpdatesToCQWithInvalidOnFlavors", false},
    {"RemoveFinalizersWithStrictPatch", true},
    {"SchedulerLibraryIntegration", false},
    {"SchedulingEquivalenceHashing", true},
    {"ShortWorkloadNames", false},
    {"SkipAncestorCheckForDeletedWorkloads", true},
    {"SkipReassignmentForPodOwnedWorkloads", true},
    {"SparkApplicationIntegration", false},
    {"TASAssignmentsEncodingByHostnamePrefix", true},
    {"TASBalancedPlacement", false},
    {"TASCacheNodeMatchResults", true},
    {"TASCacheTopologyTree", true},
    {"TASCachingRemainingResources", true},
    {"TASFailedNodeReplacement", true},
    {"TASFailedNodeReplacementFailFast", true},
    {"TASHandleOverlappingFlavors", true},
    {"TASMultiLayerTopology", true},
    {"TASProfileMixed", true},
    {"TASRecomputeAssignmentWithinSchedulingCycle", true},
    {"TASReplaceNodeDueToNotReadyOverFixedTime", false},
    {"TASReplaceNodeOnNodeTaints", true},
    {"TASReplaceNodeOnPodTermination", true},
    {"TASRespectNodeAffinityPreferred", false},
    {"TASValidateWorkloadSliceSize", true},
    {"TLSOptions", true},
    {"TopologyAwareScheduling", true},
    {"UnadmittedWorkloadsExplicitStatus", false},
    {"UnadmittedWorkloadsObservability", true},
    {"ValidateRayAndSparkJobUpdates", true},
    {"VectorizedResourceRequests", true},
    {"VisibilityOnDemand", true},
    {"WorkloadIdentifierAnnotations", true},
    {"WorkloadPriorityClassDefaulting", true},
    {"WorkloadRequestUseMergePatch", false},
    {"WorkloadValidateResourcesAreNonNegative", true},
    {"WorkloadValidationForPodSetMetadata", true},
};

}  // namespace

FeatureGates::FeatureGates() {
  for (size_t i = 0; i < kNumGates; ++i) on_[i] = kGates[i].default_on;
}

absl::Status FeatureGates::Set(absl::string_view name, bool on) {
  const std::string_view wanted(name.data(), name.size());
  const auto* end = kGates + kNumGates;
  const auto* row =
      std::lower_bound(kGates, end, wanted, [](const GateRow& r, std::string_view n) { return r.name < n; });
  if (row == end || row->name != wanted) {
    return absl::InvalidArgumentError(
        absl::StrCat("featureGates: unknown feature gate \"", name, "\"; see docs/conformance.md for the list"));
  }
  on_[row - kGates] = on;
  return absl::OkStatus();
}

std::string_view GateName(Gate gate) { return kGates[static_cast<size_t>(gate)].name; }

}  // namespace muster::scheduler
