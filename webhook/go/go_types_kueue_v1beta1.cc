// Kueue's own kinds in v1beta1, as far as they differ from v1beta2.
#include "webhook/go/go_types.h"
#include "webhook/go/go_types_workload.h"

namespace muster::webhook {
namespace {

using go::Complete;
using go::Int32;
using go::Int64;
using go::List;
using go::Omit;
using go::Pointer;
using go::Quantities;
using go::String;
using go::Strings;
using go::Time;
using go::Value;
using go::Written;

// One type for all kinds, where v1beta2 has two.
constexpr GoField kConsumedFields[] = {Written(Quantities("consumedResources"), "null"),
                                       Written(Time("lastUpdate"), "null")};
constexpr GoStruct kConsumed =
    Complete("AdmissionFairSharingStatus", "v1beta1.AdmissionFairSharingStatus", kConsumedFields);
constexpr GoField kFairSharingStatusFields[] = {Written(Int64("weightedShare"), "0"),
                                                Pointer("admissionFairSharingStatus", kConsumed)};
constexpr GoStruct kFairSharingStatus =
    Complete("FairSharingStatus", "v1beta1.FairSharingStatus", kFairSharingStatusFields);

constexpr GoField kClusterQueueSpecFields[] = {List("resourceGroups", kGoResourceGroup),
                                               Omit(String("cohort", "v1beta1.CohortReference")),
                                               Omit(String("queueingStrategy", "v1beta1.QueueingStrategy")),
                                               Pointer("namespaceSelector", kGoLabelSelector),
                                               Pointer("flavorFungibility", kGoFungibility),
                                               Pointer("preemption", kGoPreemption),
                                               Strings("admissionChecks", "v1beta1.AdmissionCheckReference"),
                                               Pointer("admissionChecksStrategy", kGoChecksStrategy),
                                               String("stopPolicy", "v1beta1.StopPolicy"),
                                               Pointer("fairSharing", kGoFairSharing),
                                               Pointer("admissionScope", kGoAdmissionScope)};
constexpr GoStruct kClusterQueueSpec =
    Complete("ClusterQueueSpec", "v1beta1.ClusterQueueSpec", kClusterQueueSpecFields);
constexpr GoField kClusterQueueStatusFields[] = {Written(List("flavorsReservation", kGoFlavorUsage), "null"),
                                                 Written(List("flavorsUsage", kGoFlavorUsage), "null"),
                                                 Written(Int32("pendingWorkloads"), "0"),
                                                 Written(Int32("reservingWorkloads"), "0"),
                                                 Written(Int32("admittedWorkloads"), "0"),
                                                 List("conditions", kGoCondition),
                                                 go::Opaque("pendingWorkloadsStatus", "null"),
                                                 Pointer("fairSharing", kFairSharingStatus)};
constexpr GoStruct kClusterQueueStatus =
    Complete("ClusterQueueStatus", "v1beta1.ClusterQueueStatus", kClusterQueueStatusFields);
constexpr GoField kClusterQueueFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                           Value("spec", kClusterQueueSpec), Value("status", kClusterQueueStatus)};
constexpr GoStruct kClusterQueue = Complete("ClusterQueue", "v1beta1.ClusterQueue", kClusterQueueFields);

// status.flavors has no counterpart in v1beta2 and is only read.
constexpr GoField kQueueStatusFields[] = {Written(Int32("pendingWorkloads"), "0"),
                                          Written(Int32("reservingWorkloads"), "0"),
                                          Written(Int32("admittedWorkloads"), "0"),
                                          List("conditions", kGoCondition),
                                          Written(List("flavorsReservation", kGoQueueFlavorUsage), "null"),
                                          Written(List("flavorUsage", kGoQueueFlavorUsage), "null"),
                                          Pointer("fairSharing", kFairSharingStatus)};
constexpr GoStruct kQueueStatus = Complete("LocalQueueStatus", "v1beta1.LocalQueueStatus", kQueueStatusFields);
constexpr GoField kQueueFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                    Value("spec", kGoQueueSpec), Value("status", kQueueStatus)};
constexpr GoStruct kQueue = Complete("LocalQueue", "v1beta1.LocalQueue", kQueueFields);

}  // namespace

const GoStruct* GoOldKueueTypeOf(absl::string_view kind) {
  if (kind == "ClusterQueue") return &kClusterQueue;
  if (kind == "Cohort") return &kGoCohort;
  if (kind == "LocalQueue") return &kQueue;
  if (kind == "Workload") return &kGoOldWorkload;
  return GoOldMultiKueueTypeOf(kind);
}

}  // namespace muster::webhook
