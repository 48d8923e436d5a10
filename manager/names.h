// Words that the manager writes into objects: conditions, their reasons, field managers, recorders of events.
// Source: Kueue, apis/kueue/v1beta2 and pkg/constants.
#ifndef MUSTER_MANAGER_NAMES_H_
#define MUSTER_MANAGER_NAMES_H_

namespace muster::manager {

// Types of conditions of a Workload.
inline constexpr char kQuotaReserved[] = "QuotaReserved";
inline constexpr char kAdmitted[] = "Admitted";
inline constexpr char kEvicted[] = "Evicted";
inline constexpr char kPreempted[] = "Preempted";
inline constexpr char kRequeued[] = "Requeued";
inline constexpr char kFinished[] = "Finished";
inline constexpr char kPodsReady[] = "PodsReady";
inline constexpr char kDeactivationTarget[] = "DeactivationTarget";
inline constexpr char kBlockedOnPreemptionGates[] = "BlockedOnPreemptionGates";
inline constexpr char kWaitingForReplacementPods[] = "WaitingForReplacementPods";
inline constexpr char kActive[] = "Active";  // of queues and checks

// Reasons of eviction. The condition of a deactivation that has a cause says "DeactivatedDueTo<cause>".
inline constexpr char kReasonPreempted[] = "Preempted";
inline constexpr char kReasonPodsReadyTimeout[] = "PodsReadyTimeout";
inline constexpr char kReasonAdmissionCheck[] = "AdmissionCheck";
inline constexpr char kReasonClusterQueueStopped[] = "ClusterQueueStopped";
inline constexpr char kReasonLocalQueueStopped[] = "LocalQueueStopped";
inline constexpr char kReasonNodeFailures[] = "NodeFailures";
inline constexpr char kReasonDeactivated[] = "Deactivated";

// Reasons of QuotaReserved=False that are not the scheduler's (scheduler::PendingReason).
inline constexpr char kReasonPendingEvaluation[] = "PendingEvaluation";
inline constexpr char kReasonMisconfigured[] = "Misconfigured";
inline constexpr char kReasonSuspended[] = "Suspended";
inline constexpr char kReasonAdmissionGated[] = "AdmissionGated";
inline constexpr char kReasonOnHold[] = "OnHold";
inline constexpr char kReasonWaitingForPodsReady[] = "WaitingForPodsReady";

// Reasons of Finished.
inline constexpr char kReasonSucceeded[] = "Succeeded";
inline constexpr char kReasonFailed[] = "Failed";
inline constexpr char kReasonOwnerNotFound[] = "OwnerNotFound";
inline constexpr char kReasonOutOfSync[] = "OutOfSync";
inline constexpr char kReasonFailedToStart[] = "FailedToStart";
inline constexpr char kReasonWorkloadSliceReplaced[] = "WorkloadSliceReplaced";

// Field managers: who owns what of an object.
inline constexpr char kDefaultFieldManager[] = "kueue";
inline constexpr char kAdmissionManager[] = "kueue-admission";
inline constexpr char kPodsReadyManager[] = "kueue-job-controller-PodsReady";
inline constexpr char kReclaimablePodsManager[] = "kueue-reclaimable-pods";

// Recorders: who says an event.
inline constexpr char kAdmissionRecorder[] = "kueue-admission";
inline constexpr char kWorkloadRecorder[] = "kueue-workload-controller";
inline constexpr char kTopologyRecorder[] = "tas-resource-flavor-controller";  // also of what the node controller says

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_NAMES_H_
