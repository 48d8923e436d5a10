#include "manager/manifests/manager_manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/yaml.h"
#include "webhook/manifests/manifests.h"

namespace muster::manager {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;

std::vector<webhook::ManifestFile> Make(const ManagerManifestOptions& options = {}) {
  auto files = MakeManagerManifests(options);
  EXPECT_TRUE(files.ok()) << files.status();
  return *files;
}

// By kind and name, from the text, as a cluster would read it.
std::map<std::string, json> Objects(const std::vector<webhook::ManifestFile>& files) {
  std::map<std::string, json> objects;
  for (const webhook::ManifestFile& file : files) {
    for (const api::YamlDocument& document : api::ParseYaml(webhook::ToText(file))) {
      EXPECT_EQ(document.error, "") << file.name;
      objects[absl::StrCat(document.value["kind"].get<std::string>(), "/",
                           document.value["metadata"]["name"].get<std::string>())] = document.value;
    }
  }
  return objects;
}

// The verbs of a resource in a role.
std::set<std::string> Verbs(const json& role, const std::string& group, const std::string& resource) {
  std::set<std::string> verbs;
  for (const json& rule : role["rules"]) {
    if (rule["apiGroups"] != json::array({group})) continue;
    for (const json& each : rule["resources"]) {
      if (each == resource) verbs.insert(rule["verbs"].begin(), rule["verbs"].end());
    }
  }
  return verbs;
}

TEST(ManagerManifests, TheFilesInDeployAreTheseAtTheirDefaults) {
  std::vector<webhook::ManifestFile> files = Make();
  files.push_back(KustomizationOf(files));
  for (const webhook::ManifestFile& file : files) {
    std::ifstream in("deploy/manager/" + file.name);
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str(), webhook::ToText(file)) << "run: muster manager manifests --output-dir deploy/manager";
  }
}

TEST(ManagerManifests, TwoReplicasOfWhichOneMayGo) {
  auto objects = Objects(Make());
  const json& deployment = objects["Deployment/muster-manager"]["spec"];
  EXPECT_EQ(deployment["replicas"], 2);
  EXPECT_EQ(objects["PodDisruptionBudget/muster-manager"]["spec"]["minAvailable"], 1);
  EXPECT_EQ(objects["PodDisruptionBudget/muster-manager"]["spec"]["selector"], deployment["selector"]);
  EXPECT_THAT(deployment["template"]["spec"]["containers"][0]["args"], Contains("--no-webhook"));
}

TEST(ManagerManifests, NothingIsAllowedThatTheConfigurationDoesNotAskFor) {
  ManagerManifestOptions options;
  options.configuration = "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\n";
  json role = Objects(Make(options))["ClusterRole/muster-manager-role"];
  EXPECT_EQ(Verbs(role, "batch", "jobs"), (std::set<std::string>{"list", "patch", "watch"}));
  EXPECT_EQ(Verbs(role, "batch", "jobs/status"), (std::set<std::string>{"patch"}));
  EXPECT_EQ(Verbs(role, "kubeflow.org", "pytorchjobs"), (std::set<std::string>{"list", "watch"}));
  EXPECT_EQ(Verbs(role, "", "pods"), (std::set<std::string>{"list", "patch", "watch"}));
  EXPECT_EQ(Verbs(role, "", "secrets"), (std::set<std::string>{}));
  EXPECT_EQ(Verbs(role, "coordination.k8s.io", "leases"), (std::set<std::string>{})) << "of one namespace alone";
  for (const json& rule : role["rules"]) EXPECT_FALSE(absl::StrContains(rule.dump(), "*"));

  options.configuration += "objectRetentionPolicies: {workloads: {afterDeactivatedByKueue: 1h}}\n";
  role = Objects(Make(options))["ClusterRole/muster-manager-role"];
  EXPECT_EQ(Verbs(role, "batch", "jobs"), (std::set<std::string>{"delete", "list", "patch", "watch"}));
}

TEST(ManagerManifests, TheLeaseIsWhereTheConfigurationSays) {
  ManagerManifestOptions options;
  options.ns = "gov";
  options.configuration =
      "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nleaderElection: {resourceNamespace: leases}\n";
  auto objects = Objects(Make(options));
  const json& role = objects["Role/muster-leader-election-role"];
  EXPECT_EQ(role["metadata"]["namespace"], "leases");
  EXPECT_EQ(Verbs(role, "coordination.k8s.io", "leases"), (std::set<std::string>{"create", "get", "update"}));
  EXPECT_EQ(objects["RoleBinding/muster-leader-election-rolebinding"]["subjects"][0]["namespace"], "gov");
}

TEST(ManagerManifests, AConfigurationThatWouldNotStartIsRefused) {
  ManagerManifestOptions options;
  options.configuration = "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nfoo: 1\n";
  EXPECT_THAT(MakeManagerManifests(options).status().ToString(), HasSubstr("foo: unknown field"));
}

}  // namespace
}  // namespace muster::manager
