#include "manager/core/workload_reconciler.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "manager/names.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

constexpr char kApply[] = "PATCH workloads/status ns/w (apply kueue-admission, forced)\n";

// The status of a Workload that was let in at second 10; `more` stands below it.
std::string Admitted(const std::string& more = "", const std::string& spec = "") {
  return absl::StrCat(OneWorkload(), spec, R"(status:
  admission:
    clusterQueue: cq
    podSetAssignments: [{name: main, count: 1, flavors: {cpu: f}, resourceUsage: {cpu: "1"}}]
  conditions:
  - {type: QuotaReserved, status: "True", reason: QuotaReserved, message: m, lastTransitionTime: "2026-01-01T00:00:10Z", observedGeneration: 1}
  - {type: Admitted, status: "True", reason: Admitted, message: m, lastTransitionTime: "2026-01-01T00:00:10Z", observedGeneration: 1}
)",
                      more);
}

std::string Waiting(const std::string& conditions, const std::string& spec = "") {
  return absl::StrCat(OneWorkload(), spec, "status:\n  conditions:\n", conditions);
}

constexpr char kQueueStopped[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: cq, finalizers: [kueue.x-k8s.io/resource-in-use]}
spec:
  namespaceSelector: {}
  stopPolicy: STOP
  resourceGroups:
  - coveredResources: [cpu]
    flavors: [{name: f, resources: [{name: cpu, nominalQuota: "4"}]}]
)";

struct Case {
  const char* why;
  std::string objects;  // after those of OneQueue
  int64_t at = 20;
  std::string plan = "";
  // Of the first step: a condition and what it says.
  std::string type = "";
  std::string says = "";
};

class WorkloadReconcilerTest : public testing::TestWithParam<Case> {};

