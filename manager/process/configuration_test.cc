#include "manager/process/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/yaml.h"
#include "manager/process/configuration_fields.h"

namespace muster::manager {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHead[] = "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\n";

absl::StatusOr<ProcessConfiguration> Parse(const std::string& more) {
  return ParseProcessConfiguration({.text = kHead + more, .name = "config.yaml"});
}

TEST(ProcessConfiguration, DefaultsAreKueues) {
  for (const auto& c : {ParseProcessConfiguration({}), Parse("")}) {
    ASSERT_TRUE(c.ok()) << c.status();
    EXPECT_TRUE(c->leader_elect);
    EXPECT_EQ(c->election.name, "c1f6bfd2.kueue.x-k8s.io");
    EXPECT_EQ(c->election.ns, "kueue-system");
    EXPECT_EQ(c->election.lease_duration, absl::Seconds(15));
    EXPECT_EQ(c->budget.rate, 300);
    EXPECT_EQ(c->budget.burst, 500);
    EXPECT_EQ(c->health_bind, ":8081");
    EXPECT_EQ(c->readiness_path, "/readyz");
    EXPECT_THAT(c->not_here, Contains(HasSubstr("MultiKueue")));
    EXPECT_THAT(c->not_here, Contains(HasSubstr("DRA")));
  }
}

TEST(ProcessConfiguration, SaysWhatTheProcessDoes) {
  const auto c = Parse(R"(
namespace: gov
leaderElection: {leaderElect: true, leaseDuration: 30s, renewDeadline: 20s, retryPeriod: 1m, resourceName: mine, resourceNamespace: other}
clientConnection: {qps: 50, burst: 100}
metrics: {bindAddress: ":9000", enableClusterQueueResources: true, localQueueMetrics: {enable: false}}
health: {healthProbeBindAddress: "127.0.0.1:9001", readinessEndpointName: ready, livenessEndpointName: /alive}
visibilityServer: {bindPort: 8082}
)");
  EXPECT_THAT(c.status().ToString(), HasSubstr("leaderElection.renewDeadline: must be greater than 1.2 times"));
  const auto d = Parse(R"(
namespace: gov
leaderElection: {leaseDuration: 30s, renewDeadline: 20s, retryPeriod: 5s, resourceName: mine, resourceNamespace: other}
clientConnection: {qps: 50.5, burst: 100}
metrics: {bindAddress: ":9000", enableClusterQueueResources: true, localQueueMetrics: {enable: false}}
health: {healthProbeBindAddress: "127.0.0.1:9001", readinessEndpointName: ready, livenessEndpointName: /alive}
visibilityServer: {bindPort: 8082}
)");
  ASSERT_TRUE(d.ok()) << d.status();
  EXPECT_EQ(d->manager.webhook.ns, "gov");
  EXPECT_EQ(d->election.retry_period, absl::Seconds(5));
  EXPECT_EQ(d->election.name, "mine");
  EXPECT_EQ(d->election.ns, "other");
  EXPECT_EQ(d->budget.rate, 50.5);
  EXPECT_EQ(d->budget.burst, 100);
  EXPECT_EQ(d->metrics_bind, ":9000");
  EXPECT_TRUE(d->cluster_queue_resources);
  EXPECT_FALSE(d->local_queue_metrics);
  EXPECT_EQ(d->readiness_path, "/ready");
  EXPECT_EQ(d->liveness_path, "/alive");
  EXPECT_THAT(d->not_here, Contains(HasSubstr("visibility")));
}

TEST(ProcessConfiguration, TheOwnNamespaceCountsWhereTheFileSaysNothing) {
  auto c = ParseProcessConfiguration({.text = kHead, .own_namespace = "muster-system"});
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_EQ(c->manager.webhook.ns, "muster-system");
  EXPECT_EQ(c->election.ns, "muster-system");
  c = ParseProcessConfiguration({.text = absl::StrCat(kHead, "namespace: gov\n"), .own_namespace = "muster-system"});
  EXPECT_EQ(c->manager.webhook.ns, "gov");
}

TEST(ProcessConfiguration, WhatIsWrongIsSaidAllAtOnce) {
  const auto c = Parse(R"(
metric: {bindAddress: ":9000"}
leaderElection: {leaderElect: "yes", leaseDuration: 15, resourceLock: endpoints}
clientConnection: {qps: many, burst: 0}
integrations: {framework: [batch/job], frameworks: [batch/job, sagemaker.amazonaws.com/hyperpodpytorchjob]}
)");
  EXPECT_THAT(c.status().ToString(),
              AllOf(HasSubstr("config.yaml: "), HasSubstr("metric: unknown field"),
                    HasSubstr("integrations.framework: unknown field"),
                    HasSubstr("leaderElection.leaderElect: must be true or false"),
                    HasSubstr("leaderElection.leaseDuration: must be a duration"),
                    HasSubstr("leaderElection.resourceLock: must be \"leases\""),
                    HasSubstr("clientConnection.qps: must be a number"),
                    HasSubstr("clientConnection.burst: must be a whole number above zero"),
                    HasSubstr("hyperpodpytorchjob: jobs of kind HyperPodPyTorchJob are not managed by Muster")));
}

TEST(ProcessConfiguration, OtherTextIsNone) {
  for (const std::string& text : {std::string("a: ["), std::string("- a\n"), absl::StrCat(kHead, "---\n", kHead),
                                  std::string("apiVersion: v1\nkind: Pod\n")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseProcessConfiguration({.text = text}).status())) << text;
  }
}

