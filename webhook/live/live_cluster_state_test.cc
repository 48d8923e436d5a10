#include "webhook/live/live_cluster_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "kube/client/cache_figures.h"
#include "kube/client/fake_api_server.h"
#include "kube/client/kubeconfig.h"
#include "kube/client/paths.h"
#include "webhook/base/log.h"
#include "webhook/state/cluster_state.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kNamespaces[] = "/api/v1/namespaces";
constexpr char kLocalQueues[] = "/apis/kueue.x-k8s.io/v1beta2/localqueues";

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

class LiveClusterStateTest : public ::testing::Test {
 protected:
  LiveClusterStateTest() : log_(LogLevel::kError) {
    for (const Resource& resource : FollowedResources()) {
      if (resource.type->group != "trainer.kubeflow.org") api_.AddCollection(kube::CollectionPath(*resource.type));
    }
    api_.Put(kNamespaces, "", "team-a", {{"metadata", {{"labels", {{"team", "a"}}}}}});
    for (int i = 0; i < 7; ++i) api_.Put(kLocalQueues, "team-a", absl::StrCat("q", i));
    options_.reflector.min_backoff = absl::Milliseconds(20);
    options_.reflector.max_backoff = absl::Milliseconds(200);
    options_.reflector.page_size = 3;
    options_.reflector.absence_interval = absl::Milliseconds(20);
    options_.reflector.absence_patience = absl::Milliseconds(50);
    options_.reflector.removal_patience = absl::Milliseconds(150);
    options_.lookups.timeout = absl::Seconds(20);  // the machine of a test may be slow
    options_.lookups.patience_when_full = absl::Seconds(20);
  }
  std::unique_ptr<LiveClusterState> Start(const kube::ApiEndpoint& endpoint) {
    auto state = LiveClusterState::Start(endpoint, options_, &log_);
    EXPECT_TRUE(state.ok()) << state.status();
    return *std::move(state);
  }
  static bool Synced(const LiveClusterState& state) {
    for (const kube::CacheFigures& figures : state.figures()) {
      if (!figures.synced) return false;
    }
    return true;
  }
  static kube::CacheFigures FiguresOf(const LiveClusterState& state, const std::string& resource) {
    for (const kube::CacheFigures& figures : state.figures()) {
      if (figures.resource == resource) return figures;
    }
    return {};
  }

  kube::FakeApiServer api_;
  Log log_;
  LiveStateOptions options_;
};

TEST_F(LiveClusterStateTest, KnowsWhatIsThereAndWhatChanges) {
  auto state = Start(api_.endpoint());
  ASSERT_TRUE(Eventually([&] { return Synced(*state); }));
  // All three pages.
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(state->HasLocalQueue("team-a", absl::StrCat("q", i)));
  EXPECT_EQ(FiguresOf(*state, "localqueues.kueue.x-k8s.io").objects, 7);
  EXPECT_EQ(state->NamespaceLabels("team-a")->at("team"), "a");
  EXPECT_EQ(state->NamespaceLabels("team-b"), nullptr);

  api_.Put(kNamespaces, "", "team-b", {{"metadata", {{"labels", {{"team", "b"}}}}}});
  EXPECT_TRUE(Eventually([&] { return state->NamespaceLabels("team-b") != nullptr; }));
  api_.Put(kNamespaces, "", "team-b", {{"metadata", {{"labels", {{"team", "c"}}}}}});
  EXPECT_TRUE(Eventually([&] { return state->NamespaceLabels("team-b")->at("team") == "c"; }));
  api_.Delete(kLocalQueues, "team-a", "q3");
  EXPECT_TRUE(Eventually([&] { return !state->HasLocalQueue("team-a", "q3"); }));
  EXPECT_EQ(FiguresOf(*state, "localqueues.kueue.x-k8s.io").objects, 6);
  EXPECT_EQ(FiguresOf(*state, "localqueues.kueue.x-k8s.io").lists, 1);
}