TEST_P(WorkloadReconcilerTest, PlansWhatTheRuleSays) {
  const Case& c = GetParam();
  ManagerOptions options;
  options.retain_finished = absl::Minutes(1);
  SmallCluster cluster(options);
  cluster.Apply(OneQueue());
  cluster.Apply(c.objects);
  const Plan plan = ReconcileWorkload(cluster.At(c.at), "ns", "w");
  EXPECT_EQ(Text(plan), c.plan) << c.why;
  if (!c.type.empty() && !plan.steps.empty()) {
    EXPECT_EQ(ConditionIn(plan.steps[0], c.type), c.says) << c.why;
  }
}

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, WorkloadReconcilerTest,
    testing::ValuesIn(std::vector<Case>{
        {"a new one is left to the scheduler", std::string(OneWorkload())},
        {"an admitted one may take thirty minutes for its pods", Admitted(), 20, "again after 29m50s\n"},
        {"its queue is not there: it is told so, and that it holds nothing",
         Replace(std::string(OneWorkload()), "queueName: lq", "queueName: gone"), 20, kApply, kQuotaReserved,
         "False Misconfigured: LocalQueue gone doesn't exist"},
        {"its ClusterQueue is on hold: waiting ones are told",
         absl::StrCat(Replace(kQueueStopped, "STOP", "Hold"), "---", OneWorkload()), 20, kApply, kQuotaReserved,
         "False Suspended: ClusterQueue cq is inactive"},
        {"a queue on hold lets what runs run on",
         absl::StrCat(Replace(kQueueStopped, "STOP", "Hold"), "---", Admitted()), 20, "again after 29m50s\n"},
        {"a draining queue evicts what runs",
         absl::StrCat(Replace(kQueueStopped, "STOP", "HoldAndDrain"), "---", Admitted()), 20,
         absl::StrCat(kApply, "  Normal EvictedDueToClusterQueueStopped: The ClusterQueue is stopped\n"), kEvicted,
         "True ClusterQueueStopped: The ClusterQueue is stopped"},
        {"what the scheduler said stays",
         Waiting(
             "  - {type: QuotaReserved, status: \"False\", reason: WaitingForQuota, message: m, observedGeneration: 1, "
             "lastTransitionTime: \"2026-01-01T00:00:10Z\"}\n  - {type: Admitted, status: \"False\", reason: "
             "NoReservation, message: The workload has no reservation, observedGeneration: 1, lastTransitionTime: "
             "\"2026-01-01T00:00:10Z\"}\n"),
         20, ""},
        {"what a missing queue had it say is over once the queue is there",
         Waiting(
             "  - {type: QuotaReserved, status: \"False\", reason: Misconfigured, message: m, observedGeneration: 1, "
             "lastTransitionTime: \"2026-01-01T00:00:10Z\"}\n"),
         20, kApply, kQuotaReserved, "False PendingEvaluation: Workload is pending evaluation in the scheduling queue"},
        {"its namespace is not one of the ClusterQueue's",
         absl::StrCat(Replace(Replace(kQueueStopped, "STOP", "None"), "namespaceSelector: {}",
                              "namespaceSelector: {matchLabels: {a: b}}"),
                      "---", OneWorkload()),
         20, kApply, kQuotaReserved, "False Misconfigured: workload namespace doesn't match ClusterQueue selector"},
        {"its pods ask for more than the namespace allows",
         absl::StrCat("apiVersion: v1\nkind: LimitRange\nmetadata: {name: r, namespace: ns}\nspec: {limits: [{type: "
                      "Container, max: {cpu: 500m}, default: {cpu: 250m}}]}\n---",
                      OneWorkload()),
         20, kApply, kQuotaReserved,
         "False Misconfigured: resources didn't satisfy LimitRange constraints: "
         "spec.podSets[0].template.spec.containers[0]: Invalid value: [\"cpu\"]: requests must not be above the "
         "limitRange max"},
        {"a deactivated one is evicted, once", Admitted("", "  active: false\n"), 20,
         absl::StrCat(kApply, "  Normal EvictedDueToDeactivated: The workload is deactivated\n"), kEvicted,
         "True Deactivated: The workload is deactivated"},
        {"with a cause, which then is no condition any more",
         Admitted("  - {type: DeactivationTarget, status: \"True\", reason: AdmissionCheck, message: it said no, "
                  "lastTransitionTime: \"2026-01-01T00:00:10Z\"}\n",
                  "  active: false\n"),
         20,
         absl::StrCat(kApply,
                      "  Normal EvictedDueToDeactivatedDueToAdmissionCheck: The workload is deactivated due to it "
                      "said no\n"),
         kDeactivationTarget, ""},
        {"one that is to be deactivated is",
         Admitted("  - {type: DeactivationTarget, status: \"True\", reason: R, message: "
                  "m, lastTransitionTime: \"2026-01-01T00:00:10Z\"}\n"),
         20, "PUT workloads ns/w\n"},
        {"pods that are not ready in time: evicted, tried again after a minute", Admitted(), 10 + 30 * 60,
         absl::StrCat(kApply, "  Normal EvictedDueToPodsReadyTimeout: Exceeded the PodsReady timeout ns/w\n"), kEvicted,
         "True PodsReadyTimeout: Exceeded the PodsReady timeout ns/w"},
        {"ready ones may run for ever",
         Admitted("  - {type: PodsReady, status: \"True\", reason: Started, message: m, "
                  "lastTransitionTime: \"2026-01-01T00:00:10Z\"}\n"),
         100000, ""},
        {"not longer than the job asked for",
         Admitted("  - {type: PodsReady, status: \"True\", reason: Started, message: m, lastTransitionTime: "
                  "\"2026-01-01T00:00:10Z\"}\n",
                  "  maximumExecutionTimeSeconds: 60\n"),
         70,
         absl::StrCat(kApply, "  Warning MaximumExecutionTimeExceeded: The maximum execution time (60s) exceeded\n"),
         kDeactivationTarget, "True MaximumExecutionTimeExceeded: exceeding the maximum execution time"},
        {"evicted for that, while its job still runs it is said again",
         Admitted(
             "  - {type: Evicted, status: \"True\", reason: DeactivatedDueToMaximumExecutionTimeExceeded, message: m, "
             "lastTransitionTime: \"2026-01-01T00:00:20Z\"}\n",
             "  active: false\n  maximumExecutionTimeSeconds: 60\n"),
         70,
         absl::StrCat(kApply, "  Warning MaximumExecutionTimeExceeded: The maximum execution time (60s) exceeded\n"),
         kDeactivationTarget, "True MaximumExecutionTimeExceeded: exceeding the maximum execution time"},
        {"back-off that is over lets it in line again",
         Waiting("  - {type: Requeued, status: \"False\", reason: PodsReadyTimeout, message: m, lastTransitionTime: "
                 "\"2026-01-01T00:00:10Z\"}\n"),
         20, kApply, kRequeued, "True BackoffFinished: The workload backoff was finished"},
        {"back-off that is not over is waited for",
         Waiting("  - {type: Requeued, status: \"False\", reason: PodsReadyTimeout, message: m, lastTransitionTime: "
                 "\"2026-01-01T00:00:10Z\"}\n  requeueState: {count: 1, requeueAt: \"2026-01-01T00:01:00Z\"}\n"),
         20, "again after 40s\n"},
        {"a rejected check deactivates",
         Admitted("  admissionChecks: [{name: c, state: Rejected, message: denied, lastTransitionTime: "
                  "\"2026-01-01T00:00:10Z\"}]\n"),
         20, "PUT workloads/status ns/w\n"},
        {"a finished one stays for as long as it is told to",
         Admitted("  - {type: Finished, status: \"True\", reason: Succeeded, message: m, lastTransitionTime: "
                  "\"2026-01-01T00:00:10Z\"}\n"),
         20, "again after 50s\n"},
        {"and then goes",
         Admitted("  - {type: Finished, status: \"True\", reason: Succeeded, message: m, lastTransitionTime: "
                  "\"2026-01-01T00:00:10Z\"}\n"),
         70,
         "PUT workloads ns/w\nDELETE workloads ns/w\n  Normal Deleted: Deleted finished workload due to elapsed "
         "retention\n"},
        {"the workload of a job that nobody owns is over",
         Replace(std::string(OneWorkload()),
                 "  ownerReferences: [{apiVersion: batch/v1, kind: Job, name: a, uid: job-a, controller: true}]\n", ""),
         20, kApply, kFinished, "True OwnerNotFound: The workload's owner no longer exists"},
    }));

