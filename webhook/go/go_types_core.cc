// k8s.io/apimachinery/pkg/apis/meta/v1, k8s.io/api/{core,apps,batch}/v1.
#include "webhook/go/go_types.h"

namespace muster::webhook {
namespace {

using go::Any;
using go::Bool;
using go::Complete;
using go::Int32;
using go::Int64;
using go::List;
using go::Omit;
using go::Pointer;
using go::Quantities;
using go::Quantity;
using go::String;
using go::StringMap;
using go::Strings;
using go::Struct;
using go::Time;
using go::Value;
using go::Written;

constexpr GoField kOwnerReferenceFields[] = {String("apiVersion"), String("kind"),
                                             String("name"),       String("uid", "types.UID"),
                                             Bool("controller"),   Bool("blockOwnerDeletion")};
constexpr GoStruct kOwnerReference = Struct("OwnerReference", "v1.OwnerReference", kOwnerReferenceFields);

constexpr GoField kObjectMetaFields[] = {Omit(String("name")),
                                         Omit(String("generateName")),
                                         Omit(String("namespace")),
                                         Omit(String("selfLink")),
                                         Omit(String("uid", "types.UID")),
                                         Omit(String("resourceVersion")),
                                         Omit(Int64("generation")),
                                         Time("creationTimestamp"),
                                         Time("deletionTimestamp"),
                                         Int64("deletionGracePeriodSeconds"),
                                         StringMap("labels"),
                                         StringMap("annotations"),
                                         List("ownerReferences", kOwnerReference),
                                         Strings("finalizers"),
                                         Any("managedFields")};

constexpr GoField kRequirementFields[] = {String("key"), String("operator", "v1.LabelSelectorOperator"),
                                          Strings("values")};
constexpr GoStruct kRequirement = Struct("LabelSelectorRequirement", "v1.LabelSelectorRequirement", kRequirementFields);
constexpr GoField kLabelSelectorFields[] = {StringMap("matchLabels"), List("matchExpressions", kRequirement)};

constexpr GoField kResourceRequirementsFields[] = {Quantities("limits"), Quantities("requests"), Any("claims")};
constexpr GoStruct kResourceRequirements =
    Struct("ResourceRequirements", "v1.ResourceRequirements", kResourceRequirementsFields);

constexpr GoField kEnvVarFields[] = {String("name"), Omit(String("value"))};
constexpr GoStruct kEnvVar = Struct("EnvVar", "v1.EnvVar", kEnvVarFields);
constexpr GoField kPortFields[] = {Omit(String("name")), Omit(Int32("hostPort")), Int32("containerPort"),
                                   Omit(String("protocol", "v1.Protocol")), Omit(String("hostIP"))};
constexpr GoStruct kPort = Struct("ContainerPort", "v1.ContainerPort", kPortFields);
constexpr GoField kMountFields[] = {String("name"), Omit(Bool("readOnly")), String("mountPath"),
                                    Omit(String("subPath"))};
constexpr GoStruct kMount = Struct("VolumeMount", "v1.VolumeMount", kMountFields);

constexpr GoField kContainerFields[] = {String("name"),
                                        Omit(String("image")),
                                        Strings("command"),
                                        Strings("args"),
                                        Omit(String("workingDir")),
                                        List("ports", kPort),
                                        Any("envFrom"),
                                        List("env", kEnvVar),
                                        Value("resources", kResourceRequirements),
                                        Any("resizePolicy"),
                                        String("restartPolicy", "v1.ContainerRestartPolicy"),
                                        Any("restartPolicyRules"),
                                        List("volumeMounts", kMount),
                                        Any("volumeDevices"),
                                        Any("livenessProbe"),
                                        Any("readinessProbe"),
                                        Any("startupProbe"),
                                        Any("lifecycle"),
                                        Omit(String("terminationMessagePath")),
                                        Omit(String("terminationMessagePolicy", "v1.TerminationMessagePolicy")),
                                        Omit(String("imagePullPolicy", "v1.PullPolicy")),
                                        Any("securityContext"),
                                        Omit(Bool("stdin")),
                                        Omit(Bool("stdinOnce")),
                                        Omit(Bool("tty"))};
constexpr GoStruct kContainer = Struct("Container", "v1.Container", kContainerFields);
constexpr GoStruct kEphemeralContainer = Struct("EphemeralContainer", "v1.EphemeralContainer", kContainerFields);

constexpr GoField kTolerationFields[] = {Omit(String("key")), Omit(String("operator", "v1.TolerationOperator")),
                                         Omit(String("value")), Omit(String("effect", "v1.TaintEffect")),
                                         Int64("tolerationSeconds")};

constexpr GoField kConditionFields[] = {
    Written(String("type"), R"("")"),   Written(String("status", "v1.ConditionStatus"), R"("")"),
    Omit(Int64("observedGeneration")),  Written(Time("lastTransitionTime"), "null"),
    Written(String("reason"), R"("")"), Written(String("message"), R"("")")};

}  // namespace

constexpr GoStruct kGoToleration = Complete("Toleration", "v1.Toleration", kTolerationFields);
constexpr GoStruct kGoCondition = Complete("Condition", "v1.Condition", kConditionFields);

namespace {

constexpr GoField kGateFields[] = {String("name")};
constexpr GoStruct kGate = Struct("PodSchedulingGate", "v1.PodSchedulingGate", kGateFields);
constexpr GoField kEmptyDirFields[] = {Omit(String("medium", "v1.StorageMedium")), Quantity("sizeLimit")};
constexpr GoStruct kEmptyDir = Struct("EmptyDirVolumeSource", "v1.EmptyDirVolumeSource", kEmptyDirFields);
constexpr GoField kVolumeFields[] = {String("name"), Pointer("emptyDir", kEmptyDir)};
constexpr GoStruct kVolume = Struct("Volume", "v1.Volume", kVolumeFields);

constexpr GoField kPodSpecFields[] = {List("volumes", kVolume),
                                      List("initContainers", kContainer),
                                      Written(List("containers", kContainer), "null"),
                                      List("ephemeralContainers", kEphemeralContainer),
                                      Omit(String("restartPolicy", "v1.RestartPolicy")),
                                      Int64("terminationGracePeriodSeconds"),
                                      Int64("activeDeadlineSeconds"),
                                      Omit(String("dnsPolicy", "v1.DNSPolicy")),
                                      StringMap("nodeSelector"),
                                      Omit(String("serviceAccountName")),
                                      Omit(String("serviceAccount")),
                                      Bool("automountServiceAccountToken"),
                                      Omit(String("nodeName")),
                                      Omit(Bool("hostNetwork")),
                                      Omit(Bool("hostPID")),
                                      Omit(Bool("hostIPC")),
                                      Bool("shareProcessNamespace"),
                                      Any("securityContext"),
                                      Any("imagePullSecrets"),
                                      Omit(String("hostname")),
                                      Omit(String("subdomain")),
                                      Any("affinity"),
                                      Omit(String("schedulerName")),
                                      List("tolerations", kGoToleration),
                                      Any("hostAliases"),
                                      Omit(String("priorityClassName")),
                                      Int32("priority"),
                                      Any("dnsConfig"),
                                      Any("readinessGates"),
                                      String("runtimeClassName"),
                                      Bool("enableServiceLinks"),
                                      String("preemptionPolicy", "v1.PreemptionPolicy"),
                                      Quantities("overhead"),
                                      Any("topologySpreadConstraints"),
                                      Bool("setHostnameAsFQDN"),
                                      Any("os"),
                                      Bool("hostUsers"),
                                      List("schedulingGates", kGate),
                                      Any("resourceClaims"),
                                      Pointer("resources", kResourceRequirements),
                                      Any("hostnameOverride"),
                                      Any("workloadRef"),
                                      Any("schedulingGroup")};

}  // namespace

constexpr GoStruct kGoObjectMeta = Struct("ObjectMeta", "v1.ObjectMeta", kObjectMetaFields);
constexpr GoStruct kGoLabelSelector = Struct("LabelSelector", "v1.LabelSelector", kLabelSelectorFields);
constexpr GoStruct kGoPodSpec = Struct("PodSpec", "v1.PodSpec", kPodSpecFields);

namespace {
constexpr GoField kPodTemplateSpecFields[] = {Value("metadata", kGoObjectMeta), Value("spec", kGoPodSpec)};
}  // namespace
constexpr GoStruct kGoPodTemplateSpec = Struct("PodTemplateSpec", "v1.PodTemplateSpec", kPodTemplateSpecFields);

namespace {

// What the API server always writes has no when_absent here: a Job without metadata never comes from it.
constexpr GoField kPodFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                  Value("spec", kGoPodSpec), go::Opaque("status", "{}")};
constexpr GoStruct kPod = Struct("Pod", "v1.Pod", kPodFields);

constexpr GoField kJobSpecFields[] = {Int32("parallelism"),
                                      Int32("completions"),
                                      Int64("activeDeadlineSeconds"),
                                      Any("podFailurePolicy"),
                                      Any("successPolicy"),
                                      Int32("backoffLimit"),
                                      Any("backoffLimitPerIndex"),
                                      Any("maxFailedIndexes"),
                                      Pointer("selector", kGoLabelSelector),
                                      Bool("manualSelector"),
                                      Value("template", kGoPodTemplateSpec),
                                      Int32("ttlSecondsAfterFinished"),
                                      String("completionMode", "v1.CompletionMode"),
                                      Bool("suspend"),
                                      String("podReplacementPolicy", "v1.PodReplacementPolicy"),
                                      String("managedBy")};
constexpr GoStruct kJobSpec = Struct("JobSpec", "v1.JobSpec", kJobSpecFields);
constexpr GoField kJobStatusFields[] = {Int32("active"), Int32("succeeded"), Int32("failed"), Time("startTime"),
                                        Time("completionTime")};
constexpr GoStruct kJobStatus = Struct("JobStatus", "v1.JobStatus", kJobStatusFields);
constexpr GoField kJobFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                  Value("spec", kJobSpec), Value("status", kJobStatus)};
constexpr GoStruct kJob = Struct("Job", "v1.Job", kJobFields);

