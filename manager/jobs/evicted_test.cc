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

constexpr char kAdmission[] = "PATCH workloads/status g/job-a-wl (apply kueue-admission, forced)";

// Of a job that runs as it was started.
constexpr char kRuns[] =
    "{spec: {suspend: false, template: {metadata: {annotations: {kueue.x-k8s.io/workload: job-a-wl}, "
    "labels: {kueue.x-k8s.io/podset: main}}, spec: {nodeSelector: {zone: z}, tolerations: [{key: t}]}}}, "
    "status: {active: ACTIVE, ready: 2, startTime: '2026-01-01T00:00:00Z'}}";
constexpr char kStops[] =
    R"(PATCH jobs g/a (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/stopping":"true"}},"spec":{"suspend":true}})"
    "\n"
    R"(PATCH jobs/status g/a (merge) {"status":{"startTime":null}})"
    "\n"
    R"(PATCH jobs g/a (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/stopping":null}},"spec":{"template":)"
    R"({"metadata":{"annotations":null,"labels":{"kueue.x-k8s.io/podset":null}},)"
    R"("spec":{"nodeSelector":null,"tolerations":null}}}})"
    "\n+ Stopped: said of Evicted\n";

std::string Runs(const char* active) {
  std::string text = kRuns;
  return text.replace(text.find("ACTIVE"), 6, active);
}

TEST(Evicted, StopsThenGivesQuotaBack) {
  const struct {
    const char* why;
    std::string job;
    const char* conditions;
    std::string want;
  } kCases[] = {
      {"it runs: it is stopped; its pods keep the quota", Runs("2"),
       "QuotaReserved Admitted Evicted/Preempted PodsReady/Started", kStops},
      {"no pod runs yet: both at once", Runs("0"), "QuotaReserved Admitted Evicted/Preempted PodsReady/Started",
       std::string(kStops) + kAdmission +
           " {\"status\":{\"accumulatedPastExecutionTimeSeconds\":600}} QuotaReserved=False(PendingEvaluation) "
           "Admitted=False(NoReservation) Evicted=True(Preempted) PodsReady=True(Started) Requeued=True(Preempted)\n"},
      {"stopped, and all pods are gone", "{}", "QuotaReserved !Admitted Evicted/Deactivated !PodsReady/WaitForStart",
       std::string(kAdmission) +
           " QuotaReserved=False(PendingEvaluation) Admitted=False(NoReservation) Evicted=True(Deactivated) "
           "PodsReady=False(WaitForStart) Requeued=False(Deactivated)\n"},
      {"a node failed: queued again by itself", "{}",
       "QuotaReserved !Admitted Evicted/NodeFailures !PodsReady/WaitForStart",
       std::string(kAdmission) +
           " QuotaReserved=False(PendingEvaluation) Admitted=False(NoReservation) Evicted=True(NodeFailures) "
           "PodsReady=False(WaitForStart) Requeued=True(NodeFailures)\n"},
      {"all done: nothing", "{}",
       "!QuotaReserved/PendingEvaluation !Admitted/NoReservation Evicted/Preempted Requeued/Preempted "
       "!PodsReady/WaitForStart",
       ""},
      {"evicted is past once quota is reserved again", "{}",
       "QuotaReserved !Admitted !Evicted/QuotaReserved !PodsReady/WaitForStart", ""},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kBatchJob, c.job);
    world.Add(kWorkload, "{}", c.conditions);
    EXPECT_EQ(TextOf(Reconcile(world)), c.want) << c.why;
  }
}

TEST(Evicted, QuotaIsGivenBackWithTheAdmission) {
  JobWorld world;
  world.Add(kBatchJob);
  world.Add(kWorkload, "{}", "QuotaReserved !Admitted Evicted/Preempted !PodsReady/WaitForStart");
  const Plan plan = Reconcile(world);
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_FALSE(plan.steps[0].request.body["status"].contains("admission"));
  EXPECT_EQ(plan.steps[0].request.body["metadata"]["resourceVersion"], "9");
  EXPECT_EQ(plan.steps[0].request.body["status"]["conditions"][0]["message"], "said of Evicted");
}

