#include "manager/jobs/ancestors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "manager/jobs/reconcile.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

// A JobSet that owns kBatchJob.
constexpr char kJobSet[] = R"(
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {name: s, namespace: g, uid: set-uid, labels: {kueue.x-k8s.io/queue-name: lq}}
spec: {})";
constexpr char kOwned[] =
    "{metadata: {labels: null, ownerReferences: [{apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, name: s, "
    "uid: set-uid, controller: true}]}, spec: {suspend: false}}";
constexpr char kWorkloadOfSet[] =
    "{metadata: {ownerReferences: [{apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, name: s, uid: set-uid, "
    "controller: true}]}}";

Plan Reconcile(const JobWorld& world) {
  return ReconcileJob(world.get(), *api::FindJobKind("batch", "Job"), "g", "a", TestNow());
}

TEST(Ancestors, AChildRunsWhileItsParentMay) {
  constexpr char kHeld[] =
      "PATCH jobs g/a (merge) {\"spec\":{\"suspend\":true}}\n+ Suspended: Kueue managed child job suspended\n";
  const struct {
    const char* why;
    const char* set;
    const char* workload;  // "" = none
    const char* conditions;
    const char* want;
  } kCases[] = {
      {"the parent has no Workload", "{}", "", "", kHeld},
      {"the parent is admitted", "{}", kWorkloadOfSet, "QuotaReserved Admitted", ""},
      {"the parent is not", "{}", kWorkloadOfSet, "QuotaReserved !Admitted", kHeld},
      {"the parent is finished", "{}", kWorkloadOfSet, "QuotaReserved Admitted Finished", kHeld},
      {"the parent grows: only an eviction counts", "{metadata: {annotations: {kueue.x-k8s.io/elastic-job: 'true'}}}",
       kWorkloadOfSet, "!QuotaReserved", ""},
      {"the parent has no queue, and neither has the child", "{metadata: {labels: null}}", "", "", ""},
      {"another parent of that name", "{metadata: {uid: other}}", "", "", ""},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kBatchJob, kOwned);
    world.Add(kJobSet, c.set);
    if (std::string(c.workload) != "") world.Add(kWorkload, c.workload, c.conditions);
    EXPECT_EQ(TextOf(Reconcile(world)), c.want) << c.why;
  }
}

// Its own operator makes and starts its Workload; nothing is written about the job itself.
TEST(Ancestors, AJobOfAnExternalFramework) {
  constexpr char kExternal[] = R"(
apiVersion: sagemaker.amazonaws.com/v1
kind: HyperPodPyTorchJob
metadata: {name: h, namespace: g, uid: h-uid, labels: {kueue.x-k8s.io/queue-name: lq}}
spec: {replicaSpecs: []})";
  constexpr char kOwnedByIt[] =
      "{metadata: {labels: null, ownerReferences: [{apiVersion: sagemaker.amazonaws.com/v1, kind: HyperPodPyTorchJob, "
      "name: h, uid: h-uid, controller: true}]}, spec: {suspend: false}}";
  constexpr char kWorkloadOfIt[] =
      "{metadata: {ownerReferences: [{apiVersion: sagemaker.amazonaws.com/v1, kind: HyperPodPyTorchJob, name: h, uid: "
      "h-uid, controller: true}]}}";
  ManagerOptions options;
  options.webhook.external_frameworks = {"HyperPodPyTorchJob.v1.sagemaker.amazonaws.com"};
  JobWorld world(options);
  world.Add(kExternal);
  world.Add(kBatchJob, kOwnedByIt);
  EXPECT_EQ(TextOf(Reconcile(world)),
            "PATCH jobs g/a (merge) {\"spec\":{\"suspend\":true}}\n+ Suspended: Kueue managed child job suspended\n");
  world.Add(kWorkload, kWorkloadOfIt, "QuotaReserved Admitted");
  EXPECT_EQ(TextOf(Reconcile(world)), "");
  world.Add(kWorkload, kWorkloadOfIt, "QuotaReserved Admitted Evicted");
  EXPECT_EQ(TextOf(ReconcileJob(world.get(), *api::FindJobKind("sagemaker.amazonaws.com", "HyperPodPyTorchJob"), "g",
                                "h", TestNow())),
            "");
}

TEST(Ancestors, OwnersThatCannotBeFollowed) {
  JobWorld world;
  world.Add(kBatchJob, kOwned);
  EXPECT_EQ(TextOf(Reconcile(world)), "error: Job g/a: workload owner not found: JobSet g/s\n") << "it is gone";
  world.Add(kJobSet,
            "{metadata: {ownerReferences: [{apiVersion: batch/v1, kind: Job, name: a, uid: job-uid, "
            "controller: true}]}}");
  EXPECT_EQ(TextOf(Reconcile(world)), "error: Job g/a: cyclic ownership\n");

  JobWorld deep;
  deep.Add(kBatchJob, kOwned);
  for (int i = 0; i < 12; ++i) {
    const std::string name = i == 0 ? "s" : absl::StrCat("s", i);
    const std::string uid = i == 0 ? "set-uid" : absl::StrCat("u", i);
    deep.Add(kJobSet, absl::StrCat("{metadata: {name: ", name, ", uid: ", uid,
                                   ", ownerReferences: [{apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, name: s",
                                   i + 1, ", uid: u", i + 1, ", controller: true}]}}"));
  }
  EXPECT_EQ(
      TextOf(Reconcile(deep)),
      "+ Warning JobNestingTooDeep: Terminated search for Kueue-managed Job because ancestor depth exceeded limit "
      "of 10\nerror: Job g/a: more than 10 owners\n");
}

}  // namespace
}  // namespace muster::manager
