#include "kube/client/api_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kube/client/fake_api_server.h"
#include "kube/client/kubeconfig.h"
#include "kube/client/scripted_server.h"
#include "kube/request.h"

namespace muster::kube {
namespace {

using ::testing::HasSubstr;

constexpr char kQueues[] = "/apis/kueue.x-k8s.io/v1beta2/localqueues";
constexpr absl::Duration kPatience = absl::Seconds(60);  // the machine of a test may be slow

class ApiClientTest : public ::testing::Test {
 protected:
  ApiClientTest() { api_.AddCollection(kQueues); }
  static std::unique_ptr<ApiClient> New(const ApiEndpoint& endpoint) { return *ApiClient::New(endpoint); }
  static std::string Watch() { return absl::StrCat(kQueues, "?watch=true&resourceVersion=100&timeoutSeconds=300"); }

  FakeApiServer api_;
};

TEST_F(ApiClientTest, AnyAnswerIsAReply) {
  const auto client = New(api_.endpoint());
  absl::StatusOr<ApiReply> reply = client->Get(kQueues, kPatience);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 200);
  reply = client->Get("/nowhere", kPatience);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 404);
  EXPECT_THAT(Explain(*reply), HasSubstr("404"));
}

TEST_F(ApiClientTest, ATokenFileIsReadForEveryRequest) {
  const std::string path = ::testing::TempDir() + "/token";
  std::ofstream(path) << "wrong";
  ApiEndpoint endpoint = api_.endpoint();
  endpoint.token_file = path;
  const auto client = New(endpoint);
  EXPECT_EQ(client->Get(kQueues, kPatience)->status, 401);
  std::ofstream(path) << endpoint.token << "\n";
  EXPECT_EQ(client->Get(kQueues, kPatience)->status, 200);
  endpoint.token_file = path + ".gone";
  EXPECT_TRUE(absl::IsUnavailable(New(endpoint)->Get(kQueues, kPatience).status()));
}

TEST_F(ApiClientTest, AWatchGivesLinesUntilItsReaderHasEnough) {
  api_.Put(kQueues, "a", "q0");
  api_.Put(kQueues, "a", "q1");
  const auto client = New(api_.endpoint());
  std::vector<std::string> lines;
  const absl::StatusOr<ApiReply> reply = client->Stream(Watch(), kPatience, [&](absl::string_view line) {
    lines.emplace_back(line);
    return lines.size() < 2;
  });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 200);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], HasSubstr("q1"));
}

TEST_F(ApiClientTest, StopEndsAWatchThatIsSilent) {
  api_.Put(kQueues, "a", "q0");
  const auto client = New(api_.endpoint());
  std::atomic<bool> watching{false};
  std::thread watcher(
      [&] { (void)client->Stream(Watch(), kPatience, [&](absl::string_view) { return watching = true; }); });
  while (!watching) absl::SleepFor(absl::Milliseconds(1));
  const absl::Time before = absl::Now();
  client->Stop();
  watcher.join();
  EXPECT_LT(absl::Now() - before, kPatience / 2);
}

// Also one that is just about to begin: there is no telling how far the other thread has come.
TEST_F(ApiClientTest, StopAtAnyMomentEndsWhatTheOtherThreadDoes) {
  const absl::Time before = absl::Now();
  for (int i = 0; i < 40; ++i) {
    const auto client = New(api_.endpoint());
    std::thread watcher([&] {
      absl::Status status;
      while (!absl::IsCancelled(status))
        status = client->Stream(Watch(), kPatience, [](absl::string_view) { return true; }).status();
    });
    absl::SleepFor(absl::Microseconds(i * 200));
    client->Stop();
    watcher.join();
  }
  EXPECT_LT(absl::Now() - before, kPatience);
}

TEST_F(ApiClientTest, AfterStopNothingIsAsked) {
  const auto client = New(api_.endpoint());
  client->Stop();
  EXPECT_TRUE(absl::IsCancelled(client->Get(kQueues, kPatience).status()));
  EXPECT_EQ(api_.Requests(kQueues), 0);
}

// Between the reading of the token and the answer it was renewed.
TEST(ApiClient, ATokenThatWasRenewedMeanwhileIsShownAtOnce) {
  const std::string path = ::testing::TempDir() + "/renewed";
  std::ofstream(path) << "old";
  ScriptedServer server([&](int, int, const std::string& request) {
    if (request.find("Bearer new") != std::string::npos)
      return ScriptedServer::Reaction{ScriptedServer::Answer(201, "{}")};
    std::ofstream(path) << "new";
    return ScriptedServer::Reaction{ScriptedServer::Answer(401, "{}")};
  });
  ApiEndpoint endpoint = server.endpoint();
  endpoint.token_file = path;
  const auto client = *ApiClient::New(endpoint);
  const HttpForm form = {"POST", "/api/v1/namespaces/a/pods", "application/json", R"({"kind":"Pod"})"};
  const absl::StatusOr<ApiReply> reply = client->Send(form, kPatience);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(ApiClient, ATokenThatIsRefusedIsShownOnce) {
  const std::string path = ::testing::TempDir() + "/refused";
  std::ofstream(path) << "old";
  ScriptedServer server(
      [&](int, int, const std::string&) { return ScriptedServer::Reaction{ScriptedServer::Answer(401, "{}")}; });
  ApiEndpoint endpoint = server.endpoint();
  endpoint.token_file = path;
  EXPECT_EQ((*ApiClient::New(endpoint))->Get("/api", kPatience)->status, 401);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(ApiClient, SaysWhoAsks) {
  ScriptedServer server(
      [](int, int, const std::string&) { return ScriptedServer::Reaction{ScriptedServer::Answer(200, "{}")}; });
  ApiEndpoint endpoint = server.endpoint();
  endpoint.user_agent = "kueue/v1 (linux/amd64)";
  EXPECT_TRUE((*ApiClient::New(endpoint))->Get("/api", kPatience).ok());
  EXPECT_THAT(server.requests().at(0), HasSubstr("User-Agent: kueue/v1 (linux/amd64)\r\n"));
}

TEST(ApiClient, ACertificateAuthorityThatIsNoneIsAnError) {
  ApiEndpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = 1;
  endpoint.tls = true;
  endpoint.ca = "no PEM";
  EXPECT_TRUE(absl::IsInvalidArgument(ApiClient::New(endpoint).status()));
}

}  // namespace
}  // namespace muster::kube
