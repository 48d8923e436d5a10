// Kueue's own kinds (v1beta2) but for the Workload, with every field they have.
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
using go::Quantity;
using go::String;
using go::StringMap;
using go::Strings;
using go::Time;
using go::Value;
using go::Written;

constexpr char kEmpty[] = R"("")";
constexpr char kNothing[] = R"("0")";  // a quantity

constexpr GoField kQuotaFields[] = {Omit(String("name", "v1.ResourceName")),
                                    Written(Quantity("nominalQuota"), kNothing), Quantity("borrowingLimit"),
                                    Quantity("lendingLimit")};
constexpr GoStruct kQuota = Complete("ResourceQuota", "v1beta2.ResourceQuota", kQuotaFields);
constexpr GoField kFlavorQuotasFields[] = {Written(String("name", "v1beta2.ResourceFlavorReference"), kEmpty),
                                           List("resources", kQuota)};
constexpr GoStruct kFlavorQuotas = Complete("FlavorQuotas", "v1beta2.FlavorQuotas", kFlavorQuotasFields);
constexpr GoField kGroupFields[] = {Strings("coveredResources", "v1.ResourceName"), List("flavors", kFlavorQuotas)};
constexpr GoStruct kGroup = Complete("ResourceGroup", "v1beta2.ResourceGroup", kGroupFields);
constexpr GoField kFairSharingFields[] = {Quantity("weight")};
constexpr GoField kFungibilityFields[] = {Omit(String("whenCanBorrow", "v1beta2.FlavorFungibilityPolicy")),
                                          Omit(String("whenCanPreempt", "v1beta2.FlavorFungibilityPolicy")),
                                          String("preference", "v1beta2.FlavorFungibilityPreference")};
constexpr GoField kBorrowFields[] = {Omit(String("policy", "v1beta2.BorrowWithinCohortPolicy")),
                                     Int32("maxPriorityThreshold")};
constexpr GoStruct kBorrow = Complete("BorrowWithinCohort", "v1beta2.BorrowWithinCohort", kBorrowFields);
constexpr GoField kPreemptionFields[] = {Omit(String("reclaimWithinCohort", "v1beta2.PreemptionPolicy")),
                                         Pointer("borrowWithinCohort", kBorrow),
                                         Omit(String("withinClusterQueue", "v1beta2.PreemptionPolicy"))};
constexpr GoField kRuleFields[] = {Omit(String("name", "v1beta2.AdmissionCheckReference")),
                                   Strings("onFlavors", "v1beta2.ResourceFlavorReference")};
constexpr GoStruct kRule = Complete("AdmissionCheckStrategyRule", "v1beta2.AdmissionCheckStrategyRule", kRuleFields);
constexpr GoField kStrategyFields[] = {List("admissionChecks", kRule)};
constexpr GoField kScopeFields[] = {Written(String("admissionMode", "v1beta2.AdmissionMode"), kEmpty)};
constexpr GoField kMigrationConstraintsFields[] = {
    String("lastAcceptableFlavorName", "v1beta2.ResourceFlavorReference")};
constexpr GoStruct kMigrationConstraints =
    Complete("ConcurrentAdmissionConstraints", "v1beta2.ConcurrentAdmissionConstraints", kMigrationConstraintsFields);
constexpr GoField kMigrationFields[] = {Omit(String("mode", "v1beta2.ConcurrentAdmissionMigrationMode")),
                                        Pointer("constraints", kMigrationConstraints)};
constexpr GoStruct kMigration =
    Complete("ConcurrentAdmissionMigration", "v1beta2.ConcurrentAdmissionMigration", kMigrationFields);
constexpr GoField kConcurrentAdmissionFields[] = {Omit(Pointer("migration", kMigration))};  // omitzero

constexpr GoField kResourceUsageFields[] = {Omit(String("name", "v1.ResourceName")),
                                            Written(Quantity("total"), kNothing),
                                            Written(Quantity("borrowed"), kNothing)};
constexpr GoStruct kResourceUsage = Complete("ResourceUsage", "v1beta2.ResourceUsage", kResourceUsageFields);
constexpr GoField kFlavorUsageFields[] = {Omit(String("name", "v1beta2.ResourceFlavorReference")),
                                          List("resources", kResourceUsage)};
constexpr GoField kFairSharingStatusFields[] = {Written(Int64("weightedShare"), "0")};

}  // namespace

constexpr GoStruct kGoFairSharing = Complete("FairSharing", "v1beta2.FairSharing", kFairSharingFields);
constexpr GoStruct kGoFungibility = Complete("FlavorFungibility", "v1beta2.FlavorFungibility", kFungibilityFields);
constexpr GoStruct kGoPreemption =
    Complete("ClusterQueuePreemption", "v1beta2.ClusterQueuePreemption", kPreemptionFields);
