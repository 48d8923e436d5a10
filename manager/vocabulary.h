// Labels and annotations that only the manager reads or writes; the others are in api/vocabulary.h.
#ifndef MUSTER_MANAGER_VOCABULARY_H_
#define MUSTER_MANAGER_VOCABULARY_H_

namespace muster::manager {

// On pods and pod templates of jobs that were started.
inline constexpr char kWorkloadAnnotation[] = "kueue.x-k8s.io/workload";
inline constexpr char kWorkloadSliceNameAnnotation[] = "kueue.x-k8s.io/workload-slice-name";
inline constexpr char kPodSetLabel[] = "kueue.x-k8s.io/podset";
inline constexpr char kLocalQueueNameLabel[] = "kueue.x-k8s.io/local-queue-name";
inline constexpr char kClusterQueueNameLabel[] = "kueue.x-k8s.io/cluster-queue-name";

// On Workloads.
inline constexpr char kJobOwnerGvkAnnotation[] = "kueue.x-k8s.io/job-owner-gvk";
inline constexpr char kJobOwnerNameAnnotation[] = "kueue.x-k8s.io/job-owner-name";
inline constexpr char kComponentWorkloadIndexAnnotation[] = "kueue.x-k8s.io/component-workload-index";
inline constexpr char kProvisioningAnnotationPrefix[] = "provreq.kueue.x-k8s.io/";

// On pods of groups.
inline constexpr char kPodGroupFastAdmissionAnnotation[] = "kueue.x-k8s.io/pod-group-fast-admission";

// On pods whose room a ProvisioningRequest has made: which one, and of which class.
inline constexpr char kConsumeProvisioningRequestAnnotation[] = "autoscaling.x-k8s.io/consume-provisioning-request";
inline constexpr char kProvisioningClassAnnotation[] = "autoscaling.x-k8s.io/provisioning-class-name";

// What batch/v1 Jobs put on their pod templates; not the job's to give back.
inline constexpr char kControllerUidLabel[] = "controller-uid";
inline constexpr char kBatchControllerUidLabel[] = "batch.kubernetes.io/controller-uid";
inline constexpr char kJobNameLabel[] = "job-name";
inline constexpr char kBatchJobNameLabel[] = "batch.kubernetes.io/job-name";

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_VOCABULARY_H_
