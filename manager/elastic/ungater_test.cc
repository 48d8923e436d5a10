#include "manager/elastic/ungater.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

constexpr char kFirst[] =
    "{metadata: {name: first, uid: u1, creationTimestamp: '2026-01-01T00:00:00Z', annotations: "
    "{kueue.x-k8s.io/elastic-job: 'true', kueue.x-k8s.io/workload-slice-name: first}}}";
constexpr char kSecond[] =
    "{metadata: {name: second, uid: u2, creationTimestamp: '2026-01-01T00:00:09Z', annotations: "
    "{kueue.x-k8s.io/elastic-job: 'true', kueue.x-k8s.io/workload-slice-name: first, "
    "kueue.x-k8s.io/workload-slice-replacement-for: g/first}}, "
    "spec: {podSets: [{name: main, count: 3, template: {spec: {containers: [{name: c}]}}}]}}";

void AddPod(JobWorld* world, const std::string& name, const std::string& patch = "{}") {
  world->Add(absl::StrCat(R"(
apiVersion: v1
kind: Pod
metadata:
  name: )",
                          name, R"(
  namespace: g
  uid: )",
                          name, R"(
  resourceVersion: "5"
  annotations: {kueue.x-k8s.io/workload: first, kueue.x-k8s.io/workload-slice-name: first}
  labels: {kueue.x-k8s.io/podset: main}
  ownerReferences: [{apiVersion: batch/v1, kind: Job, name: a, uid: job-uid, controller: true}]
spec: {schedulingGates: [{name: kueue.x-k8s.io/elastic-job}]})"),
             patch);
}

constexpr char kRuns[] = "{spec: {schedulingGates: null}}";
constexpr char kEnded[] = "{spec: {schedulingGates: null}, status: {phase: Succeeded}}";

std::string Opened(const std::string& pod) {
  return absl::StrCat("PATCH pods g/", pod, " (merge) {\"spec\":{\"schedulingGates\":null}}\n");
}

// The same Workload as it is written later.
std::string Rewritten(const char* workload) {
  nlohmann::json patch = FromYaml(workload);
  patch["metadata"]["resourceVersion"] = "77";
  return patch.dump();
}

std::string Ungating(const JobWorld& world, const char* name = "first") {
  return TextOf(UngateElastic(world.get(), "g", name));
}

TEST(UngateElastic, AsManyAsWereAdmitted) {
  const struct {
    const char* why;
    const char* conditions;
    std::vector<const char*> pods;  // a, b, c
    std::string want;
  } kCases[] = {
      {"two of three", "QuotaReserved Admitted", {"{}", "{}", "{}"}, Opened("a") + Opened("b")},
      {"one runs already", "QuotaReserved Admitted", {"{}", "{}", kRuns}, Opened("a")},
      {"two run already", "QuotaReserved Admitted", {"{}", kRuns, kRuns}, ""},
      {"one has ended", "QuotaReserved Admitted", {kEnded, "{}", kRuns}, Opened("b")},
      {"a check is not through", "QuotaReserved !Admitted", {"{}"}, ""},
      {"evicted", "QuotaReserved Admitted Evicted", {"{}"}, ""},
      {"finished", "QuotaReserved Admitted Finished", {"{}"}, ""},
      {"a pod of no pod set", "QuotaReserved Admitted", {"{metadata: {labels: null}}", "{}"}, Opened("b")},
      {"another gate stays",
       "QuotaReserved Admitted",
       {"{spec: {schedulingGates: [{name: kueue.x-k8s.io/topology}, {name: kueue.x-k8s.io/elastic-job}]}}"},
       "PATCH pods g/a (merge) {\"spec\":{\"schedulingGates\":[{\"name\":\"kueue.x-k8s.io/topology\"}]}}\n"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kWorkload, kFirst, c.conditions);
    for (size_t i = 0; i < c.pods.size(); ++i) AddPod(&world, std::string(1, static_cast<char>('a' + i)), c.pods[i]);
    EXPECT_EQ(Ungating(world), c.want) << c.why;
  }
}

TEST(UngateElastic, TheNewestAdmittedSliceSaysHowMany) {
  JobWorld world;
  world.Add(kWorkload, kFirst, "QuotaReserved Admitted");
  world.Add(kWorkload, kSecond, "!QuotaReserved");
  AddPod(&world, "a", kRuns);
  AddPod(&world, "b", kRuns);
  AddPod(&world, "c");
  EXPECT_EQ(Ungating(world), "");
  world.Add(kWorkload, Rewritten(kFirst), "QuotaReserved Admitted Finished");
  world.Add(kWorkload, Rewritten(kSecond), "QuotaReserved Admitted");
  EXPECT_EQ(Ungating(world), Opened("c")) << "the first one leads to the second";
  EXPECT_EQ(Ungating(world, "second"), Opened("c"));
}

