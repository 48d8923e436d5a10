#include "kube/testing/api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/testing/json_path.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const absl::Time kStart = absl::FromUnixSeconds(1795750187);
constexpr char kKueue[] = "kueue.x-k8s.io";

// A namespace with a Workload to write to.
class ApiServerTest : public ::testing::Test {
 protected:
  ApiServerTest() {
    Send(Verb::kCreate, {&TypeOf("", "Namespace"), "", ""}, {{"metadata", {{"name", "g"}}}});
    const json set = {{"name", "main"}, {"count", 1}};
    Send(Verb::kCreate, {workload_.type, "g", ""},
         {{"metadata", {{"name", "w"}}}, {"spec", {{"podSets", json::array({set})}}}});
  }

  Response Send(Verb verb, ObjectKey key, json body, std::string subresource = "", std::string manager = "",
                bool force = false) {
    Request request;
    request.verb = verb;
    request.key = std::move(key);
    request.subresource = std::move(subresource);
    request.field_manager = std::move(manager);
    request.force = force;
    request.body = std::move(body);
    return server_.Handle(request, {"kueue"}, kStart);
  }

  Response Apply(const std::string& manager, json status, bool force = true) {
    return Send(Verb::kApply, workload_, {{"status", std::move(status)}}, "status", manager, force);
  }

  json Live() { return server_.Find(workload_)->value(); }

  static json Condition(const char* type, const char* status) { return {{"type", type}, {"status", status}}; }

  ApiServer server_;
  const ObjectKey workload_ = {&TypeOf(kKueue, "Workload"), "g", "w"};
};

TEST_F(ApiServerTest, NewObjectsGetMetadataAndDefaultsButNoStatus) {
  const json live = Live();
  EXPECT_EQ(live["metadata"]["generation"], 1);
  EXPECT_EQ(live["metadata"]["creationTimestamp"], "2026-11-27T03:29:47Z");
  EXPECT_EQ(live["spec"]["active"], true);
  EXPECT_FALSE(live.contains("status"));
  EXPECT_EQ(Send(Verb::kCreate, {workload_.type, "g", ""}, {{"metadata", {{"name", "w"}}}}).reason, "AlreadyExists");
  EXPECT_EQ(Send(Verb::kCreate, {workload_.type, "nowhere", ""}, {{"metadata", {{"name", "w"}}}}).code, 404);
}

TEST_F(ApiServerTest, TheGenerationFollowsTheSpecAlone) {
  Send(Verb::kMergePatch, workload_, {{"metadata", {{"labels", {{"a", "b"}}}}}});
  EXPECT_EQ(Live()["metadata"]["generation"], 1);
  Send(Verb::kMergePatch, workload_, {{"spec", {{"active", false}}}});
  EXPECT_EQ(Live()["metadata"]["generation"], 2);
  Send(Verb::kMergePatch, workload_, {{"status", {{"x", 1}}}}, "status");
  EXPECT_EQ(Live()["metadata"]["generation"], 2);
}

TEST_F(ApiServerTest, AWriteThatChangesNothingIsNoChange) {
  const size_t before = server_.changes().size();
  EXPECT_TRUE(Send(Verb::kMergePatch, workload_, {{"spec", {{"active", true}}}}).ok());
  EXPECT_TRUE(Send(Verb::kUpdate, workload_, Live()).ok());
  EXPECT_EQ(server_.changes().size(), before);
}

TEST_F(ApiServerTest, StaleWritesAreRefused) {
  const json stale = Live();
  Send(Verb::kMergePatch, workload_, {{"spec", {{"active", false}}}});
  EXPECT_TRUE(Send(Verb::kUpdate, workload_, stale).conflict());
  const std::string version = GetString(stale, {"metadata", "resourceVersion"});
  EXPECT_TRUE(
      Send(Verb::kMergePatch, workload_, {{"metadata", {{"resourceVersion", version}}}, {"spec", {{"priority", 1}}}})
          .conflict());
  EXPECT_TRUE(Send(Verb::kMergePatch, workload_, {{"spec", {{"priority", 1}}}}).ok());
  EXPECT_TRUE(Send(Verb::kMergePatch, workload_, {{"metadata", {{"uid", "another"}}}}).conflict());
}

TEST_F(ApiServerTest, TheStatusAndTheRestAreWrittenApart) {
  json object = Live();
  object["status"] = {{"x", 1}};
  object["spec"]["priority"] = 5;
  Send(Verb::kUpdate, workload_, object, "status");
  EXPECT_EQ(Live()["status"]["x"], 1);
  EXPECT_FALSE(Live()["spec"].contains("priority"));
  object = Live();
  object["status"] = {{"x", 2}};
  object["spec"]["priority"] = 5;
  Send(Verb::kUpdate, workload_, object);
  EXPECT_EQ(Live()["status"]["x"], 1);
  EXPECT_EQ(Live()["spec"]["priority"], 5);
}