constexpr GoStruct kGoChecksStrategy =
    Complete("AdmissionChecksStrategy", "v1beta2.AdmissionChecksStrategy", kStrategyFields);
constexpr GoStruct kGoAdmissionScope = Complete("AdmissionScope", "v1beta2.AdmissionScope", kScopeFields);
constexpr GoStruct kGoConcurrentAdmissionPolicy =
    Complete("ConcurrentAdmissionPolicy", "v1beta2.ConcurrentAdmissionPolicy", kConcurrentAdmissionFields);
constexpr GoStruct kGoResourceGroup = kGroup;
constexpr GoStruct kGoFlavorUsage = Complete("FlavorUsage", "v1beta2.FlavorUsage", kFlavorUsageFields);
constexpr GoStruct kGoFairSharingStatus =
    Complete("FairSharingStatus", "v1beta2.FairSharingStatus", kFairSharingStatusFields);

namespace {

constexpr GoField kClusterQueueSpecFields[] = {List("resourceGroups", kGoResourceGroup),
                                               Omit(String("cohortName", "v1beta2.CohortReference")),
                                               Omit(String("queueingStrategy", "v1beta2.QueueingStrategy")),
                                               Pointer("namespaceSelector", kGoLabelSelector),
                                               Pointer("flavorFungibility", kGoFungibility),
                                               Pointer("preemption", kGoPreemption),
                                               Pointer("admissionChecksStrategy", kGoChecksStrategy),
                                               String("stopPolicy", "v1beta2.StopPolicy"),
                                               Pointer("fairSharing", kGoFairSharing),
                                               Pointer("admissionScope", kGoAdmissionScope),
                                               Pointer("concurrentAdmissionPolicy", kGoConcurrentAdmissionPolicy)};
constexpr GoStruct kClusterQueueSpec =
    Complete("ClusterQueueSpec", "v1beta2.ClusterQueueSpec", kClusterQueueSpecFields);
constexpr GoField kClusterQueueStatusFields[] = {List("conditions", kGoCondition),
                                                 List("flavorsReservation", kGoFlavorUsage),
                                                 List("flavorsUsage", kGoFlavorUsage),
                                                 Written(Int32("pendingWorkloads"), "0"),
                                                 Written(Int32("reservingWorkloads"), "0"),
                                                 Written(Int32("admittedWorkloads"), "0"),
                                                 Pointer("fairSharing", kGoFairSharingStatus)};
constexpr GoStruct kClusterQueueStatus =
    Complete("ClusterQueueStatus", "v1beta2.ClusterQueueStatus", kClusterQueueStatusFields);
constexpr GoField kClusterQueueFields[] = {
    String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta), Value("spec", kClusterQueueSpec),
    Value("status", kClusterQueueStatus, R"({"admittedWorkloads":0,"pendingWorkloads":0,"reservingWorkloads":0})")};
constexpr GoStruct kClusterQueue = Complete("ClusterQueue", "v1beta2.ClusterQueue", kClusterQueueFields);

constexpr GoField kCohortSpecFields[] = {Omit(String("parentName", "v1beta2.CohortReference")),
                                         List("resourceGroups", kGoResourceGroup),
                                         Pointer("fairSharing", kGoFairSharing)};
constexpr GoStruct kCohortSpec = Complete("CohortSpec", "v1beta2.CohortSpec", kCohortSpecFields);
constexpr GoField kCohortStatusFields[] = {Pointer("fairSharing", kGoFairSharingStatus)};
constexpr GoStruct kCohortStatus = Complete("CohortStatus", "v1beta2.CohortStatus", kCohortStatusFields);
constexpr GoField kCohortFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                     Value("spec", kCohortSpec), Value("status", kCohortStatus)};

constexpr GoField kTaintFields[] = {Written(String("key"), kEmpty), Omit(String("value")),
                                    Written(String("effect", "v1.TaintEffect"), kEmpty), Time("timeAdded")};

}  // namespace

constexpr GoStruct kGoTaint = Complete("Taint", "v1.Taint", kTaintFields);

namespace {

constexpr GoField kFlavorSpecFields[] = {StringMap("nodeLabels"), List("nodeTaints", kGoTaint),
                                         List("tolerations", kGoToleration),
                                         String("topologyName", "v1beta2.TopologyReference")};
constexpr GoStruct kFlavorSpec = Complete("ResourceFlavorSpec", "v1beta2.ResourceFlavorSpec", kFlavorSpecFields);
constexpr GoField kFlavorFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                     Value("spec", kFlavorSpec)};
constexpr GoStruct kFlavor = Complete("ResourceFlavor", "v1beta2.ResourceFlavor", kFlavorFields);

