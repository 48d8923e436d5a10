// Everything at a time, which is what the thread sanitizer has to see: requests of every sort, a cluster that changes,
// watches that end, certificates that are replaced, probes, and clients that go away in the middle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kube/client/fake_api_server.h"
#include "kube/client/paths.h"
#include "webhook/base/log.h"
#include "webhook/live/live_cluster_state.h"
#include "webhook/live/resource.h"
#include "webhook/router.h"
#include "webhook/serving/raw_client.h"
#include "webhook/serving/webhook_server.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kLocalQueues[] = "/apis/kueue.x-k8s.io/v1beta2/localqueues";
constexpr char kNamespaces[] = "/api/v1/namespaces";
constexpr int kClients = 6;
constexpr int kRounds = 40;

std::string Review(absl::string_view object) {
  return absl::StrReplaceAll(
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"UID","operation":"CREATE","namespace":"team-a","object":OBJECT}})",
      {{"OBJECT", object}});
}

std::string Job(absl::string_view metadata) {
  return Review(absl::StrCat(
      R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j2","namespace":"team-a",)", metadata,
      R"(},"spec":{"template":{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"0.10"}}}]}}}})"));
}

std::string OwnedBy(absl::string_view name) {
  return absl::StrCat(R"("ownerReferences":[{"apiVersion":"batch/v1","kind":"Job","name":")", name,
                      R"(","uid":"u1","controller":true}])");
}

struct Question {
  const char* about;
  const char* path;
  std::string body;
  const char* answer;  // part of it
};

const std::vector<Question>& Questions() {
  static const auto& questions = *new std::vector<Question>{
      {"a job for a queue is suspended", "/mutate-batch-v1-job", Job(R"("labels":{"kueue.x-k8s.io/queue-name":"q"})"),
       "\"patchType\":\"JSONPatch\""},
      {"a job of a queue that comes and goes is allowed either way", "/validate-batch-v1-job",
       Job(R"("labels":{"kueue.x-k8s.io/queue-name":"coming"})"), "\"allowed\":true"},
      {"an owner that is looked up", "/mutate-batch-v1-job", Job(OwnedBy("j")), "\"allowed\":true"},
      {"an owner that is gone", "/mutate-batch-v1-job", Job(OwnedBy("gone")), "\"code\":404"},
      {"a flavor with a bad label", "/validate-kueue-x-k8s-io-v1beta2-resourceflavor",
       Review(
           R"({"apiVersion":"kueue.x-k8s.io/v1beta2","kind":"ResourceFlavor","metadata":{"name":"f"},"spec":{"nodeLabels":{"no label!":"x"}}})"),
       "\"allowed\":false"},
      {"what is no review", "/mutate--v1-pod", "{\"request\":", "\"code\":400"},
      {"a conversion", "/convert",
       R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview","request":{"uid":"UID","desiredAPIVersion":"kueue.x-k8s.io/v1beta1","objects":[{"apiVersion":"kueue.x-k8s.io/v1beta2","kind":"LocalQueue","metadata":{"name":"q","namespace":"a"},"spec":{"clusterQueue":"cq"}}]}})",
       "\"Success\""},
  };
  return questions;
}

class UnderLoadTest : public ::testing::Test {
 protected:
  UnderLoadTest() : folder_(absl::StrCat(::testing::TempDir(), "/under-load-", getpid())), log_(LogLevel::kError) {
    std::filesystem::create_directories(folder_);
    for (const Resource& resource : FollowedResources()) api_.AddCollection(kube::CollectionPath(*resource.type));
    api_.Put(kNamespaces, "", "team-a");
    api_.Put(kLocalQueues, "team-a", "q", {{"spec", {{"clusterQueue", "cq"}}}});
    api_.PutPath("/apis/batch/v1", {{"resources", {{{"name", "jobs"}, {"kind", "Job"}}}}});
    api_.PutPath("/apis/batch/v1/namespaces/team-a/jobs/j", {{"metadata", {{"name", "j"}, {"uid", "u1"}}}});
    WriteCertificate();
    certificates_ = CertificateSource::Watch(folder_, absl::Milliseconds(5), nullptr);

    LiveStateOptions live;
    live.reflector.min_backoff = absl::Milliseconds(5);
    live.reflector.max_backoff = absl::Milliseconds(20);
    live.lookups.timeout = absl::Seconds(20);  // the machine of a test may be slow
    live.lookups.found_for = absl::Milliseconds(20);
    live.lookups.missing_for = absl::Milliseconds(1);
    live.lookups.max_kept = 1;
    state_ = *LiveClusterState::Start(api_.endpoint(), live, &log_);
    router_ = std::make_unique<Router>(DefaultWebhookConfig(), state_.get());

    WebhookServerOptions options;
    options.https.address = "127.0.0.1";
    options.health = BindAddress{};
    server_ = *WebhookServer::Start(
        options, router_.get(), certificates_.get(), [this] { return state_->figures(); }, &log_);
    std::string checks;
    for (int i = 0; i < 6000 && !server_->Ready(&checks); ++i) absl::SleepFor(absl::Milliseconds(10));
  }
  ~UnderLoadTest() override {
    server_.reset();
    certificates_.reset();
    std::filesystem::remove_all(folder_);
  }