TEST_F(ApiServerTest, ApplyTakesAwayWhatItsManagerAppliesNoMore) {
  Apply("kueue-admission",
        {{"admission", {{"clusterQueue", "cq"}}}, {"conditions", json::array({Condition("QuotaReserved", "True")})}});
  Apply("pods-ready", {{"conditions", json::array({Condition("PodsReady", "False")})}});
  EXPECT_EQ(Live()["status"]["conditions"].size(), 2u);
  Apply("kueue-admission", {{"conditions", json::array({Condition("Evicted", "True")})}});
  const json status = Live()["status"];
  EXPECT_FALSE(status.contains("admission"));
  ASSERT_EQ(status["conditions"].size(), 2u);
  EXPECT_EQ(status["conditions"][0]["type"], "PodsReady");
  EXPECT_EQ(status["conditions"][1]["type"], "Evicted");
}

TEST_F(ApiServerTest, WhatOthersOwnStays) {
  Apply("one", {{"conditions", json::array({Condition("PodsReady", "True")})}});
  Apply("two", {{"conditions", json::array({Condition("PodsReady", "True")})}});
  Apply("two", json::object());
  EXPECT_EQ(Live()["status"]["conditions"].size(), 1u);
  Apply("one", json::object());
  EXPECT_FALSE(Live()["status"].contains("conditions"));
  // What was written without apply is owned as well.
  Send(Verb::kMergePatch, workload_, {{"status", {{"clusterName", "c"}}}}, "status", "driver");
  Apply("one", {{"clusterName", "c"}});
  Apply("one", json::object());
  EXPECT_EQ(Live()["status"]["clusterName"], "c");
}

TEST_F(ApiServerTest, ApplyWithoutForceDoesNotTakeFieldsOfOthers) {
  Apply("one", {{"clusterName", "a"}});
  const Response refused = Apply("two", {{"clusterName", "b"}}, /*force=*/false);
  EXPECT_TRUE(refused.conflict());
  EXPECT_THAT(refused.message, HasSubstr("conflict with \"one\": .status.clusterName"));
  EXPECT_EQ(Live()["status"]["clusterName"], "a");
  EXPECT_TRUE(Apply("two", {{"clusterName", "b"}}).ok());
  Apply("one", json::object());
  EXPECT_EQ(Live()["status"]["clusterName"], "b");
}

TEST_F(ApiServerTest, RepeatingAnApplyIsNoChange) {
  Apply("one", {{"clusterName", "a"}});
  const size_t before = server_.changes().size();
  Apply("one", {{"clusterName", "a"}});
  EXPECT_EQ(server_.changes().size(), before);
}

TEST_F(ApiServerTest, FinalizersHoldWhatIsDeleted) {
  Send(Verb::kMergePatch, workload_, {{"metadata", {{"finalizers", json::array({"f"})}}}});
  EXPECT_TRUE(Send(Verb::kDelete, workload_, nullptr).ok());
  ASSERT_NE(server_.Find(workload_), nullptr);
  EXPECT_TRUE(server_.Find(workload_)->deleting());
  Send(Verb::kMergePatch, workload_, {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_EQ(server_.Find(workload_), nullptr);
  EXPECT_EQ(server_.changes().back().type, WatchEvent::Type::kDeleted);
}

TEST_F(ApiServerTest, ADryRunChangesNothing) {
  const size_t before = server_.changes().size();
  Request request;
  request.verb = Verb::kCreate;
  request.key = {workload_.type, "g", ""};
  request.dry_run = true;
  request.body = {{"metadata", {{"name", "dry"}}}};
  const Response response = server_.Handle(request, {"kueue"}, kStart);
  EXPECT_EQ(response.code, 201);
  EXPECT_EQ(response.object["spec"]["active"], true);
  EXPECT_EQ(server_.changes().size(), before);
}

TEST_F(ApiServerTest, WhereAJobRunsMayChangeOnlyWhileItHasNoPods) {
  const json container = {{"name", "c"}, {"image", "x"}};
  const ObjectKey job = {&TypeOf("batch", "Job"), "g", "j"};
  Send(Verb::kCreate, {job.type, "g", ""},
       {{"metadata", {{"name", "j"}}},
        {"spec", {{"suspend", true}, {"template", {{"spec", {{"containers", json::array({container})}}}}}}}});
  const json selector = {{"spec", {{"template", {{"spec", {{"nodeSelector", {{"a", "b"}}}}}}}}}};
  EXPECT_TRUE(Send(Verb::kMergePatch, job, selector).ok());
  EXPECT_EQ(Send(Verb::kMergePatch, job, {{"spec", {{"template", {{"spec", {{"hostname", "h"}}}}}}}}).code, 422);
  Send(Verb::kMergePatch, job, {{"status", {{"active", 1}}}}, "status");
  const json none = {{"spec", {{"template", {{"spec", {{"nodeSelector", nullptr}}}}}}}};
  EXPECT_EQ(Send(Verb::kMergePatch, job, none).reason, "Invalid");
}

}  // namespace
}  // namespace muster::kube::testing