TEST(UngateElastic, WorkloadsThatAreNotElasticAreLeftAlone) {
  JobWorld world;
  world.Add(kWorkload, "{metadata: {name: first}}", "QuotaReserved Admitted");
  AddPod(&world, "a");
  EXPECT_EQ(Ungating(world), "");
}

TEST(UngateElastic, PodsLearnWhichProvisioningRequestMadeRoomForThem) {
  constexpr char kChecks[] =
      "{status: {admissionChecks: [{name: c, state: Ready, message: '', podSetUpdates: [{name: main, nodeSelector: "
      "{pool: p}, annotations: {autoscaling.x-k8s.io/consume-provisioning-request: r2, other: x}}]}]}}";
  nlohmann::json patch = FromYaml(kFirst);
  patch.merge_patch(FromYaml(kChecks));
  JobWorld world;
  world.Add(kWorkload, patch.dump(), "QuotaReserved Admitted");
  AddPod(&world, "a", "{metadata: {annotations: {autoscaling.x-k8s.io/consume-provisioning-request: r1}}}");
  AddPod(&world, "b");
  EXPECT_EQ(Ungating(world),
            "PATCH pods g/b (merge) {\"metadata\":{\"annotations\":{\"autoscaling.x-k8s.io/"
            "consume-provisioning-request\":\"r2\"}},\"spec\":{\"nodeSelector\":{\"pool\":\"p\"},"
            "\"schedulingGates\":null}}\n")
      << "one that was made for another stays gated";
}

TEST(UngateElastic, ChecksThatContradictEachOther) {
  nlohmann::json patch = FromYaml(kFirst);
  patch.merge_patch(FromYaml(
      "{status: {admissionChecks: [{name: c, state: Ready, message: '', podSetUpdates: [{name: main, nodeSelector: "
      "{pool: p}}]}, {name: d, state: Ready, message: '', podSetUpdates: [{name: main, nodeSelector: {pool: q}}]}]}}"));
  JobWorld world;
  world.Add(kWorkload, patch.dump(), "QuotaReserved Admitted");
  AddPod(&world, "a");
  EXPECT_EQ(Ungating(world), "error: conflicting \"pool\" node selector updates for PodSet \"main\"\n");
}

std::string Words(const std::vector<ElasticLook>& looks) {
  std::string words;
  for (const ElasticLook& look : looks) {
    absl::StrAppend(&words, look.key.Text(), " after ", absl::FormatDuration(look.after), "\n");
  }
  return words;
}

TEST(ElasticToLookAt, TheSliceThatCounts) {
  JobWorld world;
  const kube::ObjectPtr first = world.Add(kWorkload, kFirst, "QuotaReserved Admitted");
  AddPod(&world, "a");
  const kube::ObjectPtr pod = world.get().objects.Find(PodType(), "g", "a");
  EXPECT_EQ(Words(ElasticToLookAt(world.get(), nullptr, first)), "Workload g/first after 0\n");
  EXPECT_EQ(Words(ElasticToLookAt(world.get(), first, nullptr)), "") << "it is gone";
  EXPECT_EQ(Words(ElasticToLookAt(world.get(), nullptr, pod)), "Workload g/first after 1s\n");
  world.Add(kWorkload, Rewritten(kFirst), "QuotaReserved Admitted Finished");
  world.Add(kWorkload, kSecond, "QuotaReserved Admitted");
  EXPECT_EQ(Words(ElasticToLookAt(world.get(), pod, pod)), "Workload g/second after 1s\n");
  world.get().objects.Remove(first->key());
  EXPECT_EQ(Words(ElasticToLookAt(world.get(), pod, pod)), "Workload g/second after 1s\n") << "by the pod's own owner";
  world.Add(kWorkload, Rewritten(kSecond), "QuotaReserved !Admitted");
  EXPECT_EQ(Words(ElasticToLookAt(world.get(), pod, pod)), "");
}

TEST(ElasticToLookAt, NothingWithoutTheGate) {
  ManagerOptions options = JobWorld::AllFrameworks();
  ASSERT_TRUE(options.webhook.gates.Set("ElasticJobsViaWorkloadSlices", false).ok());
  JobWorld world(options);
  EXPECT_EQ(Words(ElasticToLookAt(world.get(), nullptr, world.Add(kWorkload, kFirst, "QuotaReserved Admitted"))), "");
}

}  // namespace
}  // namespace muster::manager
