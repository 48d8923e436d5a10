#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manager/jobs/sets/sets.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kSet[] = R"(
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: lws, namespace: g, uid: set-uid, labels: {kueue.x-k8s.io/queue-name: lq}}
spec:
  replicas: 2
  leaderWorkerTemplate:
    size: 3
    leaderTemplate:
      metadata: {labels: {leaderworkerset.sigs.k8s.io/name: lws, leaderworkerset.sigs.k8s.io/other: x, app: x}}
      spec: {containers: [{name: l}]}
    workerTemplate: {spec: {containers: [{name: w}]}})";

constexpr char kPod[] = R"(
apiVersion: v1
kind: Pod
metadata:
  name: lws-0
  namespace: g
  uid: pod-uid
  resourceVersion: "5"
  labels:
    leaderworkerset.sigs.k8s.io/name: lws
    leaderworkerset.sigs.k8s.io/group-index: "0"
    controller-revision-hash: r1
  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: lws, uid: u, controller: true}]
spec:
  containers: [{name: l}]
  schedulingGates: [{name: kueue.x-k8s.io/admission}])";

constexpr char kStatefulSet[] = R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: lws, namespace: g, uid: u, labels: {leaderworkerset.sigs.k8s.io/name: lws}}
spec: {}
status: {currentRevision: r1, updateRevision: r1})";

// Makes the Workloads that are asked for; gives back their names.
std::vector<std::string> Make(JobWorld& world) {
  std::vector<std::string> names;
  for (const Step& step : ReconcileLeaderWorkerSet(world.get(), "g", "lws").steps) {
    if (step.request.verb != kube::Verb::kCreate) continue;
    names.push_back(step.request.body["metadata"]["name"]);
    world.Add(step.request.body.dump());
  }
  return names;
}

// Requests without bodies, and events by their reason.
std::string Reconcile(const JobWorld& world) {
  const Plan plan = ReconcileLeaderWorkerSet(world.get(), "g", "lws");
  std::string text;
  for (const Step& step : plan.steps) {
    text += Summary(step.request) + "\n";
    for (const EventNote& event : step.events) text += "+ " + event.reason + "\n";
  }
  if (!plan.error.ok()) text += "error: " + std::string(plan.error.message()) + "\n";
  return text;
}

