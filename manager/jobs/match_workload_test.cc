#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/job_kinds.h"
#include "manager/jobs/reconcile.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

ManagerOptions WithoutPodsReady() {
  ManagerOptions options = JobWorld::AllFrameworks();
  options.pods_ready.reset();
  return options;
}

Plan Reconcile(const JobWorld& world) {
  return ReconcileJob(world.get(), *api::FindJobKind("batch", "Job"), "g", "a", TestNow());
}

// What a plan asks for, without bodies.
std::string Requests(const Plan& plan) {
  std::string text;
  for (const Step& step : plan.steps) {
    text += Summary(step.request) + "\n";
    for (const EventNote& event : step.events) text += "+ " + event.reason + ": " + event.message + "\n";
  }
  if (!plan.error.ok()) text += "error: " + std::string(plan.error.message()) + "\n";
  return text;
}

constexpr char kDeleted[] =
    "PUT workloads g/job-a-wl\n"
    "DELETE workloads g/job-a-wl\n"
    "+ DeletedWorkload: Deleted not matching Workload: g/job-a-wl\n"
    "error: no matching workloads; deleted those there\n";
constexpr char kUpdated[] =
    "PUT workloads g/job-a-wl\n"
    "+ UpdatedWorkload: Updated not matching Workload for suspended job: g/job-a-wl\n";
constexpr char kStopped[] =
    "PATCH jobs g/a (merge)\n"
    "PATCH jobs g/a (merge)\n"
    "+ Stopped: No matching Workload; restoring pod templates according to existent Workload\n";

TEST(MatchWorkload, WhatCountsAsTheSameJob) {
  const struct {
    const char* why;
    const char* job;
    const char* workload;
    const char* conditions;
    std::string want;
  } kCases[] = {
      {"amounts by value; nothing to do", "{}", "{}", "", ""},
      {"labels, node selector and image pull secrets do not count",
       "{spec: {template: {metadata: {labels: {more: x}}, spec: {nodeSelector: {a: b}, imagePullSecrets: [{name: "
       "s}]}}}}",
       "{}", "", ""},
      {"another number of pods: updated while nothing is reserved", "{spec: {parallelism: 1}}", "{}", "", kUpdated},
      {"another number of pods, quota reserved: deleted", "{spec: {parallelism: 1}}", "{}", "QuotaReserved", kDeleted},
      {"another number of pods, running: stopped and deleted", "{spec: {parallelism: 1, suspend: false}}", "{}",
       "QuotaReserved Admitted", std::string(kStopped) + kDeleted},
      {"another image",
       "{spec: {template: {spec: {containers: [{name: c, image: y, resources: {requests: {cpu: 1}}}]}}}}", "{}", "",
       kUpdated},
      {"tolerations count before admission", "{spec: {template: {spec: {tolerations: [{key: k}]}}}}", "{}", "",
       kUpdated},
      {"and not after", "{spec: {suspend: false, template: {spec: {tolerations: [{key: k}]}}}}", "{}",
       "QuotaReserved Admitted", ""},
      {"another maximum time", "{metadata: {labels: {kueue.x-k8s.io/max-exec-time-seconds: '5'}}}", "{}", "", kUpdated},
      {"a maximum time that is none is none", "{metadata: {labels: {kueue.x-k8s.io/max-exec-time-seconds: '-5'}}}",
       "{}", "", ""},
      {"a minimum that the Workload does not have",
       "{metadata: {annotations: {kueue.x-k8s.io/job-min-parallelism: '1'}}}", "{}", "", kUpdated},
      {"admitted with fewer pods, and running with as many",
       "{metadata: {annotations: {kueue.x-k8s.io/job-min-parallelism: '1'}}, spec: {suspend: false, parallelism: 1}}",
       "{spec: {podSets: [{name: main, count: 2, minCount: 1, template: {spec: {containers: "
       "[{name: c, image: x, resources: {requests: {cpu: 1}}}]}}}]}, status: {admission: {clusterQueue: cq, "
       "podSetAssignments: [{name: main, count: 1}]}}}",
       "QuotaReserved Admitted", ""},
      {"of an earlier job of that name", "{metadata: {uid: new-uid}}", "{}", "QuotaReserved", kDeleted},
      {"being deleted already: it only loses its finalizer", "{metadata: {uid: new-uid}, spec: {suspend: false}}",
       "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}", "QuotaReserved",
       std::string(kStopped) + "PUT workloads g/job-a-wl\nPOST workloads g/\n"},
  };
  for (const auto& c : kCases) {
    JobWorld world(WithoutPodsReady());
    world.Add(kBatchJob, c.job);
    world.Add(kWorkload, c.workload, c.conditions);
    std::string text = Requests(Reconcile(world));
    text = text.substr(0, text.find("+ CreatedWorkload"));
    EXPECT_EQ(text, c.want) << c.why;
  }
}

TEST(MatchWorkload, OneOfSeveralIsKept) {
  JobWorld world(WithoutPodsReady());
  world.Add(kBatchJob);
  world.Add(kWorkload);
  world.Add(kWorkload, "{metadata: {name: job-a-zz, uid: other}}");
  EXPECT_EQ(Requests(Reconcile(world)),
            "PUT workloads g/job-a-zz\n"
            "DELETE workloads g/job-a-zz\n"
            "+ DeletedWorkload: Deleted not matching Workload: g/job-a-zz\n"
            "error: extra workloads deleted\n");
}

