// Kueue's feature gates as named options, with Kueue's defaults (0.20-devel).
//
// All of Kueue's gates are known, so that a Kueue Configuration is read without complaint; docs/conformance.md says
// which of them change what Muster does.
#ifndef MUSTER_SCHEDULER_FEATURE_GATES_H_
#define MUSTER_SCHEDULER_FEATURE_GATES_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::scheduler {

enum class Gate : unsigned char {
  kAdmissionFairSharing,
  kAdmissionGatedBy,
  kAssignQueueLabelsForPods,
  kCleanupProvisioningRequestsOnEviction,
  kConcurrentAdmission,
  kCustomMetricLabels,
  kDeferRayServiceFinalizationForRedisCleanup,
  kDisableWaitForPodsReady,
  kElasticJobsViaWorkloadSlices,
  kElasticJobsViaWorkloadSlicesWithTAS,
  kFailureRecoveryPolicy,
  kFairSharingPreemptWithinNominal,
  kFairSharingPrioritizeNonBorrowing,
  kFastQuotaReleaseInPodIntegration,
  kFinishOrphanedWorkloads,
  kFlavorFungibility,
  kFlavorFungibilityPreserveScanProgress,
  kKueueDRAIntegration,
  kKueueDRAIntegrationConsumableCapacity,
  kKueueDRAIntegrationExtendedResource,
  kKueueDRAIntegrationPartitionableDevices,
  kKueueDRARejectWorkloadsWhenDRADisabled,
  kLWSImmutableGroupSize,
  kLocalQueueMetrics,
  kManagedJobsNamespaceSelectorAlwaysRespected,
  kMetricForWorkloadCreationLatency,
  kMetricsForCohorts,
  kMultiKueue,
  kMultiKueueAdaptersForCustomJobs,
  kMultiKueueClusterProfile,
  kMultiKueueIncrementalDispatcherConfig,
  kMultiKueueIncrementalDispatcherRespectConfigOrder,
  kMultiKueueKubeConfigPathValidation,
  kMultiKueueManagerQuotaAutomation,
  kMultiKueueOrchestratedPreemption,
  kMultiKueueRemoteSpecSync,
  kPartialAdmission,
  kPodIntegrationValidateGroupOwner,
  kPrioritizePreemptorWorkloads,
  kPriorityBoost,
  kPrioritySortingWithinCohort,
  kQuotaCheckStrategy,
  kReclaimablePods,
  kRecomputeAssignmentUponPreemptionTargetsOverlap,
  kRejectUpdatesToCQWithInvalidOnFlavors,
  kRemoveFinalizersWithStrictPatch,
  kSchedulerLibraryIntegration,
  kSchedulingEquivalenceHashing,
  kShortWorkloadNames,
  kSkipAncestorCheckForDeletedWorkloads,
  kSkipReassignmentForPodOwnedWorkloads,
  kSparkApplicationIntegration,
  kTASAssignmentsEncodingByHostnamePrefix,
  kTASBalancedPlacement,
  kTASCacheNodeMatchResults,
  kTASCacheTopologyTree,
  kTASCachingRemainingResources,
  kTASFailedNodeReplacement,
  kTASFailedNodeReplacementFailFast,
  kTASHandleOverlappingFlavors,
  kTASMultiLayerTopology,
  kTASProfileMixed,
  kTASRecomputeAssignmentWithinSchedulingCycle,
  kTASReplaceNodeDueToNotReadyOverFixedTime,
  kTASReplaceNodeOnNodeTaints,
  kTASReplaceNodeOnPodTermination,
  kTASRespectNodeAffinityPreferred,
  kTASValidateWorkloadSliceSize,
  kTLSOptions,
  kTopologyAwareScheduling,
  kUnadmittedWorkloadsExplicitStatus,
  kUnadmittedWorkloadsObservability,
  kValidateRayAndSparkJobUpdates,
  kVectorizedResourceRequests,
  kVisibilityOnDemand,
  kWorkloadIdentifierAnnotations,
  kWorkloadPriorityClassDefaulting,
  kWorkloadRequestUseMergePatch,
  kWorkloadValidateResourcesAreNonNegative,
  kWorkloadValidationForPodSetMetadata,
};
inline constexpr size_t kNumGates = 80;

// Thread-safety: value type.
class FeatureGates {
 public:
  // Kueue's defaults.
  FeatureGates();

  bool operator[](Gate gate) const { return on_[static_cast<size_t>(gate)]; }
  void Set(Gate gate, bool on) { on_[static_cast<size_t>(gate)] = on; }
  // Errors: InvalidArgument for a name that is not a gate. O(log gates).
  absl::Status Set(absl::string_view name, bool on);

 private:
  std::array<bool, kNumGates> on_;
};

// The name as Kueue spells it.
std::string_view GateName(Gate gate);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_FEATURE_GATES_H_
