#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manager/jobs/pods/reconcile_pods.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

constexpr char kPod[] = R"(
apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace: g
  uid: pod-uid
  resourceVersion: "5"
  labels: {kueue.x-k8s.io/managed: "true", kueue.x-k8s.io/queue-name: lq}
  finalizers: [kueue.x-k8s.io/managed]
spec:
  containers: [{name: c, image: x, resources: {requests: {cpu: "1"}}}]
  schedulingGates: [{name: kueue.x-k8s.io/admission}, {name: kueue.x-k8s.io/topology}])";

constexpr char kPodWorkload[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata:
  name: pod-p-wl
  namespace: g
  uid: wl-uid
  resourceVersion: "9"
  generation: 1
  finalizers: [kueue.x-k8s.io/resource-in-use]
  ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: pod-uid, controller: true}]
spec:
  active: true
  queueName: lq
  podSets:
  - {name: main, count: 1, template: {spec: {containers: [{name: c, image: x, resources: {requests: {cpu: 1}}}]}}})";

TEST(SinglePod, MakesItsWorkload) {
  JobWorld world;
  world.Add(kPod, "{metadata: {annotations: {kueue.x-k8s.io/podset-required-topology: rack}}}");
  const Plan plan = ReconcilePod(world.get(), "g", "p", TestNow());
  ASSERT_EQ(plan.steps.size(), 1u) << TextOf(plan);
  const nlohmann::json& body = plan.steps[0].request.body;
  EXPECT_EQ(body["metadata"]["ownerReferences"][0]["controller"], true);
  EXPECT_EQ(body["metadata"]["labels"]["kueue.x-k8s.io/job-uid"], "pod-uid");
  EXPECT_EQ(body["spec"]["podSets"][0]["template"]["metadata"], nlohmann::json::object()) << "only its spec";
  EXPECT_EQ(body["spec"]["podSets"][0]["topologyRequest"],
            FromYaml("{required: rack, podIndexLabel: kueue.x-k8s.io/pod-group-pod-index}"));
  EXPECT_EQ(plan.steps[0].events[0].recorder, "pod-kueue-controller");
}

