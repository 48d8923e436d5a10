#include "manager/topology/node_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using testing::HasSubstr;

constexpr char kOnNode[] = R"(
status:
  admission:
    clusterQueue: cq
    podSetAssignments:
    - name: main
      count: 2
      flavors: {cpu: rf}
      topologyAssignment:
        levels: [kubernetes.io/hostname]
        slices:
        - {domainCount: 2, valuesPerLevel: [{individual: {prefix: "n", roots: ["1", "2"]}}], podCounts: {universal: 1}})";

constexpr char kNode[] = R"(
apiVersion: v1
kind: Node
metadata: {name: n1, uid: n1, resourceVersion: "1"}
status: {conditions: [{type: Ready, status: "True", lastTransitionTime: "2026-01-01T00:09:50Z"}]})";
constexpr char kNotReady[] =
    "{status: {conditions: [{type: Ready, status: 'False', lastTransitionTime: '2026-01-01T00:09:50Z'}]}}";
constexpr char kTainted[] = "{spec: {taints: [{key: bad, effect: NoSchedule}]}}";

constexpr char kPod[] = R"(
apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace: g
  uid: p
  resourceVersion: "5"
  annotations: {kueue.x-k8s.io/workload: job-a-wl, kueue.x-k8s.io/podset-required-topology: kubernetes.io/hostname}
spec: {nodeSelector: {kubernetes.io/hostname: n1}}
status: {phase: Pending})";
constexpr char kRuns[] = "{spec: {nodeName: n1}, status: {phase: Running}}";
constexpr char kLeaves[] =
    "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}, spec: {nodeName: n1}, status: {phase: Running}}";

constexpr char kNone[] = "none";

// What a pass over node n1 does, in words: "mark", "unmark", "evict", "fail p", "again in 20s".
std::string Words(const Plan& plan) {
  std::string words;
  const auto say = [&](const std::string& word) { absl::StrAppend(&words, words.empty() ? "" : " ", word); };
  for (const Step& step : plan.steps) {
    if (step.request.key.type == &PodType()) {
      say(absl::StrCat("fail ", step.request.key.name));
      continue;
    }
    const std::string body = step.request.body.dump();
    if (body.find("NodeFailures") != std::string::npos) {
      say("evict");
    } else {
      say(body.find(R"("unhealthyNodes":[{"name":"n1"}])") != std::string::npos ? "mark" : "unmark");
    }
  }
  if (plan.look_again.has_value()) say(absl::StrCat("again in ", absl::FormatDuration(*plan.look_again)));
  if (!plan.error.ok()) say(std::string(plan.error.message()));
  return words;
}

