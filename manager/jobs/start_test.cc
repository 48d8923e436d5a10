#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/job_kinds.h"
#include "manager/jobs/reconcile.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

Plan Reconcile(const JobWorld& world) {
  return ReconcileJob(world.get(), *api::FindJobKind("batch", "Job"), "g", "a", TestNow());
}

constexpr char kPodsReady[] = "PATCH workloads/status g/job-a-wl (apply kueue-job-controller-PodsReady, forced)";

TEST(Start, WhatIsDoneWithAJobAndItsWorkload) {
  const struct {
    const char* why;
    const char* job;
    const char* workload;
    const char* conditions;
    std::string want;
  } kCases[] = {
      {"new: pods are not ready", "{}", "{}", "", std::string(kPodsReady) + " PodsReady=False(WaitForStart)\n"},
      {"pending: nothing", "{}", "{}", "!PodsReady/WaitForStart !QuotaReserved/Pending", ""},
      {"admitted: it starts, with what flavor and queue say", "{}", "{}",
       "QuotaReserved Admitted !PodsReady/WaitForStart",
       R"(PATCH jobs g/a (merge) {"spec":{"suspend":false,"template":{"metadata":{"annotations":{"kueue.x-k8s.io/workload":)"
       R"("job-a-wl"},"labels":{"kueue.x-k8s.io/cluster-queue-name":"cq","kueue.x-k8s.io/local-queue-name":"lq",)"
       R"("kueue.x-k8s.io/podset":"main"}},"spec":{"nodeSelector":{"zone":"z"}}}}})"
       "\n+ Started: Admitted by clusterQueue cq\n"},
      {"running: pods become ready", "{spec: {suspend: false}, status: {active: 2, ready: 2}}", "{}",
       "QuotaReserved Admitted !PodsReady/WaitForStart", std::string(kPodsReady) + " PodsReady=True(Started)\n"},
      {"succeeded and not yet counted ones are as good as ready",
       "{spec: {suspend: false}, status: {ready: 1, uncountedTerminatedPods: {succeeded: [x]}}}", "{}",
       "QuotaReserved Admitted !PodsReady/WaitForStart", std::string(kPodsReady) + " PodsReady=True(Started)\n"},
      {"one was lost", "{spec: {suspend: false}, status: {active: 1, ready: 1}}", "{}",
       "QuotaReserved Admitted PodsReady/Started", std::string(kPodsReady) + " PodsReady=False(WaitForRecovery)\n"},
      {"and came back", "{spec: {suspend: false}, status: {active: 2, ready: 2}}", "{}",
       "QuotaReserved Admitted !PodsReady/WaitForRecovery", std::string(kPodsReady) + " PodsReady=True(Recovered)\n"},
      {"running and ready: nothing", "{spec: {suspend: false}, status: {active: 2, ready: 2}}", "{}",
       "QuotaReserved Admitted PodsReady/Started", ""},
      {"started by its user without quota: it is stopped", "{spec: {suspend: false}}", "{}", "!PodsReady/WaitForStart",
       R"(PATCH jobs g/a (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/stopping":"true"}},"spec":{"suspend":true}})"
       "\n"
       R"(PATCH jobs g/a (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/stopping":null}}})"
       "\n+ Stopped: Not admitted by cluster queue\n"},
      {"a stop that did not come through is finished",
       "{metadata: {annotations: {kueue.x-k8s.io/stopping: 'true'}}, "
       "spec: {template: {spec: {nodeSelector: {zone: z}}}}}",
       "{}", "!PodsReady/WaitForStart",
       R"(PATCH jobs g/a (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/stopping":null}},"spec":)"
       R"({"template":{"spec":{"nodeSelector":null}}}})"
       "\n+ Stopped: Not admitted by cluster queue\n"},
      {"checks that are not through are told", "{}",
       "{status: {admissionChecks: [{name: c1, state: Pending, message: soon}, {name: c2, state: Ready, message: x}, "
       "{name: c3, state: Pending, message: ''}, {name: c4, state: Pending, message: later}]}}",
       "QuotaReserved !Admitted !PodsReady/WaitForStart", "+ UpdatedAdmissionCheck: c1: soon; c4: later\n"},
      {"pods that end give quota back", "{spec: {suspend: false, completions: 3}, status: {succeeded: 2, ready: 1}}",
       "{}", "QuotaReserved Admitted PodsReady/Started",
       "PATCH workloads/status g/job-a-wl (apply kueue-reclaimable-pods, forced) "
       R"({"status":{"reclaimablePods":[{"count":1,"name":"main"}]}})"
       "\n"},
      {"once", "{spec: {suspend: false, completions: 3}, status: {succeeded: 2, ready: 1}}",
       "{status: {reclaimablePods: [{name: main, count: 1}]}}", "QuotaReserved Admitted PodsReady/Started", ""},
      {"a selector of its own that is another: it never starts",
       "{spec: {template: {spec: {nodeSelector: {zone: east}}}}}", "{}",
       "QuotaReserved Admitted !PodsReady/WaitForStart", "finish"},
      {"the flavor is gone", "{}",
       "{status: {admission: {clusterQueue: cq, podSetAssignments: [{name: main, flavors: {cpu: gone}}]}}}",
       "QuotaReserved Admitted !PodsReady/WaitForStart", "error: resourceflavors.kueue.x-k8s.io \"gone\" not found\n"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kBatchJob, c.job);
    world.Add(kWorkload, c.workload, c.conditions);
    const Plan plan = Reconcile(world);
    if (c.want == "finish") {
      ASSERT_EQ(plan.steps.size(), 1u) << c.why;
      EXPECT_THAT(TextOf(plan), testing::HasSubstr("Finished=True(FailedToStart)")) << c.why;
      EXPECT_THAT(plan.steps[0].request.body.dump(),
                  testing::HasSubstr("invalid admission check PodSetUpdate: conflict for nodeSelector: conflict for "
                                     "key=zone, value1=east, value2=z"))
          << c.why;
    } else {
      EXPECT_EQ(TextOf(plan), c.want) << c.why;
    }
  }
}

