// Kueue's own kinds (v1beta2), as far as they reach a webhook. Workloads are written back by nobody, so that their
// table serves decoding alone.
#include "webhook/go_types.h"

namespace muster::webhook {
namespace {

using go::Bool;
using go::Int32;
using go::List;
using go::Opaque;
using go::Pointer;
using go::Quantities;
using go::Quantity;
using go::String;
using go::StringMap;
using go::Strings;
using go::Struct;
using go::Time;
using go::Value;

constexpr GoField kQuotaFields[] = {String("name", "v1.ResourceName"), Quantity("nominalQuota"),
                                    Quantity("borrowingLimit"), Quantity("lendingLimit")};
constexpr GoStruct kQuota = Struct("ResourceQuota", "v1beta2.ResourceQuota", kQuotaFields);
constexpr GoField kFlavorQuotasFields[] = {String("name", "v1beta2.ResourceFlavorReference"),
                                           List("resources", kQuota)};
constexpr GoStruct kFlavorQuotas = Struct("FlavorQuotas", "v1beta2.FlavorQuotas", kFlavorQuotasFields);
constexpr GoField kGroupFields[] = {Strings("coveredResources"), List("flavors", kFlavorQuotas)};
constexpr GoStruct kGroup = Struct("ResourceGroup", "v1beta2.ResourceGroup", kGroupFields);
constexpr GoField kFairSharingFields[] = {Quantity("weight")};
constexpr GoStruct kFairSharing = Struct("FairSharing", "v1beta2.FairSharing", kFairSharingFields);
constexpr GoField kFungibilityFields[] = {String("whenCanBorrow", "v1beta2.FlavorFungibilityPolicy"),
                                          String("whenCanPreempt", "v1beta2.FlavorFungibilityPolicy"),
                                          String("preference", "v1beta2.FlavorFungibilityPreference")};
constexpr GoStruct kFungibility = Struct("FlavorFungibility", "v1beta2.FlavorFungibility", kFungibilityFields);
constexpr GoField kBorrowFields[] = {String("policy", "v1beta2.BorrowWithinCohortPolicy"),
                                     Int32("maxPriorityThreshold")};
constexpr GoStruct kBorrow = Struct("BorrowWithinCohort", "v1beta2.BorrowWithinCohort", kBorrowFields);
constexpr GoField kPreemptionFields[] = {String("reclaimWithinCohort", "v1beta2.PreemptionPolicy"),
                                         Pointer("borrowWithinCohort", kBorrow),
                                         String("withinClusterQueue", "v1beta2.PreemptionPolicy")};
constexpr GoStruct kPreemption = Struct("ClusterQueuePreemption", "v1beta2.ClusterQueuePreemption", kPreemptionFields);
constexpr GoField kRuleFields[] = {String("name", "v1beta2.AdmissionCheckReference"), Strings("onFlavors")};
constexpr GoStruct kRule = Struct("AdmissionCheckStrategyRule", "v1beta2.AdmissionCheckStrategyRule", kRuleFields);
constexpr GoField kStrategyFields[] = {List("admissionChecks", kRule)};
constexpr GoStruct kStrategy = Struct("AdmissionChecksStrategy", "v1beta2.AdmissionChecksStrategy", kStrategyFields);
constexpr GoField kClusterQueueSpecFields[] = {List("resourceGroups", kGroup),
                                               String("cohortName", "v1beta2.CohortReference"),
                                               String("queueingStrategy", "v1beta2.QueueingStrategy"),
                                               Pointer("namespaceSelector", kGoLabelSelector),
                                               Pointer("flavorFungibility", kFungibility),
                                               Pointer("preemption", kPreemption),
                                               Pointer("admissionChecksStrategy", kStrategy),
                                               String("stopPolicy", "v1beta2.StopPolicy"),
                                               Pointer("fairSharing", kFairSharing)};
constexpr GoStruct kClusterQueueSpec = Struct("ClusterQueueSpec", "v1beta2.ClusterQueueSpec", kClusterQueueSpecFields);
constexpr GoField kClusterQueueFields[] = {
    String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta), Value("spec", kClusterQueueSpec),
    Opaque("status", R"({"admittedWorkloads":0,"pendingWorkloads":0,"reservingWorkloads":0})")};
constexpr GoStruct kClusterQueue = Struct("ClusterQueue", "v1beta2.ClusterQueue", kClusterQueueFields);

constexpr GoField kCohortSpecFields[] = {String("parentName", "v1beta2.CohortReference"),
                                         List("resourceGroups", kGroup), Pointer("fairSharing", kFairSharing)};
constexpr GoStruct kCohortSpec = Struct("CohortSpec", "v1beta2.CohortSpec", kCohortSpecFields);
constexpr GoField kCohortFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                     Value("spec", kCohortSpec)};
constexpr GoStruct kCohort = Struct("Cohort", "v1beta2.Cohort", kCohortFields);

