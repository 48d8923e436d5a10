#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "manager/jobs/pods/reconcile_pods.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// A pod of group x, which is to have two; of role r.
constexpr char kMember[] = R"(
apiVersion: v1
kind: Pod
metadata:
  name: x-0
  namespace: g
  uid: uid-0
  resourceVersion: "5"
  creationTimestamp: "2026-01-01T00:00:00Z"
  labels: {kueue.x-k8s.io/managed: "true", kueue.x-k8s.io/queue-name: lq}
  annotations:
    kueue.x-k8s.io/pod-group-name: x
    kueue.x-k8s.io/pod-group-total-count: "2"
    kueue.x-k8s.io/role-hash: r
  finalizers: [kueue.x-k8s.io/managed]
spec:
  containers: [{name: c, image: x, resources: {requests: {cpu: "1"}}}]
  schedulingGates: [{name: kueue.x-k8s.io/admission}])";

constexpr char kGroup[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata:
  name: x
  namespace: g
  uid: wl-uid
  resourceVersion: "9"
  generation: 1
  annotations: {kueue.x-k8s.io/is-group-workload: "true"}
  finalizers: [kueue.x-k8s.io/resource-in-use]
  ownerReferences:
  - {apiVersion: v1, kind: Pod, name: x-0, uid: uid-0}
  - {apiVersion: v1, kind: Pod, name: x-1, uid: uid-1}
spec:
  active: true
  queueName: lq
  podSets:
  - {name: r, count: 2, template: {spec: {containers: [{name: c, image: x, resources: {requests: {cpu: 1}}}]}}})";

constexpr char kRuns[] =
    "{spec: {schedulingGates: null, nodeName: n}, status: {phase: Running, conditions: "
    "[{type: Ready, status: 'True'}]}}";
constexpr char kFailed[] = "{spec: {schedulingGates: null, nodeName: n}, status: {phase: Failed}}";
constexpr char kSucceeded[] = "{spec: {schedulingGates: null, nodeName: n}, status: {phase: Succeeded}}";

// Adds pod x-<i>.
void AddMember(JobWorld& world, int i, const char* patch = "{}") {
  json change = FromYaml(patch);
  change["metadata"]["name"] = absl::StrCat("x-", i);
  change["metadata"]["uid"] = absl::StrCat("uid-", i);
  if (!change["metadata"].contains("creationTimestamp")) {
    change["metadata"]["creationTimestamp"] = absl::StrCat("2026-01-01T00:00:0", i, "Z");
  }
  world.Add(kMember, change.dump());
}

std::string Reconcile(const JobWorld& world) {
  Plan plan = ReconcilePodGroup(world.get(), "g", "x", TestNow());
  std::string text = TextOf(plan);
  // Whole objects say too much here.
  for (size_t at = text.find(" {\"apiVersion\""); at != text.npos; at = text.find(" {\"apiVersion\"")) {
    text.erase(at, text.find('\n', at) - at);
  }
  return text;
}

