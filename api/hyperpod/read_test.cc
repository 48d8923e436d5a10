#include "api/hyperpod/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/hyperpod/test_files.h"
#include "api/hyperpod/write.h"

namespace muster::hyperpod {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

json Quota() { return json::parse(FileText("testdata/hyperpod/setup-2/quotas/team-a.json")); }
json Policy() { return json::parse(FileText("testdata/hyperpod/setup-2/policy.json")); }

std::vector<std::string> Lines(const std::vector<api::Problem>& problems) {
  std::vector<std::string> lines;
  for (const api::Problem& problem : problems) {
    lines.push_back(absl::StrCat(problem.severity == api::Severity::kError ? "" : "warning: ", api::ToString(problem)));
  }
  return lines;
}

// ---- Constraints, a value on each side of each.

struct Constraint {
  std::string path;  // JSON pointer into a create body
  json good;
  json bad;
  const char* rule;  // in the message about the bad value
};

json Repeat(size_t n, const json& item) { return json(n, item); }

void ExpectConstraints(const json& body, const std::vector<Constraint>& constraints) {
  for (const Constraint& c : constraints) {
    SCOPED_TRACE(absl::StrCat(c.path, ": ", c.good.dump().substr(0, 100), " against ", c.bad.dump().substr(0, 100)));
    json good = body, bad = body;
    good[json::json_pointer(c.path)] = c.good;
    bad[json::json_pointer(c.path)] = c.bad;
    ReadResult fine, broken;
    ReadDocument(good, {}, &fine);
    EXPECT_THAT(Lines(fine.problems), IsEmpty());
    EXPECT_THAT(fine.documents.policies.size() + fine.documents.quotas.size(), 1);
    ReadDocument(bad, {}, &broken);
    ASSERT_THAT(Lines(broken.problems), ElementsAre(HasSubstr(c.rule)));
    EXPECT_TRUE(broken.documents.empty());
    // The message names the field: the path's last name, and where it is a small value, the value.
    const std::string field = c.path.substr(c.path.rfind('/') + 1);
    if (field.find_first_of("0123456789") != 0) {
      EXPECT_THAT(broken.problems[0].path, HasSubstr(field));
    }
  }
}

TEST(ReadTest, EveryConstraintOfAQuota) {
  const std::string arn = "arn:aws:sagemaker:us-west-2:123456789012:cluster/";
  const std::string resource = "/ComputeQuotaConfig/ComputeQuotaResources/0";
  const std::string sharing = "/ComputeQuotaConfig/ResourceSharingConfig";
  const json type = {{"InstanceType", "ml.g5.8xlarge"}};
  json mig = Quota();
  mig["ComputeQuotaConfig"]["ComputeQuotaResources"][0] = {
      {"InstanceType", "ml.p4d.24xlarge"}, {"AcceleratorPartition", {{"Type", "mig-1g.5gb"}, {"Count", 1}}}};
  ExpectConstraints(
      Quota(),
      {
          {"/Name", std::string(63, 'a'), std::string(64, 'a'), "Name: Too long"},
          {"/Name", "A", "", "Name: Invalid value: \"\": has 0 characters, must have 1 to 63"},
          {"/Name", "a-1--B", "a-", "must match [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"},
          {"/Name", "a1", "a_1", "must match"},
          {"/Description", std::string(1024, 'd'), std::string(1025, 'd'), "has 1025 characters, must have 0 to 1024"},
          {"/Description", "Für Team „A“: 100 % ✓", "a\tb", "must match [\\p{L}"},
          {"/ClusterArn", arn + "abcdefghij12", arn + "abcdefghij123", "must match arn:aws"},
          {"/ClusterArn", "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:cluster/abcdefghij12",
           arn + "ABCDEFGHIJ12", "must match"},
          {"/ClusterArn", arn + "abcdefghij12", "arn:aws:eks:us-west-2:123456789012:cluster/main",
           "the HyperPod cluster's is wanted"},
          {"/ClusterArn", arn + "abcdefghij12",
           "arn:aws:sagemaker:" + std::string(240, 'r') + ":123456789012:cluster/abcdefghij12", "Too long"},
          {"/Tags", Repeat(50, {{"Key", "k"}, {"Value", ""}}), Repeat(51, {{"Key", "k"}, {"Value", "v"}}),
           "at most 50 entries"},
          {"/Tags", json::array({{{"Key", std::string(128, 'k')}, {"Value", "v"}}}),
           json::array({{{"Key", std::string(129, 'k')}, {"Value", "v"}}}), "must have 1 to 128"},
          {"/Tags", json::array({{{"Key", "k"}, {"Value", "v"}}}), json::array({{{"Key", ""}, {"Value", "v"}}}),
           "has 0 characters"},
          {"/Tags", json::array({{{"Key", "k"}, {"Value", std::string(256, 'v')}}}),
           json::array({{{"Key", "k"}, {"Value", std::string(257, 'v')}}}), "must have 0 to 256"},
          {"/Tags", json::array({{{"Key", "k"}, {"Value", "é_.:/=+-@ 1"}}}),
           json::array({{{"Key", "k"}, {"Value", "a;b"}}}), "must match"},
          {"/Tags", json::array({{{"Key", "k"}, {"Value", "v"}}}), json::array({{{"Key", "k"}}}),
           "Tags[0].Value: Required"},
          {"/ActivationState", "Disabled", "disabled", "use Enabled, Disabled; is Disabled meant?"},
          {"/ComputeQuotaConfig/PreemptTeamTasks", "Never", "Any", "use Never, LowerPriority"},
          {"/ComputeQuotaConfig/ComputeQuotaResources", Repeat(15, type), Repeat(16, type),
           "Too many: 16: at most 15 entries"},
          {"/ComputeQuotaConfig/ComputeQuotaResources", json::array(), "x", "must be a list"},
          {resource + "/InstanceType", "ml.g7.2xlarge", "ml.g9.2xlarge", "HyperPod has no such instance type"},
          {resource + "/InstanceType", "ml.g5.12xlarge", "g5.12xlarge", "is ml.g5.12xlarge meant?"},
          {resource, type, {{"Count", 1}}, "InstanceType: Required"},
          {resource + "/Count", 10'000'000, 10'000'001, "Count: Invalid value: 10000001: must be 0 to 10000000"},
          {resource + "/Count", 0, -1, "Invalid value: -1: must be 0"},
          {resource + "/Count", 1, 1.5, "must be a whole number, not 1.5"},
          {resource + "/Accelerators", 10'000'000, 10'000'001, "must be 0 to 10000000"},
          {resource + "/VCpu", 10'000'000, 10'000'000.5, "must be 0 to 10000000"},
          {resource + "/VCpu", 0.25, -0.25, "must be 0 to 10000000"},
          {resource + "/MemoryInGiB", 10'000'000, 10'000'001, "must be 0 to 10000000"},
          {sharing, {{"Strategy", "Lend"}}, {{"BorrowLimit", 1}}, "Strategy: Required"},
          {sharing + "/Strategy", "DontLend", "Borrow",
           "use Lend, DontLend, LendAndBorrow; there is no strategy that only borrows"},
          {sharing + "/Strategy", "LendAndBorrow", "LendandBorrow", "is LendAndBorrow meant?"},
          {sharing + "/BorrowLimit", 10'000, 10'001, "BorrowLimit: Invalid value: 10001: must be 0 to 10000"},
          {sharing + "/BorrowLimit", 0, -1, "must be 0 to 10000"},
          {sharing + "/AbsoluteBorrowLimits", Repeat(15, type), Repeat(16, type), "at most 15 entries"},
          {sharing + "/AbsoluteBorrowLimits", json::array({{{"InstanceType", "ml.p5.48xlarge"}, {"Accelerators", 8}}}),
           json::array({{{"InstanceType", "ml.m5.xlarge"}, {"Accelerators", 8}}}), "ml.m5.xlarge has no accelerators"},
          {"/ComputeQuotaTarget", {{"TeamName", "0-a--b"}}, {{"FairShareWeight", 1}}, "TeamName: Required"},
          {"/ComputeQuotaTarget/TeamName", "team-a", "Team-A", "must match [a-z0-9]([-a-z0-9]*[a-z0-9]){0,39}?"},
          {"/ComputeQuotaTarget/TeamName", "a", "a-", "must match"},
          // The pattern does not cap the length, whatever {0,39} was meant to say; Kubernetes does, see compile and
          // lint.
          {"/ComputeQuotaTarget/TeamName", std::string(60, 'a'), "", "must match"},
          {"/ComputeQuotaTarget/FairShareWeight", 100, 101, "FairShareWeight: Invalid value: 101: must be 0 to 100"},
          {"/ComputeQuotaTarget/FairShareWeight", 0, -1, "must be 0 to 100"},
      });
  const std::string partition = resource + "/AcceleratorPartition";
  ExpectConstraints(
      mig, {
               {partition + "/Type", "mig-7g.40gb", "mig-7g.80gb",
                "ml.p4d.24xlarge has mig-1g.5gb, mig-1g.10gb, mig-2g.10gb"},
               {partition + "/Type", "mig-1g.5gb", "mig-1g.34gb", "the API has no such profile"},
               {partition, {{"Type", "mig-1g.5gb"}, {"Count", 0}}, {{"Type", "mig-1g.5gb"}}, "Count: Required"},
               {partition, {{"Type", "mig-1g.5gb"}, {"Count", 0}}, {{"Count", 1}}, "Type: Required"},
               {partition + "/Count", 10'000'000, 10'000'001, "must be 0 to 10000000"},
               {"/ComputeQuotaConfig/ComputeQuotaResources", json::array({{{"InstanceType", "ml.p4d.24xlarge"}}}),
                json::array({{{"InstanceType", "ml.g5.12xlarge"},
                              {"AcceleratorPartition", {{"Type", "mig-1g.5gb"}, {"Count", 1}}}}}),
                "ml.g5.12xlarge has no partitions"},
           });
}

TEST(ReadTest, EveryConstraintOfAPolicy) {
  const json c = {{"Name", "a"}, {"Weight", 1}};
  ExpectConstraints(
      Policy(),
      {
          {"/SchedulerConfig/PriorityClasses", Repeat(10, c), Repeat(11, c), "Too many: 11: at most 10 entries"},
          {"/SchedulerConfig/PriorityClasses/0", c, {{"Name", "a"}}, "Weight: Required"},
          {"/SchedulerConfig/PriorityClasses/0", c, {{"Weight", 1}}, "Name: Required"},
          {"/SchedulerConfig/PriorityClasses/0/Weight", 100, 101,
           "PriorityClasses[0].Weight: Invalid value: 101: must be 0 to 100"},
          {"/SchedulerConfig/PriorityClasses/0/Weight", 0, -1, "must be 0 to 100"},
          {"/SchedulerConfig/PriorityClasses/0/Name", "fine-tuning", "fine_tuning", "must match"},
          {"/SchedulerConfig/FairShare", "Disabled", "Off", "use Enabled, Disabled"},
          {"/SchedulerConfig/IdleResourceSharing", "Enabled", true, "must be a string, not true"},
          {"/Name", std::string(63, 'a'), std::string(64, 'a'), "Too long"},
          {"/ClusterArn", "arn:aws:sagemaker::123456789012:cluster/abcdefghij12",
           "arn:aws:sagemaker:us-west-2:12345678901:cluster/abcdefghij12", "must match"},
          {"/Description", "", std::string(1025, 'd'), "Too long"},
      });
}

TEST(ReadTest, IdsArnsVersionsAndStatesOfWhatTheServiceAnswers) {
  json policy = Policy(), quota = Quota();
  policy.update(
      {{"ClusterSchedulerConfigId", "abcdefghij12"},
       {"ClusterSchedulerConfigVersion", 3},
       {"Status", "Updated"},
       {"CreationTime", 1768176000.5},
       {"ClusterSchedulerConfigArn", "arn:aws:sagemaker:us-west-2:123456789012:cluster-scheduler-config/abcdefghij12"},
       {"StatusDetails", {{"PriorityClasses", "Updated"}}},
       {"FailureReason", std::string(1024, 'f')}});
  quota.update({{"ComputeQuotaId", "abcdefghij12"},
                {"ComputeQuotaVersion", 3},
                {"Status", "Created"},
                {"CreationTime", "2026-01-12T00:00:00Z"},
                {"ComputeQuotaArn", "arn:aws:sagemaker:us-west-2:123456789012:compute-quota/abcdefghij12"}});
  ExpectConstraints(policy,
                    {
                        {"/ClusterSchedulerConfigId", "abcdefghij12", "abcdefghij1", "must have 12"},
                        {"/ClusterSchedulerConfigId", "abcdefghij12", "abcdefghij1_", "must match [a-z0-9]{12}"},
                        {"/ClusterSchedulerConfigArn",
                         "arn:aws:sagemaker:us-east-1:123456789012:cluster-scheduler-config/abcdefghij12",
                         "arn:aws:sagemaker:useast:123456789012:cluster-scheduler-config/abcdefghij12", "must match"},
                        {"/Status", "DeleteRollbackFailed", "Gone", "use Creating, CreateFailed"},
                        {"/FailureReason", "", std::string(1025, 'f'), "Too long"},
                        {"/StatusDetails", {{"FairShare", "Creating"}}, {{"FairShare", 1}}, "must be a string"},
                    });
  ExpectConstraints(quota, {
                               {"/ComputeQuotaId", "000000000000", "A00000000000", "must match"},
                               {"/ComputeQuotaArn", "arn:aws:sagemaker::123456789012:compute-quota/abcdefghij12",
                                "arn:aws:sagemaker::123456789012:compute-quota/", "must match"},
                               {"/ComputeQuotaVersion", 1, "one", "must be a whole number"},
                               {"/Status", "Creating", "creating", "is Creating meant?"},
                           });
  ReadResult read;
  ReadDocument(quota, {}, &read);
  ASSERT_THAT(read.documents.quotas, SizeIs(1));
  EXPECT_EQ(read.documents.quotas[0].form, Form::kDescribe);
  EXPECT_EQ(read.documents.quotas[0].version, 3);
}

TEST(ReadTest, WhatACallMustHave) {
  for (const char* member : {"Name", "ClusterArn", "ComputeQuotaConfig", "ComputeQuotaTarget"}) {
    json body = Quota();
    body.erase(member);
    ReadResult read;
    ReadDocument(body, {}, &read);
    EXPECT_THAT(Lines(read.problems),
                ElementsAre(HasSubstr(absl::StrCat(member, ": Required value: CreateComputeQuota must have it"))));
  }
  for (const char* member : {"Name", "ClusterArn"}) {
    json body = Policy();
    body.erase(member);
    ReadResult read;
    ReadDocument(body, {}, &read);
    EXPECT_THAT(Lines(read.problems), ElementsAre(HasSubstr(absl::StrCat(member, ": Required"))));
  }
  // An update needs neither, but an id; a name in it changes nothing.
  ReadResult update;
  ReadDocument({{"TargetVersion", 2},
                {"ActivationState", "Disabled"},
                {"ComputeQuotaTarget", {{"TeamName", "a"}}},
                {"Name", "new"}},
               {}, &update);
  EXPECT_THAT(Lines(update.problems),
              ElementsAre(HasSubstr("ComputeQuotaId: Required value: UpdateComputeQuota"),
                          HasSubstr("warning: ComputeQuota/new: Name: an update cannot change it")));
}

TEST(ReadTest, EveryMistakeIsReportedNotTheFirst) {
  json body = Quota();
  body["Name"] = "-";
  body["ComputeQuotaTarget"]["FairShareWeight"] = 1000;
  body["ComputeQuotaConfig"]["ResourceSharingConfig"]["Strategy"] = "Share";
  body["Colour"] = "red";
  const ReadResult read = ReadText(body.dump(), "q.json");
  EXPECT_THAT(Lines(read.problems),
              ElementsAre(HasSubstr("warning: q.json: ComputeQuota: Colour: no member of ComputeQuota, ignored"),
                          HasSubstr("ComputeQuotaConfig.ResourceSharingConfig.Strategy"),
                          HasSubstr("ComputeQuotaTarget.FairShareWeight"), HasSubstr("Name: ")));
}

// ---- Spellings: all of these are the quota of the file.

const char kCommand[] = R"(#!/bin/bash
# A comment with 'one quote
aws sagemaker --region $AWS_REGION create-compute-quota \
    --name "Team-A-Quota-Allocation" \
    --cluster-arn arn:aws:sagemaker:us-west-2:123456789012:cluster/2hd31rmi9mde \
    --compute-quota-config "ComputeQuotaResources=[{InstanceType=ml.g5.12xlarge,Accelerators=2}],ResourceSharingConfig={Strategy=LendAndBorrow,BorrowLimit=100},PreemptTeamTasks=LowerPriority" \
    --activation-state "Enabled" \
    --compute-quota-target "TeamName=team-a,FairShareWeight=100" | jq .
)";

