// Kueue's Workload, v1beta2 and v1beta1, with every field it has.
#include "webhook/go/go_types_workload.h"

#include "webhook/go/go_types.h"

namespace muster::webhook {
namespace {

using go::Bool;
using go::Complete;
using go::Int32;
using go::List;
using go::Omit;
using go::Pointer;
using go::Quantities;
using go::String;
using go::StringMap;
using go::Strings;
using go::Time;
using go::Value;
using go::Written;

constexpr char kEmpty[] = R"("")";
constexpr GoField kPodSetName = Written(String("name", "v1beta2.PodSetReference"), kEmpty);

// The spec.

constexpr GoField kLayerFields[] = {Written(String("topology"), kEmpty), Written(Int32("size"), "0")};
constexpr GoStruct kLayer =
    Complete("PodsetSliceRequiredTopologyConstraint", "v1beta2.PodsetSliceRequiredTopologyConstraint", kLayerFields);
constexpr GoField kTopologyRequestFields[] = {
    String("required"),           String("preferred"),
    Bool("unconstrained"),        String("podIndexLabel"),
    String("subGroupIndexLabel"), Int32("subGroupCount"),
    String("podSetGroupName"),    String("podSetSliceRequiredTopology"),
    Int32("podSetSliceSize"),     List("podsetSliceRequiredTopologyConstraints", kLayer)};
constexpr GoStruct kTopologyRequest =
    Complete("PodSetTopologyRequest", "v1beta2.PodSetTopologyRequest", kTopologyRequestFields);
constexpr GoField kPodSetFields[] = {Omit(String("name", "v1beta2.PodSetReference")),
                                     Value("template", kGoPodTemplateSpec), Written(Int32("count"), "0"),
                                     Int32("minCount"), Pointer("topologyRequest", kTopologyRequest)};

}  // namespace

constexpr GoStruct kGoPodSet = Complete("PodSet", "v1beta2.PodSet", kPodSetFields);

namespace {

constexpr GoField kPriorityClassFields[] = {Omit(String("group", "v1beta2.PriorityClassGroup")),
                                            Omit(String("kind", "v1beta2.PriorityClassKind")), Omit(String("name"))};
constexpr GoStruct kPriorityClass = Complete("PriorityClassRef", "v1beta2.PriorityClassRef", kPriorityClassFields);
constexpr GoField kGateFields[] = {Written(String("name"), kEmpty)};
constexpr GoStruct kGate = Complete("PreemptionGate", "v1beta2.PreemptionGate", kGateFields);
constexpr GoField kSpecFields[] = {Written(List("podSets", kGoPodSet), "null"),
                                   Omit(String("queueName", "v1beta2.LocalQueueName")),
                                   Pointer("priorityClassRef", kPriorityClass),
                                   Int32("priority"),
                                   Bool("active"),
                                   Int32("maximumExecutionTimeSeconds"),
                                   List("preemptionGates", kGate)};
constexpr GoStruct kSpec = Complete("WorkloadSpec", "v1beta2.WorkloadSpec", kSpecFields);
constexpr GoField kOldSpecFields[] = {
    Written(List("podSets", kGoPodSet), "null"), Omit(String("queueName", "v1beta1.LocalQueueName")),
    Omit(String("priorityClassName")),           Int32("priority"),
    Omit(String("priorityClassSource")),         Bool("active"),
    Int32("maximumExecutionTimeSeconds"),        List("preemptionGates", kGate)};
constexpr GoStruct kOldSpec = Complete("WorkloadSpec", "v1beta1.WorkloadSpec", kOldSpecFields);

// The admission.

constexpr GoField kIndividualFields[] = {String("prefix"), String("suffix"), Strings("roots")};
constexpr GoStruct kIndividual = Complete("TopologyAssignmentSliceLevelIndividualValues",
                                          "v1beta2.TopologyAssignmentSliceLevelIndividualValues", kIndividualFields);
constexpr GoField kLevelValuesFields[] = {String("universal"), Pointer("individual", kIndividual)};
constexpr GoStruct kLevelValues =
    Complete("TopologyAssignmentSliceLevelValues", "v1beta2.TopologyAssignmentSliceLevelValues", kLevelValuesFields);
constexpr GoField kPodCountsFields[] = {Int32("universal"),
                                        {"individual", GoType::kInt32, GoContainer::kList, nullptr, {}, {}, {}, true}};
constexpr GoStruct kPodCounts =
    Complete("TopologyAssignmentSlicePodCounts", "v1beta2.TopologyAssignmentSlicePodCounts", kPodCountsFields);
constexpr GoField kSliceFields[] = {Omit(Int32("domainCount")), List("valuesPerLevel", kLevelValues),
                                    Omit(Pointer("podCounts", kPodCounts))};
constexpr GoStruct kSlice = Complete("TopologyAssignmentSlice", "v1beta2.TopologyAssignmentSlice", kSliceFields);
constexpr GoField kTopologyFields[] = {Strings("levels"), List("slices", kSlice)};
constexpr GoStruct kTopology = Complete("TopologyAssignment", "v1beta2.TopologyAssignment", kTopologyFields);
constexpr GoField kDomainFields[] = {Written(Strings("values"), "null"), Written(Int32("count"), "0")};
constexpr GoStruct kDomain = Complete("TopologyDomainAssignment", "v1beta1.TopologyDomainAssignment", kDomainFields);
constexpr GoField kOldTopologyFields[] = {Written(Strings("levels"), "null"),
                                          Written(List("domains", kDomain), "null")};
constexpr GoStruct kOldTopology = Complete("TopologyAssignment", "v1beta1.TopologyAssignment", kOldTopologyFields);

constexpr GoField kFlavors = StringMap("flavors", "map[v1.ResourceName]v1beta2.ResourceFlavorReference");
constexpr GoField kDelayed = String("delayedTopologyRequest", "v1beta2.DelayedTopologyRequestState");
constexpr GoField kAssignmentFields[] = {
    kPodSetName, kFlavors, Quantities("resourceUsage"), Int32("count"), Pointer("topologyAssignment", kTopology),
    kDelayed};
constexpr GoStruct kAssignment = Complete("PodSetAssignment", "v1beta2.PodSetAssignment", kAssignmentFields);
constexpr GoField kOldAssignmentFields[] = {
    kPodSetName, kFlavors, Quantities("resourceUsage"), Int32("count"), Pointer("topologyAssignment", kOldTopology),
    kDelayed};
constexpr GoStruct kOldAssignment = Complete("PodSetAssignment", "v1beta1.PodSetAssignment", kOldAssignmentFields);
constexpr GoField kAdmissionFields[] = {Written(String("clusterQueue", "v1beta2.ClusterQueueReference"), kEmpty),
                                        Written(List("podSetAssignments", kAssignment), "null")};
constexpr GoField kOldAdmissionFields[] = {Written(String("clusterQueue", "v1beta1.ClusterQueueReference"), kEmpty),
                                           Written(List("podSetAssignments", kOldAssignment), "null")};
constexpr GoStruct kOldAdmission = Complete("Admission", "v1beta1.Admission", kOldAdmissionFields);

// The checks.

constexpr GoField kPodSetUpdateFields[] = {kPodSetName, StringMap("labels"), StringMap("annotations"),
                                           StringMap("nodeSelector"), List("tolerations", kGoToleration)};

}  // namespace

constexpr GoStruct kGoAdmission = Complete("Admission", "v1beta2.Admission", kAdmissionFields);
constexpr GoStruct kGoPodSetUpdate = Complete("PodSetUpdate", "v1beta2.PodSetUpdate", kPodSetUpdateFields);

namespace {

constexpr GoField kCheckFields[] = {Omit(String("name", "v1beta2.AdmissionCheckReference")),
                                    Omit(String("state", "v1beta2.CheckState")),
                                    Time("lastTransitionTime"),
                                    Written(String("message"), kEmpty),
                                    Int32("requeueAfterSeconds"),
                                    Int32("retryCount"),
                                    List("podSetUpdates", kGoPodSetUpdate)};
constexpr GoStruct kCheck = Complete("AdmissionCheckState", "v1beta2.AdmissionCheckState", kCheckFields);
constexpr GoField kOldCheckFields[] = {Written(String("name", "v1beta1.AdmissionCheckReference"), kEmpty),
                                       Written(String("state", "v1beta1.CheckState"), kEmpty),
                                       Written(Time("lastTransitionTime"), "null"),
                                       Written(String("message"), kEmpty),
                                       Int32("requeueAfterSeconds"),
                                       Int32("retryCount"),
                                       List("podSetUpdates", kGoPodSetUpdate)};
constexpr GoStruct kOldCheck = Complete("AdmissionCheckState", "v1beta1.AdmissionCheckState", kOldCheckFields);

// The rest of the status.

constexpr GoField kRequeueFields[] = {Int32("count"), Time("requeueAt")};
constexpr GoStruct kRequeue = Complete("RequeueState", "v1beta2.RequeueState", kRequeueFields);
constexpr GoField kReclaimableFields[] = {kPodSetName, Written(Int32("count"), "0")};
constexpr GoStruct kReclaimable = Complete("ReclaimablePod", "v1beta2.ReclaimablePod", kReclaimableFields);
constexpr GoField kRequestFields[] = {kPodSetName, Quantities("resources")};
constexpr GoStruct kRequest = Complete("PodSetRequest", "v1beta2.PodSetRequest", kRequestFields);
constexpr GoField kEvictionFields[] = {Written(String("reason"), kEmpty),
                                       Written(String("underlyingCause", "v1beta2.EvictionUnderlyingCause"), kEmpty),
                                       Written(Int32("count"), "0")};
constexpr GoStruct kEviction =
    Complete("WorkloadSchedulingStatsEviction", "v1beta2.WorkloadSchedulingStatsEviction", kEvictionFields);
constexpr GoField kStatsFields[] = {List("evictions", kEviction)};
constexpr GoStruct kStats = Complete("SchedulingStats", "v1beta2.SchedulingStats", kStatsFields);
constexpr GoField kNodeFields[] = {Written(String("name"), kEmpty)};
constexpr GoStruct kNode = Complete("UnhealthyNode", "v1beta2.UnhealthyNode", kNodeFields);
// Not complete: newer versions of Kueue keep more here.
constexpr GoField kGateStateFields[] = {String("name"), String("position", "v1beta2.PreemptionGatePosition"),
                                        Time("lastTransitionTime")};
constexpr GoStruct kGateState = go::Struct("PreemptionGateState", "v1beta2.PreemptionGateState", kGateStateFields);

constexpr GoField kStatusFields[] = {List("conditions", kGoCondition),
                                     Pointer("admission", kGoAdmission),
                                     Pointer("requeueState", kRequeue),
                                     List("reclaimablePods", kReclaimable),
                                     List("admissionChecks", kCheck),
                                     List("resourceRequests", kRequest),
                                     Int32("accumulatedPastExecutionTimeSeconds"),
                                     Pointer("schedulingStats", kStats),
                                     Strings("nominatedClusterNames"),
                                     String("clusterName"),
                                     List("unhealthyNodes", kNode),
                                     List("preemptionGates", kGateState)};
constexpr GoStruct kStatus = Complete("WorkloadStatus", "v1beta2.WorkloadStatus", kStatusFields);
constexpr GoField kOldStatusFields[] = {List("conditions", kGoCondition),
                                        Pointer("admission", kOldAdmission),
                                        Pointer("requeueState", kRequeue),
                                        List("reclaimablePods", kReclaimable),
                                        List("admissionChecks", kOldCheck),
                                        List("resourceRequests", kRequest),
                                        Int32("accumulatedPastExexcutionTimeSeconds"),
                                        Pointer("schedulingStats", kStats),
                                        Strings("nominatedClusterNames"),
                                        String("clusterName"),
                                        List("unhealthyNodes", kNode),
                                        List("preemptionGates", kGateState)};
constexpr GoStruct kOldStatus = Complete("WorkloadStatus", "v1beta1.WorkloadStatus", kOldStatusFields);

constexpr GoField kWorkloadFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                       Value("spec", kSpec), Value("status", kStatus)};
constexpr GoField kOldWorkloadFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                          Value("spec", kOldSpec), Value("status", kOldStatus)};

}  // namespace

constexpr GoStruct kGoWorkload = Complete("Workload", "v1beta2.Workload", kWorkloadFields);
constexpr GoStruct kGoOldWorkload = Complete("Workload", "v1beta1.Workload", kOldWorkloadFields);

}  // namespace muster::webhook
