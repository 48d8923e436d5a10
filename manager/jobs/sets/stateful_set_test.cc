#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manager/jobs/sets/sets.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kSet[] = R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: st, namespace: g, uid: set-uid, labels: {kueue.x-k8s.io/queue-name: lq}}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: x}, annotations: {kueue.x-k8s.io/pod-suspending-parent: statefulset}}
    spec: {containers: [{name: c, image: x}]})";

constexpr char kPod[] = R"(
apiVersion: v1
kind: Pod
metadata:
  name: st-0
  namespace: g
  uid: pod-uid
  resourceVersion: "5"
  labels: {controller-revision-hash: r1, kueue.x-k8s.io/queue-name: lq}
  annotations: {kueue.x-k8s.io/pod-suspending-parent: statefulset}
  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: st, uid: set-uid, controller: true}]
spec:
  containers: [{name: c, image: x}]
  schedulingGates: [{name: kueue.x-k8s.io/admission}, {name: kueue.x-k8s.io/topology}])";

// What a StatefulSet's Workload is called is a hash.
std::string NameOf(const JobWorld& world) {
  const Plan plan = ReconcilePodOfStatefulSet(world.get(), "g", "st-0");
  return plan.steps.at(0).request.body["metadata"]["annotations"]["kueue.x-k8s.io/pod-group-name"];
}

std::string Normal(std::string text, const std::string& name) {
  for (size_t at = text.find(name); at != text.npos; at = text.find(name)) text.replace(at, name.size(), "WL");
  for (size_t at = text.find(" {\"apiVersion\""); at != text.npos; at = text.find(" {\"apiVersion\"")) {
    text.erase(at, text.find('\n', at) - at);
  }
  return text;
}

TEST(StatefulSet, MakesItsWorkload) {
  JobWorld world;
  world.Add(kSet);
  const Plan plan = ReconcileStatefulSet(world.get(), "g", "st", TestNow());
  ASSERT_EQ(plan.steps.size(), 1u) << TextOf(plan);
  json body = plan.steps[0].request.body;
  EXPECT_THAT(std::string(body["metadata"]["name"]), testing::MatchesRegex("statefulset-st-[0-9a-f]{5}"));
  body["metadata"].erase("name");
  EXPECT_EQ(body, FromYaml(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata:
  namespace: g
  finalizers: [kueue.x-k8s.io/resource-in-use]
  labels: {kueue.x-k8s.io/job-uid: set-uid}
  annotations:
    kueue.x-k8s.io/is-group-workload: "true"
    kueue.x-k8s.io/job-owner-gvk: apps/v1, Kind=StatefulSet
    kueue.x-k8s.io/job-owner-name: st
  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: st, uid: set-uid}]
spec:
  active: true
  queueName: lq
  priority: 0
  podSets:
  - name: main
    count: 2
    topologyRequest: {podIndexLabel: apps.kubernetes.io/pod-index}
    template: {metadata: {}, spec: {containers: [{name: c, image: x, resources: {}}]}})"));
  EXPECT_EQ(plan.steps[0].events[0].recorder, "statefulset-kueue-controller");
}

TEST(StatefulSet, TellsPodsTheirGroup) {
  const struct {
    const char* why;
    const char* set;
    const char* pod;
    const char* want;
  } kCases[] = {
      {"new", "{metadata: {labels: {kueue.x-k8s.io/priority-class: high}}}", "{}",
       R"(PATCH pods g/st-0 (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/pod-group-fast-admission":"true",)"
       R"("kueue.x-k8s.io/pod-group-name":"WL","kueue.x-k8s.io/pod-group-pod-index-label":"apps.kubernetes.io/pod-index",)"
       R"("kueue.x-k8s.io/pod-group-serving":"true","kueue.x-k8s.io/pod-group-total-count":"2",)"
       R"("kueue.x-k8s.io/prebuilt-workload-name":"WL","kueue.x-k8s.io/role-hash":"main"},)"
       R"("labels":{"kueue.x-k8s.io/managed":"true","kueue.x-k8s.io/priority-class":"high"}}})"
       "\n"},
      {"told, another queue", "{metadata: {labels: {kueue.x-k8s.io/queue-name: other}}}",
       "{metadata: {annotations: {kueue.x-k8s.io/pod-group-name: WL}}}",
       "PATCH pods g/st-0 (merge) {\"metadata\":{\"labels\":{\"kueue.x-k8s.io/queue-name\":\"other\"}}}\n"},
      {"told", "{}", "{metadata: {annotations: {kueue.x-k8s.io/pod-group-name: WL}}}", ""},
      {"no queue", "{metadata: {labels: null}}", "{}", ""},
      {"ended", "{}", "{status: {phase: Failed}}", ""},
      {"being deleted", "{}", "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}", ""},
      {"of another controller", "{}", "{metadata: {ownerReferences: null}}", ""},
  };
  JobWorld first;
  first.Add(kSet);
  first.Add(kPod);
  const std::string name = NameOf(first);
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kSet, c.set);
    std::string pod = c.pod;
    if (const size_t at = pod.find("WL"); at != pod.npos) pod.replace(at, 2, name);
    world.Add(kPod, pod);
    EXPECT_EQ(Normal(TextOf(ReconcilePodOfStatefulSet(world.get(), "g", "st-0")), name), c.want) << c.why;
  }
}

