#include "manager/topology/ungater.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

// Two pods, one on n1 and one on n2.
constexpr char kPlaced[] = R"(
status:
  admission:
    clusterQueue: cq
    podSetAssignments:
    - name: main
      count: 2
      flavors: {cpu: rf}
      topologyAssignment:
        levels: [kubernetes.io/hostname]
        slices:
        - {domainCount: 2, valuesPerLevel: [{individual: {prefix: "n", roots: ["1", "2"]}}], podCounts: {universal: 1}})";

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
  annotations: {kueue.x-k8s.io/workload: job-a-wl, kueue.x-k8s.io/podset-required-topology: kubernetes.io/hostname}
  labels: {kueue.x-k8s.io/podset: main}
spec:
  nodeSelector: {zone: z}
  schedulingGates: [{name: kueue.x-k8s.io/topology}])"),
             patch);
}

std::string Ungated(const std::string& pod, const std::string& node) {
  return absl::StrCat("PATCH pods g/", pod, R"( (merge) {"spec":{"nodeSelector":{"kubernetes.io/hostname":")", node,
                      R"("},"schedulingGates":null}})", "\n");
}

std::string Ungating(const JobWorld& world) { return TextOf(UngateByTopology(world.get(), "g", "job-a-wl")); }

TEST(UngateByTopology, WhichPodsGoWhere) {
  const struct {
    const char* why;
    std::string workload;  // over kPlaced
    const char* conditions;
    const char* a;
    const char* b;
    std::string want;
  } kCases[] = {
      {"each to its domain", "{}", "QuotaReserved Admitted", "{}", "{}", Ungated("a", "n1") + Ungated("b", "n2")},
      {"not admitted yet", "{}", "QuotaReserved !Admitted", "{}", "{}", ""},
      {"one is there already", "{}", "QuotaReserved Admitted",
       "{spec: {schedulingGates: null, nodeSelector: {kubernetes.io/hostname: n2}}}", "{}", Ungated("b", "n1")},
      {"one has ended, and gives its place away", "{}", "QuotaReserved Admitted",
       "{spec: {schedulingGates: null, nodeSelector: {kubernetes.io/hostname: n1}}, status: {phase: Failed}}", "{}",
       Ungated("b", "n1")},
      {"one is of another pod set", "{}", "QuotaReserved Admitted",
       "{metadata: {labels: {kueue.x-k8s.io/podset: other}}}", "{}", Ungated("b", "n1")},
      {"one waits for a node that is to be replaced", "{status: {unhealthyNodes: [{name: n1}]}}",
       "QuotaReserved Admitted", "{}", "{}", Ungated("b", "n2")},
      {"another gate stays", "{}", "QuotaReserved Admitted",
       "{spec: {schedulingGates: [{name: kueue.x-k8s.io/topology}, {name: other}]}}",
       "{metadata: {labels: {kueue.x-k8s.io/podset: other}}}",
       "PATCH pods g/a (merge) {\"spec\":{\"nodeSelector\":{\"kubernetes.io/hostname\":\"n1\"},"
       "\"schedulingGates\":[{\"name\":\"other\"}]}}\n"},
      {"by number, of which the first is 7",
       "{spec: {podSets: [{name: main, count: 2, topologyRequest: {podIndexLabel: index}, template: {spec: "
       "{containers: "
       "[{name: c}]}}}]}}",
       "QuotaReserved Admitted",
       "{metadata: {labels: {index: '8'}, annotations: {kueue.x-k8s.io/pod-index-offset: '7'}}}",
       "{metadata: {labels: {index: '7'}}}", Ungated("b", "n1") + Ungated("a", "n2")},
      {"an offset that is none", "{}", "QuotaReserved Admitted",
       "{metadata: {annotations: {kueue.x-k8s.io/pod-index-offset: x}}}", "{}",
       "error: Pod g/a: annotation kueue.x-k8s.io/pod-index-offset must be a whole number, not \"x\"\n"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    nlohmann::json patch = FromYaml(kPlaced);
    patch.merge_patch(FromYaml(c.workload));
    world.Add(kWorkload, patch.dump(), c.conditions);
    AddPod(&world, "a", c.a);
    AddPod(&world, "b", c.b);
    EXPECT_EQ(Ungating(world), c.want) << c.why;
  }
}

TEST(UngateByTopology, TheVersionReadIsAskedFor) {
  JobWorld world;
  world.Add(kWorkload, kPlaced, "QuotaReserved Admitted");
  AddPod(&world, "a");
  const Plan plan = UngateByTopology(world.get(), "g", "job-a-wl");
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_EQ(plan.steps[0].request.body["metadata"]["resourceVersion"], "5");
}

TEST(UngateByTopology, ALeaderComesBeforeItsWorkers) {
  JobWorld world;
  world.Add(kWorkload, R"(
spec:
  podSets:
  - {name: workers, count: 2, topologyRequest: {podIndexLabel: index, podSetGroupName: x}, template: {spec: {containers: [{name: c}]}}}
  - {name: leader, count: 1, topologyRequest: {podSetGroupName: x, podIndexLabel: index}, template: {spec: {containers: [{name: c}]}}}
status:
  admission:
    clusterQueue: cq
    podSetAssignments:
    - name: workers
      count: 2
      topologyAssignment:
        levels: [kubernetes.io/hostname]
        slices:
        - {domainCount: 2, valuesPerLevel: [{individual: {prefix: "n", roots: ["1", "2"]}}], podCounts: {universal: 1}}
    - name: leader
      count: 1
      topologyAssignment:
        levels: [kubernetes.io/hostname]
        slices: [{domainCount: 1, valuesPerLevel: [{universal: n3}], podCounts: {universal: 1}}])",
            "QuotaReserved Admitted");
  AddPod(&world, "a", "{metadata: {labels: {kueue.x-k8s.io/podset: workers, index: '2'}}}");
  AddPod(&world, "b", "{metadata: {labels: {kueue.x-k8s.io/podset: workers, index: '1'}}}");
  AddPod(&world, "c", "{metadata: {labels: {kueue.x-k8s.io/podset: leader, index: '0'}}}");
  EXPECT_EQ(Ungating(world), Ungated("b", "n1") + Ungated("a", "n2") + Ungated("c", "n3"));
}

TEST(UngateByTopology, PodsOfAllSlicesOfAnElasticJob) {
  JobWorld world;
  nlohmann::json patch = FromYaml(kPlaced);
  patch.merge_patch(FromYaml("{metadata: {annotations: {kueue.x-k8s.io/workload-slice-name: first}}}"));
  world.Add(kWorkload, patch.dump(), "QuotaReserved Admitted");
  AddPod(&world, "a", "{metadata: {annotations: {kueue.x-k8s.io/workload-slice-name: first}}}");
  AddPod(&world, "b", "{metadata: {annotations: {kueue.x-k8s.io/workload: first}}}");
  AddPod(&world, "c", "{metadata: {annotations: {kueue.x-k8s.io/workload-slice-name: other}}}");
  EXPECT_EQ(Ungating(world), Ungated("a", "n1") + Ungated("b", "n2"));
}

}  // namespace
}  // namespace muster::manager
