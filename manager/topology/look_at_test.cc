#include "manager/topology/look_at.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

constexpr char kPod[] = R"(
apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace: g
  annotations: {kueue.x-k8s.io/workload: w, kueue.x-k8s.io/podset-unconstrained-topology: "true"})";
constexpr char kNode[] = R"(
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {conditions: [{type: Ready, status: "True"}]})";
constexpr char kPlaced[] = R"(
status:
  admission:
    clusterQueue: cq
    podSetAssignments: [{name: main, topologyAssignment: {levels: [rack], slices: []}}])";

kube::ObjectPtr Make(const char* yaml, const char* patch) {
  nlohmann::json object = FromYaml(yaml);
  object.merge_patch(FromYaml(patch));
  return *kube::Object::Parse(object);
}

std::string Words(const std::vector<TopologyLook>& looks) {
  std::string words;
  for (const TopologyLook& look : looks) {
    absl::StrAppend(&words, words.empty() ? "" : ", ", look.key.Text(), " after ", absl::FormatDuration(look.after));
  }
  return words;
}

TEST(TopologyToLookAt, WhatFollowsFromAChange) {
  const JobWorld world;
  const char* const gone = nullptr;
  const struct {
    const char* why;
    const char* yaml;
    const char* before;  // gone = new
    const char* after;
    const char* want;
  } kCases[] = {
      {"a new pod", kPod, gone, "{}", "Workload g/w after 1s"},
      {"one that is gone", kPod, "{}", gone, "Workload g/w after 1s"},
      {"one that asks for no topology", kPod, gone,
       "{metadata: {annotations: {kueue.x-k8s.io/podset-unconstrained-topology: null, "
       "kueue.x-k8s.io/podset-slice-size: '2'}}}",
       ""},
      {"one that is to go to a host", kPod, gone, "{spec: {nodeSelector: {kubernetes.io/hostname: n1}}}",
       "Workload g/w after 1s, Node n1 after 100ms"},
      {"one that is there", kPod, "{}", "{spec: {nodeName: n1, nodeSelector: {kubernetes.io/hostname: n1}}}",
       "Workload g/w after 1s"},
      {"one that ended there", kPod, "{}", "{spec: {nodeName: n1}, status: {phase: Succeeded}}",
       "Workload g/w after 1s, Node n1 after 100ms"},
      {"one that is deleted there", kPod, "{}",
       "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}, spec: {nodeName: n1}}",
       "Workload g/w after 1s, Node n1 after 100ms"},
      {"a new node", kNode, gone, "{}", "Node n1 after 0"},
      {"one that is gone, too", kNode, "{}", gone, "Node n1 after 0"},
      {"a heartbeat", kNode, "{}",
       "{status: {conditions: [{type: Ready, status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z'}]}}", ""},
      {"not ready", kNode, "{}", "{status: {conditions: [{type: Ready, status: Unknown}]}}", "Node n1 after 0"},
      {"a taint", kNode, "{}", "{spec: {taints: [{key: a, effect: NoExecute}]}}", "Node n1 after 0"},
  };
  for (const auto& c : kCases) {
    const kube::ObjectPtr before = c.before == gone ? nullptr : Make(c.yaml, c.before);
    const kube::ObjectPtr after = c.after == gone ? nullptr : Make(c.yaml, c.after);
    EXPECT_EQ(Words(TopologyToLookAt(world.get(), before, after)), c.want) << c.why;
  }
}

TEST(TopologyToLookAt, WorkloadsThatAreAdmittedWithATopology) {
  JobWorld world;
  EXPECT_EQ(Words(TopologyToLookAt(world.get(), nullptr, world.Add(kWorkload, kPlaced, "QuotaReserved Admitted"))),
            "Workload g/job-a-wl after 0");
  EXPECT_EQ(Words(TopologyToLookAt(world.get(), nullptr, world.Add(kWorkload, kPlaced, "QuotaReserved !Admitted"))),
            "");
  EXPECT_EQ(Words(TopologyToLookAt(world.get(), nullptr, world.Add(kWorkload, "{}", "QuotaReserved Admitted"))), "");
}

TEST(TopologyToLookAt, Gates) {
  ManagerOptions options = JobWorld::AllFrameworks();
  ASSERT_TRUE(options.webhook.gates.Set("TASFailedNodeReplacement", false).ok());
  EXPECT_EQ(Words(TopologyToLookAt(JobWorld(options).get(), nullptr, Make(kNode, "{}"))), "");
  EXPECT_EQ(Words(TopologyToLookAt(JobWorld(options).get(), nullptr, Make(kPod, "{}"))), "Workload g/w after 1s");
  ASSERT_TRUE(options.webhook.gates.Set("TopologyAwareScheduling", false).ok());
  EXPECT_EQ(Words(TopologyToLookAt(JobWorld(options).get(), nullptr, Make(kPod, "{}"))), "");
}

}  // namespace
}  // namespace muster::manager
