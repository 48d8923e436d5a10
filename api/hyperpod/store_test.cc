#include "api/hyperpod/store.h"

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

TEST(PolicyStoreTest, BadCallsGetTheDocumentedErrors) {
  PolicyStore store;
  ASSERT_TRUE(store.Call("CreateClusterSchedulerConfig", Body("policy.json")).ok());
  const auto created = store.Call("CreateComputeQuota", Body("quotas/team-a.json"));
  ASSERT_TRUE(created.ok());
  const std::string id = created->at("ComputeQuotaId");
  ASSERT_TRUE(store.Call("UpdateComputeQuota", {{"ComputeQuotaId", id}, {"TargetVersion", 1}}).ok());
  const auto gone = store.Call("CreateComputeQuota", Body("quotas/team-b.json"));
  ASSERT_TRUE(gone.ok());
  const std::string gone_id = gone->at("ComputeQuotaId");
  ASSERT_TRUE(store.Call("DeleteComputeQuota", {{"ComputeQuotaId", gone_id}}).ok());

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
       "ConflictException: TargetVersion 1 is not the version of ComputeQuota/Team-A-Quota-Allocation, which is 2"},
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
       "ValidationException: ComputeQuotaConfig.ComputeQuotaResources: Too many: 16: at most 15 entries are allowed"},
      {"11 priority classes", "CreateClusterSchedulerConfig", eleven, absl::StatusCode::kInvalidArgument,
       "ValidationException: SchedulerConfig.PriorityClasses: Too many: 11: at most 10 entries are allowed"},
      {"Weight 101", "CreateClusterSchedulerConfig", heavy, absl::StatusCode::kInvalidArgument,
       "ValidationException: SchedulerConfig.PriorityClasses[0].Weight: Invalid value: 101: must be 0 to 100"},
      {"BorrowLimit 10001", "CreateComputeQuota", over_limit, absl::StatusCode::kInvalidArgument,
       "ResourceSharingConfig.BorrowLimit: Invalid value: 10001: must be 0 to 10000"},
      {"Strategy Borrow", "CreateComputeQuota", borrow, absl::StatusCode::kInvalidArgument,
       "ResourceSharingConfig.Strategy: Unsupported value: \"Borrow\": use Lend, DontLend, LendAndBorrow; there is no "
       "strategy that only borrows"},
      {"a second policy of the cluster", "CreateClusterSchedulerConfig", Body("policy.json"),
       absl::StatusCode::kAborted, "ConflictException: the cluster has a policy already"},
      {"a name that is taken", "CreateComputeQuota", name_taken, absl::StatusCode::kAborted,
       "ConflictException: there is a quota"},
      {"a second quota of a team", "CreateComputeQuota", team_taken, absl::StatusCode::kAborted,
       "ConflictException: team team-a has a quota already"},
      {"an update without a version",
       "UpdateComputeQuota",
       {{"ComputeQuotaId", id}},
       absl::StatusCode::kInvalidArgument,
       "TargetVersion: Required value"},
      {"another service's call", "CreateCluster", json::object(), absl::StatusCode::kUnimplemented, "CreateCluster"},
      {"no object", "CreateComputeQuota", json::array(), absl::StatusCode::kInvalidArgument, "ValidationException"},
  };
  for (const BadCall& call : calls) {
    SCOPED_TRACE(call.about);
    const auto answer = store.Call(call.operation, call.body);
    EXPECT_EQ(answer.status().code(), call.code);
    EXPECT_THAT(std::string(answer.status().message()), HasSubstr(call.error));
  }
  EXPECT_EQ(store.Quotas().size(), 1) << "a call that fails changes nothing";
  EXPECT_EQ(store.Policies().size(), 1);
}

TEST(PolicyStoreTest, AnUpdateReplacesWhatItNamesAndKeepsTheRest) {
  PolicyStore store;
  const auto created = store.Call("CreateComputeQuota", Body("quotas/team-a.json"));
  ASSERT_TRUE(created.ok());
  const std::string id = created->at("ComputeQuotaId");
  const auto updated =
      store.Call("UpdateComputeQuota", {{"ComputeQuotaId", id}, {"TargetVersion", 1}, {"ActivationState", "Disabled"}});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->at("ComputeQuotaVersion"), 2);
  const auto described = store.Call("DescribeComputeQuota", {{"ComputeQuotaId", id}});
  ASSERT_TRUE(described.ok());
  EXPECT_EQ(described->at("ActivationState"), "Disabled");
  EXPECT_EQ(described->at("Status"), "Updated");
  EXPECT_EQ(described->at("ComputeQuotaConfig"), Body("quotas/team-a.json").at("ComputeQuotaConfig"));
  // What is described can be read back as a record.
  ReadResult read;
  ReadDocument(*described, {}, &read);
  EXPECT_TRUE(read.status().ok()) << read.status();
  ASSERT_EQ(read.documents.quotas.size(), 1);
  EXPECT_EQ(read.documents.quotas[0].form, Form::kDescribe);
  EXPECT_EQ(read.documents.quotas[0].version, 2);
  const auto list = store.Call("ListComputeQuotas", json::object());
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->at("ComputeQuotaSummaries").size(), 1);
}

}  // namespace
}  // namespace muster::hyperpod