constexpr GoField kQueueResourceUsageFields[] = {Omit(String("name", "v1.ResourceName")),
                                                 Written(Quantity("total"), kNothing)};
constexpr GoStruct kQueueResourceUsage =
    Complete("LocalQueueResourceUsage", "v1beta2.LocalQueueResourceUsage", kQueueResourceUsageFields);
constexpr GoField kQueueFlavorUsageFields[] = {Written(String("name", "v1beta2.ResourceFlavorReference"), kEmpty),
                                               List("resources", kQueueResourceUsage)};
constexpr GoField kConsumedFields[] = {Written(go::Quantities("consumedResources"), "null"),
                                       Written(Time("lastUpdate"), "null")};
constexpr GoStruct kConsumed =
    Complete("LocalQueueAdmissionFairSharingStatus", "v1beta2.LocalQueueAdmissionFairSharingStatus", kConsumedFields);
constexpr GoField kQueueFairSharingFields[] = {Written(Int64("weightedShare"), "0"),
                                               Pointer("admissionFairSharingStatus", kConsumed)};
constexpr GoField kQueueSpecFields[] = {Omit(String("clusterQueue", "v1beta2.ClusterQueueReference")),
                                        String("stopPolicy", "v1beta2.StopPolicy"),
                                        Pointer("fairSharing", kGoFairSharing)};

}  // namespace

constexpr GoStruct kGoCohort = Complete("Cohort", "v1beta2.Cohort", kCohortFields);
constexpr GoStruct kGoQueueFlavorUsage =
    Complete("LocalQueueFlavorUsage", "v1beta2.LocalQueueFlavorUsage", kQueueFlavorUsageFields);
constexpr GoStruct kGoQueueFairSharingStatus =
    Complete("LocalQueueFairSharingStatus", "v1beta2.LocalQueueFairSharingStatus", kQueueFairSharingFields);
constexpr GoStruct kGoQueueSpec = Complete("LocalQueueSpec", "v1beta2.LocalQueueSpec", kQueueSpecFields);

namespace {

constexpr GoField kQueueStatusFields[] = {List("conditions", kGoCondition),
                                          Written(Int32("pendingWorkloads"), "0"),
                                          Written(Int32("reservingWorkloads"), "0"),
                                          Written(Int32("admittedWorkloads"), "0"),
                                          List("flavorsReservation", kGoQueueFlavorUsage),
                                          List("flavorsUsage", kGoQueueFlavorUsage),
                                          Pointer("fairSharing", kGoQueueFairSharingStatus)};
constexpr GoStruct kQueueStatus = Complete("LocalQueueStatus", "v1beta2.LocalQueueStatus", kQueueStatusFields);
constexpr GoField kQueueFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                    Value("spec", kGoQueueSpec), Value("status", kQueueStatus)};
constexpr GoStruct kQueue = Complete("LocalQueue", "v1beta2.LocalQueue", kQueueFields);

// MultiKueue's kinds are converted and nothing else. Their specs are taken as they are.
constexpr GoField kClusterFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                      go::Opaque("spec", "{}"), go::Opaque("status", "{}")};
constexpr GoStruct kCluster = go::Struct("MultiKueueCluster", "v1beta2.MultiKueueCluster", kClusterFields);
constexpr GoStruct kOldCluster = go::Struct("MultiKueueCluster", "v1beta1.MultiKueueCluster", kClusterFields);
constexpr GoField kConfigFields[] = {String("apiVersion"), String("kind"), Value("metadata", kGoObjectMeta),
                                     go::Opaque("spec", "{}")};
constexpr GoStruct kConfig = go::Struct("MultiKueueConfig", "v1beta2.MultiKueueConfig", kConfigFields);
constexpr GoStruct kOldConfig = go::Struct("MultiKueueConfig", "v1beta1.MultiKueueConfig", kConfigFields);

}  // namespace

const GoStruct* GoOldMultiKueueTypeOf(absl::string_view kind) {
  if (kind == "MultiKueueCluster") return &kOldCluster;
  if (kind == "MultiKueueConfig") return &kOldConfig;
  return nullptr;
}

const GoStruct* GoKueueTypeOf(absl::string_view group, absl::string_view kind) {
  if (group != "kueue.x-k8s.io") return nullptr;
  if (kind == "ClusterQueue") return &kClusterQueue;
  if (kind == "Cohort") return &kGoCohort;
  if (kind == "LocalQueue") return &kQueue;
  if (kind == "MultiKueueCluster") return &kCluster;
  if (kind == "MultiKueueConfig") return &kConfig;
  if (kind == "ResourceFlavor") return &kFlavor;
  if (kind == "Workload") return &kGoWorkload;
  return nullptr;
}

}  // namespace muster::webhook
