#include "api/hyperpod/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "api/hyperpod/test_files.h"

namespace muster::hyperpod {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json Body(const std::string& file) { return json::parse(FileText("testdata/hyperpod/setup-1/" + file)); }

struct BadCall {
  const char* about;
  const char* operation;
  json body;
  absl::StatusCode code;
  const char* error;
};

TEST(PolicyServiceTest, BadCallsGetTheDocumentedErrors) {
  PolicyService service;
  ASSERT_TRUE(service.Call("CreateClusterSchedulerConfig", Body("policy.json")).ok());
  const auto created = service.Call("CreateComputeQuota", Body("quotas/team-a.json"));
  ASSERT_TRUE(created.ok());
  const std::string id = created->body.at("ComputeQuotaId");
  ASSERT_TRUE(service.Call("UpdateComputeQuota", {{"ComputeQuotaId", id}, {"TargetVersion", 1}}).ok());
  const auto gone = service.Call("CreateComputeQuota", Body("quotas/team-b.json"));
  ASSERT_TRUE(gone.ok());
  const std::string gone_id = gone->body.at("ComputeQuotaId");
  ASSERT_TRUE(service.Call("DeleteComputeQuota", {{"ComputeQuotaId", gone_id}}).ok());

  json sixteen = Body("quotas/team-b.json"), over_limit = sixteen, borrow = sixteen, name_taken = sixteen,
       team_taken = sixteen;
  sixteen["ComputeQuotaConfig"]["ComputeQuotaResources"] = json(16, json{{"InstanceType", "ml.g5.8xlarge"}});
  over_limit["ComputeQuotaConfig"]["ResourceSharingConfig"]["BorrowLimit"] = 10'001;
  borrow["ComputeQuotaConfig"]["ResourceSharingConfig"]["Strategy"] = "Borrow";
  name_taken["Name"] = "Team-A-Quota-Allocation";
  team_taken["ComputeQuotaTarget"]["TeamName"] = "team-a";
  json eleven = Body("policy.json"), heavy = eleven;
  eleven["SchedulerConfig"]["PriorityClasses"] = json(11, json{{"Name", "a"}, {"Weight", 1}});
  heavy["SchedulerConfig"]["PriorityClasses"][0]["Weight"] = 101;

  const BadCall calls[] = {
      {"an update meant for a version that is past",
       "UpdateComputeQuota",
       {{"ComputeQuotaId", id}, {"TargetVersion", 1}},
       absl::StatusCode::kAborted,
       "ConflictException: TargetVersion 1 is not the current version 2 of Team-A-Quota-Allocation"},
      {"what was deleted",
       "DescribeComputeQuota",
       {{"ComputeQuotaId", gone_id}},
       absl::StatusCode::kNotFound,
       "ResourceNotFound: "},
      {"deleted twice",
       "DeleteComputeQuota",
       {{"ComputeQuotaId", gone_id}},
       absl::StatusCode::kNotFound,
       "ResourceNotFound: "},
      {"updated after deletion",
       "UpdateComputeQuota",
       {{"ComputeQuotaId", gone_id}, {"TargetVersion", 1}},
       absl::StatusCode::kNotFound,
       "ResourceNotFound: "},
      {"16 resources", "CreateComputeQuota", sixteen, absl::StatusCode::kInvalidArgument,
       "ValidationException: ComputeQuota/Team-B-Quota-Allocation: ComputeQuotaConfig.ComputeQuotaResources: Too many: "
       "16: at most 15 entries are allowed"},
      {"11 priority classes", "CreateClusterSchedulerConfig", eleven, absl::StatusCode::kInvalidArgument,
       "ValidationException: ClusterSchedulerConfig/example-cluster-scheduler-config: SchedulerConfig.PriorityClasses: "
       "Too many: 11: at most 10 entries are allowed"},
      {"Weight 101", "CreateClusterSchedulerConfig", heavy, absl::StatusCode::kInvalidArgument,
       "ValidationException: ClusterSchedulerConfig/example-cluster-scheduler-config: "
       "SchedulerConfig.PriorityClasses[0].Weight: Invalid value: 101: must be 0 to 100"},
      {"BorrowLimit 10001", "CreateComputeQuota", over_limit, absl::StatusCode::kInvalidArgument,
       "ResourceSharingConfig.BorrowLimit: Invalid value: 10001: must be 0 to 10000"},
      {"Strategy Borrow", "CreateComputeQuota", borrow, absl::StatusCode::kInvalidArgument,
       "ResourceSharingConfig.Strategy: Unsupported value: \"Borrow\": use Lend, DontLend, LendAndBorrow; there is no "
       "strategy that only borrows"},
      {"a second policy of the cluster", "CreateClusterSchedulerConfig", Body("policy.json"),
       absl::StatusCode::kAlreadyExists, "ConflictException: the cluster has a policy already"},
      {"a name that is taken", "CreateComputeQuota", name_taken, absl::StatusCode::kAlreadyExists,
       "ConflictException: there is a quota"},
      {"a second quota of a team", "CreateComputeQuota", team_taken, absl::StatusCode::kAlreadyExists,
       "ConflictException: team team-a has a quota already"},
      {"an update without a version",
       "UpdateComputeQuota",
       {{"ComputeQuotaId", id}},
       absl::StatusCode::kInvalidArgument,
       "TargetVersion: Required value"},
      {"a quota for another team",
       "UpdateComputeQuota",
       {{"ComputeQuotaId", id}, {"TargetVersion", 2}, {"ComputeQuotaTarget", {{"TeamName", "team-c"}}}},
       absl::StatusCode::kInvalidArgument,
       "ValidationException: ComputeQuotaTarget.TeamName: \"team-c\" is not \"team-a\": a quota cannot be given to "
       "another team"},
      {"an update that says too little and too much",
       "UpdateClusterSchedulerConfig",
       {{"SchedulerConfig", {{"FairShare", "Perhaps"}}}},
       absl::StatusCode::kInvalidArgument,
       "SchedulerConfig.FairShare: Unsupported value: \"Perhaps\""},
      {"another service's call", "CreateCluster", json::object(), absl::StatusCode::kUnimplemented, "CreateCluster"},
      {"no object", "CreateComputeQuota", json::array(), absl::StatusCode::kInvalidArgument, "ValidationException"},
  };
  for (const BadCall& call : calls) {
    SCOPED_TRACE(call.about);
    const auto answer = service.Call(call.operation, call.body);
    EXPECT_EQ(answer.status().code(), call.code);
    EXPECT_THAT(std::string(answer.status().message()), HasSubstr(call.error));
  }
  EXPECT_EQ(service.quotas().size(), 1) << "a call that fails changes nothing";
  EXPECT_EQ(service.policies().size(), 1);
}

TEST(PolicyServiceTest, AnUpdateReplacesWhatItNamesAndKeepsTheRest) {
  PolicyService service;
  const auto created = service.Call("CreateComputeQuota", Body("quotas/team-a.json"));
  ASSERT_TRUE(created.ok());
  const std::string id = created->body.at("ComputeQuotaId");
  const auto updated = service.Call("UpdateComputeQuota",
                                    {{"ComputeQuotaId", id}, {"TargetVersion", 1}, {"ActivationState", "Disabled"}});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->body.at("ComputeQuotaVersion"), 2);
  const auto described = service.Call("DescribeComputeQuota", {{"ComputeQuotaId", id}});
  ASSERT_TRUE(described.ok());
  EXPECT_EQ(described->body.at("ActivationState"), "Disabled");
  EXPECT_EQ(described->body.at("Status"), "Updated");
  EXPECT_EQ(described->body.at("ComputeQuotaConfig"), Body("quotas/team-a.json").at("ComputeQuotaConfig"));
  // What is described can be read back as a record.
  ReadResult read;
  ReadDocument(described->body, {}, &read);
  EXPECT_TRUE(read.status().ok()) << read.status();
  ASSERT_EQ(read.documents.quotas.size(), 1);
  EXPECT_EQ(read.documents.quotas[0].form, Form::kDescribe);
  EXPECT_EQ(read.documents.quotas[0].version, 2);
  const auto list = service.Call("ListComputeQuotas", json::object());
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->body.at("ComputeQuotaSummaries").size(), 1);
}

