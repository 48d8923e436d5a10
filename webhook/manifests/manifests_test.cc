#include "webhook/manifests/manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/yaml.h"
#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<Route> Routes(const std::string& configuration = DefaultConfiguration()) {
  absl::StatusOr<WebhookConfig> config = ParseWebhookConfig(configuration);
  EXPECT_TRUE(config.ok()) << config.status();
  const CachedClusterState nothing;
  return Router(*config, &nothing).Routes();
}

std::vector<ManifestFile> Make(const ManifestOptions& options) {
  absl::StatusOr<std::vector<ManifestFile>> files = MakeManifests(Routes(), options);
  EXPECT_TRUE(files.ok()) << files.status();
  return *files;
}

// With all that there may be: also the webhook configurations, which are there only with a CA.
ManifestOptions WithCalls() {
  ManifestOptions options;
  options.cert_manager = true;
  return options;
}

// By kind and name, from the text, as a cluster would read it.
std::map<std::string, json> Objects(const std::vector<ManifestFile>& files) {
  std::map<std::string, json> objects;
  for (const ManifestFile& file : files) {
    for (const api::YamlDocument& document : api::ParseYaml(ToText(file))) {
      EXPECT_EQ(document.error, "") << file.name;
      const std::string id = absl::StrCat(document.value["kind"].get<std::string>(), "/",
                                          document.value["metadata"]["name"].get<std::string>());
      EXPECT_TRUE(objects.emplace(id, document.value).second) << id << " twice";
    }
  }
  return objects;
}

