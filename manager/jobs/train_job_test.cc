#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "api/job_kinds.h"
#include "manager/jobs/kind_rules.h"
#include "manager/jobs/reconcile.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

constexpr char kRuntime[] = R"(
apiVersion: trainer.kubeflow.org/v1alpha1
kind: TrainingRuntime
metadata: {name: rt, namespace: g}
spec:
  mlPolicy: {numNodes: 2}
  template:
    spec:
      replicatedJobs:
      - name: node
        template:
          metadata: {labels: {trainer.kubeflow.org/trainjob-ancestor-step: trainer}}
          spec: {template: {spec: {containers: [{name: node, image: x, resources: {requests: {cpu: "1"}}}]}}})";
constexpr char kTrainJob[] = R"(
apiVersion: trainer.kubeflow.org/v1alpha1
kind: TrainJob
metadata: {name: t, namespace: g, uid: t-uid, resourceVersion: "7", labels: {kueue.x-k8s.io/queue-name: lq}}
spec:
  suspend: true
  runtimeRef: {apiGroup: trainer.kubeflow.org, kind: TrainingRuntime, name: rt}
  runtimePatches: [{manager: kueue.x-k8s.io/manager, trainingRuntimeSpec: {template: {spec: {}}}}])";
constexpr char kItsWorkload[] =
    "{metadata: {ownerReferences: [{apiVersion: trainer.kubeflow.org/v1alpha1, kind: TrainJob, name: t, uid: t-uid, "
    "controller: true}]}, spec: {podSets: [{name: node, count: 2, template: {spec: {containers: [{name: node, image: "
    "x, resources: {requests: {cpu: '1'}}}]}}}]}}";
constexpr char kStarted[] =
    "{spec: {suspend: false, runtimePatches: [{manager: kueue.x-k8s.io/manager, trainingRuntimeSpec: {template: {spec: "
    "{replicatedJobs: [{name: node, template: {spec: {template: {spec: {nodeSelector: {zone: z}}}}}}]}}}}]}}";

const api::JobKind& Kind() { return *api::FindJobKind("trainer.kubeflow.org", "TrainJob"); }

Plan Reconciled(const char* job, const char* conditions) {
  JobWorld world;
  world.Add(kRuntime);
  world.Add(kTrainJob, job);
  if (conditions != nullptr) world.Add(kWorkload, kItsWorkload, conditions);
  return ReconcileJob(world.get(), Kind(), "g", "t", TestNow());
}