TEST(PolicyServiceTest, IdsAndVersionsCountUpPerKind) {
  PolicyService service;
  const auto policy = service.Call("CreateClusterSchedulerConfig", Body("policy.json"));
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->body.at("ClusterSchedulerConfigId"), "policy000001");
  EXPECT_EQ(policy->body.at("ClusterSchedulerConfigArn"),
            "arn:aws:sagemaker:us-west-2:123456789012:cluster-scheduler-config/policy000001");
  const auto a = service.Call("CreateComputeQuota", Body("quotas/team-a.json"));
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(a->body.at("ComputeQuotaId"), "quota0000001");
  EXPECT_EQ(a->text, "ComputeQuota/Team-A-Quota-Allocation created, id quota0000001, version 1");
  const auto b = service.Call("CreateComputeQuota", Body("quotas/team-b.json"));
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_EQ(b->body.at("ComputeQuotaId"), "quota0000002");

  const auto updated =
      service.Call("UpdateComputeQuota", {{"ComputeQuotaId", "quota0000001"},
                                          {"TargetVersion", 1},
                                          {"ComputeQuotaTarget", {{"TeamName", "team-a"}, {"FairShareWeight", 7}}}});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->text, "ComputeQuota/Team-A-Quota-Allocation updated to version 2");
  EXPECT_EQ(service.quotas()[0].fair_share_weight, 7);
  EXPECT_EQ(service.Call("DescribeComputeQuota", {{"ComputeQuotaId", "quota0000001"}})->text,
            "ComputeQuota/Team-A-Quota-Allocation is Updated, version 2");
  EXPECT_EQ(service.Call("DeleteComputeQuota", {{"ComputeQuotaId", "quota0000001"}})->text,
            "ComputeQuota/Team-A-Quota-Allocation deleted");
  // An id is not given out again.
  EXPECT_EQ(service.Call("CreateComputeQuota", Body("quotas/team-a.json"))->body.at("ComputeQuotaId"), "quota0000003");
}

