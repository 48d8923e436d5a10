// Configuration and the state of the cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/meta.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(Config, DefaultsAreKueues) {
  const WebhookConfig config = DefaultWebhookConfig();
  EXPECT_EQ(config.frameworks, std::set<std::string>{"batch/job"});
  EXPECT_FALSE(config.manage_jobs_without_queue_name);
  EXPECT_TRUE(api::Matches(config.managed_jobs_namespace_selector, {{"kubernetes.io/metadata.name", "team-a"}}));
  EXPECT_FALSE(api::Matches(config.managed_jobs_namespace_selector, {{"kubernetes.io/metadata.name", "kube-system"}}));
  EXPECT_FALSE(api::Matches(config.managed_jobs_namespace_selector, {{"kubernetes.io/metadata.name", "kueue-system"}}));
}

TEST(Config, TheManagersFileIsRead) {
  const absl::StatusOr<WebhookConfig> config = ParseWebhookConfig(R"(
apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
namespace: queues
manageJobsWithoutQueueName: true
webhook: {port: 9444, certDir: /certs}
health: {healthProbeBindAddress: ":8081"}
leaderElection: {leaderElect: true}
fairSharing: {preemptionStrategies: [LessThanOrEqualToFinalShare]}
integrations:
  frameworks: ["batch/job", "pod", "ray.io/raycluster"]
  externalFrameworks: ["Foo.v1.example.com"]
featureGates: {ElasticJobsViaWorkloadSlices: false, RequireQueueLabelOnPodTemplates: true, TASProfileMixed: true}
)",
                                                                  "config.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->ns, "queues");
  EXPECT_TRUE(config->manage_jobs_without_queue_name);
  EXPECT_EQ(config->frameworks.size(), 3u);
  EXPECT_EQ(config->external_frameworks.count("Foo.v1.example.com"), 1u);
  EXPECT_EQ(config->port, 9444);
  EXPECT_EQ(config->cert_dir, "/certs");
  EXPECT_EQ(config->health_probe_bind, ":8081");
  EXPECT_FALSE(config->gates[Gate::kElasticJobsViaWorkloadSlices]);
  EXPECT_TRUE(config->gates[Gate::kRequireQueueLabelOnPodTemplates]);
  EXPECT_FALSE(api::Matches(config->managed_jobs_namespace_selector, {{"kubernetes.io/metadata.name", "queues"}}));
  EXPECT_THAT(config->ignored, Contains("leaderElection"));
  EXPECT_THAT(config->ignored, Contains("fairSharing"));
  EXPECT_THAT(config->ignored, Contains("featureGates.TASProfileMixed"));
  EXPECT_THAT(config->ignored, Not(Contains("webhook")));
}

