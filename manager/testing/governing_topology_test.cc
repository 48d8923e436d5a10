// The manager places pods in a topology of a simulated cluster, and keeps them placed.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "manager/names.h"
#include "manager/testing/governed_cluster.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kJobs[] = "/apis/batch/v1/namespaces/ns/jobs";

// Racks of nodes with room for one pod each.
std::string Racks() {
  std::string yaml = R"(
apiVersion: v1
kind: Namespace
metadata: {name: ns, labels: {kubernetes.io/metadata.name: ns}}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: Topology
metadata: {name: racks}
spec: {levels: [{nodeLabel: rack}, {nodeLabel: kubernetes.io/hostname}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: f}
spec: {topologyName: racks, nodeLabels: {pool: p}}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: q, namespace: ns}
spec: {clusterQueue: q}
)";
  for (const char* node : {"a1", "b1", "b2", "b3"}) {
    absl::StrAppend(&yaml, "---\napiVersion: v1\nkind: Node\nmetadata: {name: ", node,
                    ", labels: {pool: p, kubernetes.io/hostname: ", node, ", rack: ", std::string(1, node[0]),
                    "}}\nstatus: {allocatable: {cpu: '1', pods: '110'}, conditions: [{type: Ready, status: 'True', "
                    "lastTransitionTime: '2026-01-01T00:00:00Z'}]}\n");
  }
  return yaml;
}

std::string QueueWith(absl::string_view checks) {
  return absl::StrCat(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: q}
spec:
  namespaceSelector: {}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "9"}]}]}]
)",
                      checks);
}

// Two pods in one rack, which end after so many seconds; 0 = never.
json Job(const std::string& name = "j", int seconds = 0) {
  json container = {{"name", "c"}, {"image", "x"}, {"resources", {{"requests", {{"cpu", "1"}}}}}};
  json metadata = {{"annotations", {{"kueue.x-k8s.io/podset-required-topology", "rack"}}}};
  if (seconds > 0) metadata["labels"] = {{"e2e/run-seconds", absl::StrCat(seconds)}};
  json pod = {{"metadata", metadata}, {"spec", {{"restartPolicy", "Never"}, {"containers", json::array({container})}}}};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", {{"name", name}, {"namespace", "ns"}, {"labels", {{"kueue.x-k8s.io/queue-name", "q"}}}}},
          {"spec",
           {{"parallelism", 2},
            {"completions", 2},
            {"completionMode", "Indexed"},
            {"backoffLimit", 9},
            {"template", pod}}}};
}

// The nodes that pods which are not on their way out run on.
std::set<std::string> NodesInUse(const GovernedCluster& cluster) {
  std::set<std::string> nodes;
  for (const kube::ObjectPtr& pod : cluster.server().List(PodType(), "ns")) {
    if (!pod->deleting() && pod->StringAt("/status/phase") == "Running") {
      nodes.insert(std::string(pod->StringAt("/spec/nodeName")));
    }
  }
  return nodes;
}

kube::ObjectPtr TheWorkload(const GovernedCluster& cluster) {
  const std::vector<kube::ObjectPtr> all = cluster.server().List(WorkloadType(), "ns");
  return all.empty() ? nullptr : all[0];
}

TEST(GoverningTopology, PodsGoWhereTheyWerePlacedAndLeaveANodeThatFails) {
  GovernedCluster cluster({});
  cluster.Create(Racks());
  cluster.Create(QueueWith(""));
  cluster.RunUntil(Second(5));
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job()).ok());
  cluster.RunUntil(Second(15));
  EXPECT_EQ(cluster.Condition("ns", "j", kAdmitted), "True Admitted");
  EXPECT_EQ(NodesInUse(cluster), (std::set<std::string>{"b1", "b2"}));

  ASSERT_TRUE(cluster
                  .Do("PATCH", "/api/v1/nodes/b1/status",
                      {{"status",
                        {{"conditions", json::array({{{"type", "Ready"},
                                                      {"status", "False"},
                                                      {"lastTransitionTime", "2026-01-01T00:00:15Z"}}})}}}})
                  .ok());
  for (const kube::ObjectPtr& pod : cluster.server().List(PodType(), "ns")) {
    if (pod->StringAt("/spec/nodeName") == "b1") {
      ASSERT_TRUE(cluster.Do("DELETE", absl::StrCat("/api/v1/namespaces/ns/pods/", pod->name())).ok());
    }
  }
  cluster.RunUntil(Second(120));
  EXPECT_EQ(NodesInUse(cluster), (std::set<std::string>{"b2", "b3"}));
  EXPECT_EQ(cluster.Condition("ns", "j", kEvicted), "") << "only the pod of that node moved";
  EXPECT_EQ(TheWorkload(cluster)->At("/status/unhealthyNodes"), nullptr);
  EXPECT_TRUE(cluster.broken().empty()) << cluster.broken()[0];
}

