// The manager governs a simulated cluster: as users would see it, and with everything failing that can.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "manager/names.h"
#include "manager/testing/governed_cluster.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// Two teams with half of a node each, in one cohort; what a team does not use the other may borrow, and give back.
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
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "2"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: b}
spec:
  cohortName: c
  namespaceSelector: {}
  preemption: {reclaimWithinCohort: Any, withinClusterQueue: LowerPriority}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "2"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: a, namespace: ns}
spec: {clusterQueue: a}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: b, namespace: ns}
spec: {clusterQueue: b}
)";

// A Job of that many pods of one cpu that run for so long, in that queue.
json Job(const std::string& name, const std::string& queue, int pods, int seconds, bool high = false) {
  json labels = {{"kueue.x-k8s.io/queue-name", queue}};
  if (high) labels["kueue.x-k8s.io/priority-class"] = "high";
  json container = {{"name", "c"}, {"image", "x"}, {"resources", {{"requests", {{"cpu", "1"}}}}}};
  json pod = {{"metadata", {{"labels", {{"e2e/run-seconds", absl::StrCat(seconds)}}}}},
              {"spec", {{"restartPolicy", "Never"}, {"containers", json::array({container})}}}};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", {{"name", name}, {"namespace", "ns"}, {"labels", labels}}},
          {"spec", {{"parallelism", pods}, {"completions", pods}, {"backoffLimit", 0}, {"template", pod}}}};
}

constexpr char kJobs[] = "/apis/batch/v1/namespaces/ns/jobs";

bool Suspended(const GovernedCluster& cluster, const std::string& job) {
  const kube::ObjectPtr object = cluster.server().Find({&kube::TypeOf("batch", "Job"), "ns", job});
  return object != nullptr && object->BoolAt("/spec/suspend");
}

TEST(Governing, ATeamBorrowsIsPreemptedAndResumes) {
  GovernedCluster cluster({});
  cluster.Create(kTeams);
  cluster.RunUntil(Second(5));
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job("borrower", "a", 4, 100)).ok());
  cluster.RunUntil(Second(10));
  EXPECT_FALSE(Suspended(cluster, "borrower")) << "all four cpus are idle";
  EXPECT_EQ(cluster.Condition("ns", "borrower", kAdmitted), "True Admitted");

  ASSERT_TRUE(cluster.Do("POST", kJobs, Job("owner", "b", 2, 20, /*high=*/true)).ok());
  cluster.RunUntil(Second(20));
  EXPECT_EQ(cluster.Condition("ns", "borrower", kPreempted), "True InCohortReclamation");
  EXPECT_TRUE(Suspended(cluster, "borrower")) << "the owner takes its two back";
  EXPECT_EQ(cluster.Condition("ns", "owner", kAdmitted), "True Admitted");

  cluster.RunUntil(Second(60));
  EXPECT_EQ(cluster.Condition("ns", "owner", kFinished), "True Succeeded");
  EXPECT_FALSE(Suspended(cluster, "borrower")) << "they are idle again";
  cluster.RunUntil(Second(300));
  EXPECT_EQ(cluster.Condition("ns", "borrower", kFinished), "True Succeeded");
  EXPECT_TRUE(cluster.broken().empty()) << cluster.broken()[0];
}

TEST(Governing, WhatWaitsIsToldWhyAndQueuesTellWhatTheyHold) {
  GovernedCluster cluster({});
  cluster.Create(kTeams);
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job("first", "a", 4, 50)).ok());
  cluster.RunUntil(Second(5));
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job("second", "a", 3, 50)).ok());
  cluster.RunUntil(Second(10));
  EXPECT_EQ(cluster.Condition("ns", "second", kQuotaReserved), "False WaitingForQuota");
  const kube::ObjectPtr queue = cluster.server().Find({&ClusterQueueType(), "", "a"});
  EXPECT_EQ(queue->IntAt("/status/pendingWorkloads"), 1);
  EXPECT_EQ(queue->IntAt("/status/admittedWorkloads"), 1);
  EXPECT_EQ(queue->StringAt("/status/flavorsUsage/0/resources/0/total"), "4");
  EXPECT_EQ(queue->StringAt("/status/flavorsUsage/0/resources/0/borrowed"), "2");
}