TEST(Config, WhatIsHeldBackByItsPodsSwitchesPodsOn) {
  const absl::StatusOr<WebhookConfig> config = ParseWebhookConfig(
      "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nintegrations: {frameworks: [deployment]}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->frameworks, (std::set<std::string>{"deployment", "pod"}));
}

TEST(Config, MistakesAreNamed) {
  const struct {
    const char* text;
    const char* want;
  } kCases[] = {
      {"integrations: {frameworks: [batch/jobs]}", "unknown framework \"batch/jobs\""},
      {"integrations: {frameworks: [pod, pod]}", "\"pod\" is listed twice"},
      {"integrations: {externalFrameworks: [Foo]}", "Kind.version.group.com"},
      {"managedJobsNamespaceSelector: {}", "should not match the \"kube-system\" namespace"},
      {"featureGates: {NoSuchGate: true}", "featureGates.NoSuchGate: unrecognized feature gate"},
      {"webhook: {port: 70000}", "webhook.port"},
      {"manageJobsWithoutQueueName: maybe", "manageJobsWithoutQueueName"},
  };
  for (const auto& c : kCases) {
    const std::string text =
        absl::StrCat("apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\n", c.text, "\n");
    const absl::StatusOr<WebhookConfig> config = ParseWebhookConfig(text, "c.yaml");
    ASSERT_FALSE(config.ok()) << c.text;
    EXPECT_THAT(std::string(config.status().message()), HasSubstr(c.want));
  }
  EXPECT_FALSE(ParseWebhookConfig("apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n", "c.yaml").ok());
}

TEST(Config, FeatureGatesAreSpeltAsKueueDoes) {
  WebhookConfig config = DefaultWebhookConfig();
  ASSERT_TRUE(ApplyFeatureGates("PriorityBoost=true, AdmissionGatedBy=false,", &config).ok());
  EXPECT_TRUE(config.gates.IsOn(Gate::kPriorityBoost));
  EXPECT_FALSE(config.gates.IsOn(Gate::kAdmissionGatedBy));
  EXPECT_FALSE(ApplyFeatureGates("PriorityBoost", &config).ok());
  EXPECT_FALSE(ApplyFeatureGates("PriorityBoost=1", &config).ok());
  EXPECT_FALSE(ApplyFeatureGates("Nope=true", &config).ok());
}

json Object(const std::string& api_version, const std::string& kind, const std::string& ns, const std::string& name) {
  json object = {{"apiVersion", api_version}, {"kind", kind}, {"metadata", {{"name", name}}}};
  if (!ns.empty()) object["metadata"]["namespace"] = ns;
  return object;
}

TEST(ClusterState, ObjectsAreFoundByWhatTheyAre) {
  CachedClusterState state;
  json ns = Object("v1", "Namespace", "", "team-a");
  ns["metadata"]["labels"]["tier"] = "gold";
  ASSERT_TRUE(state.Upsert(ns).ok());
  ASSERT_TRUE(state.Upsert(Object("kueue.x-k8s.io/v1beta1", "LocalQueue", "team-a", "q")).ok());
  ASSERT_TRUE(state.Upsert(Object("kueue.x-k8s.io/v1beta2", "WorkloadPriorityClass", "", "high")).ok());
  ASSERT_NE(state.NamespaceLabels("team-a"), nullptr);
  EXPECT_EQ(state.NamespaceLabels("team-a")->at("tier"), "gold");
  EXPECT_EQ(state.NamespaceLabels("team-b"), nullptr);
  EXPECT_TRUE(state.HasLocalQueue("team-a", "q"));
  EXPECT_FALSE(state.HasLocalQueue("team-b", "q"));
  EXPECT_TRUE(state.HasWorkloadPriorityClass("high"));
  EXPECT_TRUE(absl::IsNotFound(state.Lookup({"batch", "v1", "Job", "team-a", "j"}).status()));
  state.Remove({"kueue.x-k8s.io", "v1beta2", "LocalQueue", "team-a", "q"});
  EXPECT_FALSE(state.HasLocalQueue("team-a", "q"));
  EXPECT_FALSE(state.Upsert(json::array()).ok());
  EXPECT_FALSE(state.Upsert({{"kind", "Namespace"}}).ok());
}

TEST(ClusterState, ANewListReplacesTheKindAlone) {
  CachedClusterState state;
  ASSERT_TRUE(state.Upsert(Object("kueue.x-k8s.io/v1beta2", "LocalQueue", "a", "old")).ok());
  ASSERT_TRUE(state.Upsert(Object("v1", "Namespace", "", "a")).ok());
  ASSERT_TRUE(
      state.ReplaceKind("kueue.x-k8s.io", "LocalQueue", {Object("kueue.x-k8s.io/v1beta2", "LocalQueue", "a", "new")})
          .ok());
  EXPECT_FALSE(state.HasLocalQueue("a", "old"));
  EXPECT_TRUE(state.HasLocalQueue("a", "new"));
  EXPECT_NE(state.NamespaceLabels("a"), nullptr);
  EXPECT_EQ(state.size(), 2u);
}

TEST(ClusterState, MultiKueueIsFoundThroughTheQueuesChecks) {
  CachedClusterState state;
  json queue = Object("kueue.x-k8s.io/v1beta2", "LocalQueue", "a", "q");
  queue["spec"]["clusterQueue"] = "cq";
  json check = Object("kueue.x-k8s.io/v1beta2", "AdmissionCheck", "", "remote");
  check["spec"]["controllerName"] = "kueue.x-k8s.io/multikueue";
  json cluster_queue = Object("kueue.x-k8s.io/v1beta2", "ClusterQueue", "", "cq");
  ASSERT_TRUE(state.Upsert(queue).ok());
  ASSERT_TRUE(state.Upsert(check).ok());
  ASSERT_TRUE(state.Upsert(cluster_queue).ok());
  EXPECT_FALSE(state.UsesMultiKueue("a", "q"));
  cluster_queue["spec"]["admissionChecksStrategy"]["admissionChecks"] = json::array({{{"name", "remote"}}});
  ASSERT_TRUE(state.Upsert(cluster_queue).ok());
  EXPECT_TRUE(state.UsesMultiKueue("a", "q"));
  EXPECT_FALSE(state.UsesMultiKueue("a", "other"));
  cluster_queue["spec"] = {{"admissionChecks", {"remote"}}};  // v1beta1
  ASSERT_TRUE(state.Upsert(cluster_queue).ok());
  EXPECT_TRUE(state.UsesMultiKueue("a", "q"));
}

TEST(ClusterState, FilesMayHoldKindsThatMusterDoesNotKnow) {
  const std::string path = testing::TempDir() + "/state.yaml";
  std::ofstream(path) << R"(
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: trainer.kubeflow.org/v1alpha1
kind: ClusterTrainingRuntime
metadata: {name: torch}
---
apiVersion: example.com/v1
kind: Boss
metadata: {name: b, namespace: a}
)";
  auto state = LoadClusterState({path});
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_NE((*state)->TrainingRuntime("", "torch"), nullptr);
  EXPECT_EQ((*state)->TrainingRuntime("a", "torch"), nullptr);
  EXPECT_TRUE((*state)->Lookup({"example.com", "v1", "Boss", "a", "b"}).ok());
  EXPECT_FALSE(LoadClusterState({path + ".missing"}).ok());
}

}  // namespace
}  // namespace muster::webhook