// Thirty objects with as much beside what is needed as they may have: together more than is taken at a time.
TEST_F(LiveClusterStateTest, PagesThatAreTooLargeBecomeSmallerAndWhatIsNotNeededIsNotKept) {
  const json large = {{"metadata", {{"annotations", {{"note", std::string(400'000, 'x')}}}}}};
  for (int i = 0; i < 30; ++i) api_.Put(kLocalQueues, "team-b", absl::StrCat("large", i), large);
  options_.reflector.page_size = 500;
  auto state = Start(api_.endpoint());
  ASSERT_TRUE(Eventually([&] { return Synced(*state); }));
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(state->HasLocalQueue("team-b", absl::StrCat("large", i)));
  EXPECT_EQ(FiguresOf(*state, "localqueues.kueue.x-k8s.io").objects, 37);
  EXPECT_LT(FiguresOf(*state, "localqueues.kueue.x-k8s.io").bytes, 100'000);
}

TEST_F(LiveClusterStateTest, KindsThatAreNotInstalledCountAsKnown) {
  auto state = Start(api_.endpoint());
  EXPECT_TRUE(Eventually([&] { return FiguresOf(*state, "trainingruntimes.trainer.kubeflow.org").synced; }));
  EXPECT_EQ(state->TrainingRuntime("", "torch"), nullptr);
  // And are found once they are.
  api_.AddCollection("/apis/trainer.kubeflow.org/v1alpha1/clustertrainingruntimes");
  api_.Put("/apis/trainer.kubeflow.org/v1alpha1/clustertrainingruntimes", "", "torch");
  EXPECT_TRUE(Eventually([&] { return state->TrainingRuntime("", "torch") != nullptr; }));
}

TEST_F(LiveClusterStateTest, AWatchThatEndsGoesOnWhereItWas) {
  auto state = Start(api_.endpoint());
  ASSERT_TRUE(Eventually([&] { return Synced(*state); }));
  for (int i = 0; i < 5; ++i) {
    api_.EndWatches();
    api_.Put(kLocalQueues, "team-a", absl::StrCat("new", i));
    EXPECT_TRUE(Eventually([&] { return state->HasLocalQueue("team-a", absl::StrCat("new", i)); }));
  }
  EXPECT_EQ(FiguresOf(*state, "localqueues.kueue.x-k8s.io").lists, 1);
}

// What happened in between is only in a new list.
TEST_F(LiveClusterStateTest, AVersionThatIsTooOldMeansANewList) {
  auto state = Start(api_.endpoint());
  ASSERT_TRUE(Eventually([&] { return Synced(*state); }));
  for (const bool as_event : {true, false}) {
    const int64_t lists = FiguresOf(*state, "localqueues.kueue.x-k8s.io").lists;
    const std::string old_name = as_event ? "q0" : "q1", new_name = absl::StrCat("new", as_event);
    api_.FailWith(500);  // nobody sees it happen
    api_.Delete(kLocalQueues, "team-a", old_name);
    api_.Put(kLocalQueues, "team-a", new_name);
    api_.ExpireWatches(as_event);
    api_.FailWith(0);
    EXPECT_TRUE(Eventually([&] { return state->HasLocalQueue("team-a", new_name); }));
    EXPECT_FALSE(state->HasLocalQueue("team-a", old_name));
    EXPECT_GT(FiguresOf(*state, "localqueues.kueue.x-k8s.io").lists, lists);
  }
}

TEST_F(LiveClusterStateTest, WhatIsKnownStaysInUseWhileTheApiServerIsAway) {
  auto state = Start(api_.endpoint());
  ASSERT_TRUE(Eventually([&] { return Synced(*state); }));
  api_.FailWith(503);
  ASSERT_TRUE(Eventually([&] { return FiguresOf(*state, "namespaces").failures > 2; }));
  EXPECT_TRUE(state->HasLocalQueue("team-a", "q0"));
  EXPECT_TRUE(Synced(*state));
  // It is not asked in a tight loop.
  const int before = api_.Requests(kNamespaces);
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_LT(api_.Requests(kNamespaces) - before, 10);
  api_.FailWith(0);
  api_.Put(kLocalQueues, "team-a", "late");
  EXPECT_TRUE(Eventually([&] { return state->HasLocalQueue("team-a", "late"); }));
}

TEST_F(LiveClusterStateTest, IsNotSyncedWithoutBeingLetIn) {
  kube::ApiEndpoint endpoint = api_.endpoint();
  endpoint.token = "wrong";
  auto state = Start(endpoint);
  ASSERT_TRUE(Eventually([&] { return FiguresOf(*state, "namespaces").failures > 0; }));
  EXPECT_FALSE(Synced(*state));
}

TEST_F(LiveClusterStateTest, ATokenThatIsRenewedIsReadAgain) {
  kube::ApiEndpoint endpoint = api_.endpoint();
  endpoint.token.clear();
  endpoint.token_file = absl::StrCat(::testing::TempDir(), "/token");
  std::ofstream(endpoint.token_file) << "secret\n";
  auto state = Start(endpoint);
  ASSERT_TRUE(Eventually([&] { return Synced(*state); }));
  api_.TakeToken("renewed");
  api_.EndWatches();
  ASSERT_TRUE(Eventually([&] { return FiguresOf(*state, "localqueues.kueue.x-k8s.io").failures > 0; }));
  std::ofstream(endpoint.token_file) << "renewed\n";
  api_.Put(kLocalQueues, "team-a", "late");
  EXPECT_TRUE(Eventually([&] { return state->HasLocalQueue("team-a", "late"); }));
}

TEST_F(LiveClusterStateTest, AnApiServerThatIsNotTheOneIsNotTalkedTo) {
  kube::ApiEndpoint endpoint = api_.endpoint();
  endpoint.ca = MakeSelfSigned({"127.0.0.1"}, absl::Now(), absl::Hours(1))->ca;  // of somebody else
  auto state = Start(endpoint);
  ASSERT_TRUE(Eventually([&] { return FiguresOf(*state, "namespaces").failures > 1; }));
  EXPECT_EQ(api_.Requests("/"), 0);  // the token was not shown
  endpoint.ca = "nonsense";
  EXPECT_THAT(LiveClusterState::Start(endpoint, options_, &log_).status().ToString(),
              HasSubstr("certificate authority: has no certificate"));
}

constexpr char kJobs[] = "/apis/batch/v1/namespaces/team-a/jobs/j";

class LookupTest : public LiveClusterStateTest {
 protected:
  LookupTest() {
    api_.PutPath("/apis/batch/v1", {{"kind", "APIResourceList"},
                                    {"groupVersion", "batch/v1"},
                                    {"resources",
                                     {{{"name", "jobs"}, {"kind", "Job"}},
                                      {{"name", "jobs/status"}, {"kind", "Job"}},
                                      {{"name", "cronjobs"}, {"kind", "CronJob"}}}}});
    api_.PutPath(kJobs, {{"kind", "PartialObjectMetadata"}, {"metadata", {{"name", "j"}, {"uid", "u1"}}}});
    state_ = Start(api_.endpoint());
    EXPECT_TRUE(Eventually([&] { return Synced(*state_); }));
  }
  const ObjectRef job_ = {"batch", "v1", "Job", "team-a", "j"};
  std::unique_ptr<LiveClusterState> state_;
};

TEST_F(LookupTest, AsksOnceForAMoment) {
  for (int i = 0; i < 10; ++i) {
    const auto found = state_->Lookup(job_);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ((**found)["metadata"]["uid"], "u1");
    EXPECT_EQ((**found)["kind"], "Job");
  }
  EXPECT_EQ(api_.Requests(kJobs), 1);
  EXPECT_EQ(api_.Queries("/apis/batch/v1").size(), 1);
}

TEST_F(LookupTest, ManyAtATimeAreOneRequest) {
  api_.SlowDown(absl::Milliseconds(50));
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) threads.emplace_back([&] { EXPECT_TRUE(state_->Lookup(job_).ok()); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(api_.Requests(kJobs), 1);
}

TEST_F(LookupTest, WhatIsMissingIsSoonAskedForAgain) {
  api_.DeletePath(kJobs);
  EXPECT_EQ(state_->Lookup(job_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(state_->Lookup(job_).status().ToString(), HasSubstr("Job \"j\" not found"));
  api_.PutPath(kJobs, {{"metadata", {{"name", "j"}}}});
  EXPECT_TRUE(Eventually([&] { return state_->Lookup(job_).ok(); }));
}

TEST_F(LookupTest, DoesNotWaitForever) {
  options_.lookups.timeout = absl::Milliseconds(200);
  state_ = Start(api_.endpoint());
  ASSERT_TRUE(Eventually([&] { return Synced(*state_); }));
  api_.SlowDown(absl::Seconds(3));
  const absl::Time start = absl::Now();
  EXPECT_FALSE(state_->Lookup(job_).ok());
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(2500));
}

TEST_F(LookupTest, NamesCannotLeaveTheirPlaceInThePath) {
  for (const char* name : {"../../secrets/s", "j?x=y", "", "..", "a/b", "j%2f"}) {
    EXPECT_EQ(state_->Lookup({"batch", "v1", "Job", "team-a", name}).status().code(), absl::StatusCode::kNotFound);
    EXPECT_FALSE(state_->Lookup({"batch", "v1", "Job", name[0] == '\0' ? "/" : name, "j"}).ok());
  }
  EXPECT_EQ(api_.Requests("/apis/batch"), 0);
}

TEST_F(LookupTest, KindsNobodyHasAreNotFound) {
  EXPECT_THAT(state_->Lookup({"batch", "v1", "Brew", "team-a", "j"}).status().ToString(),
              HasSubstr("no matches for kind \"Brew\" in version \"batch/v1\""));
  EXPECT_EQ(state_->Lookup({"example.com", "v1", "Brew", "team-a", "j"}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(LookupTest, ARefusalIsPassedOn) {
  api_.FailWith(503);
  EXPECT_EQ(ApiErrorOf(state_->Lookup(job_).status())->code, 503);
  api_.FailWith(403);
  EXPECT_EQ(ApiErrorOf(state_->Lookup(job_).status())->code, 403);
  EXPECT_TRUE(absl::IsPermissionDenied(state_->Lookup(job_).status()));
}

TEST_F(LookupTest, AWorkloadIsReadWhole) {
  constexpr char kWorkload[] = "/apis/kueue.x-k8s.io/v1beta2/namespaces/team-a/workloads/w";
  api_.PutPath("/apis/kueue.x-k8s.io/v1beta2", {{"resources", {{{"name", "workloads"}, {"kind", "Workload"}}}}});
  api_.PutPath(kWorkload, {{"metadata", {{"name", "w"}}}, {"status", {{"conditions", json::array()}}}});
  const auto found = state_->Lookup({"kueue.x-k8s.io", "v1beta2", "Workload", "team-a", "w"});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE((**found)["status"].contains("conditions"));
}

TEST_F(LookupTest, FollowedKindsAreNotAskedFor) {
  EXPECT_TRUE(state_->Lookup({"kueue.x-k8s.io", "v1beta2", "LocalQueue", "team-a", "q0"}).ok());
  EXPECT_EQ(api_.Requests(absl::StrCat(kLocalQueues, "/")), 0);
}

TEST_F(LiveClusterStateTest, EndsAtOnce) {
  auto state = Start(api_.endpoint());
  ASSERT_TRUE(Eventually([&] { return Synced(*state); }));
  const absl::Time start = absl::Now();
  state.reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

}  // namespace
}  // namespace muster::webhook