TEST(Evicted, DeactivatedJobsAreDeletedInTime) {
  const struct {
    const char* why;
    absl::Duration retain;
    const char* workload;
    const char* reason;
    const char* want;
  } kCases[] = {
      {"not yet", absl::Minutes(11), "{spec: {active: false}}", "Evicted/DeactivatedDueToRequeuingLimitExceeded",
       "again in 1m\n"},
      {"now", absl::Minutes(10), "{spec: {active: false}}", "Evicted/DeactivatedDueToRequeuingLimitExceeded",
       "DELETE jobs g/a\n+ Deleted: Deleted job: deactivation retention period expired\n"},
      {"a user did it: never", absl::Minutes(1), "{spec: {active: false}}", "Evicted/Deactivated", ""},
      {"active again: never", absl::Minutes(1), "{spec: {active: true}}",
       "Evicted/DeactivatedDueToRequeuingLimitExceeded", ""},
  };
  for (const auto& c : kCases) {
    ManagerOptions options = JobWorld::AllFrameworks();
    options.retain_deactivated = c.retain;
    JobWorld world(options);
    world.Add(kBatchJob);
    world.Add(kWorkload, c.workload, std::string("!QuotaReserved !PodsReady/WaitForStart ") + c.reason);
    EXPECT_EQ(TextOf(Reconcile(world)), c.want) << c.why;
  }
}

TEST(Ended, FinishedDeletedAndGone) {
  constexpr char kComplete[] =
      "{spec: {suspend: false}, status: {conditions: [{type: Complete, status: 'True', message: all done}]}}";
  constexpr char kFailed[] =
      "{spec: {suspend: false}, status: {conditions: [{type: Failed, status: 'True', message: boom}]}}";
  constexpr char kSaid[] = "+ FinishedWorkload: Workload 'g/job-a-wl' is declared finished\n";
  const struct {
    const char* why;
    const char* job;  // "" = gone
    const char* workload;
    const char* conditions;
    std::string want;
  } kCases[] = {
      {"the job is complete", kComplete, "{}", "QuotaReserved Admitted PodsReady/Started",
       std::string(kAdmission) +
           " {\"status\":{\"admission\":{\"clusterQueue\":\"cq\",\"podSetAssignments\":[{\"count\":2,"
           "\"flavors\":{\"cpu\":\"rf\"},\"name\":\"main\"}]}}} QuotaReserved=True(QuotaReserved) "
           "Admitted=True(Admitted) "
           "PodsReady=True(Started) Finished=True(Succeeded)\n" +
           kSaid},
      {"the job failed", kFailed, "{}", "!QuotaReserved",
       std::string(kAdmission) + " QuotaReserved=False(QuotaReserved) Finished=True(Failed)\n" + kSaid},
      {"then the finalizer goes", kComplete, "{}", "Finished/Succeeded", std::string("put\n") + kSaid},
      {"and it is only said again", kComplete, "{metadata: {finalizers: null}}", "Finished/Succeeded", kSaid},
      {"the Workload is deleted: the job stops first", "{spec: {suspend: false}}",
       "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}", "QuotaReserved Admitted PodsReady/Started",
       R"(PATCH jobs g/a (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/stopping":"true"}},"spec":{"suspend":true}})"
       "\n"
       R"(PATCH jobs g/a (merge) {"metadata":{"annotations":{"kueue.x-k8s.io/stopping":null}}})"
       "\n+ Stopped: Workload is deleted\nput\n"},
      {"the job is gone", "", "{}", "QuotaReserved Admitted",
       std::string(kAdmission) +
           " {\"status\":{\"admission\":{\"clusterQueue\":\"cq\",\"podSetAssignments\":[{\"count\":2,"
           "\"flavors\":{\"cpu\":\"rf\"},\"name\":\"main\"}]}}} QuotaReserved=True(QuotaReserved) "
           "Admitted=True(Admitted) "
           "Finished=True(OwnerNotFound)\n"},
      {"gone, and its Workload is finished", "", "{}", "Finished/OwnerNotFound", "put\n"},
      {"gone, and its Workload is being deleted", "", "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}",
       "QuotaReserved Admitted", "put\n"},
      {"being deleted is as good as gone", "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}", "{}",
       "Finished/Succeeded", "put\n"},
      {"gone, all done", "", "{metadata: {finalizers: null}}", "Finished/OwnerNotFound", ""},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    if (std::string(c.job) != "") world.Add(kBatchJob, c.job);
    world.Add(kWorkload, c.workload, c.conditions);
    Plan plan = Reconcile(world);
    for (Step& step : plan.steps) {
      if (step.request.verb != kube::Verb::kUpdate) continue;
      EXPECT_FALSE(step.request.body["metadata"].contains("finalizers")) << c.why;
      step.request.body = nullptr;
    }
    std::string text = TextOf(plan);
    const size_t put = text.find("PUT workloads g/job-a-wl\n");
    if (put != text.npos) text.replace(put, 25, "put\n");
    EXPECT_EQ(text, c.want) << c.why;
  }
}

}  // namespace
}  // namespace muster::manager