constexpr GoField kDeploymentSpecFields[] = {Int32("replicas"),
                                             Pointer("selector", kGoLabelSelector),
                                             Value("template", kGoPodTemplateSpec),
                                             go::Opaque("strategy", "{}"),
                                             Int32("minReadySeconds"),
                                             Bool("paused")};
constexpr GoStruct kDeploymentSpec = Struct("DeploymentSpec", "v1.DeploymentSpec", kDeploymentSpecFields);
constexpr GoField kDeploymentFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                         Value("spec", kDeploymentSpec), go::Opaque("status", "{}")};
constexpr GoStruct kDeployment = Struct("Deployment", "v1.Deployment", kDeploymentFields);

constexpr GoField kStatefulSetSpecFields[] = {Int32("replicas"), Pointer("selector", kGoLabelSelector),
                                              Value("template", kGoPodTemplateSpec), String("serviceName"),
                                              go::Opaque("updateStrategy", "{}")};
constexpr GoStruct kStatefulSetSpec = Struct("StatefulSetSpec", "v1.StatefulSetSpec", kStatefulSetSpecFields);
constexpr GoField kStatefulSetFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                          Value("spec", kStatefulSetSpec),
                                          go::Opaque("status", R"({"replicas":0,"availableReplicas":0})")};
constexpr GoStruct kStatefulSet = Struct("StatefulSet", "v1.StatefulSet", kStatefulSetFields);

constexpr GoField kOtherFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta)};
constexpr GoStruct kOther = Struct("Object", "v1.Object", kOtherFields);

}  // namespace

const GoStruct* GoCoreTypeOf(absl::string_view group, absl::string_view kind) {
  if (group.empty() && kind == "Pod") return &kPod;
  if (group == "batch" && kind == "Job") return &kJob;
  if (group == "apps" && kind == "Deployment") return &kDeployment;
  if (group == "apps" && kind == "StatefulSet") return &kStatefulSet;
  return nullptr;
}

const GoStruct& GoTypeOf(absl::string_view group, absl::string_view kind) {
  for (const auto find : {&GoCoreTypeOf, &GoJobTypeOf, &GoRayTypeOf, &GoKueueTypeOf}) {
    if (const GoStruct* type = find(group, kind)) return *type;
  }
  return kOther;
}

}  // namespace muster::webhook
