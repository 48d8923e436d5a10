// The training operator's kinds, MPI Operator, JobSet, Trainer, Spark, LeaderWorkerSet and AppWrapper.
#include "webhook/go/go_types.h"

namespace muster::webhook {
namespace {

using go::Bool;
using go::Int32;
using go::Int64;
using go::List;
using go::Map;
using go::Opaque;
using go::Pointer;
using go::Quantities;
using go::String;
using go::StringMap;
using go::Struct;
using go::Value;

constexpr GoField kReplicaSpecFields[] = {Int32("replicas"), Value("template", kGoPodTemplateSpec),
                                          String("restartPolicy", "v1.RestartPolicy")};
constexpr GoStruct kReplicaSpec = Struct("ReplicaSpec", "v1.ReplicaSpec", kReplicaSpecFields);
constexpr GoField kSchedulingPolicyFields[] = {Int32("minAvailable"), String("queue"), String("priorityClass")};
constexpr GoStruct kSchedulingPolicy = Struct("SchedulingPolicy", "v1.SchedulingPolicy", kSchedulingPolicyFields);
constexpr GoField kRunPolicyFields[] = {Int32("ttlSecondsAfterFinished"),
                                        Int64("activeDeadlineSeconds"),
                                        Int32("backoffLimit"),
                                        Pointer("schedulingPolicy", kSchedulingPolicy),
                                        Bool("suspend"),
                                        String("managedBy")};
constexpr GoStruct kRunPolicy = Struct("RunPolicy", "v1.RunPolicy", kRunPolicyFields);

// The kinds of the training operator differ in the name of one field.
#define MUSTER_TRAINING_KIND(kind, field)                                                                        \
  constexpr GoField k##kind##SpecFields[] = {Value("runPolicy", kRunPolicy), Map(field, kReplicaSpec)};          \
  constexpr GoStruct k##kind##Spec = Struct(#kind "Spec", "v1." #kind "Spec", k##kind##SpecFields);              \
  constexpr GoField k##kind##Fields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta), \
                                         Value("spec", k##kind##Spec), Opaque("status", "{}")};                  \
  constexpr GoStruct k##kind = Struct(#kind, "v1." #kind, k##kind##Fields)

MUSTER_TRAINING_KIND(TFJob, "tfReplicaSpecs");
MUSTER_TRAINING_KIND(PyTorchJob, "pytorchReplicaSpecs");
MUSTER_TRAINING_KIND(XGBoostJob, "xgbReplicaSpecs");
MUSTER_TRAINING_KIND(PaddleJob, "paddleReplicaSpecs");
MUSTER_TRAINING_KIND(JAXJob, "jaxReplicaSpecs");

#undef MUSTER_TRAINING_KIND

constexpr GoField kMpiJobSpecFields[] = {Int32("slotsPerWorker"), Bool("runLauncherAsWorker"),
                                         Value("runPolicy", kRunPolicy), Map("mpiReplicaSpecs", kReplicaSpec),
                                         String("sshAuthMountPath")};
constexpr GoStruct kMpiJobSpec = Struct("MPIJobSpec", "v2beta1.MPIJobSpec", kMpiJobSpecFields);
constexpr GoField kMpiJobFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                     Value("spec", kMpiJobSpec), Opaque("status", "{}")};
constexpr GoStruct kMpiJob = Struct("MPIJob", "v2beta1.MPIJob", kMpiJobFields);

constexpr GoField kInnerJobSpecFields[] = {Int32("parallelism"), Int32("completions"), Int32("backoffLimit"),
                                           Bool("suspend"), Value("template", kGoPodTemplateSpec)};
constexpr GoStruct kInnerJobSpec = Struct("JobSpec", "v1.JobSpec", kInnerJobSpecFields);
constexpr GoField kJobTemplateFields[] = {Value("metadata", kGoObjectMeta), Value("spec", kInnerJobSpec)};
constexpr GoStruct kJobTemplate = Struct("JobTemplateSpec", "v1.JobTemplateSpec", kJobTemplateFields);
constexpr GoField kReplicatedJobFields[] = {String("name"), String("groupName"), Int32("replicas"),
                                            Value("template", kJobTemplate)};
constexpr GoStruct kReplicatedJob = Struct("ReplicatedJob", "v1alpha2.ReplicatedJob", kReplicatedJobFields);
constexpr GoField kJobSetSpecFields[] = {List("replicatedJobs", kReplicatedJob), Bool("suspend"), String("managedBy"),
                                         Int32("ttlSecondsAfterFinished")};
constexpr GoStruct kJobSetSpec = Struct("JobSetSpec", "v1alpha2.JobSetSpec", kJobSetSpecFields);
constexpr GoField kJobSetFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                     Value("spec", kJobSetSpec), Opaque("status", R"({"restarts":0})")};
constexpr GoStruct kJobSet = Struct("JobSet", "v1alpha2.JobSet", kJobSetFields);

constexpr GoField kRuntimeRefFields[] = {String("name"), String("apiGroup"), String("kind")};
constexpr GoStruct kRuntimeRef = Struct("RuntimeRef", "v1alpha1.RuntimeRef", kRuntimeRefFields);
constexpr GoField kResourcesFields[] = {Quantities("limits"), Quantities("requests")};
constexpr GoStruct kResources = Struct("ResourceRequirements", "v1.ResourceRequirements", kResourcesFields);
constexpr GoField kTrainerFields[] = {String("image"), Int32("numNodes"), Pointer("resourcesPerNode", kResources)};
constexpr GoStruct kTrainer = Struct("Trainer", "v1alpha1.Trainer", kTrainerFields);
constexpr GoField kTrainJobSpecFields[] = {Value("runtimeRef", kRuntimeRef),
                                           Pointer("trainer", kTrainer),
                                           StringMap("labels"),
                                           StringMap("annotations"),
                                           Bool("suspend"),
                                           String("managedBy")};
constexpr GoStruct kTrainJobSpec = Struct("TrainJobSpec", "v1alpha1.TrainJobSpec", kTrainJobSpecFields);
constexpr GoField kTrainJobFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                       Pointer("spec", kTrainJobSpec)};
constexpr GoStruct kTrainJob = Struct("TrainJob", "v1alpha1.TrainJob", kTrainJobFields);