TEST(Governing, AManagerThatStartsAgainDisturbsNobody) {
  GovernedCluster cluster({}, 1, {.refused = 0, .answer_lost = 0, .late = 0, .killed = 1000});
  cluster.Create(kTeams);
  ASSERT_TRUE(cluster.Do("POST", kJobs, Job("a", "a", 2, 30)).ok());
  cluster.RunUntil(Second(20));
  cluster.StopFaults();
  cluster.RunUntil(Second(120));
  EXPECT_EQ(cluster.Condition("ns", "a", kFinished), "True Succeeded");
  EXPECT_EQ(cluster.Condition("ns", "a", kEvicted), "") << "it was never stopped";
  EXPECT_TRUE(cluster.broken().empty()) << cluster.broken()[0];
}

// One seed: jobs come and go while requests fail, answers are lost, news is late and the manager is killed. In the end,
// with everything well again, all jobs have run and nothing is held. Tells which seed it was.
FaultCounts RunSeed(uint64_t seed) {
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  GovernedCluster cluster({}, seed, {.refused = 40, .answer_lost = 30, .late = 50, .killed = 3});
  cluster.Create(kTeams);
  uint64_t random = seed;
  const auto next = [&random](uint64_t below) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return (random >> 33) % below;
  };
  const int jobs = 4 + static_cast<int>(next(4));
  std::set<std::string> deleted;
  for (int i = 0; i < jobs; ++i) {
    const std::string name = absl::StrCat("j", i);
    const kube::Response made = cluster.Do("POST", kJobs,
                                           Job(name, next(2) == 0 ? "a" : "b", 1 + static_cast<int>(next(4)),
                                               2 + static_cast<int>(next(20)), next(3) == 0));
    EXPECT_TRUE(made.ok()) << made.message;
    cluster.RunUntil(cluster.now() + absl::Milliseconds(static_cast<int64_t>(next(6000))));
    if (next(5) == 0) {
      const std::string victim = absl::StrCat("j", next(static_cast<uint64_t>(i) + 1));
      cluster.Do("DELETE", absl::StrCat(kJobs, "/", victim, "?propagationPolicy=Background"));
      deleted.insert(victim);
    }
  }
  cluster.RunUntil(cluster.now() + absl::Seconds(30));
  cluster.StopFaults();
  cluster.RunUntil(cluster.now() + absl::Minutes(20));
  for (int i = 0; i < jobs; ++i) {
    const std::string name = absl::StrCat("j", i);
    if (deleted.count(name) > 0) continue;
    EXPECT_EQ(cluster.Condition("ns", name, kFinished), "True Succeeded") << name;
  }
  for (const char* queue : {"a", "b"}) {
    const kube::ObjectPtr object = cluster.server().Find({&ClusterQueueType(), "", queue});
    EXPECT_EQ(object->IntAt("/status/reservingWorkloads"), 0) << queue;
    EXPECT_EQ(object->IntAt("/status/pendingWorkloads"), 0) << queue;
  }
  for (const std::string& each : cluster.broken()) ADD_FAILURE() << each;
  return cluster.counts();
}

TEST(Governing, FaultsBySeed) {
  // MUSTER_FAULT_SEEDS=10000 for many, MUSTER_FAULT_SEED=17 for one.
  const char* one = std::getenv("MUSTER_FAULT_SEED");
  const char* many = std::getenv("MUSTER_FAULT_SEEDS");
  const uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const uint64_t count = one != nullptr ? 1 : many != nullptr ? std::strtoull(many, nullptr, 10) : 250;
  FaultCounts sum;
  for (uint64_t seed = first; seed < first + count && !HasFailure(); ++seed) {
    const FaultCounts counts = RunSeed(seed);
    sum.requests += counts.requests;
    sum.refused += counts.refused;
    sum.answers_lost += counts.answers_lost;
    sum.late += counts.late;
    sum.killed += counts.killed;
  }
  EXPECT_GT(sum.killed, 0);
  EXPECT_GT(sum.answers_lost, 0);
  RecordProperty("requests", static_cast<int>(sum.requests));
  std::printf("%d seeds: %d requests, %d refused, %d answers lost, %d told late, %d times killed\n",
              static_cast<int>(count), static_cast<int>(sum.requests), static_cast<int>(sum.refused),
              static_cast<int>(sum.answers_lost), static_cast<int>(sum.late), static_cast<int>(sum.killed));
}

}  // namespace
}  // namespace muster::manager
