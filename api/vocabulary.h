// Names that Kubernetes, Kueue and HyperPod agree on: labels, annotations, finalizers, scheduling gates, controllers.
//
// Each name stands here and nowhere else in the sources; tools/checks holds them to it. Names of kinds and frameworks
// are in kinds.h and job_kinds.h.
#ifndef MUSTER_API_VOCABULARY_H_
#define MUSTER_API_VOCABULARY_H_

namespace muster::api {

// ---- Kueue.

// Labels.
inline constexpr char kQueueNameLabel[] = "kueue.x-k8s.io/queue-name";
inline constexpr char kPriorityClassLabel[] = "kueue.x-k8s.io/priority-class";
inline constexpr char kManagedLabel[] = "kueue.x-k8s.io/managed";                          // also the finalizer of pods
inline constexpr char kPrebuiltWorkloadLabel[] = "kueue.x-k8s.io/prebuilt-workload-name";  // or an annotation
inline constexpr char kMaxExecTimeLabel[] = "kueue.x-k8s.io/max-exec-time-seconds";
inline constexpr char kPodGroupNameLabel[] = "kueue.x-k8s.io/pod-group-name";  // or an annotation
inline constexpr char kPodGroupPodIndexLabel[] = "kueue.x-k8s.io/pod-group-pod-index";
inline constexpr char kJobUidLabel[] = "kueue.x-k8s.io/job-uid";
inline constexpr char kMultiKueueOriginLabel[] = "kueue.x-k8s.io/multikueue-origin";

// Annotations of jobs and Workloads.
inline constexpr char kElasticJobAnnotation[] = "kueue.x-k8s.io/elastic-job";  // also a scheduling gate
inline constexpr char kReplacementForAnnotation[] = "kueue.x-k8s.io/workload-slice-replacement-for";
inline constexpr char kAdmissionGatedByAnnotation[] = "kueue.x-k8s.io/admission-gated-by";
inline constexpr char kGroupWorkloadAnnotation[] = "kueue.x-k8s.io/is-group-workload";
inline constexpr char kPriorityBoostAnnotation[] = "kueue.x-k8s.io/priority-boost";
inline constexpr char kAllowedFlavorsAnnotation[] = "kueue.x-k8s.io/workload-allowed-resource-flavors";
inline constexpr char kJobMinParallelismAnnotation[] = "kueue.x-k8s.io/job-min-parallelism";
inline constexpr char kJobCompletionsEqualParallelismAnnotation[] = "kueue.x-k8s.io/job-completions-equal-parallelism";
inline constexpr char kStoppingAnnotation[] = "kueue.x-k8s.io/stopping";
inline constexpr char kMultiKueueOriginUidAnnotation[] = "kueue.x-k8s.io/multikueue-origin-uid";

// Annotations of pods.
inline constexpr char kPodGroupTotalCountAnnotation[] = "kueue.x-k8s.io/pod-group-total-count";
inline constexpr char kPodGroupServingAnnotation[] = "kueue.x-k8s.io/pod-group-serving";
inline constexpr char kPodGroupPodIndexLabelAnnotation[] = "kueue.x-k8s.io/pod-group-pod-index-label";
inline constexpr char kRoleHashAnnotation[] = "kueue.x-k8s.io/role-hash";
inline constexpr char kRetriableInGroupAnnotation[] = "kueue.x-k8s.io/retriable-in-group";
inline constexpr char kPodSuspendingParentAnnotation[] = "kueue.x-k8s.io/pod-suspending-parent";
inline constexpr char kPodIndexOffsetAnnotation[] = "kueue.x-k8s.io/pod-index-offset";

// Annotations of pod templates that ask for topology.
inline constexpr char kRequiredTopologyAnnotation[] = "kueue.x-k8s.io/podset-required-topology";
inline constexpr char kPreferredTopologyAnnotation[] = "kueue.x-k8s.io/podset-preferred-topology";
inline constexpr char kUnconstrainedTopologyAnnotation[] = "kueue.x-k8s.io/podset-unconstrained-topology";
inline constexpr char kPodSetGroupNameAnnotation[] = "kueue.x-k8s.io/podset-group-name";
inline constexpr char kSliceRequiredTopologyAnnotation[] = "kueue.x-k8s.io/podset-slice-required-topology";
inline constexpr char kSliceSizeAnnotation[] = "kueue.x-k8s.io/podset-slice-size";
inline constexpr char kSliceConstraintsAnnotation[] = "kueue.x-k8s.io/podset-slice-required-topology-constraints";

// Scheduling gates, finalizers, controllers.
inline constexpr char kAdmissionSchedulingGate[] = "kueue.x-k8s.io/admission";
inline constexpr char kTopologySchedulingGate[] = "kueue.x-k8s.io/topology";
inline constexpr char kResourceInUseFinalizer[] = "kueue.x-k8s.io/resource-in-use";  // while a queue or flavor is used
inline constexpr char kMultiKueueController[] = "kueue.x-k8s.io/multikueue";
inline constexpr char kProvisioningController[] = "kueue.x-k8s.io/provisioning-request";
inline constexpr char kKueueManager[] = "kueue.x-k8s.io/manager";  // as a field manager

// The LocalQueue, and the WorkloadPriorityClass, of jobs that name none.
inline constexpr char kDefaultName[] = "default";

// ---- Kubernetes, and controllers of its job kinds.

inline constexpr char kHostnameLabel[] = "kubernetes.io/hostname";
inline constexpr char kInstanceTypeLabel[] = "node.kubernetes.io/instance-type";
inline constexpr char kNamespaceNameLabel[] = "kubernetes.io/metadata.name";
inline constexpr char kRegionLabel[] = "topology.kubernetes.io/region";
inline constexpr char kZoneLabel[] = "topology.kubernetes.io/zone";
// What numbers the pods of a job, by its kind.
inline constexpr char kJobCompletionIndexLabel[] = "batch.kubernetes.io/job-completion-index";
inline constexpr char kReplicaIndexLabel[] = "training.kubeflow.org/replica-index";
inline constexpr char kWorkerIndexLabel[] = "leaderworkerset.sigs.k8s.io/worker-index";
inline constexpr char kPodIndexLabel[] = "apps.kubernetes.io/pod-index";
inline constexpr char kJobIndexLabel[] = "jobset.sigs.k8s.io/job-index";

// ---- AWS and HyperPod.

inline constexpr char kNetworkLayer1Label[] = "topology.k8s.aws/network-node-layer-1";  // the widest
inline constexpr char kNetworkLayer2Label[] = "topology.k8s.aws/network-node-layer-2";
inline constexpr char kNetworkLayer3Label[] = "topology.k8s.aws/network-node-layer-3";
inline constexpr char kUltraServerLabel[] = "topology.k8s.aws/ultraserver-id";
inline constexpr char kZoneIdLabel[] = "topology.k8s.aws/zone-id";

inline constexpr char kManagedQueueLabel[] = "sagemaker.amazonaws.com/sagemaker-managed-queue";
inline constexpr char kQuotaAllocationLabel[] = "sagemaker.amazonaws.com/quota-allocation-id";
inline constexpr char kActivateQuotaLabel[] = "sagemaker.amazonaws.com/activate-quota";
inline constexpr char kNodeHealthLabel[] = "sagemaker.amazonaws.com/node-health-status";  // also a taint
inline constexpr char kComputeTypeLabel[] = "sagemaker.amazonaws.com/compute-type";
inline constexpr char kInstanceGroupLabel[] = "sagemaker.amazonaws.com/instance-group-name";
inline constexpr char kClusterNameLabel[] = "sagemaker.amazonaws.com/cluster-name";

}  // namespace muster::api

#endif  // MUSTER_API_VOCABULARY_H_