const char kCloudFormation[] = R"(
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  TeamA:
    Type: AWS::SageMaker::ComputeQuota
    Properties:
      Name: Team-A-Quota-Allocation
      ClusterArn: arn:aws:sagemaker:us-west-2:123456789012:cluster/2hd31rmi9mde
      ActivationState: Enabled
      ComputeQuotaConfig:
        ComputeQuotaResources:
        - InstanceType: ml.g5.12xlarge
          Accelerators: 2
        ResourceSharingConfig: {Strategy: LendAndBorrow, BorrowLimit: 100}
        PreemptTeamTasks: LowerPriority
      ComputeQuotaTarget: {TeamName: team-a, FairShareWeight: 100}
)";

const char kTerraform[] = R"({"planned_values": {"root_module": {"resources": [
  {"type": "awscc_sagemaker_compute_quota", "values": {
    "name": "Team-A-Quota-Allocation", "description": null, "id": null,
    "cluster_arn": "arn:aws:sagemaker:us-west-2:123456789012:cluster/2hd31rmi9mde",
    "activation_state": "Enabled",
    "compute_quota_config": {
      "compute_quota_resources": [{"instance_type": "ml.g5.12xlarge", "accelerators": "2", "v_cpu": null, "memory_in_gi_b": null}],
      "resource_sharing_config": {"strategy": "LendAndBorrow", "borrow_limit": 100},
      "preempt_team_tasks": "LowerPriority"},
    "compute_quota_target": {"team_name": "team-a", "fair_share_weight": 100}}}]}}})";

