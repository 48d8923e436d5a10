// Kueue's labels, annotations and scheduling gates, as far as the webhook reads or writes them.
#ifndef MUSTER_WEBHOOK_BASE_VOCABULARY_H_
#define MUSTER_WEBHOOK_BASE_VOCABULARY_H_

namespace muster::webhook {

// Labels.
inline constexpr char kQueueName[] = "kueue.x-k8s.io/queue-name";
inline constexpr char kPriorityClass[] = "kueue.x-k8s.io/priority-class";
inline constexpr char kManaged[] = "kueue.x-k8s.io/managed";                              // and the finalizer of pods
inline constexpr char kPrebuiltWorkloadName[] = "kueue.x-k8s.io/prebuilt-workload-name";  // or an annotation
inline constexpr char kMaxExecTime[] = "kueue.x-k8s.io/max-exec-time-seconds";
inline constexpr char kPodGroupName[] = "kueue.x-k8s.io/pod-group-name";  // or an annotation
inline constexpr char kMultiKueueOrigin[] = "kueue.x-k8s.io/multikueue-origin";
inline constexpr char kPodGroupPodIndex[] = "kueue.x-k8s.io/pod-group-pod-index";

// Annotations.
inline constexpr char kElasticJob[] = "kueue.x-k8s.io/elastic-job";  // and a scheduling gate
inline constexpr char kAdmissionGatedBy[] = "kueue.x-k8s.io/admission-gated-by";
inline constexpr char kPodGroupTotalCount[] = "kueue.x-k8s.io/pod-group-total-count";
inline constexpr char kPodGroupServing[] = "kueue.x-k8s.io/pod-group-serving";
inline constexpr char kPodGroupPodIndexLabel[] = "kueue.x-k8s.io/pod-group-pod-index-label";
inline constexpr char kRoleHash[] = "kueue.x-k8s.io/role-hash";
inline constexpr char kRetriableInGroup[] = "kueue.x-k8s.io/retriable-in-group";
inline constexpr char kPodSuspendingParent[] = "kueue.x-k8s.io/pod-suspending-parent";
inline constexpr char kPodIndexOffset[] = "kueue.x-k8s.io/pod-index-offset";
inline constexpr char kJobMinParallelism[] = "kueue.x-k8s.io/job-min-parallelism";
inline constexpr char kJobCompletionsEqualParallelism[] = "kueue.x-k8s.io/job-completions-equal-parallelism";
inline constexpr char kStopping[] = "kueue.x-k8s.io/stopping";
inline constexpr char kRequiredTopology[] = "kueue.x-k8s.io/podset-required-topology";
inline constexpr char kPreferredTopology[] = "kueue.x-k8s.io/podset-preferred-topology";
inline constexpr char kUnconstrainedTopology[] = "kueue.x-k8s.io/podset-unconstrained-topology";
inline constexpr char kSliceRequiredTopology[] = "kueue.x-k8s.io/podset-slice-required-topology";
inline constexpr char kSliceSize[] = "kueue.x-k8s.io/podset-slice-size";
inline constexpr char kSliceConstraints[] = "kueue.x-k8s.io/podset-slice-required-topology-constraints";
inline constexpr char kPodSetGroupName[] = "kueue.x-k8s.io/podset-group-name";
inline constexpr char kMultiKueueOriginUid[] = "kueue.x-k8s.io/multikueue-origin-uid";

// Scheduling gates.
inline constexpr char kAdmissionGate[] = "kueue.x-k8s.io/admission";
inline constexpr char kTopologyGate[] = "kueue.x-k8s.io/topology";

// The name of the LocalQueue, and of the WorkloadPriorityClass, that jobs get when they name none.
inline constexpr char kDefaultName[] = "default";

inline constexpr char kMultiKueueController[] = "kueue.x-k8s.io/multikueue";
inline constexpr char kKueueManager[] = "kueue.x-k8s.io/manager";

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_BASE_VOCABULARY_H_
