#include "kube/testing/cluster.h"

#include <gtest/gtest.h>

#include "kube/testing/json_path.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

const absl::Time kStart = absl::FromUnixSeconds(1795750187);

// A namespace and a node of four cores.
class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest() : cluster_(&server_) {
    Send(Verb::kCreate, {&TypeOf("", "Namespace"), "", ""}, {{"metadata", {{"name", "g"}}}});
    Send(Verb::kCreate, {&TypeOf("", "Node"), "", ""}, {{"metadata", {{"name", "n"}, {"labels", {{"pool", "a"}}}}}});
    const json ready = {{"type", "Ready"}, {"status", "True"}};
    Send(Verb::kMergePatch, {&TypeOf("", "Node"), "", "n"},
         {{"status", {{"allocatable", {{"cpu", "4"}, {"pods", "10"}}}, {"conditions", json::array({ready})}}}},
         "status");
  }

  Response Send(Verb verb, ObjectKey key, json body, std::string subresource = "") {
    Request request;
    request.verb = verb;
    request.key = std::move(key);
    request.subresource = std::move(subresource);
    request.body = std::move(body);
    return server_.Handle(request, {}, now_);
  }

  void CreateJob(const char* labels, json spec) {
    const json container = {{"name", "c"}, {"image", "x"}, {"resources", {{"requests", {{"cpu", "1"}}}}}};
    spec["template"] = {{"metadata", {{"labels", json::parse(labels)}}},
                        {"spec", {{"restartPolicy", "Never"}, {"containers", json::array({container})}}}};
    EXPECT_TRUE(Send(Verb::kCreate, {job_.type, "g", ""}, {{"metadata", {{"name", "j"}}}, {"spec", spec}}).ok());
  }

  // Lets time pass, stopping wherever something is due.
  void RunFor(absl::Duration time) {
    const absl::Time end = now_ + time;
    cluster_.Step(now_);
    while (cluster_.NextTime() <= end) {
      now_ = std::max(now_, cluster_.NextTime());
      cluster_.Step(now_);
    }
    now_ = end;
  }

  int64_t Status(const char* field) { return GetInt(server_.Find(job_)->value(), {"status", field}); }
  std::string ConditionOf(const char* type) {
    const json* conditions = server_.Find(job_)->At("/status/conditions");
    if (conditions == nullptr) return "";
    for (const json& each : *conditions) {
      if (GetString(each, {"type"}) == type) return GetString(each, {"status"}) + " " + GetString(each, {"reason"});
    }
    return "";
  }
  size_t Pods() { return server_.List(TypeOf("", "Pod")).size(); }

  absl::Time now_ = kStart;
  ApiServer server_;
  Cluster cluster_;
  const ObjectKey job_ = {&TypeOf("batch", "Job"), "g", "j"};
};

TEST_F(ClusterTest, AJobRunsAndCompletes) {
  CreateJob(R"({"e2e/run-seconds": "2"})", {{"parallelism", 2}, {"completions", 3}});
  RunFor(absl::ZeroDuration());
  EXPECT_EQ(Status("active"), 2);
  EXPECT_EQ(Status("ready"), 0);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Status("ready"), 2);
  RunFor(absl::Seconds(2.1));
  EXPECT_EQ(Status("succeeded"), 2);
  EXPECT_EQ(Status("active"), 1);
  RunFor(absl::Seconds(5));
  EXPECT_EQ(Status("succeeded"), 3);
  EXPECT_EQ(ConditionOf("Complete"), "True CompletionsReached");
}

TEST_F(ClusterTest, ASuspendedJobHasNoPods) {
  CreateJob("{}", {{"suspend", true}});
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Pods(), 0u);
  EXPECT_EQ(ConditionOf("Suspended"), "True JobSuspended");
  Send(Verb::kMergePatch, job_, {{"spec", {{"suspend", false}}}});
  RunFor(absl::Seconds(2));
  EXPECT_EQ(ConditionOf("Suspended"), "False JobResumed");
  EXPECT_EQ(Pods(), 1u);
  Send(Verb::kMergePatch, job_, {{"spec", {{"suspend", true}}}});
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Pods(), 0u);
  EXPECT_EQ(Status("active"), 0);
  EXPECT_EQ(Status("failed"), 0) << "pods that are taken away have not failed";
}

TEST_F(ClusterTest, AJobFailsAtItsBackoffLimit) {
  CreateJob(R"({"e2e/fail-seconds": "1"})", {{"backoffLimit", 1}});
  RunFor(absl::Seconds(5));
  EXPECT_EQ(Status("failed"), 1);
  EXPECT_EQ(ConditionOf("Failed"), "");
  RunFor(absl::Seconds(10));
  EXPECT_EQ(Status("failed"), 2);
  EXPECT_EQ(ConditionOf("Failed"), "True BackoffLimitExceeded");
}

TEST_F(ClusterTest, IndexesAreRunOnce) {
  CreateJob(R"({"e2e/run-seconds": "1"})", {{"completionMode", "Indexed"}, {"parallelism", 2}, {"completions", 4}});
  RunFor(absl::Seconds(20));
  EXPECT_EQ(GetString(server_.Find(job_)->value(), {"status", "completedIndexes"}), "0-3");
  EXPECT_EQ(Pods(), 4u);
}

TEST_F(ClusterTest, WhatAJobOwnsGoesWithIt) {
  CreateJob("{}", {{"parallelism", 2}});
  RunFor(absl::Seconds(2));
  Send(Verb::kDelete, job_, {{"propagationPolicy", "Background"}});
  EXPECT_EQ(server_.Find(job_), nullptr);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Pods(), 0u);
}

TEST_F(ClusterTest, AJobOutlivesItsPodsWhenItIsDeletedInTheForeground) {
  CreateJob(R"({"e2e/run-seconds": "1"})", {{"ttlSecondsAfterFinished", 2}});
  RunFor(absl::Seconds(3.5));
  EXPECT_NE(server_.Find(job_), nullptr);
  RunFor(absl::Seconds(5));
  EXPECT_EQ(server_.Find(job_), nullptr);
  EXPECT_EQ(Pods(), 0u);
}

TEST_F(ClusterTest, PodsWaitForRoom) {
  CreateJob("{}", {{"parallelism", 6}, {"completions", 6}});
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Status("active"), 6);
  EXPECT_EQ(Status("ready"), 4);
}

}  // namespace
}  // namespace muster::kube::testing
