#include "webhook/serving/webhook_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "api/json_text.h"
#include "webhook/base/log.h"
#include "webhook/router.h"
#include "webhook/serving/raw_client.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kPath[] = "/validate-kueue-x-k8s-io-v1beta2-resourceflavor";

ServingCertificate Certificate(absl::Time from, absl::Duration validity) {
  absl::StatusOr<KeyPair> pair = MakeSelfSigned({"localhost"}, from, validity);
  return *MakeServingCertificate(*pair, from);
}

std::string Review(const std::string& uid) {
  return absl::StrCat(
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":")", uid,
      R"(","kind":{"group":"kueue.x-k8s.io","version":"v1beta2","kind":"ResourceFlavor"},)",
      R"("resource":{"group":"kueue.x-k8s.io","version":"v1beta2","resource":"resourceflavors"},"name":"f",)",
      R"("operation":"CREATE","object":{"apiVersion":"kueue.x-k8s.io/v1beta2","kind":"ResourceFlavor",)",
      R"("metadata":{"name":"f"},"spec":{"nodeLabels":{"not a label!":"secret-value"}}}}})");
}

class WebhookServerTest : public ::testing::Test {
 protected:
  void Start(ServingCertificate certificate, WebhookServer::Caches caches = nullptr) {
    certificates_ = CertificateSource::Fixed(std::move(certificate));
    WebhookServerOptions options;
    options.https.address = "127.0.0.1";
    options.health = BindAddress{};
    auto server = WebhookServer::Start(options, &router_, certificates_.get(), std::move(caches), &log_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void Start() { Start(Certificate(absl::Now(), absl::Hours(1))); }
  std::string Probe(const std::string& path) { return RawClient(server_->health_port(), false).Ask("GET", path); }

  CachedClusterState state_;
  Router router_{DefaultWebhookConfig(), &state_};
  Log log_{LogLevel::kInfo};
  std::unique_ptr<CertificateSource> certificates_;
  std::unique_ptr<WebhookServer> server_;
};

TEST_F(WebhookServerTest, AnswersAndCounts) {
  Start();
  RawClient client(server_->port());
  const std::string denied = client.Ask("POST", absl::StrCat(kPath, "?timeout=10s"), Review("u-1"));
  EXPECT_THAT(denied, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(denied, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(denied, HasSubstr("\"uid\":\"u-1\",\"allowed\":false"));
  const std::string metrics = Probe("/metrics");
  EXPECT_THAT(metrics, HasSubstr(absl::StrCat("controller_runtime_webhook_requests_total{code=\"403\",webhook=\"",
                                              kPath, "\"} 1\n")));
  EXPECT_THAT(metrics, HasSubstr(absl::StrCat("muster_webhook_decisions_total{decision=\"denied\",webhook=\"", kPath,
                                              "\"} 1\n")));
  EXPECT_THAT(metrics,
              HasSubstr(absl::StrCat("controller_runtime_webhook_latency_seconds_count{webhook=\"", kPath, "\"} 1\n")));
  EXPECT_THAT(metrics, HasSubstr("muster_webhook_certificate_expiry_timestamp_seconds 1"));
  EXPECT_THAT(metrics, HasSubstr("muster_webhook_connections 1\n"));
}

TEST_F(WebhookServerTest, LogsWhichRequestButNothingOfTheObject) {
  Start();
  ::testing::internal::CaptureStderr();
  {
    const Log log(LogLevel::kInfo);
    WebhookServerOptions options;
    options.https.address = "127.0.0.1";
    auto server = WebhookServer::Start(options, &router_, certificates_.get(), nullptr, &log);
    ASSERT_TRUE(server.ok());
    RawClient client((*server)->port());
    client.Ask("POST", kPath, Review("u-2"));
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  const absl::StatusOr<json> line = api::ParseJson(text);
  ASSERT_TRUE(line.ok()) << text;
  EXPECT_EQ((*line)["level"], "info");
  EXPECT_EQ((*line)["msg"], "denied");
  EXPECT_EQ((*line)["uid"], "u-2");
  EXPECT_EQ((*line)["path"], kPath);
  EXPECT_EQ((*line)["code"], 403);
  EXPECT_THAT(text, Not(HasSubstr("secret-value")));
  EXPECT_THAT(text, Not(HasSubstr("not a label")));
}

// The cases of HTTP, with Kueue's answers. What the body holds is the router's business.
TEST_F(WebhookServerTest, AnswersUnusualHttpAsKueueDoes) {
  Start();
  const struct {
    const char* about;
    const char* method;
    const char* path;
    const char* headers;
    std::string body;
    const char* status;
    const char* answer;
  } cases[] = {
      {"GET", "GET", kPath, "", "", "200",
       R"({"response":{"uid":"","allowed":false,"status":{"metadata":{},"message":"request body is empty","code":400}}})"},
      {"an empty POST", "POST", kPath, "Content-Type: application/json\r\n", "", "200", "request body is empty"},
      {"no content type", "POST", kPath, "", Review("u"), "200", "contentType=, expected application/json"},
      {"a content type with charset", "POST", kPath, "Content-Type: application/json; charset=utf-8\r\n", Review("u"),
       "200", "contentType=application/json; charset=utf-8, expected application/json"},
      {"YAML", "POST", kPath, "Content-Type: application/yaml\r\n", Review("u"), "200",
       "contentType=application/yaml, expected application/json"},
      {"PUT is as good as POST", "PUT", kPath, "Content-Type: application/json\r\n", Review("u"), "200",
       "\"uid\":\"u\",\"allowed\":false"},
      {"a path nobody serves", "POST", "/mutate-nothing", "Content-Type: application/json\r\n", Review("u"), "404",
       "404 page not found\n"},
      {"a slash too many", "POST", "/mutate-batch-v1-job/", "Content-Type: application/json\r\n", Review("u"), "404",
       "404 page not found\n"},
      {"the root", "GET", "/", "", "", "404", "404 page not found\n"},
      {"8 MB", "POST", kPath, "Content-Type: application/json\r\n", std::string(8 << 20, 'x'), "200",
       R"({"response":{"uid":"","allowed":false,"status":{"metadata":{},"message":"request entity is too large; limit is 7340032 bytes","code":413}}})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.about);
    RawClient client(server_->port());
    const std::string answer = client.Ask(c.method, c.path, c.body, c.headers);
    EXPECT_THAT(answer, StartsWith(absl::StrCat("HTTP/1.1 ", c.status, " ")));
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
    EXPECT_THAT(answer, HasSubstr(c.answer));
    if (answer.find(" 404 ") != std::string::npos) {
      EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    }
  }
}

TEST_F(WebhookServerTest, ProbesHaveAPortOfTheirOwn) {
  Start();
  EXPECT_THAT(Probe("/healthz"), HasSubstr("\r\n\r\nok\n"));
  EXPECT_THAT(Probe("/readyz"), HasSubstr("[+]certificate ok\n[+]shutdown ok\nready\n"));
  EXPECT_THAT(Probe("/metrics"), HasSubstr("process_resident_memory_bytes"));
  EXPECT_THAT(Probe("/mutate-batch-v1-job"), StartsWith("HTTP/1.1 404 "));
  for (const bool asked : {false, true}) {
    WebhookServerOptions options;
    options.https.address = "127.0.0.1";
    options.probes_on_https = asked;
    auto server = WebhookServer::Start(options, &router_, certificates_.get(), nullptr, &log_);
    ASSERT_TRUE(server.ok()) << server.status();
    RawClient client((*server)->port());
    EXPECT_THAT(client.Ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(client.Ask("GET", "/readyz"), StartsWith(asked ? "HTTP/1.1 200 " : "HTTP/1.1 404 "));
    EXPECT_THAT(client.Ask("GET", "/metrics"), StartsWith(asked ? "HTTP/1.1 200 " : "HTTP/1.1 404 "));
  }
}

// Each of these once made a kubelet believe that the process is gone.
TEST_F(WebhookServerTest, ProbesAreAnsweredBesideClientsThatAreNot) {
  Start();
  std::vector<std::unique_ptr<RawClient>> bad;
  for (int i = 0; i < 200; ++i) {
    bad.push_back(std::make_unique<RawClient>(server_->health_port(), false));
    if (i % 2 == 0) bad.back()->Send("GET /hea");
  }
  for (const char* path : {"/healthz", "/readyz", "/metrics"}) EXPECT_THAT(Probe(path), StartsWith("HTTP/1.1 200 "));
}

// An object that is more than it seems is refused before it is read, in words the API server passes on.
TEST_F(WebhookServerTest, RefusesWhatItWouldTakeTooMuchToAnswer) {
  Start();
  std::string body = R"({"request":{"uid":"u","object":[)";
  while (body.size() < 3'000'000) body += "[],";
  body += "[]]}}";
  RawClient client(server_->port());
  EXPECT_THAT(client.Ask("POST", kPath, body), HasSubstr("the request holds too many values"));
  EXPECT_THAT(client.Ask("POST", kPath, Review("u")), HasSubstr("\"uid\":\"u\""));
}

TEST_F(WebhookServerTest, IsNotReadyWithAnExpiredCertificate) {
  Start(Certificate(absl::Now() - absl::Hours(2), absl::Hours(1)));
  EXPECT_THAT(Probe("/readyz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Probe("/readyz"), HasSubstr("[-]certificate: expired at "));
  EXPECT_THAT(Probe("/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(WebhookServerTest, IsNotReadyBeforeItKnowsTheCluster) {
  std::atomic<bool> synced{false};
  Start(Certificate(absl::Now(), absl::Hours(1)), [&] {
    kube::CacheFigures namespaces, queues;
    namespaces.resource = "namespaces";
    namespaces.synced = true;
    namespaces.objects = 7;
    namespaces.last_contact = absl::Now() - absl::Milliseconds(3500);
    queues.resource = "localqueues.kueue.x-k8s.io";
    queues.synced = synced;
    queues.last_contact = absl::InfinitePast();
    return std::vector<kube::CacheFigures>{namespaces, queues};
  });
  EXPECT_THAT(Probe("/readyz"), HasSubstr("[-]caches: not synced: localqueues.kueue.x-k8s.io\n"));
  EXPECT_THAT(Probe("/metrics"), HasSubstr("muster_webhook_cache_objects{resource=\"namespaces\"} 7\n"));
  EXPECT_THAT(Probe("/metrics"), HasSubstr("muster_webhook_cache_age_seconds{resource=\"namespaces\"} 3."));
  synced = true;
  EXPECT_THAT(Probe("/readyz"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(WebhookServerTest, IsNotReadyWhileItEnds) {
  Start();
  server_->StartDrain();
  EXPECT_THAT(Probe("/readyz"), HasSubstr("[-]shutdown: shutting down\n"));
  RawClient client(server_->port());
  const std::string answer = client.Ask("POST", kPath, Review("u"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
}

// Also what the thread sanitizer looks at: requests, probes and metrics at a time.
TEST_F(WebhookServerTest, ServesManyAtATime) {
  Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] {
      RawClient client(server_->port());
      for (int n = 0; n < 100; ++n) {
        const std::string uid = absl::StrCat("u", i, "-", n);
        EXPECT_THAT(client.Ask("POST", kPath, Review(uid)), HasSubstr(uid));
      }
    });
  }
  for (int n = 0; n < 20; ++n) EXPECT_THAT(Probe("/metrics"), StartsWith("HTTP/1.1 200 "));
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Probe("/metrics"), HasSubstr(absl::StrCat("muster_webhook_decisions_total{decision=\"denied\",webhook=\"",
                                                        kPath, "\"} 800\n")));
}

}  // namespace
}  // namespace muster::webhook
