// The manager as it runs, against a simulated cluster over sockets: it governs, hands over, and ends.
#include "manager/process/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kube/client/api_client.h"
#include "kube/testing/http/http_api_server.h"
#include "kube/testing/webhook_admission.h"
#include "manager/process/probes.h"
#include "webhook/base/log.h"

namespace muster::manager {
namespace {

using kube::testing::HttpApiServer;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kTeams[] = R"(
apiVersion: v1
kind: Namespace
metadata: {name: ns, labels: {kubernetes.io/metadata.name: ns}}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {capacity: {cpu: "4", memory: 8Gi, pods: "110"}, allocatable: {cpu: "4", memory: 8Gi, pods: "110"}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: f}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: a}
spec:
  namespaceSelector: {}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "2"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: a, namespace: ns}
spec: {clusterQueue: a}
)";

json Job(const std::string& name, int seconds = 600) {
  json container = {{"name", "c"}, {"image", "x"}, {"resources", {{"requests", {{"cpu", "1"}}}}}};
  json pod = {{"metadata", {{"labels", {{"e2e/run-seconds", absl::StrCat(seconds)}}}}},
              {"spec", {{"restartPolicy", "Never"}, {"containers", json::array({container})}}}};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", {{"name", name}, {"namespace", "ns"}, {"labels", {{"kueue.x-k8s.io/queue-name", "a"}}}}},
          {"spec", {{"parallelism", 1}, {"completions", 1}, {"template", pod}}}};
}

constexpr char kJobs[] = "/apis/batch/v1/namespaces/ns/jobs";

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest()
      : server_({.admission =
                     [](const kube::testing::ApiServer* server) {
                       return std::make_unique<kube::testing::WebhookAdmission>(webhook::DefaultWebhookConfig(),
                                                                                server);
                     }}),
        log_(webhook::LogLevel::kError) {
    EXPECT_TRUE(server_.Create(kTeams).ok());
  }
  std::unique_ptr<ManagerProcess> Start(const std::string& identity) {
    ProcessOptions options;
    options.election.ns = "kueue-system";
    options.election.name = "lease";
    options.election.identity = identity;
    options.election.retry_period = absl::Milliseconds(200);
    options.reflector.min_backoff = absl::Milliseconds(10);
    options.reflector.absence_interval = absl::Milliseconds(50);
    options.reflector.absence_patience = absl::Milliseconds(100);
    kube::ApiEndpoint endpoint = server_.endpoint();
    endpoint.user_agent = "kueue/test";
    auto process = ManagerProcess::Start(
        endpoint, options,
        [this](const absl::Status& status) {
          ++ended_;
          EXPECT_TRUE(absl::IsAborted(status)) << status;
        },
        &log_);
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }
  kube::ObjectPtr JobNamed(const std::string& name) const {
    return server_.Find({&kube::TypeOf("batch", "Job"), "ns", name});
  }
  bool Runs(const std::string& name) const {
    const kube::ObjectPtr job = JobNamed(name);
    return job != nullptr && !job->BoolAt("/spec/suspend") && job->IntAt("/status/active") == 1;
  }
  static bool Ready(const ManagerProcess& process) {
    std::string checks;
    return process.Ready(&checks);
  }

  HttpApiServer server_;
  webhook::Log log_;
  std::atomic<int> ended_{0};
};

TEST_F(ProcessTest, JobsAreQueuedAndRun) {
  auto process = Start("a");
  ASSERT_TRUE(Eventually([&] { return Ready(*process); }));
  // Whose Workload comes first is not said, as long as it is the same second.
  const std::vector<std::string> names = {"one", "two", "three"};
  const auto running = [&] {
    return std::count_if(names.begin(), names.end(), [&](const std::string& name) { return Runs(name); });
  };
  for (const std::string& name : names) ASSERT_TRUE(server_.Do("POST", kJobs, Job(name)).ok());
  EXPECT_TRUE(Eventually([&] { return running() == 2; })) << "the quota is used up";
  const auto waits = std::find_if_not(names.begin(), names.end(), [&](const std::string& name) { return Runs(name); });
  ASSERT_NE(waits, names.end());
  const std::string& goes = names[waits == names.begin() ? 1 : 0];
  ASSERT_TRUE(server_.Do("DELETE", absl::StrCat(kJobs, "/", goes)).ok());
  EXPECT_TRUE(Eventually([&] { return Runs(*waits); }));
  const std::string text = process->MetricsText();
  for (const char* line :
       {"kueue_admitted_workloads_total{cluster_queue=\"a\",priority_class=\"\",replica_role=\"leader\"} 3\n",
        "kueue_reserving_active_workloads{cluster_queue=\"a\",replica_role=\"leader\"} 2\n",
        "leader_election_master_status{name=\"\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, HasSubstr("rest_client_requests_total{code=\"201\",method=\"POST\"}"));
  EXPECT_TRUE(process->Stop(absl::Seconds(10)));
  EXPECT_EQ(ended_, 0);
}

TEST_F(ProcessTest, AStandbyTakesOverWhenTheLeaseIsGivenUp) {
  auto first = Start("first");
  ASSERT_TRUE(Eventually([&] { return first->leads(); }));
  auto second = Start("second");
  ASSERT_TRUE(Eventually([&] { return Ready(*second); }));
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("one")).ok());
  ASSERT_TRUE(Eventually([&] { return Runs("one"); }));
  EXPECT_FALSE(second->leads());
  EXPECT_THAT(second->MetricsText(),
              HasSubstr("kueue_reserving_active_workloads{cluster_queue=\"a\",replica_role=\"follower\"} 1\n"));
  EXPECT_TRUE(first->Stop(absl::Seconds(10)));
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("two")).ok());
  EXPECT_TRUE(Eventually([&] { return Runs("two"); }));
  EXPECT_TRUE(second->leads());
  EXPECT_TRUE(Runs("one"));
  EXPECT_EQ(ended_, 0);
}

