// An API server that does anything but answer: one client against one fault at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kube/client/api_client.h"
#include "kube/client/cache_figures.h"
#include "kube/client/paths.h"
#include "kube/client/reflector.h"
#include "kube/client/waiting.h"
#include "webhook/base/log.h"
#include "webhook/live/cluster_history.h"
#include "webhook/live/hostile_api_server.h"
#include "webhook/live/live_cluster_state.h"
#include "webhook/live/resource.h"

namespace muster::webhook {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNamespaces[] = "/api/v1/namespaces";
constexpr char kQueues[] = "/apis/kueue.x-k8s.io/v1beta2/localqueues";
constexpr char kJobs[] = "/apis/batch/v1/namespaces/";
constexpr absl::Duration kSoon = absl::Milliseconds(200);
constexpr absl::Duration kMuchLater = absl::Seconds(15);  // the machine of a test may be slow

bool Eventually(const std::function<bool()>& condition) {
  for (const kube::SteadyTime end = kube::After(absl::Seconds(60)); kube::SteadyNow() < end;) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return false;
}

class HostileApiTest : public ::testing::Test {
 protected:
  HostileApiTest() : log_(LogLevel::kError) {
    for (const Resource& resource : FollowedResources()) {
      if (resource.type->group != "trainer.kubeflow.org") history_.Install(kube::CollectionPath(*resource.type));
    }
    history_.Put(kNamespaces, "", "team-a", "1");
    for (int i = 0; i < 7; ++i) history_.Put(kQueues, "team-a", absl::StrCat("q", i), "1");
    kube::ReflectorOptions& reflector = options_.reflector;
    reflector.min_backoff = absl::Milliseconds(2);
    reflector.max_backoff = absl::Milliseconds(20);
    reflector.short_watch = absl::Milliseconds(20);
    reflector.list_timeout = kSoon;
    reflector.watch_silence = kSoon;
    reflector.page_size = 3;
    reflector.absence_interval = absl::Milliseconds(5);
    reflector.absence_patience = absl::Milliseconds(30);
    reflector.removal_patience = absl::Milliseconds(60);
    options_.lookups.timeout = kSoon;
    options_.training_runtimes = false;
  }
  std::unique_ptr<LiveClusterState> Start() { return *LiveClusterState::Start(server_.endpoint(), options_, &log_); }
  static kube::CacheFigures Of(const LiveClusterState& state, const std::string& resource) {
    for (const kube::CacheFigures& figures : state.figures()) {
      if (figures.resource == resource) return figures;
    }
    return {};
  }

  ClusterHistory history_;
  HostileApiServer server_{&history_, 1, 0};
  Log log_;
  LiveStateOptions options_;
};

// Whatever it is, it ends in time, and is not taken for an answer with something in it.
TEST_F(HostileApiTest, NoAnswerIsOneInTime) {
  kube::ApiLimits limits;
  limits.answer = 50'000;
  for (int i = 1; i < static_cast<int>(Fault::kErrorEvent); ++i) {
    SCOPED_TRACE(absl::StrCat("fault ", i));
    server_.Always("/", static_cast<Fault>(i));
    const auto client = *kube::ApiClient::New(server_.endpoint(), limits);
    const kube::SteadyTime start = kube::SteadyNow();
    const absl::StatusOr<kube::ApiReply> reply = client->Get(kNamespaces, kSoon);
    EXPECT_LT(kube::Since(start), kMuchLater);
    EXPECT_TRUE(!reply.ok() || reply->body.size() <= limits.answer);
    EXPECT_THAT(reply.status().ToString(), Not(HasSubstr("127.0.0.1")));
    server_.Always("/", Fault::kNone);
    EXPECT_EQ(client->Get(kNamespaces, kMuchLater)->status, 200) << "the same client, once all is well";
  }
}

TEST_F(HostileApiTest, AWatchThatDripsIsSilent) {
  server_.Always(kNamespaces, Fault::kDripBody);
  const auto client = *kube::ApiClient::New(server_.endpoint());
  const absl::Status status =
      client->Stream(absl::StrCat(kNamespaces, "?watch=true"), kSoon, [](absl::string_view) { return true; }).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
}

// An idle connection that the server has closed meanwhile is no reason to fail.
TEST_F(HostileApiTest, AConnectionThatWasKeptIsNotTrusted) {
  const auto client = *kube::ApiClient::New(server_.endpoint());
  ASSERT_EQ(client->Get(kNamespaces, kMuchLater)->status, 200);
  server_.CloseIdle();
  EXPECT_EQ(client->Get(kNamespaces, kMuchLater)->status, 200);
  // Also when it closes upon the request.
  server_.CloseKeptOnRequest();
  EXPECT_EQ(client->Get(kNamespaces, kMuchLater)->status, 200);
}

// What is known stays, whatever is said, and however often.
TEST_F(HostileApiTest, NothingIsForgottenBecauseOfAnAnswerThatIsNone) {
  const auto state = Start();
  ASSERT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()).empty(); }));
  for (int i = 1; i < static_cast<int>(Fault::kErrorEvent); ++i) {
    SCOPED_TRACE(absl::StrCat("fault ", i));
    const int64_t failures = Of(*state, "localqueues.kueue.x-k8s.io").failures;
    server_.Always(kQueues, static_cast<Fault>(i));
    history_.Compact();
    history_.Put(kQueues, "team-a", absl::StrCat("new", i), "1");
    server_.EndWatches();
    ASSERT_TRUE(Eventually([&] { return Of(*state, "localqueues.kueue.x-k8s.io").failures > failures + 2; }));
    for (int q = 0; q < 7; ++q) EXPECT_TRUE(state->HasLocalQueue("team-a", absl::StrCat("q", q)));
    EXPECT_TRUE(state->Knows(FollowedKind::kLocalQueue));
    server_.Always(kQueues, Fault::kNone);
    EXPECT_TRUE(Eventually([&] { return state->HasLocalQueue("team-a", absl::StrCat("new", i)); }));
  }
}