constexpr GoField kTaintFields[] = {String("key"), String("value"), String("effect", "v1.TaintEffect")};
constexpr GoStruct kTaint = Struct("Taint", "v1.Taint", kTaintFields);
constexpr GoField kTolerationFields[] = {String("key"), String("operator", "v1.TolerationOperator"), String("value"),
                                         String("effect", "v1.TaintEffect"), go::Int64("tolerationSeconds")};
constexpr GoStruct kToleration = Struct("Toleration", "v1.Toleration", kTolerationFields);
constexpr GoField kFlavorSpecFields[] = {StringMap("nodeLabels"), List("nodeTaints", kTaint),
                                         List("tolerations", kToleration),
                                         String("topologyName", "v1beta2.TopologyReference")};
constexpr GoStruct kFlavorSpec = Struct("ResourceFlavorSpec", "v1beta2.ResourceFlavorSpec", kFlavorSpecFields);
constexpr GoField kFlavorFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                     Value("spec", kFlavorSpec)};
constexpr GoStruct kFlavor = Struct("ResourceFlavor", "v1beta2.ResourceFlavor", kFlavorFields);

constexpr GoField kPodSetFields[] = {String("name", "v1beta2.PodSetReference"), Value("template", kGoPodTemplateSpec),
                                     Int32("count"), Int32("minCount"), go::Any("topologyRequest")};

}  // namespace

constexpr GoStruct kGoPodSet = Struct("PodSet", "v1beta2.PodSet", kPodSetFields);

namespace {

constexpr GoField kWorkloadSpecFields[] = {List("podSets", kGoPodSet), String("queueName", "v1beta2.LocalQueueName"),
                                           Int32("priority"), Bool("active"), Int32("maximumExecutionTimeSeconds")};
constexpr GoStruct kWorkloadSpec = Struct("WorkloadSpec", "v1beta2.WorkloadSpec", kWorkloadSpecFields);
constexpr GoField kAssignmentFields[] = {String("name", "v1beta2.PodSetReference"),
                                         StringMap("flavors"),
                                         Quantities("resourceUsage"),
                                         Int32("count"),
                                         go::Any("topologyAssignment"),
                                         String("delayedTopologyRequest", "v1beta2.DelayedTopologyRequestState")};
constexpr GoStruct kAssignment = Struct("PodSetAssignment", "v1beta2.PodSetAssignment", kAssignmentFields);
constexpr GoField kAdmissionFields[] = {String("clusterQueue", "v1beta2.ClusterQueueReference"),
                                        List("podSetAssignments", kAssignment)};

}  // namespace

constexpr GoStruct kGoAdmission = Struct("Admission", "v1beta2.Admission", kAdmissionFields);

namespace {

constexpr GoField kConditionFields[] = {String("type"),
                                        String("status", "v1.ConditionStatus"),
                                        go::Int64("observedGeneration"),
                                        Time("lastTransitionTime"),
                                        String("reason"),
                                        String("message")};
constexpr GoStruct kCondition = Struct("Condition", "v1.Condition", kConditionFields);
constexpr GoField kReclaimableFields[] = {String("name", "v1beta2.PodSetReference"), Int32("count")};
constexpr GoStruct kReclaimable = Struct("ReclaimablePod", "v1beta2.ReclaimablePod", kReclaimableFields);
constexpr GoField kWorkloadStatusFields[] = {List("conditions", kCondition), Pointer("admission", kGoAdmission),
                                             List("reclaimablePods", kReclaimable), Strings("nominatedClusterNames"),
                                             String("clusterName")};
constexpr GoStruct kWorkloadStatus = Struct("WorkloadStatus", "v1beta2.WorkloadStatus", kWorkloadStatusFields);
constexpr GoField kWorkloadFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                       Value("spec", kWorkloadSpec), Value("status", kWorkloadStatus)};
constexpr GoStruct kWorkload = Struct("Workload", "v1beta2.Workload", kWorkloadFields);

}  // namespace

const GoStruct* GoKueueTypeOf(absl::string_view group, absl::string_view kind) {
  if (group != "kueue.x-k8s.io") return nullptr;
  if (kind == "ClusterQueue") return &kClusterQueue;
  if (kind == "Cohort") return &kCohort;
  if (kind == "ResourceFlavor") return &kFlavor;
  if (kind == "Workload") return &kWorkload;
  return nullptr;
}

}  // namespace muster::webhook