const char kCdk[] =
    R"({"computeQuotaConfig": {"computeQuotaResources": [{"instanceType": "ml.g5.12xlarge", "accelerators": 2}],
    "resourceSharingConfig": {"strategy": "LendAndBorrow", "borrowLimit": "100"}, "preemptTeamTasks": "LowerPriority"},
  "computeQuotaTarget": {"teamName": "team-a", "fairShareWeight": 100}, "activationState": "Enabled",
  "name": "Team-A-Quota-Allocation", "clusterArn": "arn:aws:sagemaker:us-west-2:123456789012:cluster/2hd31rmi9mde"})";

TEST(ReadTest, AllSpellingsMeanTheSame) {
  const auto want = ToCreateJson(ReadText(Quota().dump()).documents.quotas.at(0));
  const std::string in_list = json{{"ComputeQuotaSummaries", json::array({Quota()})}}.dump();
  const std::string pair = json::array({json::array({"CreateComputeQuota", Quota()})}).dump();
  json lists = Quota();
  lists["ComputeQuotaConfig"] =
      "ComputeQuotaResources=[{InstanceType=ml.g5.12xlarge,Accelerators=2}],ResourceSharingConfig={Strategy="
      "LendAndBorrow,"
      "BorrowLimit=100},PreemptTeamTasks=LowerPriority";
  for (const std::string& text : {std::string(kCommand), std::string(kCloudFormation), std::string(kTerraform),
                                  std::string(kCdk), in_list, pair, lists.dump()}) {
    const ReadResult read = ReadText(text);
    EXPECT_THAT(Lines(read.problems), IsEmpty()) << text;
    ASSERT_THAT(read.documents.quotas, SizeIs(1)) << text;
    EXPECT_EQ(ToCreateJson(read.documents.quotas[0]), want) << text;
  }
}