TEST(PodGroup, ComesTogether) {
  const struct {
    const char* why;
    std::vector<const char*> members;
    const char* want;
  } kCases[] = {
      {"one is missing", {"{}"}, "+ Warning ErrWorkloadCompose: 'x' group has fewer runnable pods than expected\n"},
      {"both are there", {"{}", "{}"}, "POST workloads g/\n+ CreatedWorkload: Created Workload: g/x\n"},
      {"one is missing, and the first is enough",
       {"{metadata: {annotations: {kueue.x-k8s.io/pod-group-fast-admission: 'true'}}}"},
       "POST workloads g/\n+ CreatedWorkload: Created Workload: g/x\n"},
      {"one has failed and is let go",
       {"{}", kFailed},
       "PATCH pods g/x-1 (merge) {\"metadata\":{\"finalizers\":null}}\n"
       "+ Warning ErrWorkloadCompose: 'x' group has fewer runnable pods than expected\n"},
      {"one too many: the youngest goes",
       {"{}", "{}", "{}"},
       "PATCH pods g/x-2 (merge) {\"metadata\":{\"finalizers\":null}}\nDELETE pods g/x-2\n"
       "+ ExcessPodDeleted: Excess pod deleted\n"
       "POST workloads g/\n+ CreatedWorkload: Created Workload: g/x\n"},
      {"they do not agree on the queue: nothing until one changes",
       {"{}", "{metadata: {labels: {kueue.x-k8s.io/queue-name: other}}}"},
       ""},
      {"they do not agree on their number",
       {"{}", "{metadata: {annotations: {kueue.x-k8s.io/pod-group-total-count: '3'}}}"},
       ""},
      {"a number that is none",
       {"{metadata: {annotations: {kueue.x-k8s.io/pod-group-total-count: no}}}", "{}"},
       "error: failed to extract 'kueue.x-k8s.io/pod-group-total-count' annotation\n"},
      {"an index beyond the group",
       {"{metadata: {labels: {kueue.x-k8s.io/pod-group-pod-index: '2'}}}", "{}"},
       "error: incorrect label value \"2\" for Pod \"x-0\": value should be less than 2\n"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    for (size_t i = 0; i < c.members.size(); ++i) AddMember(world, static_cast<int>(i), c.members[i]);
    EXPECT_EQ(Reconcile(world), c.want) << c.why;
  }
}

TEST(PodGroup, ItsWorkload) {
  JobWorld world;
  AddMember(world, 0);
  AddMember(world, 1, "{metadata: {annotations: {kueue.x-k8s.io/role-hash: q}}}");
  const Plan plan = ReconcilePodGroup(world.get(), "g", "x", TestNow());
  ASSERT_EQ(plan.steps.size(), 1u) << TextOf(plan);
  const json& body = plan.steps[0].request.body;
  EXPECT_EQ(body["metadata"]["name"], "x");
  EXPECT_EQ(body["metadata"]["annotations"], FromYaml("{kueue.x-k8s.io/is-group-workload: 'true'}"));
  EXPECT_FALSE(body["metadata"].contains("labels")) << "no single pod is the job";
  EXPECT_EQ(body["metadata"]["ownerReferences"],
            FromYaml("[{apiVersion: v1, kind: Pod, name: x-0, uid: uid-0}, {apiVersion: v1, kind: Pod, name: x-1, uid: "
                     "uid-1}]"));
  EXPECT_EQ(body["spec"]["podSets"][0]["name"], "q") << "by name";
  EXPECT_EQ(body["spec"]["podSets"][1]["name"], "r");
}

TEST(PodGroup, LifeOfAGroup) {
  const struct {
    const char* why;
    std::vector<const char*> members;
    const char* workload;
    const char* conditions;
    std::string want;
  } kCases[] = {
      {"admitted: all start",
       {"{}", "{}"},
       "{}",
       "QuotaReserved Admitted !PodsReady/WaitForStart",
       R"(PATCH pods g/x-0 (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/workload":"x"},"labels":{"kueue.x-k8s.io/cluster-queue-name":"cq","kueue.x-k8s.io/local-queue-name":"lq","kueue.x-k8s.io/podset":"r"}},"spec":{"nodeSelector":{"zone":"z"},"schedulingGates":null}})"
       "\n+ Started: Admitted by clusterQueue cq\n"
       R"(PATCH pods g/x-1 (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/workload":"x"},"labels":{"kueue.x-k8s.io/cluster-queue-name":"cq","kueue.x-k8s.io/local-queue-name":"lq","kueue.x-k8s.io/podset":"r"}},"spec":{"nodeSelector":{"zone":"z"},"schedulingGates":null}})"
       "\n+ Started: Admitted by clusterQueue cq\n"},
      {"one has failed: its place is free",
       {kRuns, kFailed},
       "{}",
       "QuotaReserved Admitted PodsReady/Started",
       "PATCH workloads/status g/x (apply kueue-pod-controller, forced) WaitingForReplacementPods=True(PodsFailed)\n"},
      {"said once; not all are ready",
       {kRuns, kFailed},
       "{}",
       "QuotaReserved Admitted PodsReady/Started WaitingForReplacementPods/PodsFailed",
       "PATCH workloads/status g/x (apply kueue-job-controller-PodsReady, forced) PodsReady=False(WaitForRecovery)\n"},
      {"a replacement comes: it is an owner, and the failed one is let go",
       {kRuns, kFailed, "{}"},
       "{}",
       "QuotaReserved Admitted !PodsReady/WaitForRecovery WaitingForReplacementPods/PodsFailed",
       "PUT workloads g/x\n+ OwnerReferencesAdded: Added 1 owner reference(s)\n"
       "PATCH pods g/x-1 (merge) {\"metadata\":{\"finalizers\":null}}\n"},
      {"and none is missing",
       {kRuns, kRuns},
       "{}",
       "QuotaReserved Admitted PodsReady/Started WaitingForReplacementPods/PodsFailed",
       "PATCH workloads/status g/x (apply kueue-pod-controller, forced) WaitingForReplacementPods=False(PodsReady)\n"},
      {"one has succeeded: its quota is free",
       {kRuns, kSucceeded},
       "{}",
       "QuotaReserved Admitted !PodsReady/WaitForRecovery",
       "PATCH workloads/status g/x (apply kueue-reclaimable-pods, forced) "
       "{\"status\":{\"reclaimablePods\":[{\"count\":1,\"name\":\"r\"}]}}\n"},
      {"both have",
       {kSucceeded, kSucceeded},
       "{}",
       "!QuotaReserved",
       "PATCH workloads/status g/x (apply kueue-admission, forced) QuotaReserved=False(QuotaReserved) "
       "Finished=True(Succeeded)\n+ FinishedWorkload: Workload 'g/x' is declared finished\n"
       "PATCH pods g/x-0 (merge) {\"metadata\":{\"finalizers\":null}}\n"
       "PATCH pods g/x-1 (merge) {\"metadata\":{\"finalizers\":null}}\n"},
      {"evicted: those that run are deleted; quota waits for their end",
       {kRuns, "{}"},
       "{}",
       "QuotaReserved Admitted Evicted/Preempted PodsReady/Started",
       "PATCH workloads/status g/x (apply kueue-job-controller-PodsReady, forced) PodsReady=False(WaitForRecovery)\n"},
      {"evicted, next",
       {kRuns, "{}"},
       "{}",
       "QuotaReserved Admitted Evicted/Preempted !PodsReady/WaitForRecovery",
       "PATCH pods/status g/x-0 (apply kueue, forced) TerminationTarget=True(WorkloadEvictedDueToPreempted)\n"
       "DELETE pods g/x-0\n+ Stopped: said of Evicted\n"},
      {"evicted, none runs: quota is free, and asked for again",
       {"{}", "{}"},
       "{}",
       "QuotaReserved !Admitted Evicted/Preempted !PodsReady/WaitForStart",
       "PATCH workloads/status g/x (apply kueue-admission, forced) QuotaReserved=False(PendingEvaluation) "
       "Admitted=False(NoReservation) Evicted=True(Preempted) PodsReady=False(WaitForStart) "
       "Requeued=True(Preempted)\n"},
      {"another role than the Workload has: it is made anew",
       {"{}", "{metadata: {annotations: {kueue.x-k8s.io/role-hash: zz}}}"},
       "{spec: {podSets: [{name: q, count: 2, "
       "template: {spec: {containers: []}}}]}}",
       "!QuotaReserved !PodsReady/WaitForStart",
       "PUT workloads g/x\n+ UpdatedWorkload: Updated not matching Workload for suspended job: g/x\n"},
      {"the name is taken by another",
       {"{}", kFailed},
       "{metadata: {annotations: null}}",
       "",
       "PATCH pods g/x-1 (merge) {\"metadata\":{\"finalizers\":null}}\n"
       "+ Warning WorkloadNameConflict: A Workload named \"x\" already exists but is not a pod group workload; this "
       "pod "
       "group cannot be admitted\n"},
      {"the Workload is deleted: so are its pods, whatever they do",
       {"{}", kRuns},
       "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}",
       "!QuotaReserved",
       "PATCH pods/status g/x-0 (apply kueue, forced) TerminationTarget=True(WorkloadDeleted)\n"
       "DELETE pods g/x-0\n+ Stopped: Workload is deleted\n"
       "PATCH pods/status g/x-1 (apply kueue, forced) TerminationTarget=True(WorkloadDeleted)\n"
       "DELETE pods g/x-1\n+ Stopped: Workload is deleted\n"
       "PATCH pods g/x-0 (merge) {\"metadata\":{\"finalizers\":null}}\n"
       "PATCH pods g/x-1 (merge) {\"metadata\":{\"finalizers\":null}}\n"
       "PUT workloads g/x\n"},
      {"no pod is left", {}, "{}", "!QuotaReserved", "PUT workloads g/x\n"},
      {"no pod is left, and the Workload is another's",
       {},
       "{metadata: {annotations: null, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: j, uid: u, "
       "controller: "
       "true}]}}",
       "!QuotaReserved",
       ""},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    for (size_t i = 0; i < c.members.size(); ++i) AddMember(world, static_cast<int>(i), c.members[i]);
    world.Add(kGroup, c.workload, c.conditions);
    EXPECT_EQ(Reconcile(world), c.want) << c.why;
  }
}