std::string TextOf(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(ManifestsTest, TheFilesInDeployAreTheseAtTheirDefaults) {
  for (const bool cert_manager : {false, true}) {
    ManifestOptions options;
    options.cert_manager = cert_manager;
    for (const ManifestFile& file : KustomizeTree(Make(options), options)) {
      EXPECT_EQ(TextOf("deploy/" + file.name), ToText(file))
          << "run: muster webhook manifests --cert-manager --output-dir deploy";
    }
  }
}

TEST(ManifestsTest, NothingBlocksWithoutACaThatAnApiServerCanTrust) {
  const auto pair = MakeSelfSigned({"muster-webhook-service.muster-system.svc"}, absl::Now(), absl::Hours(1));
  ASSERT_TRUE(pair.ok());
  for (const bool cert_manager : {false, true}) {
    for (const KeyPair* certificate : {static_cast<const KeyPair*>(nullptr), &*pair}) {
      ManifestOptions options;
      options.cert_manager = cert_manager;
      options.certificate = certificate;
      int entries = 0;
      for (const auto& [id, object] : Objects(Make(options))) {
        if (!object.contains("webhooks")) continue;
        for (const json& webhook : object["webhooks"]) {
          ++entries;
          EXPECT_TRUE(webhook["clientConfig"].contains("caBundle") ||
                      object["metadata"]["annotations"].contains("cert-manager.io/inject-ca-from"))
              << id << ": " << webhook["name"];
        }
      }
      EXPECT_EQ(entries == 0, !cert_manager && certificate == nullptr);
    }
  }
}

TEST(ManifestsTest, ATreeHasItsCallsInAnOverlay) {
  const auto pair = MakeSelfSigned({"muster-webhook-service.muster-system.svc"}, absl::Now(), absl::Hours(1));
  ASSERT_TRUE(pair.ok());
  ManifestOptions options;
  options.certificate = &*pair;
  std::map<std::string, ManifestFile> tree;
  for (const ManifestFile& file : KustomizeTree(Make(options), options)) tree.emplace(file.name, file);
  const auto resources = [&](const std::string& folder) {
    return tree.at(folder + "kustomization.yaml").objects[0]["resources"].get<std::set<std::string>>();
  };
  EXPECT_EQ(resources(""), (std::set<std::string>{"base"}));
  EXPECT_EQ(
      resources("overlays/self-signed/"),
      (std::set<std::string>{"../../base", "certificate.yaml", "mutating-webhook.yaml", "validating-webhook.yaml"}));
  for (const char* folder : {"base/", "overlays/self-signed/"}) {
    for (const std::string& name : resources(folder)) {
      EXPECT_TRUE(name == "../../base" || tree.contains(folder + name)) << folder << name;
    }
  }
  EXPECT_TRUE(resources("base/").contains("deployment.yaml"));
}

TEST(ManifestsTest, WhoReachesThePortsIsSaid) {
  ManifestOptions options;
  json policy = Objects(Make(options))["NetworkPolicy/muster-webhook"]["spec"];
  EXPECT_FALSE(policy["ingress"][0].contains("from"));
  EXPECT_EQ(policy["ingress"][1]["from"][0]["namespaceSelector"]["matchExpressions"][0]["values"],
            json::array({"monitoring"}));
  options.api_server_cidrs = {"10.0.0.0/28", "10.0.1.0/28"};
  options.metrics_namespaces = {};
  policy = Objects(Make(options))["NetworkPolicy/muster-webhook"]["spec"];
  ASSERT_EQ(policy["ingress"].size(), 1u);
  EXPECT_EQ(policy["ingress"][0]["from"],
            json::array({{{"ipBlock", {{"cidr", "10.0.0.0/28"}}}}, {{"ipBlock", {{"cidr", "10.0.1.0/28"}}}}}));
}

TEST(ManifestsTest, TheCaOfClientsIsMounted) {
  ManifestOptions options;
  options.client_ca = "-----BEGIN CERTIFICATE-----\n";
  options.client_names = {"kube-apiserver"};
  std::map<std::string, json> objects = Objects(Make(options));
  EXPECT_EQ(objects["ConfigMap/muster-webhook-client-ca"]["data"]["ca.crt"], options.client_ca);
  const json& pod = objects["Deployment/muster-webhook"]["spec"]["template"]["spec"];
  const json& container = pod["containers"][0];
  EXPECT_THAT(container["args"], Contains("--client-ca=/etc/muster/client-ca/ca.crt"));
  EXPECT_THAT(container["args"], Contains("--client-name=kube-apiserver"));
  EXPECT_EQ(container["volumeMounts"][2]["mountPath"], "/etc/muster/client-ca");
  EXPECT_EQ(pod["volumes"][2]["configMap"]["name"], "muster-webhook-client-ca");
}

TEST(ManifestsTest, TheClustersOwnCaOfClientsMayBeRead) {
  ManifestOptions options;
  EXPECT_FALSE(Objects(Make(options)).contains("RoleBinding/muster-webhook-auth-reader")) << "who does not need it";
  options.client_ca_from_cluster = true;
  options.ns = "elsewhere";
  std::map<std::string, json> objects = Objects(Make(options));
  const json& binding = objects.at("RoleBinding/muster-webhook-auth-reader");
  EXPECT_EQ(binding["metadata"]["namespace"], "kube-system");
  EXPECT_EQ(binding["roleRef"]["kind"], "Role");
  EXPECT_EQ(binding["roleRef"]["name"], "extension-apiserver-authentication-reader");
  EXPECT_EQ(binding["subjects"],
            json::array({{{"kind", "ServiceAccount"}, {"name", "muster-webhook"}, {"namespace", "elsewhere"}}}));
  const json& container = objects["Deployment/muster-webhook"]["spec"]["template"]["spec"]["containers"][0];
  EXPECT_THAT(container["args"], Contains("--client-ca-from-cluster"));
}

TEST(ManifestsTest, ReplicasDoNotShareANode) {
  std::map<std::string, json> objects = Objects(Make({}));
  const json& spread = objects["Deployment/muster-webhook"]["spec"]["template"]["spec"]["topologySpreadConstraints"];
  EXPECT_EQ(spread[0]["topologyKey"], "kubernetes.io/hostname");
  EXPECT_EQ(spread[0]["whenUnsatisfiable"], "DoNotSchedule");
}

TEST(ManifestsTest, EveryObjectIsComplete) {
  for (const auto& [id, object] : Objects(Make(WithCalls()))) {
    SCOPED_TRACE(id);
    EXPECT_TRUE(object["apiVersion"].is_string());
    EXPECT_EQ(object["metadata"]["labels"]["app.kubernetes.io/name"], "muster");
    static const std::set<std::string> cluster_scoped = {"Namespace", "ClusterRole", "ClusterRoleBinding",
                                                         "MutatingWebhookConfiguration",
                                                         "ValidatingWebhookConfiguration"};
    EXPECT_EQ(object["metadata"].contains("namespace"), !cluster_scoped.contains(object["kind"].get<std::string>()));
  }
}

// What is named exists: volumes, config maps, accounts, ports, services.
TEST(ManifestsTest, WhatIsNamedExists) {
  auto objects = Objects(Make(WithCalls()));
  const json deployment = objects.at("Deployment/muster-webhook");
  const json& pod = deployment["spec"]["template"]["spec"];
  const json& container = pod["containers"][0];
  EXPECT_TRUE(objects.contains(absl::StrCat("ServiceAccount/", pod["serviceAccountName"].get<std::string>())));

  std::set<std::string> volumes, ports;
  for (const json& volume : pod["volumes"]) {
    volumes.insert(volume["name"]);
    if (volume.contains("configMap")) {
      const json& map = objects.at(absl::StrCat("ConfigMap/", volume["configMap"]["name"].get<std::string>()));
      EXPECT_TRUE(map["data"].contains("controller_manager_config.yaml"));
    } else {
      EXPECT_EQ(volume["secret"]["secretName"], kCertificateSecret);
    }
  }
  std::string mounts;
  for (const json& mount : container["volumeMounts"]) {
    EXPECT_TRUE(volumes.contains(mount["name"]));
    absl::StrAppend(&mounts, mount["mountPath"].get<std::string>(), " ");
  }
  EXPECT_THAT(container["args"].dump(), HasSubstr("--config=/etc/muster/config/controller_manager_config.yaml"));
  EXPECT_THAT(container["args"].dump(), HasSubstr("--cert-dir=/etc/muster/certs"));
  EXPECT_EQ(mounts, "/etc/muster/certs /etc/muster/config ");
  for (const json& port : container["ports"]) ports.insert(port["name"]);
  EXPECT_TRUE(ports.contains(container["readinessProbe"]["httpGet"]["port"]));
  EXPECT_TRUE(ports.contains(container["livenessProbe"]["httpGet"]["port"]));

  const json labels = deployment["spec"]["template"]["metadata"]["labels"];
  EXPECT_EQ(deployment["spec"]["selector"]["matchLabels"], labels);
  const json& service = objects.at(absl::StrCat("Service/", kWebhookService));
  EXPECT_EQ(service["spec"]["selector"], labels);
  EXPECT_TRUE(ports.contains(service["spec"]["ports"][0]["targetPort"]));
  EXPECT_EQ(objects.at("PodDisruptionBudget/muster-webhook")["spec"]["selector"]["matchLabels"], labels);
  EXPECT_EQ(objects.at("NetworkPolicy/muster-webhook")["spec"]["podSelector"]["matchLabels"], labels);
  const json& binding = objects.at("ClusterRoleBinding/muster-webhook-rolebinding");
  EXPECT_TRUE(objects.contains(absl::StrCat("ClusterRole/", binding["roleRef"]["name"].get<std::string>())));
  EXPECT_TRUE(objects.contains(absl::StrCat("ServiceAccount/", binding["subjects"][0]["name"].get<std::string>())));
}

TEST(ManifestsTest, TheArgumentsAreOnesTheProgramTakes) {
  std::string help;
  FILE* pipe = popen("cli/muster webhook --help", "r");
  std::array<char, 4096> chunk;
  for (size_t n; (n = fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) help.append(chunk.data(), n);
  ASSERT_EQ(pclose(pipe), 0);
  const json deployment = Objects(Make({})).at("Deployment/muster-webhook");
  const json& args = deployment["spec"]["template"]["spec"]["containers"][0]["args"];
  EXPECT_EQ(args[0], "webhook");
  for (size_t i = 1; i < args.size(); ++i) {
    const std::string flag = args[i].get<std::string>();
    EXPECT_THAT(help, HasSubstr(flag.substr(0, flag.find('=')) + " "));
  }
}

// While Kueue's webhook is down, this is where a Deployment can be made.
TEST(ManifestsTest, MayLiveInKueuesNamespace) {
  ManifestOptions options = WithCalls();
  options.ns = options.kueue_namespace;
  auto objects = Objects(Make(options));
  EXPECT_FALSE(objects.contains("Namespace/kueue-system")) << "it is Kueue's, labels and all";
  EXPECT_TRUE(objects.contains("Deployment/muster-webhook"));
  const json& webhooks = objects.at("MutatingWebhookConfiguration/muster-mutating-webhook-configuration")["webhooks"];
  EXPECT_EQ(webhooks.back()["namespaceSelector"]["matchExpressions"][0]["values"],
            json({"kube-system", "kueue-system"}));
}

TEST(ManifestsTest, WebhooksNeverReachTheNamespacesTheyDependOn) {
  auto objects = Objects(Make(WithCalls()));
  const std::vector<Route> routes = Routes();
  for (const char* id : {"MutatingWebhookConfiguration/muster-mutating-webhook-configuration",
                         "ValidatingWebhookConfiguration/muster-validating-webhook-configuration"}) {
    const json& configuration = objects.at(id);
    ASSERT_GT(configuration["webhooks"].size(), 10) << id;
    std::set<std::string> names;
    for (const json& webhook : configuration["webhooks"]) {
      SCOPED_TRACE(webhook["name"].get<std::string>());
      EXPECT_TRUE(names.insert(webhook["name"]).second);
      // Kueue's own kinds are checked in every namespace, jobs and pods where they are not the cluster's own.
      const bool of_kueue = webhook["rules"][0]["apiGroups"][0] == "kueue.x-k8s.io";
      EXPECT_EQ(webhook.contains("namespaceSelector"), !of_kueue);
      if (!of_kueue) {
        const json& expression = webhook["namespaceSelector"]["matchExpressions"][0];
        EXPECT_EQ(expression["key"], "kubernetes.io/metadata.name");
        EXPECT_EQ(expression["operator"], "NotIn");
        EXPECT_EQ(expression["values"], json({"kube-system", "kueue-system", "muster-system"}));
      }
      EXPECT_EQ(webhook["timeoutSeconds"], 5);
      EXPECT_EQ(webhook["sideEffects"], "None");
      EXPECT_EQ(webhook["failurePolicy"], "Fail");
      EXPECT_EQ(webhook["admissionReviewVersions"], json::array({"v1"}));
      const json& service = webhook["clientConfig"]["service"];
      EXPECT_TRUE(objects.contains(absl::StrCat("Service/", service["name"].get<std::string>())));
      EXPECT_EQ(service["namespace"], "muster-system");
      bool served = false;
      for (const Route& route : routes) served = served || (route.path == service["path"] && route.enabled);
      EXPECT_TRUE(served) << service["path"];
    }
  }
}

TEST(ManifestsTest, TheConfigurationIsWrittenSoThatItCanBeEdited) {
  for (const std::string& configuration :
       {DefaultConfiguration(), std::string("a: b"), std::string("a: \n"), std::string("a: b\n\n"),
        std::string("\ta\n"), std::string(" a: b\n"), std::string("a:\n\n  b: c\n"), std::string("a: (block)\n")}) {
    ManifestOptions options;
    options.configuration = configuration;
    const std::vector<ManifestFile> files = Make(options);
    EXPECT_EQ(Objects(files).at("ConfigMap/muster-webhook-config")["data"]["controller_manager_config.yaml"],
              configuration);
  }
  for (const ManifestFile& file : Make({})) {
    if (file.name != "config.yaml") continue;
    EXPECT_THAT(ToText(file), HasSubstr(": |\n    apiVersion: config"));
  }
}

TEST(ManifestsTest, FrameworksThatAreOffAreNotCalledFor) {
  const std::string configuration =
      "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nintegrations: {frameworks: [batch/job]}\n";
  const auto files = MakeManifests(Routes(configuration), WithCalls());
  ASSERT_TRUE(files.ok());
  const std::string text =
      Objects(*files).at("ValidatingWebhookConfiguration/muster-validating-webhook-configuration").dump();
  EXPECT_THAT(text, HasSubstr("/validate-batch-v1-job"));
  EXPECT_THAT(text, Not(HasSubstr("pod\"")));
}

TEST(ManifestsTest, WhatMayOwnJobsCanBeRead) {
  const json role = Objects(Make({})).at("ClusterRole/muster-webhook-role");
  std::map<std::string, std::string> verbs;
  for (const json& rule : role["rules"]) {
    for (const json& resource : rule["resources"]) {
      verbs[absl::StrCat(rule["apiGroups"][0].get<std::string>(), "/", resource.get<std::string>())] =
          rule["verbs"].dump();
    }
  }
  EXPECT_EQ(verbs["/namespaces"], R"(["get","list","watch"])");
  EXPECT_EQ(verbs["kueue.x-k8s.io/localqueues"], R"(["get","list","watch"])");
  EXPECT_EQ(verbs["batch/jobs"], R"(["get"])");
  EXPECT_EQ(verbs["apps/replicasets"], R"(["get"])");
  // Not enabled by default, but followed to the owner above.
  EXPECT_EQ(verbs["kubeflow.org/pytorchjobs"], R"(["get"])");
  EXPECT_EQ(verbs["kueue.x-k8s.io/workloads"], R"(["get"])");
  for (const auto& [resource, allowed] : verbs) EXPECT_FALSE(absl::StrContains(resource, "/status")) << resource;
}

TEST(ManifestsTest, ACertificateMadeOnTheSpotFits) {
  const auto pair = MakeSelfSigned({"muster-webhook-service.muster-system.svc"}, absl::Now(), absl::Hours(1));
  ASSERT_TRUE(pair.ok());
  ManifestOptions options;
  options.certificate = &*pair;
  auto objects = Objects(Make(options));
  const json& secret = objects.at(absl::StrCat("Secret/", kCertificateSecret));
  const json& webhooks = objects.at("MutatingWebhookConfiguration/muster-mutating-webhook-configuration")["webhooks"];
  for (const json& webhook : webhooks) EXPECT_EQ(webhook["clientConfig"]["caBundle"], secret["data"]["ca.crt"]);
}

TEST(ManifestsTest, CertManagerIsToldWhereToPutTheCa) {
  ManifestOptions options;
  options.cert_manager = true;
  auto objects = Objects(Make(options));
  const json& certificate = objects.at(absl::StrCat("Certificate/", kCertificateSecret));
  EXPECT_EQ(certificate["spec"]["secretName"], kCertificateSecret);
  EXPECT_THAT(certificate["spec"]["dnsNames"], Contains("muster-webhook-service.muster-system.svc"));
  EXPECT_TRUE(objects.contains(absl::StrCat("Issuer/", certificate["spec"]["issuerRef"]["name"].get<std::string>())));
  EXPECT_EQ(objects.at(
                "MutatingWebhookConfiguration/muster-mutating-webhook-configuration")["metadata"]["annotations"]
                                                                                     ["cert-manager.io/inject-ca-from"],
            "muster-system/muster-webhook-server-cert");
}

TEST(ManifestsTest, SomeResourcesMayPassWhileTheWebhookIsDown) {
  ManifestOptions options = WithCalls();
  options.ignore_when_down = {"pods"};
  const json webhooks =
      Objects(Make(options)).at("MutatingWebhookConfiguration/muster-mutating-webhook-configuration")["webhooks"];
  int ignored = 0;
  for (const json& webhook : webhooks) ignored += webhook["failurePolicy"] == "Ignore";
  EXPECT_EQ(ignored, 1);
  options.ignore_when_down = {"pod"};
  EXPECT_THAT(MakeManifests(Routes(), options).status().ToString(), HasSubstr("name them in the plural"));
}

}  // namespace
}  // namespace muster::webhook