TEST(Start, PartlyAdmitted) {
  JobWorld world;
  world.Add(kBatchJob, R"({metadata: {annotations: {kueue.x-k8s.io/job-min-parallelism: "1",
                                                    kueue.x-k8s.io/job-completions-equal-parallelism: "true"}}})");
  world.Add(kWorkload,
            R"({spec: {podSets: [{name: main, count: 2, minCount: 1, template: {spec: {containers:
                 [{name: c, image: x, resources: {requests: {cpu: 1}}}]}}}]},
               status: {admission: {clusterQueue: cq, podSetAssignments: [{name: main, count: 1}]}}})",
            "QuotaReserved Admitted !PodsReady/WaitForStart");
  const Plan plan = Reconcile(world);
  ASSERT_EQ(plan.steps.size(), 1u) << TextOf(plan);
  EXPECT_EQ(plan.steps[0].request.body["spec"]["parallelism"], 1);
  EXPECT_EQ(plan.steps[0].request.body["spec"]["completions"], 1);
}

TEST(Start, LaterWritesOfAStopAskForNoVersion) {
  JobWorld world;
  world.Add(kBatchJob, "{spec: {suspend: false}, status: {startTime: '2026-01-01T00:00:00Z'}}");
  world.Add(kWorkload, "{}", "!PodsReady/WaitForStart");
  const Plan plan = Reconcile(world);
  ASSERT_EQ(plan.steps.size(), 3u);
  EXPECT_EQ(plan.steps[0].request.body["metadata"]["resourceVersion"], "7");
  EXPECT_FALSE(plan.steps[1].request.body.contains("metadata"));
  EXPECT_FALSE(plan.steps[2].request.body["metadata"].contains("resourceVersion"));
}

}  // namespace
}  // namespace muster::manager