TEST(PodGroup, GivenUpByAPodThatMayNotBeReplaced) {
  JobWorld world;
  AddMember(world, 0, kFailed);
  AddMember(world, 1,
            "{metadata: {annotations: {kueue.x-k8s.io/retriable-in-group: 'false'}}, spec: {schedulingGates: "
            "null}, status: {phase: Succeeded}}");
  world.Add(kGroup, "{}", "!QuotaReserved WaitingForReplacementPods/PodsFailed");
  const Plan plan = ReconcilePodGroup(world.get(), "g", "x", TestNow());
  ASSERT_FALSE(plan.steps.empty());
  EXPECT_THAT(plan.steps[0].request.body.dump(), testing::HasSubstr("Pods succeeded: 1/2."));
}

TEST(PodGroup, WhatToLookAt) {
  JobWorld world;
  AddMember(world, 0);
  const auto texts = [&](const kube::Object& changed) {
    std::vector<std::string> out;
    for (const kube::ObjectKey& key : PodsToLookAt(world.get(), changed)) out.push_back(key.Text());
    return out;
  };
  EXPECT_THAT(texts(*world.get().objects.Find(PodType(), "g", "x-0")), testing::ElementsAre("Pod group/g/x"));
  EXPECT_THAT(texts(*world.Add(kGroup)), testing::ElementsAre("Pod group/g/x"));
  const kube::ObjectPtr taken = world.Add(kGroup, "{metadata: {annotations: null, ownerReferences: null}}");
  EXPECT_THAT(texts(*taken), testing::IsEmpty());
  world.get().objects.Remove(taken->key());
  EXPECT_THAT(texts(*taken), testing::ElementsAre("Pod group/g/x")) << "the name is free now";
}

}  // namespace
}  // namespace muster::manager