TEST(LeaderWorkerSet, AWorkloadForEachGroup) {
  JobWorld world;
  world.Add(kSet);
  const Plan plan = ReconcileLeaderWorkerSet(world.get(), "g", "lws");
  ASSERT_EQ(plan.steps.size(), 2u) << TextOf(plan);
  json body = plan.steps[1].request.body;
  EXPECT_THAT(std::string(body["metadata"]["name"]), testing::MatchesRegex("leaderworkerset-lws-1-[0-9a-f]{5}"));
  EXPECT_EQ(body["metadata"]["annotations"]["kueue.x-k8s.io/component-workload-index"], "1");
  EXPECT_EQ(body["spec"]["podSets"], FromYaml(R"(
- name: leader
  count: 1
  template:
    metadata: {labels: {leaderworkerset.sigs.k8s.io/name: lws, app: x}}
    spec: {containers: [{name: l, resources: {}}]}
- name: worker
  count: 2
  topologyRequest: {podIndexLabel: leaderworkerset.sigs.k8s.io/worker-index}
  template: {metadata: {}, spec: {containers: [{name: w, resources: {}}]}})"));
  world.Add(kSet, "{spec: {leaderWorkerTemplate: {leaderTemplate: null}}}");
  const json alike = ReconcileLeaderWorkerSet(world.get(), "g", "lws").steps.at(0).request.body["spec"]["podSets"];
  EXPECT_EQ(alike.size(), 1u);
  EXPECT_EQ(alike[0]["name"], "main");
  EXPECT_EQ(alike[0]["count"], 3);
}

TEST(LeaderWorkerSet, FollowsItsGroups) {
  const struct {
    const char* why;
    const char* set;
    const char* want;
  } kCases[] = {
      {"in line", "{}", ""},
      {"one more", "{spec: {replicas: 3}}", "POST workloads g/\n+ CreatedWorkload\n"},
      {"one less", "{spec: {replicas: 1}}", "PUT workloads g/W1\nDELETE workloads g/W1\n"},
      {"an update makes one more for a while",
       "{spec: {rolloutStrategy: {rollingUpdateConfiguration: {maxSurge: 1}}}, status: {replicas: 3, updatedReplicas: "
       "1}}",
       "POST workloads g/\n+ CreatedWorkload\n"},
      {"there are still more than asked for: not for long", "{status: {replicas: 3, updatedReplicas: 1}}", ""},
      {"another queue", "{metadata: {labels: {kueue.x-k8s.io/queue-name: other}}}",
       "PUT workloads g/W0\nPUT workloads g/W1\n"},
      {"no queue any more: left alone", "{metadata: {labels: null}}", ""},
      {"a class that is not there", "{metadata: {labels: {kueue.x-k8s.io/priority-class: none}}}",
       "error: workloadpriorityclasses.kueue.x-k8s.io \"none\" not found\n"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kSet);
    const std::vector<std::string> names = Make(world);
    ASSERT_EQ(names.size(), 2u);
    world.Add(kSet, c.set);
    std::string text = Reconcile(world);
    for (size_t i = 0; i < names.size(); ++i) {
      for (size_t at = text.find(names[i]); at != text.npos; at = text.find(names[i])) {
        text.replace(at, names[i].size(), "W" + std::to_string(i));
      }
    }
    EXPECT_EQ(text, c.want) << c.why;
  }
}

TEST(LeaderWorkerSet, TellsPodsTheirGroup) {
  const struct {
    const char* why;
    bool set;
    const char* stateful_set;  // "" = gone
    const char* pod;
    const char* want;
  } kCases[] = {
      {"a leader", true, "{}", "{}",
       R"(PATCH pods g/lws-0 (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/pod-group-name":"WL",)"
       R"("kueue.x-k8s.io/pod-group-total-count":"3","kueue.x-k8s.io/prebuilt-workload-name":"WL",)"
       R"("kueue.x-k8s.io/role-hash":"leader"},"labels":{"kueue.x-k8s.io/managed":"true","kueue.x-k8s.io/queue-name":"lq"}}})"
       "\n"},
      {"a worker", true, "{}", "{metadata: {annotations: {leaderworkerset.sigs.k8s.io/leader-name: lws-0}}}",
       R"(PATCH pods g/lws-0 (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/pod-group-name":"WL",)"
       R"("kueue.x-k8s.io/pod-group-total-count":"3","kueue.x-k8s.io/prebuilt-workload-name":"WL",)"
       R"("kueue.x-k8s.io/role-hash":"worker"},"labels":{"kueue.x-k8s.io/managed":"true","kueue.x-k8s.io/queue-name":"lq"}}})"
       "\n"},
      {"told", true, "{}", "{metadata: {labels: {kueue.x-k8s.io/managed: 'true', kueue.x-k8s.io/queue-name: lq}}}", ""},
      {"not of a group yet", true, "{}", "{metadata: {labels: {leaderworkerset.sigs.k8s.io/group-index: null}}}", ""},
      {"of a revision that is replaced", true, "{status: {updateRevision: r2}}", "{}",
       "PATCH pods g/lws-0 (merge) {\"spec\":{\"schedulingGates\":null}}\n"},
      {"its StatefulSet is gone", true, "", "{}", "PATCH pods g/lws-0 (merge) {\"spec\":{\"schedulingGates\":null}}\n"},
      {"the LeaderWorkerSet is gone", false, "{}", "{}",
       "PATCH pods g/lws-0 (merge) {\"spec\":{\"schedulingGates\":null}}\n"},
      {"of another set", false, "{}", "{metadata: {labels: {leaderworkerset.sigs.k8s.io/name: other}}}", ""},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kSet);
    const std::string name = Make(world).at(0);
    if (!c.set) world.get().objects.Remove({&kube::TypeOf("leaderworkerset.x-k8s.io", "LeaderWorkerSet"), "g", "lws"});
    if (std::string(c.stateful_set) != "") world.Add(kStatefulSet, c.stateful_set);
    world.Add(kPod, c.pod);
    std::string text = TextOf(ReconcileLeaderWorkerSet(world.get(), "g", "lws"));
    for (size_t at = text.find(name); at != text.npos; at = text.find(name)) text.replace(at, name.size(), "WL");
    EXPECT_EQ(text, c.want) << c.why;
  }
}

TEST(LeaderWorkerSet, WhatToLookAt) {
  JobWorld world;
  const kube::ObjectPtr set = world.Add(kSet);
  const kube::ObjectPtr stateful_set = world.Add(kStatefulSet);
  const kube::ObjectPtr pod = world.Add(
      kPod,
      "{metadata: {annotations: {kueue.x-k8s.io/pod-suspending-parent: leaderworkerset.x-k8s.io/leaderworkerset}}}");
  EXPECT_EQ(SetsToLookAt(world.get(), nullptr, set).size(), 1u);
  EXPECT_THAT(SetsToLookAt(world.get(), set, nullptr), testing::IsEmpty()) << "its pods tell of it";
  ASSERT_EQ(SetsToLookAt(world.get(), nullptr, pod).size(), 1u);
  EXPECT_EQ(SetsToLookAt(world.get(), nullptr, pod)[0].after, absl::Seconds(1));
  EXPECT_EQ(SetsToLookAt(world.get(), stateful_set, stateful_set).size(), 2u) << "it, and the LeaderWorkerSet";
}

}  // namespace
}  // namespace muster::manager
