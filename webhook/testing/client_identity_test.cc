// Who is answered when the cluster says whose certificates count: from the API server's ConfigMap to the handshake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/clock.h"
#include "kube/client/cache_figures.h"
#include "kube/client/fake_api_server.h"
#include "webhook/base/log.h"
#include "webhook/live/cluster_client_ca.h"
#include "webhook/router.h"
#include "webhook/serving/bind_address.h"
#include "webhook/serving/identified_client.h"
#include "webhook/serving/raw_client.h"
#include "webhook/serving/webhook_server.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/tls/certificates.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kPath[] = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";

class ClientIdentityTest : public ::testing::Test {
 protected:
  void Start(absl::Duration max_staleness) {
    ClusterClientCaOptions options;
    options.interval = absl::Milliseconds(20);
    options.min_backoff = options.max_backoff = absl::Milliseconds(20);
    options.max_staleness = max_staleness;
    auto ca = ClusterClientCa::Start(api_.endpoint(), options, &log_);
    ASSERT_TRUE(ca.ok()) << ca.status();
    ca_ = *std::move(ca);
    const KeyPair pair = *MakeSelfSigned({"localhost"}, absl::Now(), absl::Hours(1));
    certificates_ = CertificateSource::Follow([pair] { return pair; },
                                              [this]() -> absl::StatusOr<ClientCheck> {
                                                absl::StatusOr<std::string> bundle = ca_->Bundle();
                                                if (!bundle.ok()) return bundle.status();
                                                return ClientCheck{*std::move(bundle), {"kube-apiserver"}};
                                              },
                                              absl::Milliseconds(20), nullptr);
    WebhookServerOptions serving;
    serving.https.address = "127.0.0.1";
    serving.health = BindAddress{};
    auto server = WebhookServer::Start(
        serving, &router_, certificates_.get(), [this] { return std::vector<kube::CacheFigures>{ca_->figures()}; },
        &log_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void Say(const std::string& ca) {
    api_.PutPath(kPath, {{"apiVersion", "v1"},
                         {"kind", "ConfigMap"},
                         {"metadata", {{"name", "extension-apiserver-authentication"}, {"namespace", "kube-system"}}},
                         {"data", {{"client-ca-file", ca}}}});
  }
  bool IsAnswered(const KeyPair& who) { return AskAs(&who, server_->port()).substr(0, 13) == "HTTP/1.1 200 "; }
  bool Becomes(bool answered, const KeyPair& who) {
    for (int i = 0; i < 1000; ++i) {
      if (IsAnswered(who) == answered) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }
  std::string Ready() { return RawClient(server_->health_port(), false).Ask("GET", "/readyz"); }

  static KeyPair Identity(const char* name) { return *MakeClientIdentity(name, absl::Now(), absl::Hours(1)); }

  kube::FakeApiServer api_;
  Log log_{LogLevel::kError};
  CachedClusterState state_;
  Router router_{DefaultWebhookConfig(), &state_};
  std::unique_ptr<ClusterClientCa> ca_;
  std::unique_ptr<CertificateSource> certificates_;
  std::unique_ptr<WebhookServer> server_;
};

TEST_F(ClientIdentityTest, TheClusterSaysWhoIsAnswered) {
  const KeyPair old_ca = Identity("kube-apiserver"), new_ca = Identity("kube-apiserver"), other = Identity("kubelet");
  Start(absl::Minutes(5));
  EXPECT_FALSE(IsAnswered(old_ca)) << "nobody, before it has said so";
  EXPECT_THAT(Ready(), HasSubstr("HTTP/1.1 503 "));
  EXPECT_THAT(Ready(), HasSubstr("not synced: configmaps/extension-apiserver-authentication"));

  Say(old_ca.ca);
  EXPECT_TRUE(Becomes(true, old_ca));
  EXPECT_THAT(Ready(), HasSubstr("HTTP/1.1 200 "));
  EXPECT_FALSE(IsAnswered(new_ca));
  EXPECT_EQ(AskAs(nullptr, server_->port()), "");

  Say(new_ca.ca + other.ca);
  EXPECT_TRUE(Becomes(true, new_ca));
  EXPECT_FALSE(IsAnswered(old_ca)) << "its CA is gone";
  EXPECT_FALSE(IsAnswered(other)) << "of a CA that counts, but by another name";

  api_.FailWith(500);
  absl::SleepFor(absl::Milliseconds(200));
  EXPECT_TRUE(IsAnswered(new_ca)) << "what was known last is good for a while";
}

TEST_F(ClientIdentityTest, NobodyIsAnsweredOnceNobodyIsKnown) {
  const KeyPair who = Identity("kube-apiserver");
  Say(who.ca);
  Start(absl::Milliseconds(300));
  ASSERT_TRUE(Becomes(true, who));
  api_.DeletePath(kPath);
  EXPECT_TRUE(Becomes(false, who));
  EXPECT_THAT(Ready(), HasSubstr("stale: configmaps/extension-apiserver-authentication"));
  EXPECT_THAT(Ready(), HasSubstr("[-]certificate: "));
  Say(who.ca);
  EXPECT_TRUE(Becomes(true, who));
}

}  // namespace
}  // namespace muster::webhook