  void WriteCertificate() const {
    const absl::StatusOr<KeyPair> pair = MakeSelfSigned({"localhost"}, absl::Now(), absl::Hours(1));
    std::ofstream(folder_ + "/tls.crt") << pair->certificate;
    std::ofstream(folder_ + "/tls.key") << pair->key;
  }

  void AskEverything(int client_number) {
    std::unique_ptr<RawClient> client;
    for (int round = 0; round < kRounds; ++round) {
      if (round % 10 == 0) client = std::make_unique<RawClient>(server_->port());
      for (const Question& question : Questions()) {
        const std::string uid = absl::StrCat("u-", client_number, "-", round);
        const std::string answer =
            client->Ask("POST", question.path, absl::StrReplaceAll(question.body, {{"UID", uid}}));
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 ")) << question.about;
        EXPECT_THAT(answer, HasSubstr(question.answer)) << question.about;
        if (absl::StrContains(question.body, "UID")) {
          EXPECT_THAT(answer, HasSubstr(uid));
        }
      }
    }
  }

  // What goes on beside, until the clients are done.
  void Beside(std::vector<std::thread>* threads, std::function<void(int)> step) {
    threads->emplace_back([this, step = std::move(step)] {
      for (int i = 0; !done_; ++i) {
        step(i);
        absl::SleepFor(absl::Milliseconds(10));
      }
    });
  }

  const std::string folder_;
  kube::FakeApiServer api_;
  const Log log_;
  std::unique_ptr<CertificateSource> certificates_;
  std::unique_ptr<LiveClusterState> state_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<WebhookServer> server_;
  std::atomic<bool> done_{false};
};

TEST_F(UnderLoadTest, EveryAnswerIsTheRightOne) {
  std::vector<std::thread> beside;
  Beside(&beside, [this](int i) {
    if (i % 2 == 0) api_.Put(kLocalQueues, "team-a", "coming", {{"spec", {{"clusterQueue", "cq"}}}});
    if (i % 2 == 1) api_.Delete(kLocalQueues, "team-a", "coming");
    if (i % 5 == 0) api_.EndWatches();
    if (i % 7 == 0) api_.ExpireWatches(/*as_event=*/i % 2 == 0);
  });
  Beside(&beside, [this](int i) {
    if (i % 5 == 0) WriteCertificate();
  });
  Beside(&beside, [this](int i) {
    RawClient probe(server_->health_port(), false);
    EXPECT_THAT(probe.Ask("GET", i % 2 == 0 ? "/metrics" : "/healthz"), StartsWith("HTTP/1.1 200 "));
    std::string checks;
    server_->Ready(&checks);
  });
  Beside(&beside, [this](int i) {
    RawClient rude(server_->port(), /*tls=*/i % 2 == 0);
    rude.Send("POST /mutate--v1-pod HTTP/1.1\r\nContent-Le");
  });

  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) clients.emplace_back([this, i] { AskEverything(i); });
  for (std::thread& client : clients) client.join();
  done_ = true;
  for (std::thread& thread : beside) thread.join();
  EXPECT_GT(certificates_->taken(), 1);
  EXPECT_GT(api_.Requests(kLocalQueues), 2) << "no watch was started anew";

  // The end, with connections open and requests on their way.
  std::vector<std::thread> last;
  for (int i = 0; i < kClients; ++i) {
    last.emplace_back([this] {
      RawClient client(server_->port());
      while (!client.Ask("POST", Questions()[0].path, Questions()[0].body).empty()) {
      }
    });
  }
  absl::SleepFor(absl::Milliseconds(20));
  server_->StartDrain();
  server_->Stop(absl::Seconds(10));
  for (std::thread& thread : last) thread.join();
}

}  // namespace
}  // namespace muster::webhook