TEST(SinglePod, FromAdmissionToEnd) {
  constexpr char kRuns[] =
      "{metadata: {labels: {kueue.x-k8s.io/podset: main}}, spec: {nodeName: n, schedulingGates: null, nodeSelector: "
      "{zone: z}}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}";
  constexpr char kDeleted[] = "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}";
  constexpr char kWhy[] =
      "PATCH pods/status g/p (apply kueue, forced) TerminationTarget=True(REASON)\n"
      "DELETE pods g/p\n+ Stopped: MESSAGE\n";
  const auto stops = [&](const char* reason, const char* message) {
    std::string text = kWhy;
    text.replace(text.find("REASON"), 6, reason);
    return text.replace(text.find("MESSAGE"), 7, message);
  };
  const struct {
    const char* why;
    const char* pod;  // "" = gone
    const char* workload;
    const char* conditions;
    std::string want;
  } kCases[] = {
      {"pending", "{}", "{}", "!QuotaReserved !PodsReady/WaitForStart", ""},
      {"admitted: both gates go", "{}", "{}", "QuotaReserved Admitted !PodsReady/WaitForStart",
       R"(PATCH pods g/p (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/workload":"pod-p-wl"},"labels":)"
       R"({"kueue.x-k8s.io/cluster-queue-name":"cq","kueue.x-k8s.io/local-queue-name":"lq","kueue.x-k8s.io/podset":"main"}},)"
       R"("spec":{"nodeSelector":{"zone":"z"},"schedulingGates":null}})"
       "\n+ Started: Admitted by clusterQueue cq\n"},
      {"admitted to a place in a topology: that gate stays", "{}",
       "{status: {admission: {clusterQueue: c.q, podSetAssignments: [{name: main, topologyAssignment: {levels: [h], "
       "slices: []}}]}}}",
       "QuotaReserved Admitted !PodsReady/WaitForStart",
       R"(PATCH pods g/p (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/podset-unconstrained-topology":"true",)"
       R"("kueue.x-k8s.io/workload":"pod-p-wl"},"labels":{"kueue.x-k8s.io/local-queue-name":"lq",)"
       R"("kueue.x-k8s.io/podset":"main"}},"spec":{"schedulingGates":[{"name":"kueue.x-k8s.io/topology"}]}})"
       "\n+ Started: Admitted by clusterQueue c.q\n"},
      {"running: nothing", kRuns, "{}", "QuotaReserved Admitted PodsReady/Started", ""},
      {"running without quota: it is deleted", kRuns, "{}", "!QuotaReserved !PodsReady/WaitForStart",
       stops("NotAdmitted", "Not admitted by cluster queue")},
      {"preempted: it is deleted, its quota is free, and is not asked for again", kRuns, "{}",
       "QuotaReserved Admitted Evicted/Preempted PodsReady/Started",
       stops("WorkloadEvictedDueToPreempted", "said of Evicted") +
           "PATCH workloads/status g/pod-p-wl (apply kueue-admission, forced) "
           "{\"status\":{\"accumulatedPastExecutionTimeSeconds\":600}} QuotaReserved=False(PendingEvaluation) "
           "Admitted=False(NoReservation) Evicted=True(Preempted) PodsReady=True(Started) Requeued=False(Preempted)\n"},
      {"evicted while it waits: it stays", "{}", "{}", "!QuotaReserved Evicted/Preempted !PodsReady/WaitForStart", ""},
      {"ended: the Workload is finished, the finalizer goes", "{status: {phase: Failed, message: oops}}", "{}",
       "!QuotaReserved !PodsReady/WaitForStart",
       "PATCH workloads/status g/pod-p-wl (apply kueue-admission, forced) QuotaReserved=False(QuotaReserved) "
       "PodsReady=False(WaitForStart) Finished=True(Failed)\n"
       "+ FinishedWorkload: Workload 'g/pod-p-wl' is declared finished\n"
       R"(PATCH pods g/p (merge) {"metadata":{"finalizers":null}})"
       "\n"},
      {"being deleted: both are let go", kDeleted, "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}", "",
       "put\n"
       R"(PATCH pods g/p (merge) {"metadata":{"finalizers":null}})"
       "\n"},
      {"gone", "", "{}", "Finished/OwnerNotFound", "put\n"},
      {"another one's, not managed", "{metadata: {labels: {kueue.x-k8s.io/managed: null}}}", "{}", "", ""},
      {"of a group, looked at as if it were not", "{metadata: {labels: {kueue.x-k8s.io/pod-group-name: x}}}", "{}", "",
       ""},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    if (std::string(c.pod) != "") world.Add(kPod, c.pod);
    world.Add(kPodWorkload, c.workload, c.conditions);
    Plan plan = ReconcilePod(world.get(), "g", "p", TestNow());
    for (Step& step : plan.steps) {
      if (step.request.verb == kube::Verb::kUpdate) step.request.body = nullptr;
      if (step.request.key.type == &PodType() && step.request.body.is_object()) {
        EXPECT_TRUE(step.request.subresource == "status" || step.request.body["metadata"]["resourceVersion"] == "5")
            << c.why;
      }
    }
    std::string text = TextOf(plan);
    const size_t put = text.find("PUT workloads g/pod-p-wl\n");
    if (put != text.npos) text.replace(put, 25, "put\n");
    EXPECT_EQ(text, c.want) << c.why;
  }
}

TEST(SinglePod, OnlyThoseOfDeploymentsWhenPodsAreNotAskedFor) {
  ManagerOptions options;
  options.webhook.frameworks = {"deployment"};
  JobWorld world(options);
  world.Add(kPod);
  EXPECT_EQ(TextOf(ReconcilePod(world.get(), "g", "p", TestNow())), "");
  world.Add(kPod, "{metadata: {annotations: {kueue.x-k8s.io/pod-suspending-parent: deployment}}}");
  EXPECT_EQ(ReconcilePod(world.get(), "g", "p", TestNow()).steps.size(), 1u);
}

}  // namespace
}  // namespace muster::manager