TEST(ReadTest, FractionsAreExactInTheirUnits) {
  json body = Quota();
  body["ComputeQuotaConfig"]["ComputeQuotaResources"][0] = {
      {"InstanceType", "ml.g5.12xlarge"}, {"vCpu", "10.5"}, {"MemoryInGiB", 0.125}};
  const ReadResult read = ReadText(body.dump());
  ASSERT_TRUE(read.status().ok()) << read.status();
  const ResourceConfig& entry = read.documents.quotas.at(0).config->resources.at(0);
  EXPECT_EQ(entry.vcpu_milli, 10'500);
  EXPECT_EQ(entry.memory_bytes, 128 << 20);
}

TEST(ReadTest, WhatIsFilledInElsewhereIsAWarning) {
  const ReadResult shell = ReadText(
      "aws sagemaker create-compute-quota --name a --cluster-arn $ARN --compute-quota-config ComputeQuotaResources=[] "
      "--compute-quota-target TeamName=a");
  EXPECT_THAT(Lines(shell.problems),
              ElementsAre(HasSubstr(
                  "warning: document 1 (line 1): ComputeQuota/a: ClusterArn: \"$ARN\" is filled in elsewhere")));
  EXPECT_THAT(shell.documents.quotas, SizeIs(1));
  json body = Quota();
  body["ClusterArn"] = {{"Fn::GetAtt", {"Cluster", "ClusterArn"}}};
  EXPECT_THAT(ReadText(body.dump()).documents.quotas, SizeIs(1));
}

TEST(ReadTest, OneMemberInTwoSpellingsIsAnError) {
  json body = Quota();
  body["name"] = "other";
  EXPECT_THAT(Lines(ReadText(body.dump()).problems), ElementsAre(HasSubstr("Name: Duplicate value")));
}

// ---- Clusters.

TEST(ReadTest, ClusterAndNodesJoin) {
  const std::string cluster =
      R"({"ClusterName": "c", "ClusterArn": "arn:aws:sagemaker:us-west-2:123456789012:cluster/2hd31rmi9mde", "Orchestrator": {"Eks": {}},
    "InstanceGroups": [
      {"InstanceGroupName": "gpu", "InstanceType": "ml.g5.12xlarge", "CurrentCount": 1, "TargetCount": 3, "ThreadsPerCore": 1,
       "KubernetesConfig": {"Labels": {"team": "x"}, "Taints": [{"Key": "k", "Value": "v", "Effect": "NoSchedule"}]}},
      {"InstanceGroupName": "flex", "InstanceRequirements": {"InstanceTypes": ["ml.m5.xlarge", "ml.m5.2xlarge"]}, "CurrentCount": 2}]})";
  const std::string nodes = R"({"ClusterNodeSummaries": [
    {"InstanceGroupName": "gpu", "InstanceId": "i-1", "InstanceType": "ml.g5.12xlarge", "InstanceStatus": {"Status": "Running"}},
    {"InstanceGroupName": "flex", "InstanceId": "i-2", "InstanceType": "ml.m5.2xlarge", "InstanceStatus": {"Status": "Running"}},
    {"InstanceGroupName": "flex", "InstanceId": "i-3", "InstanceType": "ml.m5.2xlarge", "InstanceStatus": {"Status": "DeepHealthCheckInProgress"}}]})";
  ReadResult read = ReadText(cluster);
  ASSERT_TRUE(read.status().ok()) << read.status();
  Capacity groups = CapacityOf(read.documents.clusters.at(0));
  EXPECT_EQ(groups.at("ml.g5.12xlarge").nodes, 1);
  EXPECT_EQ(groups.at("ml.g5.12xlarge").allocatable_milli_cpu, 47'810 / 2) << "one thread a core";
  EXPECT_EQ(groups.at("ml.m5.xlarge").nodes, 2) << "the preferred type, as long as nodes are not listed";
  EXPECT_EQ(groups.at("ml.m5.2xlarge").nodes, 0);

  const ReadResult listed = ReadText(nodes);
  ASSERT_TRUE(listed.status().ok()) << listed.status();
  std::vector<Cluster> clusters = read.documents.clusters;
  clusters.push_back(listed.documents.clusters.at(0));
  JoinClusters(&clusters);
  ASSERT_THAT(clusters, SizeIs(1));
  const Capacity joined = CapacityOf(clusters[0]);
  EXPECT_EQ(joined.at("ml.g5.12xlarge").nodes, 1);
  EXPECT_EQ(joined.at("ml.m5.xlarge").nodes, 0);
  EXPECT_EQ(joined.at("ml.m5.2xlarge").nodes, 1) << "one is being checked";

  const std::vector<api::Node> made = MakeNodes(clusters[0]);
  ASSERT_THAT(made, SizeIs(3));
  EXPECT_EQ(made[2].metadata.name, "hyperpod-i-1") << "sorted by group";
  EXPECT_EQ(made[2].metadata.labels.at("team"), "x");
  EXPECT_EQ(made[2].taints.at(0).key, "k");
  EXPECT_EQ(made[2].allocatable.at("cpu").ToString(), "23905m");
  EXPECT_EQ(made[2].capacity.at("nvidia.com/gpu").Value(), 4);
  EXPECT_TRUE(made[1].unschedulable);
  Capacity with_nodes = joined;
  with_nodes.erase("ml.m5.xlarge");  // of which there is none
  EXPECT_EQ(CapacityOf(made), with_nodes);
}