TEST(ReconcileNode, WhatBecomesOfAWorkload) {
  const struct {
    const char* why;
    const char* node;      // over kNode, or none
    const char* workload;  // over kOnNode
    const char* pod;       // over kPod, or none
    const char* want;
    std::string conditions = "QuotaReserved Admitted";
  } kCases[] = {
      {"all is well", "{}", "{}", kRuns, ""},
      {"the node is gone", kNone, "{}", kNone, "mark"},
      {"whatever still runs there", kNone, "{}", kRuns, "mark"},
      {"it says nothing of being ready", "{status: null}", "{}", kRuns, "mark"},
      {"once", kNone, "{status: {unhealthyNodes: [{name: n1}]}}", kNone, ""},
      {"it is not ready, and pods run there", kNotReady, "{}", kRuns, ""},
      {"they are on their way out", kNotReady, "{}", kLeaves, "mark"},
      {"they have ended", kNotReady, "{}", "{spec: {nodeName: n1}, status: {phase: Failed}}", "mark"},
      {"they are not there yet: they never will be", kNotReady, "{}", "{}", "mark fail p"},
      {"but for those that are still held back", kNotReady, "{}",
       "{spec: {schedulingGates: [{name: kueue.x-k8s.io/topology}]}}", "mark"},
      {"it is back", "{}", "{status: {unhealthyNodes: [{name: n1}]}}", kRuns, "unmark"},
      {"the second node that fails", kNone, "{status: {unhealthyNodes: [{name: n2}]}}", kNone, "evict"},
      {"pods of a Workload that is evicted end with it", kNotReady, "{status: {unhealthyNodes: [{name: n2}]}}", "{}",
       "evict"},
      {"evicted already", kNone, "{}", kNone, "", "QuotaReserved Admitted Evicted"},
      {"finished", kNone, "{}", kNone, "", "QuotaReserved Admitted Finished"},
      {"a taint", kTainted, "{}", kNone, "mark"},
      {"a taint, and pods run there", kTainted, "{}", kRuns, ""},
      {"a taint that only asks", "{spec: {taints: [{key: bad, effect: PreferNoSchedule}]}}", "{}", kNone, ""},
      {"a taint that is tolerated", kTainted,
       "{spec: {podSets: [{name: main, count: 2, template: {spec: {tolerations: [{key: bad, operator: Exists}], "
       "containers: [{name: c}]}}}]}}",
       kNone, ""},
      {"for some time", kTainted,
       "{spec: {podSets: [{name: main, count: 2, template: {spec: {tolerations: [{key: bad, operator: Exists, "
       "tolerationSeconds: 60}], containers: [{name: c}]}}}]}}",
       kNone, "mark"},
      {"a taint that a check has pods tolerate", kTainted,
       "{status: {admissionChecks: [{name: c, state: Ready, message: '', podSetUpdates: [{name: main, tolerations: "
       "[{key: bad, operator: Exists}]}]}]}}",
       kNone, ""},
      {"a late pod of a Workload that has left the node", "{}",
       "{status: {admission: {podSetAssignments: [{name: main, count: 2, flavors: {cpu: rf}}]}}}", "{}", "fail p"},
      {"one of an evicted Workload", "{}",
       "{status: {admission: {podSetAssignments: [{name: main, count: 2, flavors: {cpu: rf}}]}}}", "{}", "",
       "QuotaReserved Admitted Evicted"},
      {"the flavor is gone", kTainted,
       "{status: {admission: {podSetAssignments: [{name: main, count: 2, flavors: {cpu: gone}, topologyAssignment: "
       "{levels: [kubernetes.io/hostname], slices: [{domainCount: 1, valuesPerLevel: [{universal: n1}], podCounts: "
       "{universal: 2}}]}}]}}}",
       kNone, "resourceflavors.kueue.x-k8s.io \"gone\" not found"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    if (c.node != kNone) world.Add(kNode, c.node);
    nlohmann::json patch = FromYaml(kOnNode);
    patch.merge_patch(FromYaml(c.workload));
    world.Add(kWorkload, patch.dump(), c.conditions);
    if (c.pod != kNone) world.Add(kPod, c.pod);
    EXPECT_EQ(Words(ReconcileNode(world.get(), "n1", TestNow())), c.want) << c.why;
  }
}

TEST(ReconcileNode, HowItIsWritten) {
  JobWorld world;
  world.Add(kNode, kNotReady);
  world.Add(kWorkload, kOnNode, "QuotaReserved Admitted");
  world.Add(kPod, "{}");
  Plan plan = ReconcileNode(world.get(), "n1", TestNow());
  ASSERT_EQ(plan.steps.size(), 2u);
  EXPECT_EQ(kube::Summary(plan.steps[0].request), "PATCH workloads/status g/job-a-wl (apply kueue-admission, forced)");
  EXPECT_EQ(plan.steps[0].request.body["metadata"]["resourceVersion"], "9");
  EXPECT_TRUE(plan.steps[0].request.body["status"].contains("admission")) << "all that is owned is sent";
  plan.steps.erase(plan.steps.begin());
  EXPECT_EQ(TextOf(plan),
            "PATCH pods/status g/p (merge) {\"status\":{\"phase\":\"Failed\"}} TerminatedByKueue=True("
            "UnschedulableOnAssignedNode)\n"
            "+ PodTerminatedByKueue: Pod terminated by Kueue NodeController due to node taint\n");
}

TEST(ReconcileNode, EvictionNamesAllNodes) {
  JobWorld world;
  nlohmann::json patch = FromYaml(kOnNode);
  patch["status"]["unhealthyNodes"] = {{{"name", "n2"}}};
  world.Add(kWorkload, patch.dump(), "QuotaReserved Admitted");
  EXPECT_THAT(TextOf(ReconcileNode(world.get(), "n1", TestNow())),
              HasSubstr("+ EvictedDueToNodeFailures: Workload eviction triggered due to multiple TAS assigned node "
                        "failures, including: n2, n1"));
}

// Gates that change what counts.
TEST(ReconcileNode, Gates) {
  const struct {
    const char* why;
    std::vector<std::pair<const char*, bool>> gates;
    const char* node;
    const char* pod;
    int seconds;  // after TestNow(): it is not ready for ten then
    const char* want;
  } kCases[] = {
      {"a time instead of pods", {{"TASReplaceNodeOnPodTermination", false}}, kNotReady, kRuns, 0, "again in 20s"},
      {"which has passed", {{"TASReplaceNodeOnPodTermination", false}}, kNotReady, kRuns, 20, "mark"},
      {"taints, and no look at pods", {{"TASReplaceNodeOnPodTermination", false}}, kTainted, kRuns, 0, "mark"},
      {"taints do not count", {{"TASReplaceNodeOnNodeTaints", false}}, kTainted, kNone, 0, ""},
      {"a time besides pods", {{"TASReplaceNodeDueToNotReadyOverFixedTime", true}}, kNotReady, kRuns, 19, ""},
      {"which has passed, too", {{"TASReplaceNodeDueToNotReadyOverFixedTime", true}}, kNotReady, kRuns, 20, "mark"},
  };
  for (const auto& c : kCases) {
    ManagerOptions options = JobWorld::AllFrameworks();
    for (const auto& [gate, on] : c.gates) ASSERT_TRUE(options.webhook.gates.Set(gate, on).ok());
    JobWorld world(options);
    world.Add(kNode, c.node);
    world.Add(kWorkload, kOnNode, "QuotaReserved Admitted");
    if (c.pod != kNone) world.Add(kPod, c.pod);
    EXPECT_EQ(Words(ReconcileNode(world.get(), "n1", TestNow() + absl::Seconds(c.seconds))), c.want) << c.why;
  }
}

}  // namespace
}  // namespace muster::manager
