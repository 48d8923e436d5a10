// What a Workload's conditions say one after the other, where several who write have to come in a certain order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "manager/names.h"
#include "manager/testing/governed_cluster.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

// A node, and a queue "q" with four cpus of it in which higher priorities preempt lower ones.
constexpr char kQueue[] = R"(
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
kind: WorkloadPriorityClass
metadata: {name: high}
value: 100
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: q}
spec:
  namespaceSelector: {}
  preemption: {withinClusterQueue: LowerPriority}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "4"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: q, namespace: ns}
spec: {clusterQueue: q}
)";

constexpr char kJobs[] = "/apis/batch/v1/namespaces/ns/jobs";

// A Job of one pod with so many cpus.
json Job(const std::string& name, int cpus, const std::string& priority = "", const json& pod_labels = json::object()) {
  json labels = {{"kueue.x-k8s.io/queue-name", "q"}};
  if (!priority.empty()) labels["kueue.x-k8s.io/priority-class"] = priority;
  json container = {{"name", "c"}, {"image", "x"}, {"resources", {{"requests", {{"cpu", absl::StrCat(cpus)}}}}}};
  json pod = {{"metadata", {{"labels", pod_labels}}},
              {"spec", {{"restartPolicy", "Never"}, {"containers", json::array({container})}}}};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", {{"name", name}, {"namespace", "ns"}, {"labels", labels}}},
          {"spec", {{"parallelism", 1}, {"completions", 1}, {"backoffLimit", 0}, {"template", pod}}}};
}

// What QuotaReserved of the job's Workload said, each once: "False Suspended: ...", the message as far as the first ':'.
std::vector<std::string> Said(const GovernedCluster& cluster, const std::string& job) {
  std::vector<std::string> said;
  for (const kube::WatchEvent& event : cluster.server().changes()) {
    const kube::Object& object = *event.object;
    if (&object.type() != &WorkloadType() || object.Owners().empty() || object.Owners()[0].name != job) continue;
    const json* conditions = object.At("/status/conditions");
    if (conditions == nullptr) continue;
    for (const json& each : *conditions) {
      if (each.value("type", "") != kQuotaReserved) continue;
      const std::string message = each.value("message", "");
      const std::vector<std::string> parts = absl::StrSplit(message, ". ");
      std::string text = absl::StrCat(each.value("status", ""), " ", each.value("reason", ""), ": ", parts.back());
      if (said.empty() || said.back() != text) said.push_back(std::move(text));
    }
  }
  return said;
}

void PatchQueue(GovernedCluster& cluster, json spec) {
  ASSERT_TRUE(cluster.Do("PATCH", "/apis/kueue.x-k8s.io/v1beta2/clusterqueues/q", {{"spec", std::move(spec)}}).ok());
}

// The scheduler sleeps until something about a Workload wakes it, and that is what the reconciler writes.
TEST(ConditionsOverTime, OfOneInLineAgainThatIsSaidFirst) {
  GovernedCluster cluster({});
  cluster.Create(kQueue);
  PatchQueue(cluster, {{"stopPolicy", "Hold"}});
  cluster.RunUntil(Second(5));
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job("a", 1)).ok());
  cluster.RunUntil(Second(10));
  PatchQueue(cluster, {{"stopPolicy", "None"}});
  cluster.RunUntil(Second(15));
  EXPECT_THAT(Said(cluster, "a"),
              ElementsAre("False Suspended: ClusterQueue q is inactive",
                          "False PendingEvaluation: Workload is pending evaluation in the scheduling queue",
                          "True QuotaReserved: Quota reserved in ClusterQueue q"));
}

// Victims go one after the other, and each time the preemptor is looked at.
TEST(ConditionsOverTime, APreemptorCountsItsVictims) {
  GovernedCluster cluster({});
  cluster.Create(kQueue);
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job("low1", 2)).ok());
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job("low2", 2)).ok());
  cluster.RunUntil(Second(5));
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job("big", 4, "high")).ok());
  cluster.RunUntil(Second(15));
  const std::vector<std::string> said = Said(cluster, "big");
  ASSERT_FALSE(said.empty());
  EXPECT_EQ(said.front(), "False WaitingForPreemptedWorkloads: Pending the preemption of 2 workload(s)");
  EXPECT_EQ(said.back(), "True QuotaReserved: Quota reserved in ClusterQueue q");
}

// With blockAdmission nobody is let in while pods of somebody who was let in are not ready.
TEST(ConditionsOverTime, AdmissionWaitsForPods) {
  for (const bool block : {true, false}) {
    ManagerOptions options;
    options.pods_ready->block_admission = block;
    GovernedCluster cluster(options);
    cluster.Create(kQueue);
    ASSERT_TRUE(cluster.Do("POST", kJobs, Job("slow", 1, "", {{"e2e/not-ready", "1"}})).ok());
    cluster.RunUntil(Second(5));
    ASSERT_TRUE(cluster.Do("POST", kJobs, Job("next", 1)).ok());
    ASSERT_TRUE(cluster.Do("POST", kJobs, Job("last", 1)).ok());
    cluster.RunUntil(Second(10));
    if (!block) {
      EXPECT_THAT(Said(cluster, "next"), ElementsAre("True QuotaReserved: Quota reserved in ClusterQueue q"));
      continue;
    }
    EXPECT_THAT(Said(cluster, "next"), ElementsAre("False WaitingForPodsReady: waiting for all admitted workloads to "
                                                   "be in PodsReady condition"));
    EXPECT_THAT(Said(cluster, "last"), ElementsAre()) << "it is not looked at meanwhile";
    // Who holds things up goes away.
    ASSERT_TRUE(cluster.Do("DELETE", absl::StrCat(kJobs, "/slow"), {{"propagationPolicy", "Background"}}).ok());
    cluster.RunUntil(Second(20));
    EXPECT_EQ(Said(cluster, "next").back(), "True QuotaReserved: Quota reserved in ClusterQueue q");
    EXPECT_EQ(Said(cluster, "last").back(), "True QuotaReserved: Quota reserved in ClusterQueue q");
    EXPECT_TRUE(cluster.broken().empty()) << cluster.broken()[0];
  }
}

}  // namespace
}  // namespace muster::manager
