// KubeRay's kinds.
#include "webhook/go/go_types.h"

namespace muster::webhook {
namespace {

using go::Bool;
using go::Int32;
using go::List;
using go::Opaque;
using go::Pointer;
using go::String;
using go::StringMap;
using go::Strings;
using go::Struct;
using go::Value;
using go::Written;

constexpr GoField kHeadFields[] = {Value("template", kGoPodTemplateSpec), Written(StringMap("rayStartParams"), "null"),
                                   Bool("enableIngress")};
constexpr GoStruct kHead = Struct("HeadGroupSpec", "v1.HeadGroupSpec", kHeadFields);
constexpr GoField kScaleStrategyFields[] = {Strings("workersToDelete")};
constexpr GoStruct kScaleStrategy = Struct("ScaleStrategy", "v1.ScaleStrategy", kScaleStrategyFields);
constexpr GoField kWorkerFields[] = {String("groupName"),
                                     Bool("suspend"),
                                     Int32("replicas"),
                                     Int32("minReplicas"),
                                     Int32("maxReplicas"),
                                     Int32("numOfHosts"),
                                     Int32("idleTimeoutSeconds"),
                                     Written(StringMap("rayStartParams"), "null"),
                                     Value("template", kGoPodTemplateSpec),
                                     Value("scaleStrategy", kScaleStrategy)};
constexpr GoStruct kWorker = Struct("WorkerGroupSpec", "v1.WorkerGroupSpec", kWorkerFields);
constexpr GoField kClusterSpecFields[] = {Bool("suspend"),
                                          String("managedBy"),
                                          Bool("enableInTreeAutoscaling"),
                                          Value("headGroupSpec", kHead),
                                          List("workerGroupSpecs", kWorker),
                                          String("rayVersion")};
constexpr GoStruct kClusterSpec = Struct("RayClusterSpec", "v1.RayClusterSpec", kClusterSpecFields);

constexpr GoField kClusterFields[] = {
    String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta), Value("spec", kClusterSpec),
    Opaque("status", R"({"desiredCPU":"0","desiredGPU":"0","desiredMemory":"0","desiredTPU":"0","head":{}})")};
constexpr GoStruct kCluster = Struct("RayCluster", "v1.RayCluster", kClusterFields);

constexpr GoField kJobSpecFields[] = {Pointer("rayClusterSpec", kClusterSpec),
                                      Pointer("submitterPodTemplate", kGoPodTemplateSpec),
                                      StringMap("clusterSelector"),
                                      String("entrypoint"),
                                      String("submissionMode", "v1.JobSubmissionMode"),
                                      String("managedBy"),
                                      Int32("ttlSecondsAfterFinished"),
                                      Int32("activeDeadlineSeconds"),
                                      Int32("backoffLimit"),
                                      Bool("shutdownAfterJobFinishes"),
                                      Bool("suspend")};
constexpr GoStruct kJobSpec = Struct("RayJobSpec", "v1.RayJobSpec", kJobSpecFields);
constexpr GoField kJobFields[] = {
    String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta), Value("spec", kJobSpec),
    Opaque(
        "status",
        R"({"rayClusterStatus":{"desiredCPU":"0","desiredGPU":"0","desiredMemory":"0","desiredTPU":"0","head":{}},"rayJobInfo":{}})")};
constexpr GoStruct kJob = Struct("RayJob", "v1.RayJob", kJobFields);

constexpr GoField kServiceSpecFields[] = {String("serveConfigV2"), Value("rayClusterConfig", kClusterSpec)};
constexpr GoStruct kServiceSpec = Struct("RayServiceSpec", "v1.RayServiceSpec", kServiceSpecFields);
constexpr GoField kServiceFields[] = {
    String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta), Value("spec", kServiceSpec),
    Opaque(
        "status",
        R"({"activeServiceStatus":{"rayClusterStatus":{"desiredCPU":"0","desiredGPU":"0","desiredMemory":"0","desiredTPU":"0","head":{}}},"pendingServiceStatus":{"rayClusterStatus":{"desiredCPU":"0","desiredGPU":"0","desiredMemory":"0","desiredTPU":"0","head":{}}}})")};
constexpr GoStruct kService = Struct("RayService", "v1.RayService", kServiceFields);

}  // namespace

const GoStruct* GoRayTypeOf(absl::string_view group, absl::string_view kind) {
  if (group != "ray.io") return nullptr;
  if (kind == "RayCluster") return &kCluster;
  if (kind == "RayJob") return &kJob;
  if (kind == "RayService") return &kService;
  return nullptr;
}

}  // namespace muster::webhook
