#include "webhook/live/cluster_client_ca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "kube/client/fake_api_server.h"
#include "webhook/base/log.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kPath[] = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";

const std::string& Ca() {
  static const std::string& ca = *new std::string(MakeClientIdentity("a", absl::Now(), absl::Hours(1))->ca);
  return ca;
}

json ConfigMap(const std::string& ca) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", "extension-apiserver-authentication"}, {"namespace", "kube-system"}}},
          {"data", {{"client-ca-file", ca}, {"requestheader-client-ca-file", "not for this"}}}};
}

TEST(ClientCaInTest, OnlyThatConfigMapCounts) {
  const auto with = [](const char* pointer, const json& value) {
    json object = ConfigMap(Ca());
    object[json::json_pointer(pointer)] = value;
    return object.dump();
  };
  const struct {
    const char* about;
    int status;
    std::string body;
    absl::StatusCode code;
    const char* says;
  } cases[] = {
      {"as it is", 200, ConfigMap(Ca()).dump(), absl::StatusCode::kOk, ""},
      {"two CAs", 200, ConfigMap(Ca() + Ca()).dump(), absl::StatusCode::kOk, ""},
      {"not allowed", 403, "{}", absl::StatusCode::kPermissionDenied, "extension-apiserver-authentication-reader"},
      {"not there", 404, "<html>", absl::StatusCode::kUnavailable, "extension-apiserver-authentication: 404"},
      {"unwell", 500, "", absl::StatusCode::kUnavailable, "500"},
      {"a page of a proxy", 200, "<html>", absl::StatusCode::kUnavailable, "extension-apiserver-authentication: "},
      {"half of it", 200, ConfigMap(Ca()).dump().substr(0, 200), absl::StatusCode::kUnavailable, ""},
      {"a list", 200, "[]", absl::StatusCode::kUnavailable, "is no ConfigMap"},
      {"another kind", 200, with("/kind", "Secret"), absl::StatusCode::kUnavailable, "is no ConfigMap"},
      {"another name", 200, with("/metadata/name", "x"), absl::StatusCode::kUnavailable, "another ConfigMap"},
      {"another namespace", 200, with("/metadata/namespace", "x"), absl::StatusCode::kUnavailable, "another ConfigMap"},
      {"no metadata", 200, with("/metadata", nullptr), absl::StatusCode::kUnavailable, "another ConfigMap"},
      {"no data", 200, with("/data", nullptr), absl::StatusCode::kUnavailable, "has no data.client-ca-file"},
      {"no bundle", 200, with("/data", {{"x", "y"}}), absl::StatusCode::kUnavailable, "has no data.client-ca-file"},
      {"a number", 200, with("/data/client-ca-file", 7), absl::StatusCode::kUnavailable, "has no data.client-ca-file"},
      {"an empty bundle", 200, with("/data/client-ca-file", ""), absl::StatusCode::kUnavailable, "has no certificate"},
      {"a cut bundle", 200, with("/data/client-ca-file", Ca() + Ca().substr(0, 200)), absl::StatusCode::kUnavailable,
       "data.client-ca-file: cannot be read"},
  };
  for (const auto& c : cases) {
    kube::ApiReply reply;
    reply.status = c.status;
    reply.body = c.body;
    const absl::StatusOr<std::string> bundle = ClientCaIn(reply);
    EXPECT_EQ(bundle.status().code(), c.code) << c.about;
    EXPECT_THAT(bundle.status().ToString(), HasSubstr(c.says)) << c.about;
  }
  kube::ApiReply reply;
  reply.status = 200;
  reply.body = ConfigMap(Ca()).dump();
  EXPECT_EQ(*ClientCaIn(reply), Ca());
}

class ClusterClientCaTest : public ::testing::Test {
 protected:
  ClusterClientCaTest() : log_(LogLevel::kError) {
    options_.interval = absl::Milliseconds(20);
    options_.min_backoff = absl::Milliseconds(10);
    options_.max_backoff = absl::Milliseconds(50);
  }
  void Start() {
    auto started = ClusterClientCa::Start(api_.endpoint(), options_, &log_);
    ASSERT_TRUE(started.ok()) << started.status();
    ca_ = *std::move(started);
  }
  static bool Eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }
  bool Is(const std::string& pem) {
    return Eventually([&] {
      const auto bundle = ca_->Bundle();
      return bundle.ok() && *bundle == pem;
    });
  }

  kube::FakeApiServer api_;
  Log log_;
  ClusterClientCaOptions options_;
  std::unique_ptr<ClusterClientCa> ca_;
};

TEST_F(ClusterClientCaTest, FollowsWhatTheClusterSays) {
  Start();
  EXPECT_TRUE(absl::IsPermissionDenied(ca_->Bundle().status()));
  EXPECT_FALSE(ca_->figures().synced);
  api_.PutPath(kPath, ConfigMap(Ca()));
  EXPECT_TRUE(Is(Ca()));
  EXPECT_TRUE(ca_->figures().synced);
  const std::string next = MakeClientIdentity("a", absl::Now(), absl::Hours(1))->ca;
  api_.PutPath(kPath, ConfigMap(Ca() + next));
  EXPECT_TRUE(Is(Ca() + next));
}

TEST_F(ClusterClientCaTest, WhatIsKnownIsKeptWhileTheApiServerIsUnwell) {
  api_.PutPath(kPath, ConfigMap(Ca()));
  Start();
  ASSERT_TRUE(Is(Ca()));
  const std::function<void()> faults[] = {[&] { api_.FailWith(500); }, [&] { api_.FailWith(403); },
                                          [&] { api_.PutPath(kPath, "nonsense"); }, [&] { api_.DeletePath(kPath); }};
  for (const auto& fault : faults) {
    const int64_t failures = ca_->figures().failures;
    fault();
    EXPECT_TRUE(Eventually([&] { return ca_->figures().failures > failures + 1; }));
    EXPECT_TRUE(ca_->Bundle().ok());
    EXPECT_FALSE(ca_->figures().stale);
    api_.FailWith(0);
  }
}

TEST_F(ClusterClientCaTest, NothingIsKnownOnceItIsTooOld) {
  options_.max_staleness = absl::Milliseconds(100);
  api_.PutPath(kPath, ConfigMap(Ca()));
  Start();
  ASSERT_TRUE(Is(Ca()));
  api_.FailWith(500);
  EXPECT_TRUE(Eventually([&] { return absl::IsPermissionDenied(ca_->Bundle().status()); }));
  EXPECT_TRUE(ca_->figures().stale);
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(ca_->Bundle().status().message(), "the server is unwell"); }));
  api_.FailWith(0);
  EXPECT_TRUE(Is(Ca()));
}

// Its end does not wait for an API server that says nothing.
TEST_F(ClusterClientCaTest, EndsAtOnce) {
  api_.SlowDown(absl::Seconds(2));
  options_.timeout = absl::Seconds(60);
  Start();
  absl::SleepFor(absl::Milliseconds(100));
  const absl::Time start = absl::Now();
  ca_.reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
}

}  // namespace
}  // namespace muster::webhook