TEST(PolicyServiceTest, ClustersHaveTheirOwnPolicyAndTeams) {
  PolicyService service;
  json policy = Body("policy.json"), quota = Body("quotas/team-a.json");
  ASSERT_TRUE(service.Call("CreateClusterSchedulerConfig", policy).ok());
  ASSERT_TRUE(service.Call("CreateComputeQuota", quota).ok());
  policy["ClusterArn"] = quota["ClusterArn"] = "arn:aws:sagemaker:us-west-2:123456789012:cluster/anotherclust";
  EXPECT_TRUE(service.Call("CreateClusterSchedulerConfig", policy).ok());
  EXPECT_TRUE(service.Call("CreateComputeQuota", quota).ok());
}

// A record of the file, changed by `change`.
template <class F>
ComputeQuota Quota(const std::string& file, F change) {
  json value = Body(file);
  change(value);
  ReadResult read;
  ReadDocument(value, {}, &read);
  EXPECT_TRUE(read.status().ok()) << read.status();
  return read.documents.quotas.at(0);
}

TEST(PolicyServiceTest, RecordsThatWereDescribedKeepWhatTheServiceGaveThem) {
  PolicyService service;
  const auto described = [](json& value) {
    value["ComputeQuotaId"] = "quota0000001";
    value["ComputeQuotaVersion"] = 4;
    value["Status"] = "Updated";
  };
  const auto added = service.Add(Quota("quotas/team-a.json", described));
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->text, "ComputeQuota/Team-A-Quota-Allocation created, id quota0000001, version 4");
  EXPECT_EQ(service.quotas()[0].status, "Updated");
  EXPECT_EQ(service.Add(Quota("quotas/team-b.json", described)).status().code(), absl::StatusCode::kAlreadyExists)
      << "an id that is taken";
  const auto next = service.Call("CreateComputeQuota", Body("quotas/team-b.json"));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->body.at("ComputeQuotaId"), "quota0000002");
}

TEST(PolicyServiceTest, UpdatesAreNoRecordsAndDeletedOnesAreLeftOut) {
  PolicyService service;
  const ComputeQuota update = Quota("quotas/team-a.json", [](json& value) {
    value = {{"ComputeQuotaId", "quota0000001"}, {"TargetVersion", 1}, {"ActivationState", "Disabled"}};
  });
  EXPECT_EQ(service.Add(update).status(),
            absl::InvalidArgumentError(
                "ValidationException: ComputeQuota/quota0000001: is an update; give what it is an update of"));
  EXPECT_TRUE(service.Add(Quota("quotas/team-a.json", [](json& value) { value["Status"] = "Deleted"; })).ok());
  EXPECT_TRUE(service.empty());
}

}  // namespace
}  // namespace muster::hyperpod