TEST_F(HostileApiTest, NothingIsKnownBeforeAListIsComplete) {
  for (const Fault fault : {Fault::kNotFound, Fault::kHtmlNotFound, Fault::kHtml, Fault::kWrongKind, Fault::kTruncated,
                            Fault::kNamesMissing, Fault::kBroken}) {
    SCOPED_TRACE(absl::StrCat("fault ", static_cast<int>(fault)));
    server_.Always(kQueues, fault);
    const auto state = Start();
    ASSERT_TRUE(Eventually([&] { return Of(*state, "localqueues.kueue.x-k8s.io").failures > 3; }));
    absl::SleepFor(absl::Milliseconds(100));  // longer than it takes to believe that a kind is missing
    EXPECT_FALSE(state->Knows(FollowedKind::kLocalQueue));
    EXPECT_THAT(kube::CacheProblems(state->figures()), HasSubstr("not synced: localqueues.kueue.x-k8s.io"));
    server_.Always(kQueues, Fault::kNone);
    EXPECT_TRUE(Eventually([&] { return state->HasLocalQueue("team-a", "q6"); }));
  }
}

// Watches that go wrong in the middle: what was missed is in the next list.
TEST_F(HostileApiTest, AWatchThatGoesWrongIsFollowedByAList) {
  const auto state = Start();
  ASSERT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()).empty(); }));
  for (int i = static_cast<int>(Fault::kErrorEvent); i < static_cast<int>(Fault::kShortWatch); ++i) {
    SCOPED_TRACE(absl::StrCat("fault ", i));
    const int64_t lists = Of(*state, "localqueues.kueue.x-k8s.io").lists;
    history_.Put(kQueues, "team-a", absl::StrCat("before", i), "1");  // something to be said twice
    ASSERT_TRUE(Eventually([&] { return state->HasLocalQueue("team-a", absl::StrCat("before", i)); }));
    server_.Always(kQueues, static_cast<Fault>(i));
    ASSERT_TRUE(Eventually([&] {
      history_.Put(kQueues, "team-a", absl::StrCat("after", i), "1");
      history_.Put(kQueues, "team-a", absl::StrCat("also", i), "1");
      return Of(*state, "localqueues.kueue.x-k8s.io").lists > lists;
    }));
    server_.Always(kQueues, Fault::kNone);
    EXPECT_TRUE(Eventually([&] { return state->HasLocalQueue("team-a", absl::StrCat("after", i)); }));
  }
}

TEST_F(HostileApiTest, AnOlderBackupIsTheTruth) {
  const auto state = Start();
  ASSERT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()).empty(); }));
  history_.Restore(kQueues);
  EXPECT_TRUE(Eventually([&] { return !state->HasLocalQueue("team-a", "q0"); }));
  EXPECT_TRUE(state->HasLocalQueue("team-a", "q6"));
}

TEST_F(HostileApiTest, WatchesThatEndAtOnceAreNotAskedForInATightLoop) {
  options_.reflector.min_backoff = absl::Milliseconds(50);
  options_.reflector.max_backoff = absl::Milliseconds(400);
  options_.reflector.short_watch = absl::Seconds(1);
  server_.Always(kQueues, Fault::kShortWatch);
  const auto state = Start();
  ASSERT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()).empty(); }));
  const int before = server_.Requests(kQueues);
  absl::SleepFor(absl::Seconds(1));
  EXPECT_LT(server_.Requests(kQueues) - before, 25);
  EXPECT_EQ(Of(*state, "localqueues.kueue.x-k8s.io").lists, 1) << "it ended properly";
}

TEST_F(HostileApiTest, AKindThatIsUninstalledIsKeptForAWhileAndThenGone) {
  const auto state = Start();
  ASSERT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()).empty(); }));
  history_.Uninstall(kQueues);
  const kube::SteadyTime start = kube::SteadyNow();
  ASSERT_TRUE(Eventually([&] { return !state->HasLocalQueue("team-a", "q0"); }));
  EXPECT_GE(kube::Since(start), options_.reflector.removal_patience);
  EXPECT_EQ(kube::CacheProblems(state->figures()), "");
  history_.Install(kQueues);
  history_.Put(kQueues, "team-a", "q0", "2");
  EXPECT_TRUE(Eventually([&] { return state->HasLocalQueue("team-a", "q0"); }));
}

