// What the manager does in a cluster with jobs of many kinds, held against the role it is given in deploy/manager: nothing
// is asked for that is not allowed, and nothing is allowed without being asked for or having its reason here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/yaml.h"
#include "kube/testing/http/access.h"
#include "manager/process/configuration.h"
#include "manager/testing/governed_cluster.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

using kube::testing::Access;
using nlohmann::json;

std::string Read(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

json ObjectIn(const std::string& file, const std::string& kind) {
  for (const api::YamlDocument& document : api::ParseYaml(Read("deploy/manager/" + file))) {
    if (document.value["kind"] == kind) return document.value;
  }
  ADD_FAILURE() << file << " has no " << kind;
  return {};
}

std::set<Access> Allowed() {
  std::set<Access> allowed;
  const json role = ObjectIn("rbac.yaml", "ClusterRole");
  for (const json& rule : role["rules"]) {
    for (const std::string group : rule["apiGroups"]) {
      for (const std::string resource : rule["resources"]) {
        for (const std::string verb : rule["verbs"]) allowed.insert({verb, group, resource});
      }
    }
  }
  return allowed;
}

constexpr char kCluster[] = R"(
apiVersion: v1
kind: Namespace
metadata: {name: ns, labels: {kubernetes.io/metadata.name: ns}}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {capacity: {cpu: "8", memory: 8Gi, pods: "110"}, allocatable: {cpu: "8", memory: 8Gi, pods: "110"}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: Topology
metadata: {name: t}
spec: {levels: [{nodeLabel: kubernetes.io/hostname}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: AdmissionCheck
metadata: {name: check}
spec: {controllerName: somebody}
status: {conditions: [{type: Active, status: "True", reason: Active, message: "", lastTransitionTime: "2026-01-01T00:00:00Z"}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: f}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: spare}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: Cohort
metadata: {name: top}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: Cohort
metadata: {name: c}
spec: {parentName: top}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: WorkloadPriorityClass
metadata: {name: high}
value: 100
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: a}
spec:
  cohortName: c
  namespaceSelector: {}
  preemption: {reclaimWithinCohort: Any, withinClusterQueue: LowerPriority}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "4"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: checked}
spec:
  namespaceSelector: {}
  admissionChecksStrategy: {admissionChecks: [{name: check}]}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "4"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: a, namespace: ns}
spec: {clusterQueue: a}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: checked, namespace: ns}
spec: {clusterQueue: checked}
)";

json Template(int seconds) {
  const json container = {{"name", "c"}, {"image", "x"}, {"resources", {{"requests", {{"cpu", "1"}}}}}};
  return {{"metadata", {{"labels", {{"e2e/run-seconds", absl::StrCat(seconds)}}}}},
          {"spec", {{"restartPolicy", "Never"}, {"containers", json::array({container})}}}};
}

json Labels(const std::string& queue, bool high = false) {
  json labels = {{"kueue.x-k8s.io/queue-name", queue}};
  if (high) labels["kueue.x-k8s.io/priority-class"] = "high";
  return labels;
}

json Job(const std::string& name, const std::string& queue, int pods, int seconds, bool high = false) {
  return {
      {"apiVersion", "batch/v1"},
      {"kind", "Job"},
      {"metadata", {{"name", name}, {"namespace", "ns"}, {"labels", Labels(queue, high)}}},
      {"spec", {{"parallelism", pods}, {"completions", pods}, {"backoffLimit", 0}, {"template", Template(seconds)}}}};
}

json PyTorchJob(const std::string& name) {
  return {{"apiVersion", "kubeflow.org/v1"},
          {"kind", "PyTorchJob"},
          {"metadata", {{"name", name}, {"namespace", "ns"}, {"labels", Labels("a")}}},
          {"spec", {{"pytorchReplicaSpecs", {{"Master", {{"replicas", 1}, {"template", Template(10)}}}}}}}};
}

json Pod(const std::string& name, const std::string& group = "") {
  json pod = Template(group.empty() ? 600 : 20);
  pod["apiVersion"] = "v1";
  pod["kind"] = "Pod";
  pod["metadata"]["name"] = name;
  pod["metadata"]["namespace"] = "ns";
  pod["metadata"]["labels"].update(Labels("a"));
  if (!group.empty()) {
    pod["metadata"]["labels"]["kueue.x-k8s.io/pod-group-name"] = group;
    pod["metadata"]["annotations"]["kueue.x-k8s.io/pod-group-total-count"] = "2";
  }
  return pod;
}

constexpr char kJobs[] = "/apis/batch/v1/namespaces/ns/jobs";
constexpr char kPods[] = "/api/v1/namespaces/ns/pods";
constexpr char kKueue[] = "/apis/kueue.x-k8s.io/v1beta2";