TEST(GoverningTopology, APlaceIsChosenOnceTheAutoscalerHasMadeRoom) {
  GovernedCluster cluster({});
  cluster.Create(Racks());
  cluster.Create(QueueWith("  admissionChecksStrategy: {admissionChecks: [{name: room}]}\n"));
  cluster.Create(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ProvisioningRequestConfig
metadata: {name: room}
spec: {provisioningClassName: check-capacity.autoscaling.x-k8s.io}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: AdmissionCheck
metadata: {name: room}
spec:
  controllerName: kueue.x-k8s.io/provisioning-request
  parameters: {apiGroup: kueue.x-k8s.io, kind: ProvisioningRequestConfig, name: room}
)");
  cluster.RunUntil(Second(5));
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job()).ok());
  cluster.RunUntil(Second(15));
  EXPECT_EQ(cluster.Condition("ns", "j", kQuotaReserved), "True QuotaReserved");
  EXPECT_NE(cluster.Condition("ns", "j", kAdmitted), "True Admitted");
  EXPECT_EQ(TheWorkload(cluster)->At("/status/admission/podSetAssignments/0/topologyAssignment"), nullptr);
  const std::vector<kube::ObjectPtr> requests = cluster.server().List(ProvisioningRequestType(), "ns");
  ASSERT_EQ(requests.size(), 1u);
  const std::vector<kube::ObjectPtr> templates = cluster.server().List(PodTemplateType(), "ns");
  ASSERT_EQ(templates.size(), 1u);
  EXPECT_EQ(templates[0]->Owners()[0].kind, "ProvisioningRequest");

  ASSERT_TRUE(cluster
                  .Do("PATCH",
                      absl::StrCat("/apis/autoscaling.x-k8s.io/v1/namespaces/ns/provisioningrequests/",
                                   requests[0]->name(), "/status"),
                      {{"status",
                        {{"conditions", json::array({{{"type", "Provisioned"},
                                                      {"status", "True"},
                                                      {"reason", "r"},
                                                      {"message", "m"},
                                                      {"lastTransitionTime", "2026-01-01T00:00:15Z"}}})}}}})
                  .ok());
  cluster.RunUntil(Second(30));
  EXPECT_EQ(cluster.Condition("ns", "j", kAdmitted), "True Admitted");
  EXPECT_EQ(NodesInUse(cluster), (std::set<std::string>{"b1", "b2"}));
  for (const kube::ObjectPtr& pod : cluster.server().List(PodType(), "ns")) {
    EXPECT_EQ(pod->annotation("autoscaling.x-k8s.io/consume-provisioning-request"), requests[0]->name());
  }
  EXPECT_TRUE(cluster.broken().empty()) << cluster.broken()[0];
}

// Nodes have room for one pod each: two on one node were not placed, or not where they were placed.
void ExpectOnePodPerNode(const GovernedCluster& cluster) {
  std::set<std::string> nodes;
  for (const kube::ObjectPtr& pod : cluster.server().List(PodType(), "ns")) {
    const std::string node(pod->StringAt("/spec/nodeName"));
    if (node.empty() || pod->deleting() || pod->StringAt("/status/phase") != "Running") continue;
    EXPECT_TRUE(nodes.insert(node).second) << "two pods on " << node << " at " << cluster.now();
    const json* selector = pod->At("/spec/nodeSelector");
    ASSERT_NE(selector, nullptr);
    EXPECT_EQ(selector->value("kubernetes.io/hostname", ""), node);
  }
}

TEST(GoverningTopology, FaultsBySeed) {
  for (uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    GovernedCluster cluster({}, seed, {.refused = 40, .answer_lost = 30, .late = 50, .killed = 3});
    cluster.Create(Racks());
    cluster.Create(QueueWith(""));
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(cluster.Do("POST", kJobs, Job(absl::StrCat("j", i), 5 + i)).ok());
      for (int second = 0; second < 4; ++second) {
        cluster.RunUntil(cluster.now() + absl::Seconds(1));
        ExpectOnePodPerNode(cluster);
      }
    }
    cluster.StopFaults();
    for (int second = 0; second < 60; ++second) {
      cluster.RunUntil(cluster.now() + absl::Seconds(1));
      ExpectOnePodPerNode(cluster);
    }
    cluster.RunUntil(cluster.now() + absl::Minutes(20));
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(cluster.Condition("ns", absl::StrCat("j", i), kFinished), "True Succeeded") << i;
    }
    for (const std::string& each : cluster.broken()) ADD_FAILURE() << each;
  }
}

// Two cpus for more than ten half-lives: nearly all of it.
TEST(GoverningUsage, ALocalQueueSaysWhatItUsed) {
  ManagerOptions options;
  options.engine.admission_fair_sharing = {absl::Seconds(10), absl::Seconds(5), {}};
  GovernedCluster cluster(options);
  cluster.Create(Racks());
  cluster.Create(QueueWith("  admissionScope: {admissionMode: UsageBasedAdmissionFairSharing}\n"));
  cluster.RunUntil(Second(5));
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job()).ok());
  cluster.RunUntil(Second(120));
  const auto queue = [&] { return cluster.server().Find({&LocalQueueType(), "ns", "q"}); };
  const std::string at = "/status/fairSharing/admissionFairSharingStatus";
  EXPECT_EQ(queue()->StringAt(at + "/consumedResources/cpu").substr(0, 3), "199") << queue()->value().dump();
  const std::string before(queue()->StringAt(at + "/lastUpdate"));
  ASSERT_TRUE(cluster.Do("DELETE", absl::StrCat(kJobs, "/j?propagationPolicy=Background")).ok());
  cluster.RunUntil(Second(200));
  EXPECT_GT(std::string(queue()->StringAt(at + "/lastUpdate")), before) << "it decays while nothing else happens";
}

}  // namespace
}  // namespace muster::manager
