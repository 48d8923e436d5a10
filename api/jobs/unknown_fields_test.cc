#include "api/jobs/unknown_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "api/yaml.h"

namespace muster::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Find(const std::string& yaml) {
  const std::vector<YamlDocument> documents = ParseYaml(yaml);
  EXPECT_EQ(documents.size(), 1);
  EXPECT_EQ(documents[0].error, "");
  std::vector<std::string> lines;
  for (const Problem& problem : UnknownJobFields(documents[0].value)) {
    lines.push_back(absl::StrCat(problem.severity == Severity::kError ? "error: " : "warning: ", ToString(problem)));
  }
  return lines;
}

TEST(UnknownFieldsTest, AMisspeltFieldIsAnErrorAndAStrangeOneAWarning) {
  EXPECT_THAT(
      Find("{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {paralelism: 3, colour: red, template: {}}}"),
      ElementsAre("warning: Job/default/j: spec.colour: unknown field, ignored",
                  "error: Job/default/j: spec.paralelism: unknown field, ignored; is parallelism meant?"));
}

TEST(UnknownFieldsTest, EveryKindIsLookedIntoWhereItCountsItsPods) {
  const struct {
    const char* what;
    const char* manifest;
    const char* problem;
  } kCases[] = {
      {"a replica type", R"({apiVersion: kubeflow.org/v1, kind: PyTorchJob, metadata: {name: j, namespace: ns},
                            spec: {pytorchReplicaSpecs: {Wroker: {replicas: 2}}}})",
       "error: PyTorchJob/ns/j: spec.pytorchReplicaSpecs.Wroker: unknown field, ignored; is Worker meant?"},
      {"a count", R"({apiVersion: kubeflow.org/v1, kind: TFJob, metadata: {name: j, namespace: ns},
                     spec: {tfReplicaSpecs: {Worker: {replica: 2, template: {}}}}})",
       "error: TFJob/ns/j: spec.tfReplicaSpecs[Worker].replica: unknown field, ignored; is replicas meant?"},
      {"the Job in a JobSet",
       R"({apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, metadata: {name: j, namespace: ns},
                                 spec: {replicatedJobs: [{name: a, template: {spec: {paralellism: 4}}}]}})",
       "error: JobSet/ns/j: spec.replicatedJobs[0].template.spec.paralellism: unknown field, ignored; is parallelism "
       "meant?"},
      {"a worker group", R"({apiVersion: ray.io/v1, kind: RayJob, metadata: {name: j, namespace: ns},
                            spec: {rayClusterSpec: {workerGroupSpecs: [{groupName: w, numOfHost: 4}]}}})",
       "error: RayJob/ns/j: spec.rayClusterSpec.workerGroupSpecs[0].numOfHost: unknown field, ignored; is numOfHosts "
       "meant?"},
      {"a pod template",
       R"({apiVersion: batch/v1, kind: Job, metadata: {name: j, namespace: ns}, spec: {template: {spec:
                            {containers: [{name: c, resources: {request: {cpu: 1}}}]}}}})",
       "error: Job/ns/j: spec.template.spec.containers[0].resources.request: unknown field, ignored; is requests "
       "meant?"},
  };
  for (const auto& c : kCases) EXPECT_THAT(Find(c.manifest), ElementsAre(c.problem)) << c.what;
}

TEST(UnknownFieldsTest, WhatIsWellFormedHasNone) {
  EXPECT_THAT(Find(R"({apiVersion: kubeflow.org/v1, kind: PyTorchJob, metadata: {name: j},
                      spec: {nprocPerNode: auto, runPolicy: {suspend: true}, pytorchReplicaSpecs:
                        {Master: {replicas: 1, restartPolicy: Never, template: {spec: {containers: [{name: c}]}}},
                         Worker: {replicas: 3, template: {spec: {containers: [{name: c}]}}}}}})"),
              IsEmpty());
  EXPECT_THAT(Find("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, spec: {x: 1}}"), IsEmpty()) << "no job";
  EXPECT_THAT(Find("{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: [1]}"), IsEmpty())
      << "of another shape";
}

// A field that says where pods are must be among the known ones, or every manifest of the kind had a warning.
TEST(UnknownFieldsTest, WhereTheTableOfKindsLooksIsKnown) {
  for (const JobKind& kind : JobKinds()) {
    nlohmann::json manifest = {
        {"apiVersion", std::string(kind.group) + (kind.group.empty() ? "" : "/") + std::string(kind.version)},
        {"kind", std::string(kind.kind)},
        {"metadata", {{"name", "j"}}}};
    for (const PodSetRule& rule : kind.pod_sets) {
      if (rule.count == CountRule::kSubmitter || kind.kind == "Pod") continue;
      nlohmann::json set = nlohmann::json::object();
      if (!rule.pod_template.empty()) {
        set[nlohmann::json::json_pointer(std::string(rule.pod_template))] = nlohmann::json::object();
      }
      if (!rule.replicas.empty()) set[nlohmann::json::json_pointer(std::string(rule.replicas))] = 1;
      nlohmann::json& at = manifest[nlohmann::json::json_pointer(std::string(rule.at))];
      if (rule.shape == PodSetRule::Shape::kEach) {
        at = nlohmann::json::array({set});
      } else {
        at.update(set);
      }
    }
    if (!kind.suspend.empty()) manifest[nlohmann::json::json_pointer(std::string(kind.suspend))] = true;
    std::vector<std::string> lines;
    for (const Problem& problem : UnknownJobFields(manifest)) lines.push_back(ToString(problem));
    EXPECT_THAT(lines, IsEmpty()) << manifest.dump(1);
  }
}

}  // namespace
}  // namespace muster::api