// A day in a cluster, so that everything happens that makes the manager write.
std::set<Access> Asked() {
  const json config = ObjectIn("config.yaml", "ConfigMap");
  const auto configuration = ParseProcessConfiguration({.text = config["data"]["controller_manager_config.yaml"]});
  EXPECT_TRUE(configuration.ok()) << configuration.status();
  ManagerOptions options = configuration->manager;
  options.retain_finished = absl::Seconds(300);
  GovernedCluster cluster(options);
  const auto post = [&](const std::string& path, const json& object) {
    const kube::Response response = cluster.Do("POST", path, object);
    EXPECT_TRUE(response.ok()) << response.message;
  };
  int64_t second = 0;
  const auto wait = [&](int64_t seconds) { cluster.RunUntil(Second(second += seconds)); };
  cluster.Create(kCluster);
  wait(5);
  post(kJobs, Job("long", "a", 4, 1000));
  wait(10);
  post(kJobs, Job("urgent", "a", 2, 20, /*high=*/true));
  wait(100);
  EXPECT_TRUE(cluster.Do("PATCH", absl::StrCat(kKueue, "/workloadpriorityclasses/high"), {{"value", 200}}).ok());
  post(kJobs, Job("checked", "checked", 1, 20));
  wait(10);
  EXPECT_TRUE(cluster.Do("DELETE", absl::StrCat(kJobs, "/long")).ok());
  wait(10);
  post("/apis/kubeflow.org/v1/namespaces/ns/pytorchjobs", PyTorchJob("torch"));
  post(kPods, Pod("single"));
  post(kPods, Pod("first", "group"));
  post(kPods, Pod("second", "group"));
  wait(30);
  // Evicted: a pod of its own is deleted.
  EXPECT_TRUE(
      cluster.Do("PATCH", absl::StrCat(kKueue, "/clusterqueues/a"), {{"spec", {{"stopPolicy", "HoldAndDrain"}}}}).ok());
  wait(30);
  EXPECT_TRUE(cluster.Do("PATCH", absl::StrCat(kKueue, "/clusterqueues/a"), {{"spec", {{"stopPolicy", "None"}}}}).ok());
  wait(60);
  for (const char* path : {"/localqueues/checked", "/clusterqueues/checked"}) {
    const std::string ns = absl::StartsWith(path, "/localqueues") ? "/namespaces/ns" : "";
    EXPECT_TRUE(cluster.Do("DELETE", absl::StrCat(kKueue, ns, path)).ok());
  }
  for (const char* path : {"/admissionchecks/check", "/resourceflavors/spare", "/topologies/t"}) {
    EXPECT_TRUE(cluster.Do("DELETE", absl::StrCat(kKueue, path)).ok());
  }
  wait(600);
  return cluster.asked();
}

TEST(Permissions, NothingIsAskedForThatIsNotAllowed) {
  const std::set<Access> allowed = Allowed();
  for (const Access& access : Asked()) EXPECT_TRUE(allowed.contains(access)) << access.Text();
}

TEST(Permissions, NothingIsAllowedWithoutAReason) {
  const std::set<Access> asked = Asked();
  const std::map<std::string, std::string> reasons = {
      {"get workloads.kueue.x-k8s.io", "a write without an answer is looked up"},
      {"update cohorts/status.kueue.x-k8s.io", "shares, under fair sharing alone"},
      {"patch events.events.k8s.io", "an event that repeats"},
      {"create provisioningrequests.autoscaling.x-k8s.io", "capacity that an autoscaler is asked for"},
      {"delete provisioningrequests.autoscaling.x-k8s.io", "and is not needed any more"},
      {"create podtemplates", "what it is asked for"},
      {"update podtemplates", "whose it is"},
      {"update admissionchecks/status.kueue.x-k8s.io", "whether the check has its configuration"},
  };
  std::vector<std::string> unexplained;
  for (const Access& access : Allowed()) {
    if (access.verb == "list" || access.verb == "watch") continue;
    if (absl::StrContains(access.resource, "/finalizers"))
      continue;  // for clusters that enforce who may block deletion
    // Kinds that are managed in the same way as those above.
    if (access.verb == "patch" && !absl::StrContains(access.resource, "/") && access.group != "" &&
        access.group != "events.k8s.io") {
      continue;
    }
    if (!asked.contains(access) && !reasons.contains(access.Text())) unexplained.push_back(access.Text());
  }
  EXPECT_TRUE(unexplained.empty()) << absl::StrJoin(unexplained, "\n");
}

}  // namespace
}  // namespace muster::manager