TEST(ProcessConfiguration, GatesComeFromOnePlace) {
  auto c = ParseProcessConfiguration(
      {.text = kHead, .feature_gates = "DisableWaitForPodsReady=true, TASBalancedPlacement=false"});
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_FALSE(c->manager.pods_ready.has_value());
  c = ParseProcessConfiguration({.text = absl::StrCat(kHead, "featureGates: {DisableWaitForPodsReady: true}\n"),
                                 .feature_gates = "DisableWaitForPodsReady=true"});
  EXPECT_THAT(c.status().ToString(), HasSubstr("only one of the two may be"));
  EXPECT_FALSE(ParseProcessConfiguration({.text = kHead, .feature_gates = "DisableWaitForPodsReady"}).ok());
  EXPECT_FALSE(ParseProcessConfiguration({.text = kHead, .feature_gates = "NoSuchGate=true"}).ok());
}

TEST(WhyNotManaged, KindsWithoutRules) {
  for (const char* framework : {"batch/job", "pod", "deployment", "kubeflow.org/pytorchjob", "ray.io/raycluster",
                                "leaderworkerset.x-k8s.io/leaderworkerset", "jobset.x-k8s.io/jobset"}) {
    EXPECT_EQ(WhyNotManaged(framework), "") << framework;
  }
  EXPECT_NE(WhyNotManaged("inference.sagemaker.aws.amazon.com/jumpstartmodel"), "");
  EXPECT_NE(WhyNotManaged("no/such"), "");
}

TEST(UnknownFields, AreNamedByTheirPlace) {
  const auto unknown = [](const std::string& yaml) { return UnknownFields(api::ParseYaml(yaml).at(0).value); };
  EXPECT_THAT(unknown(R"(
apiVersion: x
managedJobsNamespaceSelector: {matchLabels: {a: b}}
featureGates: {Any: true}
controller: {groupKindConcurrency: {Job.batch: 5}}
multiKueue: {externalFrameworks: [{name: a}]}
resources: {transformations: [{input: a, outputs: {b: "1"}}], deviceClassMappings: [{name: a, deviceClassNames: [b]}]}
)"),
              IsEmpty());
  EXPECT_THAT(unknown(R"(
web: {}
webhook: {ports: 1}
resources: {transformations: [{input: a}, {imput: a}]}
waitForPodsReady: {requeuingStrategy: {backoff: 1}}
)"),
              ElementsAre("resources.transformations[1].imput", "waitForPodsReady.requeuingStrategy.backoff", "web",
                          "webhook.ports"));
}

}  // namespace
}  // namespace muster::manager