TEST(MatchWorkload, FollowsItsJob) {
  const struct {
    const char* why;
    const char* job;
    const char* workload;
    const char* conditions;
    const char* want;
  } kCases[] = {
      {"a gate is copied", "{metadata: {annotations: {kueue.x-k8s.io/admission-gated-by: me}}}", "{}", "",
       "PATCH workloads g/job-a-wl (merge) {\"metadata\":{\"annotations\":{\"kueue.x-k8s.io/admission-gated-by\":"
       "\"me\"}}}\n+ UpdatedWorkload: Updated workload AdmissionGatedBy to \"me\"\n"},
      {"a gate is taken away", "{}", "{metadata: {annotations: {kueue.x-k8s.io/admission-gated-by: me}}}", "",
       "PATCH workloads g/job-a-wl (merge) {\"metadata\":{\"annotations\":null}}\n"
       "+ UpdatedWorkload: Updated workload AdmissionGatedBy to \"\"\n"},
      {"the queue", "{metadata: {labels: {kueue.x-k8s.io/queue-name: lq2}}}", "{}", "!QuotaReserved",
       "PUT workloads g/job-a-wl\n"},
      {"not the queue of one that is evicted", "{metadata: {labels: {kueue.x-k8s.io/queue-name: lq2}}}", "{}",
       "!QuotaReserved Evicted", ""},
      {"the priority class", "{metadata: {labels: {kueue.x-k8s.io/priority-class: high}}}", "{}", "",
       "PUT workloads g/job-a-wl\n+ UpdatedWorkload: Updated workload priority class: g/job-a-wl\n"},
      {"no class can be added once quota is reserved", "{metadata: {labels: {kueue.x-k8s.io/priority-class: high}}}",
       "{}", "QuotaReserved", ""},
      {"another one can", "{metadata: {labels: {kueue.x-k8s.io/priority-class: high}}}",
       "{spec: {priorityClassRef: {group: kueue.x-k8s.io, kind: WorkloadPriorityClass, name: low}}}", "QuotaReserved",
       "PUT workloads g/job-a-wl\n+ UpdatedWorkload: Updated workload priority class: g/job-a-wl\n"},
      {"a class of the cluster stays", "{metadata: {labels: {kueue.x-k8s.io/priority-class: high}}}",
       "{spec: {priorityClassRef: {group: scheduling.k8s.io, kind: PriorityClass, name: low}}}", "", ""},
      {"the value of the class it has is others' business",
       "{metadata: {labels: {kueue.x-k8s.io/priority-class: high}}}",
       "{spec: {priority: 1, priorityClassRef: {group: kueue.x-k8s.io, kind: WorkloadPriorityClass, name: high}}}", "",
       ""},
  };
  for (const auto& c : kCases) {
    JobWorld world(WithoutPodsReady());
    world.Add("{apiVersion: kueue.x-k8s.io/v1beta2, kind: WorkloadPriorityClass, metadata: {name: high}, value: 7}");
    world.Add(kBatchJob, c.job);
    world.Add(kWorkload, c.workload, c.conditions);
    const Plan plan = Reconcile(world);
    const bool put = !plan.steps.empty() && plan.steps[0].request.verb == kube::Verb::kUpdate;
    EXPECT_EQ(put ? Requests(plan) : TextOf(plan), c.want) << c.why;
  }
}

TEST(MatchWorkload, UpdateKeepsWhetherItIsActive) {
  JobWorld world(WithoutPodsReady());
  world.Add(kBatchJob, "{spec: {parallelism: 1}}");
  world.Add(kWorkload, "{spec: {active: false}}");
  const Plan plan = Reconcile(world);
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_EQ(plan.steps[0].request.body["spec"]["active"], false);
  EXPECT_EQ(plan.steps[0].request.body["spec"]["podSets"][0]["count"], 1);
  EXPECT_EQ(plan.steps[0].request.body["metadata"]["resourceVersion"], "9");
}

TEST(MatchWorkload, MadeBeforehand) {
  constexpr char kNamesIt[] = "{metadata: {labels: {kueue.x-k8s.io/prebuilt-workload-name: job-a-wl}}}";
  const struct {
    const char* why;
    const char* job;
    const char* workload;
    const char* want;
  } kCases[] = {
      {"it becomes the job's", kNamesIt, "{metadata: {ownerReferences: null, labels: null}}",
       "PUT workloads g/job-a-wl\n"},
      {"it is the job's", kNamesIt, "{}", ""},
      {"it is another's", kNamesIt,
       "{metadata: {ownerReferences: [{apiVersion: batch/v1, kind: Job, name: b, uid: other, controller: true}]}}",
       "error: prebuilt workload not found\n"},
      {"it says something else",
       "{metadata: {labels: {kueue.x-k8s.io/prebuilt-workload-name: job-a-wl}}, spec: {parallelism: 1}}", "{}",
       "PATCH workloads/status g/job-a-wl (apply kueue-admission, forced)\n"},
  };
  for (const auto& c : kCases) {
    JobWorld world(WithoutPodsReady());
    world.Add(kBatchJob, c.job);
    world.Add(kWorkload, c.workload);
    EXPECT_EQ(Requests(Reconcile(world)), c.want) << c.why;
  }
}

}  // namespace
}  // namespace muster::manager