TEST(StatefulSet, FollowsItsWorkload) {
  constexpr char kOwned[] =
      "{metadata: {ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: st, uid: set-uid}]}}";
  const struct {
    const char* why;
    const char* set;
    const char* workload;
    const char* conditions;
    const char* pod;  // "" = none
    const char* want;
  } kCases[] = {
      {"in line", "{}", kOwned, "QuotaReserved Admitted", "", ""},
      {"it has lost its owner", "{}", "{metadata: {ownerReferences: null}}", "", "", "PUT workloads g/WL\n"},
      {"another queue", "{metadata: {labels: {kueue.x-k8s.io/queue-name: other}}}", kOwned, "", "",
       "PUT workloads g/WL\n"},
      {"a gate", "{metadata: {annotations: {kueue.x-k8s.io/admission-gated-by: me}}}", kOwned, "", "",
       "PUT workloads g/WL\n+ UpdatedWorkload: Updated workload AdmissionGatedBy to \"me\"\n"},
      {"no replicas: on hold", "{spec: {replicas: 0}}", kOwned, "QuotaReserved Admitted", "",
       "PATCH workloads/status g/WL (merge) "
       "{\"status\":{\"accumulatedPastExecutionTimeSeconds\":600,\"admission\":null}} QuotaReserved=False(OnHold) "
       "Admitted=False(NoReservation)\n"},
      {"no replicas, evicted already: its pods see to it", "{spec: {replicas: 0}}", kOwned,
       "QuotaReserved Admitted Evicted/Preempted", "", ""},
      {"replicas again", "{}", kOwned, "!QuotaReserved/OnHold !Admitted/NoReservation", "",
       "PATCH workloads/status g/WL (merge) QuotaReserved=False(PendingEvaluation) Admitted=False(NoReservation)\n"},
      {"pods of a revision that is replaced are let go", "{status: {currentRevision: r1, updateRevision: r2}}", kOwned,
       "QuotaReserved Admitted", "{metadata: {annotations: {kueue.x-k8s.io/pod-group-name: WL}}}",
       "PATCH pods g/st-0 (merge) {\"spec\":{\"schedulingGates\":null}}\n"},
      {"pods of the new one are not", "{status: {currentRevision: r0, updateRevision: r1}}", kOwned,
       "QuotaReserved Admitted", "{metadata: {annotations: {kueue.x-k8s.io/pod-group-name: WL}}}", ""},
      {"of a LeaderWorkerSet: not its own",
       "{spec: {replicas: 0, template: {metadata: {annotations: "
       "{kueue.x-k8s.io/pod-suspending-parent: leaderworkerset.x-k8s.io/leaderworkerset}}}}}",
       kOwned, "QuotaReserved Admitted", "", ""},
  };
  JobWorld first;
  first.Add(kSet);
  first.Add(kPod);
  const std::string name = NameOf(first);
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kSet, c.set);
    json workload = FromYaml(c.workload);
    workload["metadata"]["name"] = name;
    world.Add(kWorkload, workload.dump(), c.conditions);
    std::string pod = c.pod;
    if (!pod.empty()) {
      pod.replace(pod.find("WL"), 2, name);
      world.Add(kPod, pod);
    }
    EXPECT_EQ(Normal(TextOf(ReconcileStatefulSet(world.get(), "g", "st", TestNow())), name), c.want) << c.why;
  }
}

TEST(StatefulSet, WhatToLookAt) {
  JobWorld world;
  const kube::ObjectPtr pod = world.Add(kPod);
  const kube::ObjectPtr set = world.Add(kSet);
  const std::vector<LookAt> made = SetsToLookAt(world.get(), nullptr, pod);
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].reconciler, LookAt::Reconciler::kPodOfStatefulSet);
  EXPECT_EQ(made[1].key.Text(), "StatefulSet g/st");
  EXPECT_EQ(made[1].after, absl::Seconds(1));
  EXPECT_EQ(SetsToLookAt(world.get(), pod, pod).size(), 1u) << "a change of a pod is not the set's";
  EXPECT_THAT(SetsToLookAt(world.get(), pod, nullptr), testing::IsEmpty());
  EXPECT_EQ(SetsToLookAt(world.get(), set, nullptr).size(), 1u);
}

}  // namespace
}  // namespace muster::manager