TEST(ReadTest, MigNodesCountWhatTheyOffer) {
  Cluster cluster;
  cluster.groups = {{.name = "g", .instance_types = {"ml.p4d.24xlarge"}, .count = 2}};
  std::vector<api::Node> nodes = MakeNodes(cluster);
  ASSERT_THAT(nodes, SizeIs(2));
  for (api::Node& node : nodes) {
    node.metadata.labels["nvidia.com/mig.config"] = "mixed";
    node.capacity["nvidia.com/gpu"] = api::Quantity::FromValue(4);
    node.capacity["nvidia.com/mig-1g.5gb"] = api::Quantity::FromValue(28);
  }
  nodes[0].metadata.labels["nvidia.com/mig.config.state"] = "success";
  nodes[1].metadata.labels["nvidia.com/mig.config.state"] = "pending";
  const Capacity capacity = CapacityOf(nodes);
  EXPECT_EQ(capacity.at("ml.p4d.24xlarge").nodes, 1) << "the other is being split";
  EXPECT_EQ(static_cast<int>(AmountOf(capacity.at("ml.p4d.24xlarge").amounts, "nvidia.com/mig-1g.5gb")), 28);
  EXPECT_EQ(static_cast<int>(AmountOf(capacity.at("ml.p4d.24xlarge").amounts, kGpu)), 4);
}

