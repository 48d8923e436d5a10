#include "manager/provisioning/pod_sets.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

// Three pod sets: a and b with the same template, c with a GPU.
constexpr char kPodSets[] = R"(
spec:
  podSets:
  - {name: a, count: 1, template: {spec: {containers: [{name: x, resources: {requests: {cpu: "1"}, limits: {memory: 1Gi}}}]}}}
  - {name: b, count: 2, template: {spec: {containers: [{name: x, resources: {requests: {cpu: "1"}, limits: {memory: 1Gi}}}]}}}
  - {name: c, count: 3, template: {spec: {containers: [{name: x, resources: {requests: {cpu: "1"}, limits: {nvidia.com/gpu: "1"}}}]}}})";

struct Given {
  JobWorld world;
  kube::ObjectPtr object;
  std::shared_ptr<const api::Workload> workload;
};

std::unique_ptr<Given> Make(const char* patch) {
  auto given = std::make_unique<Given>();
  nlohmann::json all = FromYaml(kPodSets);
  all.merge_patch(FromYaml(patch));
  given->object = given->world.Add(kWorkload, all.dump(), "QuotaReserved");
  given->workload = *given->world.get().Typed(given->object);
  return given;
}

std::string Words(const Given& given, const ProvisioningConfig& config) {
  const auto pod_sets = ProvisionedPodSets(*given.object, *given.workload, config);
  if (!pod_sets.ok()) return std::string(pod_sets.status().message());
  std::string words;
  for (const ProvisionedPodSet& each : *pod_sets) {
    absl::StrAppend(&words, words.empty() ? "" : " ", given.workload->spec.pod_sets[each.pod_set].name, each.count);
  }
  return words;
}

TEST(ProvisionedPodSets, WhichAreAskedForAndHowMany) {
  constexpr char kNone[] =
      "{status: {admission: {clusterQueue: cq, podSetAssignments: [{name: a, count: 0}, {name: b, count: 0}, "
      "{name: c, count: 0}]}}}";
  const struct {
    const char* why;
    const char* workload;
    std::set<std::string> managed;
    const char* policy;
    const char* want;
  } kCases[] = {
      {"all", "{}", {}, "", "a1 b2 c3"},
      {"those that use what is managed", "{}", {"nvidia.com/gpu"}, "", "c3"},
      {"nobody", "{}", {"example.com/x"}, "", ""},
      {"none was admitted", kNone, {}, "", ""},
      {"equal templates", "{}", {}, "IdenticalPodTemplates", "a3 c3"},
      {"equal to the scheduler, which looks at requests", "{}", {}, "IdenticalWorkloadSchedulingRequirements", "a6"},
      {"one without assignment",
       "{status: {admission: {clusterQueue: cq, podSetAssignments: [{name: a}, {name: b}]}}}",
       {},
       "",
       "inconsistent podSet assignments: missing assignment for PodSet \"c\""},
  };
  for (const auto& c : kCases) {
    const auto given = Make(c.workload);
    ProvisioningConfig config;
    config.managed_resources = c.managed;
    config.merge_policy = c.policy;
    EXPECT_EQ(Words(*given, config), c.want) << c.why;
    const absl::StatusOr<bool> needed = NeedsProvisioning(*given->workload, config);
    // The first that is needed settles it.
    EXPECT_TRUE(needed.ok()) << c.why;
    EXPECT_EQ(*needed, std::string(c.want) != "") << c.why;
  }
}

TEST(ProvisionedPodSets, NeedsAnAssignmentToKnow) {
  const auto given = Make("{status: {admission: {clusterQueue: cq, podSetAssignments: [{name: b}, {name: c}]}}}");
  EXPECT_FALSE(NeedsProvisioning(*given->workload, ProvisioningConfig()).ok());
}

TEST(ProvisionedPodSets, TheSchedulerAlsoLooksAtSelectors) {
  const auto given = Make(R"(
spec:
  podSets:
  - {name: a, count: 1, template: {spec: {containers: [{name: x, image: i}]}}}
  - {name: b, count: 2, template: {spec: {containers: [{name: b, image: j}], nodeSelector: {a: b}}}}
  - {name: c, count: 3, template: {spec: {containers: [{name: z}], nodeSelector: {}}}})");
  ProvisioningConfig config;
  config.merge_policy = "IdenticalWorkloadSchedulingRequirements";
  EXPECT_EQ(Words(*given, config), "a4 b2");
}

TEST(ProvisionedTemplate, WithWhatFlavorsAddAndLimitsAsRequests) {
  const auto given = Make("{}");
  const auto pod_template = ProvisionedTemplate(given->world.get(), *given->object, *given->workload, 2);
  ASSERT_TRUE(pod_template.ok()) << pod_template.status();
  EXPECT_EQ(*pod_template, FromYaml(R"(
spec:
  nodeSelector: {zone: z}
  containers: [{name: x, resources: {requests: {cpu: "1", nvidia.com/gpu: "1"}, limits: {nvidia.com/gpu: "1"}}}]
)")) << pod_template->dump();
}

TEST(ProvisionedTemplate, AFlavorThatIsGone) {
  const auto given = Make(
      "{status: {admission: {clusterQueue: cq, podSetAssignments: [{name: a, flavors: {cpu: gone}}, {name: b}, {name: "
      "c}]}}}");
  EXPECT_EQ(ProvisionedTemplate(given->world.get(), *given->object, *given->workload, 0).status().message(),
            "resourceflavors.kueue.x-k8s.io \"gone\" not found");
}

}  // namespace
}  // namespace muster::manager