TEST_F(HostileApiTest, KindsOfKubernetesItselfAreNeverMissing) {
  const auto state = Start();
  ASSERT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()).empty(); }));
  history_.Uninstall(kNamespaces);
  const int64_t failures = Of(*state, "namespaces").failures;
  ASSERT_TRUE(Eventually([&] { return Of(*state, "namespaces").failures > failures + 20; }));
  EXPECT_NE(state->NamespaceLabels("team-a"), nullptr);
}

TEST_F(HostileApiTest, WhatIsOldIsStaleUntilSomethingIsSaid) {
  options_.reflector.max_staleness = absl::Milliseconds(400);
  const auto state = Start();
  ASSERT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()).empty(); }));
  server_.Always(kNamespaces, Fault::kSilent);
  server_.EndWatches();
  EXPECT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()) == "stale: namespaces"; }));
  EXPECT_NE(state->NamespaceLabels("team-a"), nullptr) << "it is the last that is known";
  server_.Always(kNamespaces, Fault::kNone);
  EXPECT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()).empty(); }));
}

TEST_F(HostileApiTest, MoreObjectsThanThereMayBeAreNotTaken) {
  const auto state = [&] {
    options_.reflector.max_objects = 10;
    return Start();
  }();
  ASSERT_TRUE(Eventually([&] { return kube::CacheProblems(state->figures()).empty(); }));
  const int64_t failures = Of(*state, "localqueues.kueue.x-k8s.io").failures;
  for (int i = 0; i < 20; ++i) history_.Put(kQueues, "team-b", absl::StrCat("q", i), "1");
  ASSERT_TRUE(Eventually([&] { return Of(*state, "localqueues.kueue.x-k8s.io").failures > failures + 2; }));
  EXPECT_LE(Of(*state, "localqueues.kueue.x-k8s.io").objects, 10);
  EXPECT_TRUE(state->HasLocalQueue("team-a", "q0"));
}

// Lookups.

TEST_F(HostileApiTest, ALookupEndsInTimeWhateverDrips) {
  const auto state = Start();
  for (const Fault fault : {Fault::kDripHead, Fault::kDripBody, Fault::kSilent}) {
    server_.Always("/apis/batch", fault);
    const kube::SteadyTime start = kube::SteadyNow();
    const auto found = state->Lookup({"batch", "v1", "Job", "team-a", "j"});
    EXPECT_LT(kube::Since(start), kMuchLater);
    ASSERT_TRUE(ApiErrorOf(found.status()).has_value()) << found.status();
    EXPECT_EQ(ApiErrorOf(found.status())->code, 504);
    EXPECT_THAT(std::string(found.status().message()), Not(HasSubstr("127.0.0.1")));
  }
}

TEST_F(HostileApiTest, AStrayAnswerIsNoWordOnTheObject) {
  const auto state = Start();
  for (const Fault fault : {Fault::kHtmlNotFound, Fault::kHtml, Fault::kGarbage, Fault::kTruncated, Fault::kClosed,
                            Fault::kTooDeep, Fault::kWrongTypes, Fault::kEndlessHead, Fault::kEndlessChunk}) {
    SCOPED_TRACE(absl::StrCat("fault ", static_cast<int>(fault)));
    server_.Always("/api", fault);
    const auto found = state->Lookup({"batch", "v1", "Job", "team-a", "j"});
    EXPECT_FALSE(absl::IsNotFound(found.status()));
    ASSERT_TRUE(ApiErrorOf(found.status()).has_value()) << found.status();
    EXPECT_GE(ApiErrorOf(found.status())->code, 500);
  }
}

// Many that drip hold their share and no more: the others are told soon, and another namespace's are looked up.
TEST_F(HostileApiTest, LookupsThatDripLeaveRoom) {
  options_.lookups.places = {.places = 4, .guests = 16, .of_group = 3};
  options_.lookups.timeout = absl::Seconds(2);
  const auto state = Start();
  history_.Install("/apis/batch/v1/jobs");
  history_.Put("/apis/batch/v1/jobs", "calm", "j", "1");
  server_.Always(absl::StrCat(kJobs, "crowd"), Fault::kDripBody);
  std::atomic<int> refused{0}, late{0};
  std::vector<std::thread> crowd;
  for (int i = 0; i < 100; ++i) {
    crowd.emplace_back([&, i] {
      const auto found = state->Lookup({"batch", "v1", "Other", "crowd", absl::StrCat("j", i)});
      ++(ApiErrorOf(found.status())->code == 503 ? refused : late);
    });
  }
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(state->Lookup({"batch", "v1", "Other", "calm", "j"}).ok());
  for (std::thread& thread : crowd) thread.join();
  EXPECT_EQ(refused + late, 100);
  EXPECT_GE(refused, 70);
  EXPECT_TRUE(absl::IsNotFound(state->Lookup({"batch", "v1", "Other", "calm", "gone"}).status()));
}

}  // namespace
}  // namespace muster::webhook