TEST(TrainJob, ItsWorkloadHasThePodsOfTheRuntime) {
  const Plan plan = Reconciled("{}", nullptr);
  ASSERT_EQ(plan.steps.size(), 1u) << TextOf(plan);
  EXPECT_EQ(plan.steps[0].request.body["spec"]["podSets"], FromYaml(R"(
- name: node
  count: 2
  template: {metadata: {}, spec: {containers: [{name: node, image: x, resources: {requests: {cpu: "1"}}}]}}
  topologyRequest: {podIndexLabel: batch.kubernetes.io/job-completion-index, subGroupIndexLabel: jobset.sigs.k8s.io/job-index, subGroupCount: 1}
)"));
}

TEST(TrainJob, StartsInTwoWrites) {
  const Plan plan = Reconciled("{}", "QuotaReserved Admitted !PodsReady/WaitForStart");
  ASSERT_EQ(plan.steps.size(), 2u) << TextOf(plan);
  EXPECT_EQ(kube::Summary(plan.steps[0].request), "PUT trainjobs g/t");
  const nlohmann::json& spec = plan.steps[0].request.body["spec"];
  EXPECT_EQ(spec["suspend"], true);
  EXPECT_EQ(spec["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"], FromYaml(R"(
- name: node
  template:
    spec:
      template:
        metadata:
          annotations: {kueue.x-k8s.io/workload: job-a-wl}
          labels: {kueue.x-k8s.io/cluster-queue-name: cq, kueue.x-k8s.io/local-queue-name: lq, kueue.x-k8s.io/podset: node}
        spec: {nodeSelector: {zone: z}}
)"));
  EXPECT_EQ(plan.steps[1].request.body, FromYaml("{spec: {suspend: false}}"));
  ASSERT_EQ(plan.steps[1].events.size(), 1u);
  EXPECT_EQ(plan.steps[1].events[0].reason, "Started");
}

TEST(TrainJob, WithoutItsPatchItIsTriedAgain) {
  EXPECT_EQ(TextOf(Reconciled("{spec: {runtimePatches: null}}", "QuotaReserved Admitted !PodsReady/WaitForStart")),
            "error: kueue runtime patch not found\n");
}

TEST(TrainJob, StopsAtOnceAndIsPutBackOnceItsPodsAreGone) {
  constexpr char kGone[] = "Evicted/Preempted !QuotaReserved !PodsReady/WaitForStart";
  nlohmann::json active = FromYaml(kStarted);
  active.merge_patch(FromYaml("{status: {jobsStatus: [{name: node, active: 1}]}}"));
  const Plan first = Reconciled(active.dump().c_str(), kGone);
  ASSERT_EQ(first.steps.size(), 1u) << TextOf(first);
  EXPECT_EQ(kube::Summary(first.steps[0].request), "PUT trainjobs g/t");
  EXPECT_EQ(first.steps[0].request.body["spec"]["suspend"], true);
  EXPECT_EQ(first.error.message(), "jobs are still active");

  active["spec"]["suspend"] = true;
  EXPECT_EQ(TextOf(Reconciled(active.dump().c_str(), kGone)), "error: jobs are still active\n");

  nlohmann::json idle = FromYaml(kStarted);
  idle["spec"]["suspend"] = true;
  EXPECT_EQ(TextOf(Reconciled(idle.dump().c_str(), kGone)),
            "PATCH trainjobs g/t (merge) {\"spec\":{\"runtimePatches\":[{\"manager\":\"kueue.x-k8s.io/manager\","
            "\"trainingRuntimeSpec\":{\"template\":{\"spec\":{}}}}]}}\n+ Stopped: said of Evicted\n");
  EXPECT_EQ(TextOf(Reconciled("{}", kGone)), "") << "nothing is left to do";
}

TEST(TrainJob, StateAndPodsThatAreGivenBack) {
  const KindRules& rules = *FindKindRules(Kind());
  const struct {
    const char* why;
    const char* status;
    bool active, ready;
    int reclaimable;
    const char* finished;  // "", "+message", "-message"
  } kCases[] = {
      {"new", "{}", false, false, 0, ""},
      {"active", "{jobsStatus: [{name: node, active: 1}]}", true, false, 0, ""},
      {"ready", "{jobsStatus: [{name: node, active: 1, ready: 1}]}", true, true, 0, ""},
      {"one has succeeded", "{jobsStatus: [{name: node, succeeded: 1}]}", false, true, 2, ""},
      {"more than there are", "{jobsStatus: [{name: node, succeeded: 2}]}", false, false, 0, ""},
      {"complete", "{conditions: [{type: Complete, status: 'True', message: m}]}", false, false, 0, "+m"},
      {"failed", "{conditions: [{type: Failed, status: 'True', message: m}]}", false, false, 0, "-m"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kRuntime);
    const kube::ObjectPtr object = world.Add(kTrainJob, nlohmann::json{{"status", FromYaml(c.status)}}.dump());
    const JobRef job{world.get(), Kind(), *object};
    EXPECT_EQ(rules.active(job), c.active) << c.why;
    EXPECT_EQ(rules.pods_ready(job), c.ready) << c.why;
    const std::vector<api::ReclaimablePod> pods = rules.reclaimable(job);
    EXPECT_EQ(pods.empty() ? 0 : pods[0].count, c.reclaimable) << c.why;
    const std::optional<Outcome> outcome = rules.finished(job);
    EXPECT_EQ(outcome.has_value() ? (outcome->success ? "+" : "-") + outcome->message : "", c.finished) << c.why;
  }
}

}  // namespace
}  // namespace muster::manager