constexpr GoField kSparkDriverFields[] = {Int32("cores"), String("memory"), StringMap("labels"),
                                          StringMap("annotations"), Pointer("template", kGoPodTemplateSpec)};
constexpr GoStruct kSparkDriver = Struct("DriverSpec", "v1beta2.DriverSpec", kSparkDriverFields);
constexpr GoField kSparkExecutorFields[] = {Int32("cores"),           String("memory"),
                                            Int32("instances"),       StringMap("labels"),
                                            StringMap("annotations"), Pointer("template", kGoPodTemplateSpec)};
constexpr GoStruct kSparkExecutor = Struct("ExecutorSpec", "v1beta2.ExecutorSpec", kSparkExecutorFields);
constexpr GoField kDynamicAllocationFields[] = {Bool("enabled"), Int32("initialExecutors"), Int32("minExecutors"),
                                                Int32("maxExecutors")};
constexpr GoStruct kDynamicAllocation =
    Struct("DynamicAllocation", "v1beta2.DynamicAllocation", kDynamicAllocationFields);
constexpr GoField kSparkSpecFields[] = {String("type", "v1beta2.SparkApplicationType"),
                                        String("sparkVersion"),
                                        String("mode", "v1beta2.DeployMode"),
                                        Bool("suspend"),
                                        Value("driver", kSparkDriver),
                                        Value("executor", kSparkExecutor),
                                        Pointer("dynamicAllocation", kDynamicAllocation),
                                        Opaque("deps", "{}"),
                                        Opaque("restartPolicy", "{}")};
constexpr GoStruct kSparkSpec = Struct("SparkApplicationSpec", "v1beta2.SparkApplicationSpec", kSparkSpecFields);
constexpr GoField kSparkFields[] = {
    String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta), Value("spec", kSparkSpec),
    Opaque(
        "status",
        R"({"applicationState":{"state":""},"driverInfo":{},"lastSubmissionAttemptTime":null,"terminationTime":null})")};
constexpr GoStruct kSpark = Struct("SparkApplication", "v1beta2.SparkApplication", kSparkFields);

