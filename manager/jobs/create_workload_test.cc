#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/job_kinds.h"
#include "manager/jobs/reconcile.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

Plan Reconcile(const JobWorld& world) {
  return ReconcileJob(world.get(), *api::FindJobKind("batch", "Job"), "g", "a", TestNow());
}

TEST(CreateWorkload, SaysAllThatTheJobSays) {
  JobWorld world;
  world.Add(kBatchJob, R"({metadata: {annotations: {provreq.kueue.x-k8s.io/p: v, other: x},
                                      labels: {kueue.x-k8s.io/max-exec-time-seconds: "60", kueue.x-k8s.io/priority-class: high}},
                           spec: {template: {spec: {unheardOf: {a: [1]}}}}})");
  world.Add("{apiVersion: kueue.x-k8s.io/v1beta2, kind: WorkloadPriorityClass, metadata: {name: high}, value: 7}");
  const Plan plan = Reconcile(world);
  EXPECT_TRUE(plan.error.ok()) << plan.error;
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_EQ(Summary(plan.steps[0].request), "POST workloads g/");
  const std::string name = plan.steps[0].request.body["metadata"]["name"];
  EXPECT_THAT(name, testing::MatchesRegex("job-a-[0-9a-f]{5}"));
  json want = FromYaml(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata:
  namespace: g
  finalizers: [kueue.x-k8s.io/resource-in-use]
  labels: {kueue.x-k8s.io/job-uid: job-uid}
  annotations: {provreq.kueue.x-k8s.io/p: v}
  ownerReferences:
  - {apiVersion: batch/v1, kind: Job, name: a, uid: job-uid, controller: true, blockOwnerDeletion: true}
spec:
  active: true
  queueName: lq
  maximumExecutionTimeSeconds: 60
  priority: 7
  priorityClassRef: {group: kueue.x-k8s.io, kind: WorkloadPriorityClass, name: high}
  podSets:
  - name: main
    count: 2
    topologyRequest: {podIndexLabel: batch.kubernetes.io/job-completion-index}
    template:
      metadata: {labels: {app: x, batch.kubernetes.io/job-name: a}}
      spec:
        containers: [{name: c, image: x, resources: {requests: {cpu: "1"}}}]
        restartPolicy: Never
        unheardOf: {a: [1]})");
  want["metadata"]["name"] = name;
  EXPECT_EQ(plan.steps[0].request.body, want) << json::diff(want, plan.steps[0].request.body);
  ASSERT_EQ(plan.steps[0].events.size(), 1u);
  EXPECT_EQ(plan.steps[0].events[0].message, "Created Workload: g/" + name);
  EXPECT_EQ(plan.steps[0].events[0].recorder, "batch/job-kueue-controller");
  EXPECT_EQ(plan.steps[0].events[0].regarding.Text(), "Job g/a");
}

TEST(CreateWorkload, PriorityIsThatOfTheFirstClassThereIs) {
  const struct {
    const char* why;
    const char* job;
    const char* classes;  // of the cluster: names that are default
    const char* want;     // of the spec
  } kCases[] = {
      {"no class anywhere", "{}", "", R"({"priority":0})"},
      {"the lowest of two defaults of the cluster", "{}", "low high",
       R"({"priority":5,"priorityClassRef":{"group":"scheduling.k8s.io","kind":"PriorityClass","name":"low"}})"},
      {"the pods name one", "{spec: {template: {spec: {priorityClassName: other}}}}", "low",
       R"({"priority":3,"priorityClassRef":{"group":"scheduling.k8s.io","kind":"PriorityClass","name":"other"}})"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    const std::string classes = c.classes;
    constexpr char kClass[] = "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: x}, value: 0}";
    if (classes.find("high") != classes.npos) {
      world.Add(kClass, "{metadata: {name: high}, value: 9, globalDefault: true}");
    }
    if (classes.find("low") != classes.npos) {
      world.Add(kClass, "{metadata: {name: low}, value: 5, globalDefault: true}");
    }
    world.Add(kClass, "{metadata: {name: other}, value: 3}");
    world.Add(kBatchJob, c.job);
    const Plan plan = Reconcile(world);
    ASSERT_EQ(plan.steps.size(), 1u) << c.why;
    json spec = plan.steps[0].request.body["spec"];
    for (const char* field : {"active", "queueName", "podSets"}) spec.erase(field);
    EXPECT_EQ(spec.dump(), c.want) << c.why;
  }
}

TEST(CreateWorkload, OnlyWhenItMayBe) {
  const struct {
    const char* why;
    const char* job;
    const char* want;
  } kCases[] = {
      {"no queue: not Kueue's business", "{metadata: {labels: null}}", ""},
      {"another namespace, which is not there", "{metadata: {namespace: h}}", ""},
      {"its pods still run", "{status: {active: 1}}", ""},
      {"finished without ever having had one", "{status: {conditions: [{type: Complete, status: 'True'}]}}", ""},
      {"the label's class is gone", "{metadata: {labels: {kueue.x-k8s.io/priority-class: none}}}",
       "+ Warning WorkloadPriorityClassNotFound: WorkloadPriorityClass \"none\" not found\n"
       "error: workloadpriorityclasses.kueue.x-k8s.io \"none\" not found\n"},
      {"one made beforehand is not there yet", "{metadata: {labels: {kueue.x-k8s.io/prebuilt-workload-name: w}}}",
       "error: prebuilt workload not found\n"},
      {"it runs, and is stopped first",
       "{spec: {suspend: false}, status: {active: 2, startTime: '2026-01-01T00:00:00Z'}}",
       "PATCH jobs g/a (merge) "
       R"({"metadata":{"annotations":{"kueue.x-k8s.io/stopping":"true"}},"spec":{"suspend":true}})"
       "\n"
       R"(PATCH jobs/status g/a (merge) {"status":{"startTime":null}})"
       "\n"
       R"(PATCH jobs g/a (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/stopping":null}}})"
       "\n"
       "+ Stopped: Missing Workload; unable to restore pod templates\n"},
      {"an annotation of topology that cannot be read",
       "{spec: {template: {metadata: {annotations: {kueue.x-k8s.io/podset-unconstrained-topology: maybe}}}}}",
       "error: metadata.annotations[kueue.x-k8s.io/podset-unconstrained-topology]: \"maybe\" must be a boolean "
       "value\n"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kBatchJob, c.job);
    EXPECT_EQ(TextOf(Reconcile(world)), c.want) << c.why;
  }
}

TEST(CreateWorkload, PartialAdmission) {
  JobWorld world;
  world.Add(kBatchJob, "{metadata: {annotations: {kueue.x-k8s.io/job-min-parallelism: '1'}}}");
  EXPECT_EQ(Reconcile(world).steps[0].request.body["spec"]["podSets"][0]["minCount"], 1);
}

TEST(CreateWorkload, JobsWithoutQueueWhereTheyAreManaged) {
  ManagerOptions options = JobWorld::AllFrameworks();
  options.webhook.manage_jobs_without_queue_name = true;
  JobWorld world(options);
  world.Add(kBatchJob, "{metadata: {labels: null}}");
  const Plan plan = Reconcile(world);
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_FALSE(plan.steps[0].request.body["spec"].contains("queueName"));  // as Kueue leaves out what is empty
}

}  // namespace
}  // namespace muster::manager