// ---- What cannot be read.

TEST(ReadTest, BrokenTextIsAnErrorWithItsPlace) {
  EXPECT_THAT(Lines(ReadText("{", "q.json").problems), ElementsAre(HasSubstr("q.json: malformed JSON")));
  EXPECT_THAT(Lines(ReadText("{}", "q.json").problems),
              ElementsAre(HasSubstr("q.json: there is no cluster policy, compute quota or cluster in it")));
  EXPECT_THAT(Lines(ReadText("\xff").problems), ElementsAre(HasSubstr("is not UTF-8")));
  json body = Quota();
  body["ComputeQuotaTarget"] = "TeamName";
  EXPECT_THAT(Lines(ReadText(body.dump()).problems),
              ElementsAre(HasSubstr("shorthand, column 9: expected = after TeamName, but the text ends")));
  body["ComputeQuotaTarget"] = "file://target.json";
  EXPECT_THAT(Lines(ReadText(body.dump()).problems), ElementsAre(HasSubstr("file:// is not followed")));
}

TEST(ReadTest, KubernetesObjectsAreNotOurs) {
  EXPECT_FALSE(LooksLikeHyperPod({{"apiVersion", "v1"}, {"kind", "Pod"}, {"schedulerConfig", 1}}));
  EXPECT_FALSE(LooksLikeHyperPod(json::array({1, "SchedulerConfig"})));
  EXPECT_TRUE(LooksLikeHyperPod(Quota()));
  EXPECT_TRUE(LooksLikeHyperPod(json::array({Policy(), Quota()})));
}

}  // namespace
}  // namespace muster::hyperpod
