#include "api/hyperpod/shapes.h"

#include "absl/strings/ascii.h"
#include "api/hyperpod/catalog.h"
#include "api/hyperpod/patterns.h"

namespace muster::hyperpod {
namespace {

using Type = Shape::Type;
using Values = std::vector<std::string>;

constexpr int64_t kMaxAmount = 10'000'000;

const Values* InstanceTypeNames() {
  static const auto* const names = [] {
    auto* all = new Values();
    for (const InstanceType& type : InstanceTypes()) all->push_back(type.name);
    return all;
  }();
  return names;
}

// The makers leak on purpose: shapes live as long as the process.
const Shape* Enum(absl::string_view name, Values values) {
  return new Shape{.type = Type::kString, .name = name, .values = new Values(std::move(values))};
}
const Shape* Text(absl::string_view name, int64_t min, int64_t max, absl::string_view pattern = {},
                  bool (*matches)(absl::string_view) = nullptr) {
  return new Shape{.type = Type::kString, .name = name, .min = min, .max = max, .pattern = pattern, .matches = matches};
}
const Shape* Number(absl::string_view name, int64_t max, Type type = Type::kInteger, int64_t min = 0) {
  return new Shape{.type = type, .name = name, .min = min, .max = max};
}
const Shape* List(absl::string_view name, const Shape* item, int64_t max) {
  return new Shape{.type = Type::kList, .name = name, .min = 0, .max = max, .item = item};
}
const Shape* Structure(absl::string_view name, std::vector<Member> members, bool open = false) {
  return new Shape{.type = Type::kStructure, .name = name, .members = std::move(members), .open = open};
}

// What more than one structure uses.
struct Common {
  const Shape* any = new Shape{.type = Type::kAny, .name = "Any"};
  const Shape* text = Text("String", 0, -1);
  const Shape* version = new Shape{.type = Type::kInteger, .name = "Integer"};
  const Shape* switch_state = Enum("Enabled", {"Enabled", "Disabled"});
  const Shape* entity_name = Text("EntityName", 1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", IsEntityName);
  const Shape* description =
      Text("EntityDescription", 0, 1024, "[\\p{L}\\p{M}\\p{Z}\\p{S}\\p{N}\\p{P}]*", IsDescription);
  const Shape* cluster_arn = Text(
      "ClusterArn", 0, 256, "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:cluster/[a-z0-9]{12}", IsClusterArn);
  const Shape* id = Text("Id", 12, 12, "[a-z0-9]{12}", IsRecordId);
  const Shape* team_name = Text("TeamName", 0, -1, "[a-z0-9]([-a-z0-9]*[a-z0-9]){0,39}?", IsTeamName);
  const Shape* failure_reason = Text("FailureReason", 0, 1024);
  const Shape* status =
      Enum("SchedulerResourceStatus",
           {"Creating", "CreateFailed", "CreateRollbackFailed", "Created", "Updating", "UpdateFailed",
            "UpdateRollbackFailed", "Updated", "Deleting", "DeleteFailed", "DeleteRollbackFailed", "Deleted"});
  const Shape* instance_type =
      new Shape{.type = Type::kString, .name = "ClusterInstanceType", .values = InstanceTypeNames()};
  const Shape* tags =
      List("TagList",
           Structure("Tag", {{"Key", Text("TagKey", 1, 128, "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", IsTagText), true},
                             {"Value", Text("TagValue", 0, 256, "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", IsTagText), true}}),
           50);
};

const Common& Shapes() {
  static const auto* const shapes = new Common();
  return *shapes;
}

const Shape* ResourceConfigShape() {
  static const Shape* const shape =
      Structure("ComputeQuotaResourceConfig",
                {{"InstanceType", Shapes().instance_type, true},
                 {"Count", Number("InstanceCount", kMaxAmount)},
                 {"Accelerators", Number("AcceleratorsAmount", kMaxAmount)},
                 {"VCpu", Number("VCpuAmount", kMaxAmount, Type::kFloat)},
                 {"MemoryInGiB", Number("MemoryInGiBAmount", kMaxAmount, Type::kFloat)},
                 {"AcceleratorPartition",
                  Structure("AcceleratorPartitionConfig",
                            {{"Type", Enum("MIGProfileType", ApiMigProfiles()), true},
                             {"Count", Number("AcceleratorPartitionConfigCountInteger", kMaxAmount), true}})}});
  return shape;
}

const Shape* QuotaConfigShape() {
  return Structure(
      "ComputeQuotaConfig",
      {{"ComputeQuotaResources", List("ComputeQuotaResourceConfigList", ResourceConfigShape(), 15)},
       {"ResourceSharingConfig",
        Structure("ResourceSharingConfig",
                  {{"Strategy", Enum("ResourceSharingStrategy", {"Lend", "DontLend", "LendAndBorrow"}), true},
                   {"BorrowLimit", Number("BorrowLimit", 10'000)},
                   {"AbsoluteBorrowLimits", List("AbsoluteBorrowLimitResourceList", ResourceConfigShape(), 15)}})},
       {"PreemptTeamTasks", Enum("PreemptTeamTasks", {"Never", "LowerPriority"})}});
}

// A structure with the members that both records have around `own`.
const Shape& RecordShape(absl::string_view name, std::vector<Member> own) {
  const Common& c = Shapes();
  std::vector<Member> members = {{"Name", c.entity_name}, {"ClusterArn", c.cluster_arn}};
  members.insert(members.end(), own.begin(), own.end());
  const std::vector<Member> more = {{"Description", c.description},
                                    {"Tags", c.tags},
                                    {"TargetVersion", c.version},
                                    {"Status", c.status},
                                    {"FailureReason", c.failure_reason},
                                    {"CreationTime", c.any},
                                    {"CreatedBy", c.any},
                                    {"LastModifiedTime", c.any},
                                    {"LastModifiedBy", c.any},
                                    {"ResponseMetadata", c.any},  // boto3
                                    {"Id", c.any}};               // awscc
  members.insert(members.end(), more.begin(), more.end());
  return *Structure(name, std::move(members));
}

const Shape* InstanceGroupShape() {
  const Common& c = Shapes();
  const Shape* count = Number("ClusterInstanceCount", 6758);
  return Structure(
      "ClusterInstanceGroup",
      {{"InstanceGroupName", Text("InstanceGroupName", 1, 63), true},
       {"InstanceType", c.instance_type},
       {"InstanceRequirements",
        Structure("InstanceRequirements", {{"InstanceTypes", List("InstanceTypes", c.instance_type, 20)}}, true)},
       {"InstanceCount", count},
       {"CurrentCount", count},
       {"TargetCount", count},
       {"ThreadsPerCore", Number("ClusterThreadsPerCore", 2, Type::kInteger, 1)},
       {"KubernetesConfig",
        Structure(
            "KubernetesConfig",
            {{"Labels", new Shape{.type = Type::kStringMap, .name = "Labels"}},
             {"CurrentLabels", new Shape{.type = Type::kStringMap, .name = "Labels"}},
             {"Taints",
              List("Taints",
                   Structure("Taint",
                             {{"Key", c.text, true},
                              {"Value", c.text},
                              {"Effect", Enum("TaintEffect", {"NoSchedule", "PreferNoSchedule", "NoExecute"}), true}}),
                   50)}},
            true)}},
      true);
}

const Shape* NodeShape() {
  const Common& c = Shapes();
  return Structure("ClusterNodeSummary",
                   {{"InstanceGroupName", c.text},
                    {"InstanceId", Text("InstanceId", 1, 256), true},
                    {"InstanceType", c.instance_type},
                    {"ThreadsPerCore", Number("ClusterThreadsPerCore", 2, Type::kInteger, 1)},
                    {"InstanceStatus", Structure("ClusterInstanceStatusDetails", {{"Status", c.text}}, true)},
                    {"UltraServerInfo", Structure("UltraServerInfo", {{"Id", c.text}}, true)},
                    {"Placement", Structure("Placement", {{"AvailabilityZone", c.text}}, true)}},
                   true);
}

}  // namespace

const Shape& ClusterSchedulerConfigShape() {
  static const Shape& shape = [&]() -> const Shape& {
    const Common& c = Shapes();
    const Shape* priority_class =
        Structure("PriorityClass", {{"Name", c.team_name, true}, {"Weight", Number("PriorityWeight", 100), true}});
    const Shape* config =
        Structure("SchedulerConfig", {{"PriorityClasses", List("PriorityClassList", priority_class, 10)},
                                      {"FairShare", c.switch_state},
                                      {"IdleResourceSharing", c.switch_state}});
    return RecordShape(
        "ClusterSchedulerConfig",
        {{"SchedulerConfig", config},
         {"ClusterSchedulerConfigArn",
          Text("ClusterSchedulerConfigArn", 0, 256,
               "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:cluster-scheduler-config/[a-z0-9]{12}",
               IsSchedulerConfigArn)},
         {"ClusterSchedulerConfigId", c.id},
         {"ClusterSchedulerConfigVersion", c.version},
         {"StatusDetails", new Shape{.type = Type::kStringMap, .name = "StatusDetailsMap"}}});
  }();
  return shape;
}

const Shape& ComputeQuotaShape() {
  static const Shape& shape = [&]() -> const Shape& {
    const Common& c = Shapes();
    return RecordShape(
        "ComputeQuota",
        {{"ComputeQuotaConfig", QuotaConfigShape()},
         {"ComputeQuotaTarget", Structure("ComputeQuotaTarget", {{"TeamName", c.team_name, true},
                                                                 {"FairShareWeight", Number("FairShareWeight", 100)}})},
         {"ActivationState", c.switch_state},
         {"ComputeQuotaArn",
          Text("ComputeQuotaArn", 0, 2048,
               "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:compute-quota/[a-z0-9]{12}", IsComputeQuotaArn)},
         {"ComputeQuotaId", c.id},
         {"ComputeQuotaVersion", c.version}});
  }();
  return shape;
}

const Shape& ClusterShape() {
  static const Shape* const shape = Structure("Cluster",
                                              {{"ClusterName", Shapes().text},
                                               {"ClusterArn", Shapes().cluster_arn},
                                               {"Orchestrator", Shapes().any},
                                               {"InstanceGroups", List("InstanceGroups", InstanceGroupShape(), 100)}},
                                              true);
  return *shape;
}

const Shape& ClusterNodesShape() {
  static const Shape* const shape = Structure(
      "ListClusterNodesResponse",
      {{"ClusterNodeSummaries", new Shape{.type = Type::kList, .name = "ClusterNodeSummaries", .item = NodeShape()}}},
      true);
  return *shape;
}

const Shape& ClusterNodeShape() {
  static const Shape* const shape = Structure("DescribeClusterNodeResponse", {{"NodeDetails", NodeShape()}}, true);
  return *shape;
}

std::string FoldName(absl::string_view name) {
  std::string folded;
  folded.reserve(name.size());
  for (char c : name) {
    if (c != '_' && c != '-') folded.push_back(absl::ascii_tolower(c));
  }
  return folded;
}

}  // namespace muster::hyperpod