TEST_F(ProcessTest, WhoLosesTheLeaseEnds) {
  auto process = Start("a");
  ASSERT_TRUE(Eventually([&] { return process->leads() && Ready(*process); }));
  ASSERT_TRUE(server_
                  .Do("PATCH", "/apis/coordination.k8s.io/v1/namespaces/kueue-system/leases/lease",
                      {{"spec", {{"holderIdentity", "b"}, {"leaseDurationSeconds", 60}}}})
                  .ok());
  EXPECT_TRUE(Eventually([&] { return ended_ == 1; }));
  EXPECT_FALSE(Ready(*process));
  const int64_t requests = server_.requests();
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("late")).ok());
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_EQ(server_.List(kube::TypeOf("kueue.x-k8s.io", "Workload")).size(), 0u) << "nothing is written any more";
  EXPECT_LT(server_.requests() - requests, 20);
}

TEST_F(ProcessTest, TroubleOfTheServerIsSurvived) {
  auto process = Start("a");
  ASSERT_TRUE(Eventually([&] { return process->leads() && Ready(*process); }));
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("one", 2)).ok());
  for (int i = 0; i < 5; ++i) {
    server_.FailWith(i % 2 == 0 ? 503 : 429, i % 3);
    absl::SleepFor(absl::Milliseconds(200));
    server_.FailWith(0);
    server_.Expire();
    absl::SleepFor(absl::Milliseconds(300));
  }
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("two")).ok());
  EXPECT_TRUE(Eventually([&] { return Runs("two"); }));
  EXPECT_TRUE(Eventually([&] { return JobNamed("one")->IntAt("/status/succeeded") == 1; }));
  EXPECT_EQ(ended_, 0);
}

TEST_F(ProcessTest, KindsThatAreInstalledLaterAreFollowedThen) {
  const kube::ResourceType& cohorts = kube::TypeOf("kueue.x-k8s.io", "Cohort");
  server_.Uninstall(cohorts);
  auto process = Start("a");
  ASSERT_TRUE(Eventually([&] { return Ready(*process); }));
  server_.Install(cohorts);
  ASSERT_TRUE(server_.Create("apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: {name: c}\n").ok());
  EXPECT_TRUE(Eventually([&] {
    for (const kube::CacheFigures& cache : process->caches()) {
      if (cache.resource == "cohorts.kueue.x-k8s.io") return cache.objects == 1;
    }
    return false;
  }));
}

TEST_F(ProcessTest, ProbesSayHowItIs) {
  auto process = Start("a");
  ProbeOptions options;
  options.health = webhook::BindAddress{"127.0.0.1", 0};
  options.metrics = webhook::BindAddress{"127.0.0.1", 0};
  options.ready = [&](std::string* checks) { return process->Ready(checks); };
  options.metrics_text = [&] { return process->MetricsText(); };
  auto probes = Probes::Start(std::move(options));
  ASSERT_TRUE(probes.ok()) << probes.status();
  const auto get = [&](int port, const std::string& path) {
    kube::ApiEndpoint endpoint;
    endpoint.tls = false;
    endpoint.host = "127.0.0.1";
    endpoint.port = port;
    const auto reply = (*kube::ApiClient::New(endpoint))->Get(path, absl::Seconds(20));
    return reply.ok() ? absl::StrCat(reply->status, " ", reply->body) : std::string(reply.status().message());
  };
  EXPECT_EQ(get((*probes)->health_port(), "/healthz"), "200 ok\n");
  EXPECT_TRUE(Eventually([&] { return Ready(*process); }));
  EXPECT_EQ(get((*probes)->health_port(), "/readyz"), "200 [+]caches ok\n[+]shutdown ok\nready\n");
  EXPECT_THAT(get((*probes)->metrics_port(), "/metrics"), HasSubstr("kueue_cluster_queue_status"));
  EXPECT_THAT(get((*probes)->health_port(), "/metrics"), HasSubstr("404"));
  server_.FailWith(401);
  process->Stop(absl::ZeroDuration());
  EXPECT_THAT(get((*probes)->health_port(), "/readyz"), HasSubstr("503 "));
}

TEST(ProbeAddress, NowhereAndWrong) {
  EXPECT_FALSE((*ProbeAddress("metrics.bindAddress", "0")).has_value());
  EXPECT_FALSE((*ProbeAddress("metrics.bindAddress", "")).has_value());
  EXPECT_EQ((*ProbeAddress("metrics.bindAddress", ":8080"))->port, 8080);
  EXPECT_THAT(ProbeAddress("metrics.bindAddress", "x:y").status().ToString(), HasSubstr("metrics.bindAddress: "));
}

}  // namespace
}  // namespace muster::manager