TEST(WorkloadReconciler, NothingIsPlannedForWhatIsNotThere) {
  SmallCluster cluster;
  EXPECT_TRUE(ReconcileWorkload(cluster.At(0), "ns", "w").empty());
}

// Of two that ask for the same and never fit, one look at either is enough. Who had been told something is told why
// nobody looked at it.
TEST(WorkloadReconciler, WhatAnEqualWasToldGoesForIt) {
  const struct {
    const char* said;
    const char* want;
  } kCases[] = {
      {"PendingEvaluation",
       "False ExceedsMaxQuota: Bypassed scheduling evaluation because an equivalent workload recently failed"},
      {"Suspended",
       "False ExceedsMaxQuota: Bypassed scheduling evaluation because an equivalent workload recently failed"},
      {"Misconfigured", "False PendingEvaluation: Workload is pending evaluation in the scheduling queue"},
      {"WaitingForQuota", ""},
  };
  for (const auto& c : kCases) {
    SmallCluster cluster;
    cluster.Apply(OneQueue());
    const std::string big = Replace(std::string(OneWorkload()), "cpu: \"1\"", "cpu: \"9\"");
    cluster.Apply(Replace(big, "name: w", "name: first"));
    cluster.engine().Advance(Second(10));
    cluster.engine().RunCycle(Second(10));
    cluster.Apply(absl::StrCat(big,
                               "status:\n  conditions:\n  - {type: QuotaReserved, status: \"False\", reason: ", c.said,
                               ", message: m, observedGeneration: 1, lastTransitionTime: \"2026-01-01T00:00:10Z\"}\n"
                               "  - {type: Admitted, status: \"False\", reason: NoReservation, message: The workload "
                               "has no reservation, observedGeneration: 1, lastTransitionTime: "
                               "\"2026-01-01T00:00:10Z\"}\n"));
    const Plan plan = ReconcileWorkload(cluster.At(20), "ns", "w");
    EXPECT_EQ(plan.steps.empty() ? "" : ConditionIn(plan.steps[0], kQuotaReserved), c.want) << c.said;
  }
}

TEST(WorkloadReconciler, EvictionDoublesTheWaitAndCounts) {
  SmallCluster cluster;
  cluster.Apply(OneQueue());
  cluster.Apply(Admitted("  requeueState: {count: 3}\n"));
  const Plan plan = ReconcileWorkload(cluster.At(10 + 30 * 60), "ns", "w");
  ASSERT_EQ(plan.steps.size(), 1u);
  const nlohmann::json& status = plan.steps[0].request.body["status"];
  EXPECT_EQ(status["requeueState"]["count"], 4);
  // 60 s, doubled three times.
  EXPECT_EQ(status["requeueState"]["requeueAt"], kube::TimeText(Second(10 + 30 * 60 + 480)));
  EXPECT_EQ(status["schedulingStats"]["evictions"][0]["underlyingCause"], "WaitForStart");
  // It keeps its admission until its job has stopped.
  EXPECT_EQ(status["admission"]["clusterQueue"], "cq");
}

}  // namespace
}  // namespace muster::manager