constexpr GoField kLeaderWorkerTemplateFields[] = {Pointer("leaderTemplate", kGoPodTemplateSpec),
                                                   Value("workerTemplate", kGoPodTemplateSpec), Int32("size")};
constexpr GoStruct kLeaderWorkerTemplate =
    Struct("LeaderWorkerTemplate", "v1.LeaderWorkerTemplate", kLeaderWorkerTemplateFields);
// A number or a text, held by value.
constexpr GoField kRollingUpdateFields[] = {Int32("partition"), Opaque("maxUnavailable", "0"), Opaque("maxSurge", "0")};
constexpr GoStruct kRollingUpdate =
    Struct("RollingUpdateConfiguration", "v1.RollingUpdateConfiguration", kRollingUpdateFields);
constexpr GoField kRolloutStrategyFields[] = {String("type", "v1.RolloutStrategyType"),
                                              Pointer("rollingUpdateConfiguration", kRollingUpdate)};
constexpr GoStruct kRolloutStrategy = Struct("RolloutStrategy", "v1.RolloutStrategy", kRolloutStrategyFields);
constexpr GoField kLwsSpecFields[] = {Int32("replicas"), Value("leaderWorkerTemplate", kLeaderWorkerTemplate),
                                      // Go also writes the empty strategy, which the CRD then refuses.
                                      Pointer("rolloutStrategy", kRolloutStrategy)};
constexpr GoStruct kLwsSpec = Struct("LeaderWorkerSetSpec", "v1.LeaderWorkerSetSpec", kLwsSpecFields);
constexpr GoField kLwsFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                  Value("spec", kLwsSpec), Opaque("status", "{}")};
constexpr GoStruct kLws = Struct("LeaderWorkerSet", "v1.LeaderWorkerSet", kLwsFields);

constexpr GoField kAppWrapperPodSetFields[] = {Int32("replicas"), String("path")};
constexpr GoStruct kAppWrapperPodSet = Struct("AppWrapperPodSet", "v1beta2.AppWrapperPodSet", kAppWrapperPodSetFields);
constexpr GoField kComponentFields[] = {StringMap("annotations"), List("podSets", kAppWrapperPodSet)};
constexpr GoStruct kComponent = Struct("AppWrapperComponent", "v1beta2.AppWrapperComponent", kComponentFields);
constexpr GoField kAppWrapperSpecFields[] = {List("components", kComponent), Bool("suspend"), String("managedBy")};
constexpr GoStruct kAppWrapperSpec = Struct("AppWrapperSpec", "v1beta2.AppWrapperSpec", kAppWrapperSpecFields);
constexpr GoField kAppWrapperFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                         Value("spec", kAppWrapperSpec), Opaque("status", "{}")};
constexpr GoStruct kAppWrapper = Struct("AppWrapper", "v1beta2.AppWrapper", kAppWrapperFields);

struct Entry {
  absl::string_view group;
  absl::string_view kind;
  const GoStruct* type;
};
constexpr Entry kEntries[] = {
    {"kubeflow.org", "TFJob", &kTFJob},
    {"kubeflow.org", "PyTorchJob", &kPyTorchJob},
    {"kubeflow.org", "XGBoostJob", &kXGBoostJob},
    {"kubeflow.org", "PaddleJob", &kPaddleJob},
    {"kubeflow.org", "JAXJob", &kJAXJob},
    {"kubeflow.org", "MPIJob", &kMpiJob},
    {"jobset.x-k8s.io", "JobSet", &kJobSet},
    {"trainer.kubeflow.org", "TrainJob", &kTrainJob},
    {"sparkoperator.k8s.io", "SparkApplication", &kSpark},
    {"leaderworkerset.x-k8s.io", "LeaderWorkerSet", &kLws},
    {"workload.codeflare.dev", "AppWrapper", &kAppWrapper},
};

}  // namespace

const GoStruct* GoJobTypeOf(absl::string_view group, absl::string_view kind) {
  for (const Entry& entry : kEntries) {
    if (entry.kind == kind && entry.group == group) return entry.type;
  }
  return nullptr;
}

}  // namespace muster::webhook
